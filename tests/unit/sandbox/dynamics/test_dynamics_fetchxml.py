"""FetchXML in a Dataverse environment: columns, filters, links, pages, figures."""

from __future__ import annotations

import re
from html import escape
from typing import Any
from urllib.parse import quote, unquote

import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment

ALL = 'odata.include-annotations="*"'
CRM = "@Microsoft.Dynamics.CRM."


@pytest.fixture
def people(opening: Any) -> DataverseEnvironment:
    """Five contacts, the first two of one account."""
    environment: DataverseEnvironment = opening(leads=0, contacts=0)
    account = environment.call("POST", "/accounts", {"name": "Contoso"}).headers["odata-entityid"]
    for number, job in enumerate(("CTO", "CEO", None, "cto", "Chief")):
        company = {"parentcustomerid_account@odata.bind": account} if number < 2 else {}
        body = {
            "lastname": f"P{number}",
            "jobtitle": job,
            "numberofchildren": number,
            "preferredcontactmethodcode": 2,
        }
        assert environment.call("POST", "/contacts", {**body, **company}).status_code == 204
    return environment


def fetch(environment: DataverseEnvironment, inner: str, attributes: str = "", **headers: str) -> Any:
    return environment.get(f"/contacts?fetchXml={xml(inner, attributes)}", **headers)


def xml(inner: str, attributes: str = "") -> str:
    return quote(f'<fetch {attributes}><entity name="contact">{inner}</entity></fetch>')


def names(environment: DataverseEnvironment, filter_: str, type_: str = "and") -> list[str]:
    inner = (
        f'<attribute name="lastname"/><order attribute="lastname"/><filter type="{type_}">{filter_}</filter>'
    )
    return [row["lastname"] for row in fetch(environment, inner)["value"]]


def condition(attribute: str, operator: str, *values: str) -> str:
    if len(values) < 2:
        value = f' value="{values[0]}"' if values else ""
        return f'<condition attribute="{attribute}" operator="{operator}"{value}/>'
    inner = "".join(f"<value>{value}</value>" for value in values)
    return f'<condition attribute="{attribute}" operator="{operator}">{inner}</condition>'


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        (condition("jobtitle", "eq", "CTO"), ["P0", "P3"]),
        (condition("jobtitle", "ne", "CTO"), ["P1", "P4"]),
        (condition("jobtitle", "null"), ["P2"]),
        (condition("jobtitle", "not-null") + condition("numberofchildren", "ge", "3"), ["P3", "P4"]),
        (condition("jobtitle", "like", "c%o"), ["P0", "P1", "P3"]),
        (condition("jobtitle", "not-like", "c%o"), ["P4"]),
        (condition("jobtitle", "begins-with", "ch"), ["P4"]),
        (condition("jobtitle", "not-end-with", "o"), ["P4"]),
        (condition("numberofchildren", "in", "1", "4"), ["P1", "P4"]),
        (condition("numberofchildren", "between", "1", "2"), ["P1", "P2"]),
        (condition("createdon", "today"), ["P0", "P1", "P2", "P3", "P4"]),
        (condition("createdon", "olderthan-x-months", "1"), []),
        (condition("createdon", "on-or-after", "2026-03-03"), []),
        (condition("createdby", "ne-userid"), []),
        (condition("donotemail", "eq", "1"), []),
        (condition("parentcustomerid", "not-null"), ["P0", "P1"]),
    ],
)
def test_a_condition_finds(people: DataverseEnvironment, filter_: str, found: list[str]) -> None:
    assert names(people, filter_) == found


def test_one_of_several_conditions(people: DataverseEnvironment) -> None:
    both = condition("lastname", "eq", "P4") + condition("jobtitle", "eq", "CEO")
    assert names(people, both, "or") == ["P1", "P4"]
    assert names(people, f'<filter type="or">{both}</filter>' + condition("lastname", "eq", "P1")) == ["P1"]


def test_columns_aliases_and_annotations(people: DataverseEnvironment) -> None:
    one = f"<filter>{condition('lastname', 'eq', 'P0')}</filter>"
    inner = f'<attribute name="preferredcontactmethodcode" alias="how"/>{one}'
    (row,) = fetch(people, inner, Prefer=ALL)["value"]
    assert (row["how"], row["how@OData.Community.Display.V1.FormattedValue"]) == (2, "Email")
    assert {"contactid", "@odata.etag"} <= row.keys()
    assert "lastname" not in row
    (whole,) = fetch(people, f"<all-attributes/><filter>{condition('lastname', 'eq', 'P0')}</filter>")[
        "value"
    ]
    assert whole["lastname"] == "P0"


