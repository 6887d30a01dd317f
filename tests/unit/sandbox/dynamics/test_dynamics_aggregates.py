"""Figures over rows of a Dataverse environment."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment


@pytest.fixture
def people(opening: Any) -> DataverseEnvironment:
    """Contacts of two companies, and one of none."""
    environment: DataverseEnvironment = opening(leads=0, contacts=0)
    accounts = [environment.call("POST", "/accounts", {"name": name}) for name in ("Contoso", "Fabrikam")]
    for number, (job, children) in enumerate((("CTO", 1), ("cto", 2), ("CEO", None), (None, 4))):
        company = {} if number == 3 else {
            "parentcustomerid_account@odata.bind": accounts[number % 2].headers["odata-entityid"]
        }  # fmt: skip
        body = {"lastname": f"P{number}", "jobtitle": job, "numberofchildren": children, **company}
        assert environment.call("POST", "/contacts", body).status_code == 204
    return environment


def applied(environment: DataverseEnvironment, text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = environment.get(f"/contacts?$apply={quote(text)}")["value"]
    return found


def test_figures_over_all_rows(people: DataverseEnvironment) -> None:
    column = "numberofchildren"
    methods = ("sum", "average", "min", "max", "countdistinct")
    text = ",".join(f"{column} with {method} as {method}" for method in methods)
    (found,) = applied(people, f"aggregate({text},$count as rows)")
    assert [round(found[method], 2) for method in methods] == [7, 2.33, 1, 4, 3]
    assert found["rows"] == 4


def test_figures_of_groups(people: DataverseEnvironment) -> None:
    found = applied(people, "groupby((jobtitle),aggregate($count as rows,numberofchildren with max as most))")
    by_job = {each["jobtitle"]: (each["rows"], each["most"]) for each in found}
    assert by_job == {"CTO": (2, 2), "CEO": (1, None), None: (1, 4)}


def test_groups_behind_a_lookup_and_of_filtered_rows(people: DataverseEnvironment) -> None:
    text = "filter(numberofchildren ge 1)/groupby((parentcustomerid_account/name),aggregate($count as rows))"
    found = applied(people, text)
    assert {(each["parentcustomerid_account"]["name"], each["rows"]) for each in found} == {
        ("Contoso", 1),
        ("Fabrikam", 1),
        (None, 1),
    }
    assert applied(people, "groupby((statecode))") == [{"statecode": 0}]


@pytest.mark.parametrize(
    "text",
    [
        "aggregate(lastname with sum as total)",
        "aggregate(nobody with sum as total)",
        "aggregate(numberofchildren with median as total)",
        "groupby((nobody))",
        "filter(statecode eq 0)",
        "groupby((statecode))/filter(statecode eq 0)",
        "topcount(2,statecode)",
        "",
    ],
)
def test_what_cannot_be_figured(people: DataverseEnvironment, text: str) -> None:
    assert people.refusal("GET", f"/contacts?$apply={quote(text)}")[0] == "0x80060888"


def test_figures_take_no_other_options(people: DataverseEnvironment) -> None:
    path = f"/contacts?$select=lastname&$apply={quote('aggregate($count as rows)')}"
    assert people.refusal("GET", path)[0] == "0x80060888"
