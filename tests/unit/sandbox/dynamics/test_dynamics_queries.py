"""Queries of a Dataverse environment: filters, orders, pages, counts and expanded lookups."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment

CRM = "Microsoft.Dynamics.CRM."
PEOPLE: tuple[dict[str, Any], ...] = (
    {"lastname": "Alder", "jobtitle": "CTO", "numberofchildren": 2, "emailaddress1": "alder@example.org"},
    {"lastname": "birch", "numberofchildren": 5, "birthdate": "1990-02-03", "creditlimit": 100.5},
    {
        "lastname": "O'Cedar",
        "jobtitle": "50% of 10",
        "donotemail": True,
        "new_interests": "100000000,100000002",
    },
    {"lastname": "Elm", "jobtitle": "cto", "emailaddress1": "ELM@example.org"},
)


@pytest.fixture
def people(opening: Any) -> DataverseEnvironment:
    """Four contacts in an environment without any others, one second apart."""
    environment: DataverseEnvironment = opening(leads=0, contacts=0)
    for each in PEOPLE:
        assert environment.call("POST", "/contacts", each).status_code == 204
        environment.clock.advance(1)
    return environment


def named(environment: DataverseEnvironment, filter_: str) -> list[str]:
    query = f"$select=lastname&$filter={quote(filter_)}&$orderby=createdon"
    return [row["lastname"] for row in environment.get(f"/contacts?{query}")["value"]]


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ("lastname eq 'BIRCH'", ["birch"]),
        ("lastname eq 'O''Cedar'", ["O'Cedar"]),
        ("jobtitle eq 'CTO'", ["Alder", "Elm"]),
        ("jobtitle ne 'CTO'", ["O'Cedar"]),
        ("jobtitle ne 'CTO' or jobtitle eq null", ["birch", "O'Cedar"]),
        ("not(jobtitle eq 'CTO')", ["O'Cedar"]),
        ("not contains(lastname,'l')", ["birch", "O'Cedar"]),
        ("jobtitle ne null and numberofchildren ge 2", ["Alder"]),
        ("numberofchildren eq 2 or numberofchildren eq 5 and lastname eq 'nobody'", ["Alder"]),
        ("(numberofchildren eq 2 or numberofchildren eq 5) and lastname ne 'Alder'", ["birch"]),
        ("startswith(lastname,'o')", ["O'Cedar"]),
        ("endswith(emailaddress1,'@EXAMPLE.ORG')", ["Alder", "Elm"]),
        ("contains(jobtitle,'50%10')", ["O'Cedar"]),
        ("contains(lastname,'[ab]l')", ["Alder"]),
        ("birthdate eq 1990-02-03", ["birch"]),
        ("createdon ge 2026-03-02T12:00:02Z", ["O'Cedar", "Elm"]),
        ("createdon lt 2026-03-02T13:00:01+01:00", ["Alder"]),
        ("createdon ge 2026-03-03", []),
        ("creditlimit gt 100.4", ["birch"]),
        ("donotemail eq true", ["O'Cedar"]),
        ("donotemail", ["O'Cedar"]),
        ("numberofchildren lt null", []),
        ("statecode eq 1", []),
        (f"{CRM}In(PropertyName='emailaddress1',PropertyValues=[\"elm@example.org\"])", ["Elm"]),
        (f"{CRM}ContainValues(PropertyName='new_interests',PropertyValues=['100000002'])", ["O'Cedar"]),
        ("owninguser/lastname eq 'application' and lastname eq 'Elm'", ["Elm"]),
    ],
)  # fmt: skip
def test_a_filter_finds(people: DataverseEnvironment, filter_: str, found: list[str]) -> None:
    assert named(people, filter_) == found


@pytest.mark.parametrize(
    "query",
    [
        "$filter=lastname eq",
        "$filter=lastname = 'x'",
        "$filter=Lastname eq 'x'",
        "$filter=lastname eq 5",
        "$filter=numberofchildren eq '5'",
        "$filter=_ownerid_value eq 'x'",
        "$filter=lastname",
        "$filter=contains(numberofchildren,'5')",
        "$filter=parentcustomerid_account/nonsense eq 'x'",
        "$filter=Microsoft.Dynamics.CRM.Nonsense(PropertyName='lastname',PropertyValues=['x'])",
        "$select=nonsense",
        "$orderby=nonsense",
        "$expand=nonsense",
        "$expand=Owninguser",
        "$skip=1",
        "$search=x",
        "$top=x",
        "$skiptoken=x",
    ],
)
def test_queries_that_are_refused(people: DataverseEnvironment, query: str) -> None:
    assert people.refusal("GET", f"/contacts?{query}")[0] == "0x80060888"


def test_form_encoded_query_strings(people: DataverseEnvironment) -> None:
    filter_ = "%24filter=lastname+eq+%27Elm%27+and+contains%28jobtitle%2C%27c%27%29"
    raw = f"/contacts?%24select=lastname%2Cjobtitle&{filter_}"
    (row,) = people.get(raw)["value"]
    assert (row["lastname"], row["jobtitle"]) == ("Elm", "cto")


def test_chosen_properties_come_with_key_and_tag_and_nulls(people: DataverseEnvironment) -> None:
    found = people.get("/contacts?$select=lastname,jobtitle&$filter=lastname eq 'birch'")
    assert found["@odata.context"].endswith("$metadata#contacts(lastname,jobtitle)")
    (row,) = found["value"]
    assert row.keys() == {"@odata.etag", "lastname", "jobtitle", "contactid"}
    assert row["jobtitle"] is None


def test_orders(people: DataverseEnvironment) -> None:
    found = people.get("/contacts?$select=lastname&$orderby=numberofchildren desc,lastname asc")
    assert [row["lastname"] for row in found["value"]] == ["birch", "Alder", "Elm", "O'Cedar"]
    assert len(people.get("/contacts?$orderby=lastname&$top=3")["value"]) == 3


def test_pages_are_followed_by_their_links(people: DataverseEnvironment) -> None:
    prefer = {"Prefer": "odata.maxpagesize=3"}
    first = people.call("GET", "/contacts?$select=lastname&$orderby=lastname&$count=true", headers=prefer)
    assert first.headers["preference-applied"] == "odata.maxpagesize=3"
    page = first.json()
    assert (page["@odata.count"], len(page["value"])) == (4, 3)
    link = page["@odata.nextLink"]
    assert link.startswith(people.ready["url"])
    assert "%253C" in link
    last = people.http.get(link, headers=prefer).json()
    assert "@odata.nextLink" not in last
    names = [row["lastname"] for row in (*page["value"], *last["value"])]
    assert names == ["Alder", "birch", "Elm", "O'Cedar"]


def test_counts(people: DataverseEnvironment) -> None:
    answer = people.call("GET", "/contacts/$count?$filter=jobtitle eq 'cto'")
    assert (answer.headers["content-type"], answer.content.decode("utf-8-sig")) == ("text/plain", "2")
    note = 'odata.include-annotations="*"'
    found = people.get("/contacts?$count=true&$top=1", Prefer=note)
    assert (found["@odata.count"], found["@Microsoft.Dynamics.CRM.totalrecordcount"]) == (4, 4)
    assert found["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] is False


def test_expanded_lookups(people: DataverseEnvironment) -> None:
    account = people.call("POST", "/accounts", {"name": "Contoso"}).headers["odata-entityid"][-38:]
    people.call(
        "POST", "/contacts", {"lastname": "Fir", "parentcustomerid_account@odata.bind": f"/accounts{account}"}
    )
    query = (
        "$select=lastname&$filter=startswith(lastname,'F')&$expand=parentcustomerid_account($select=name;"
        "$expand=createdby($select=fullname)),parentcustomerid_contact,owninguser($select=lastname)"
    )
    (row,) = people.get(f"/contacts?{query}")["value"]
    assert row["parentcustomerid_account"].keys() == {"@odata.etag", "name", "accountid", "createdby"}
    assert row["parentcustomerid_account"]["createdby"]["fullname"] == "Crosswalk Application"
    assert row["parentcustomerid_contact"] is None
    assert row["owninguser"]["lastname"] == "Application"


def test_the_same_people_as_elsewhere(opening: Any) -> None:
    environment = opening(leads=20, contacts=20)
    leads = environment.get("/leads?$select=fullname,statecode,statuscode,emailaddress1&$orderby=createdon")[
        "value"
    ]
    assert len(leads) == 20
    assert {row["statecode"] for row in leads} == {0, 2}
    query = "$expand=parentcustomerid_account($select=name)&$filter=parentcustomerid_account/name ne null"
    assert len(environment.get(f"/contacts?{query}")["value"]) > 10


@pytest.mark.parametrize("literal", ["2026-13-01", "2026-02-30", "2026-01-01T25:00:00Z"])
def test_a_date_that_cannot_be(environment: DataverseEnvironment, literal: str) -> None:
    code, message = environment.refusal("GET", f"/contacts?$filter=createdon gt {literal}")
    assert (code, message.startswith("Unrecognized literal")) == ("0x80060888", True)


def test_values_by_parameter(environment: DataverseEnvironment) -> None:
    environment.call("POST", "/contacts", {"lastname": "@p1 Vogel"})
    found = environment.get("/contacts?$select=lastname&$filter=lastname eq @name&@name='@p1 Vogel'&@p1='x'")
    assert [row["lastname"] for row in found["value"]] == ["@p1 Vogel"]
    several = "Microsoft.Dynamics.CRM.In(PropertyName=@column,PropertyValues=@values)"
    named = "@column='lastname'&@values=['@p1 Vogel','x']"
    assert len(environment.get(f"/contacts?$filter={several}&{named}")["value"]) == 1
    assert environment.refusal("GET", "/contacts?$filter=lastname eq @missing")[0] == "0x80060888"


@pytest.mark.parametrize(("ending", "found"), [("", 1), (" eq true", 1), (" ne false", 1), (" eq false", 12)])
def test_functions_compared_with_truth(environment: DataverseEnvironment, ending: str, found: int) -> None:
    environment.call("POST", "/contacts", {"lastname": "Qqq"})
    where = f"contains(lastname,'qqq'){ending} and lastname ne null"
    assert len(environment.get(f"/contacts?$select=lastname&$filter={where}")["value"]) == found


def test_the_case_of_preferences_does_not_count(environment: DataverseEnvironment) -> None:
    wanted = 'ODATA.Include-Annotations="odata.community.display.v1.formattedvalue",Odata.MaxPageSize=1'
    page = environment.get("/contacts?$select=statecode", prefer=wanted)
    (row,) = page["value"]
    assert row["statecode@OData.Community.Display.V1.FormattedValue"] == "Active"
    made = environment.call(
        "POST", "/contacts?$select=lastname", {"lastname": "X"}, headers={"Prefer": "Return=Representation"}
    )
    assert (made.status_code, made.json()["lastname"]) == (201, "X")