@pytest.mark.parametrize(
    ("type_", "found"), [("inner", ["P0", "P1"]), ("outer", ["P0", "P1", "P2", "P3", "P4"])]
)
def test_linked_rows(people: DataverseEnvironment, type_: str, found: list[str]) -> None:
    link = (
        f'<attribute name="lastname"/><order attribute="lastname"/><link-entity name="account" from="accountid" '
        f'to="parentcustomerid" alias="company" link-type="{type_}"><attribute name="name"/></link-entity>'
    )
    rows = fetch(people, link)["value"]
    assert [row["lastname"] for row in rows] == found
    assert [row.get("company.name") for row in rows] == ["Contoso"] * 2 + [None] * (len(found) - 2)


def test_conditions_on_linked_rows(people: DataverseEnvironment) -> None:
    link = (
        '<link-entity name="account" from="accountid" to="parentcustomerid" alias="company">{}</link-entity>'
    )
    inside = link.format(f"<filter>{condition('name', 'eq', 'nobody')}</filter>")
    assert fetch(people, inside)["value"] == []
    outside = '<condition entityname="company" attribute="name" operator="eq" value="contoso"/>'
    assert len(fetch(people, link.format("") + f"<filter>{outside}</filter>")["value"]) == 2


def test_pages_by_number_and_by_cookie(people: DataverseEnvironment) -> None:
    inner = '<attribute name="lastname"/><order attribute="numberofchildren" descending="true"/>'
    first = fetch(people, inner, 'count="2" page="1" returntotalrecordcount="true"', Prefer=ALL)
    assert (first["@odata.count"], first[f"{CRM}morerecords"]) == (5, True)
    assert [row["lastname"] for row in first["value"]] == ["P4", "P3"]
    second = fetch(people, inner, 'count="2" page="2"')
    assert [row["lastname"] for row in second["value"]] == ["P2", "P1"]
    found = re.search(r'pagingcookie="([^"]*)"', first[f"{CRM}fetchxmlpagingcookie"])
    assert found is not None
    people.call("DELETE", f"/contacts({first['value'][0]['contactid']})")
    cookie = escape(unquote(found[1]))
    again = fetch(people, inner, f'count="2" page="2" paging-cookie="{cookie}"', Prefer=ALL)
    assert [row["lastname"] for row in again["value"]] == ["P2", "P1"]
    last = fetch(people, inner, 'count="2" page="3"', Prefer=ALL)
    assert not last[f"{CRM}morerecords"]


def test_the_first_rows(people: DataverseEnvironment) -> None:
    inner = '<attribute name="lastname"/><order attribute="lastname"/>'
    assert [row["lastname"] for row in fetch(people, inner, 'top="2"')["value"]] == ["P0", "P1"]


def test_figures(people: DataverseEnvironment) -> None:
    figures = (
        '<attribute name="contactid" aggregate="count" alias="rows"/>'
        '<attribute name="jobtitle" aggregate="countcolumn" distinct="true" alias="jobs"/>'
        '<attribute name="numberofchildren" aggregate="sum" alias="total"/>'
        '<attribute name="numberofchildren" aggregate="avg" alias="mean"/>'
    )
    assert fetch(people, figures, 'aggregate="true"')["value"] == [
        {"rows": 5, "jobs": 3, "total": 10, "mean": 2}
    ]
    groups = (
        '<attribute name="jobtitle" groupby="true" alias="job"/>'
        '<attribute name="contactid" aggregate="count" alias="rows"/>'
    )
    rows = fetch(people, groups, 'aggregate="true"')["value"]
    assert {(row["job"], row["rows"]) for row in rows} == {("CTO", 2), ("CEO", 1), (None, 1), ("Chief", 1)}


def wrapped(inner: str) -> str:
    return f"<fetch><entity name='contact'>{inner}</entity></fetch>"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<fetch><entity name='contact'>", "0x80040203"),
        ("<fetch/>", "0x80040203"),
        ("<fetch><entity name='lead'/></fetch>", "0x80040203"),
        ("<fetch count='x'><entity name='contact'/></fetch>", "0x80040203"),
        (wrapped("<attribute name='nobody'/>"), "0x80041103"),
        (wrapped("<filter><condition attribute='nobody' operator='null'/></filter>"), "0x80041103"),
        (wrapped("<link-entity name='nobody' from='x' to='y'/>"), "0x80041102"),
        (wrapped("<filter><condition attribute='lastname' operator='sounds'/></filter>"), "0x80060888"),
        (
            "<fetch aggregate='true'><entity name='contact'><attribute name='lastname'/></entity></fetch>",
            "0x80040203",
        ),
        ("<fetch paging-cookie='x'><entity name='contact'/></fetch>", "0x80060888"),
    ],
)
def test_what_cannot_be_fetched(people: DataverseEnvironment, text: str, code: str) -> None:
    assert people.refusal("GET", f"/contacts?fetchXml={quote(text)}")[0] == code
