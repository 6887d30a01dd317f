"""Selections as SOQL: what is asked, and what is left to be judged here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from tests.helpers.salesforce import FIELDS, NOON, Org, contact, field

from crosswalk.core.criteria import Criteria, Criterion, Group, Match, Operator, checked
from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.mapping import Selection, SelectionKind
from crosswalk.systems.salesforce.criteria import condition_of

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ORG = Org(
    fields=[
        *FIELDS,
        field("Status__c", "picklist", picklistValues=[{"value": "waiting"}, {"value": "done"}]),
        field("OwnerId", "reference", length=18),
    ]
)
SCHEMA = ORG.open().describe("contact")
O = Operator  # noqa: E741 -- many rows below


def selection(*rows: Criterion, match: Match = Match.ALL, groups: tuple[Group, ...] = ()) -> Selection:
    criteria = checked(Criteria(match=match, rows=rows, groups=groups), SCHEMA)
    return Selection(kind=SelectionKind.CRITERIA, criteria=criteria)


def row(name: str, operator: Operator, *values: str) -> Criterion:
    return Criterion(field=name, operator=operator, values=values)


@pytest.mark.parametrize(
    ("criterion", "text"),
    [
        (row("LastName", O.EQUALS, "O'Neil"), r"LastName IN ('O\'Neil')"),
        (row("LastName", O.NOT_EQUALS, "x"), "(LastName NOT IN ('x') OR LastName = null)"),
        (row("LastName", O.CONTAINS, "50%_"), r"LastName LIKE '%50\%\_%'"),
        (row("LastName", O.NOT_CONTAINS, "x"), "((NOT LastName LIKE '%x%') OR LastName = null)"),
        (row("LastName", O.STARTS_WITH, "x"), "LastName LIKE 'x%'"),
        (row("LastName", O.IS_EMPTY), "LastName = null"),
        (row("Score__c", O.NOT_EQUALS, "1.50"), "(Score__c != 1.5 OR Score__c = null)"),
        (row("Score__c", O.BETWEEN, "1", "2"), "(Score__c >= 1 AND Score__c <= 2)"),
        (row("Vip__c", O.IS_TRUE), "Vip__c = true"),
        (
            row("Seen__c", O.ON, "2026-03-01"),
            "(Seen__c >= 2026-03-01T00:00:00Z AND Seen__c < 2026-03-02T00:00:00Z)",
        ),
        (
            row("Seen__c", O.LAST_DAYS, "1"),
            "(Seen__c >= 2026-02-28T00:00:00Z AND Seen__c < 2026-03-02T00:00:00Z)",
        ),
        (row("Topics__c", O.INCLUDES_ALL, "a", "b"), "Topics__c INCLUDES ('a;b')"),
        (row("Topics__c", O.EXCLUDES, "a", "b"), "(Topics__c EXCLUDES ('a','b') OR Topics__c = null)"),
    ],
)
def test_a_row_is_written_so_that_soql_cannot_read_it_otherwise(criterion: Criterion, text: str) -> None:
    condition = condition_of(selection(criterion), SCHEMA, NOW)

    assert (condition.text, condition.exact) == (text, True)


@pytest.mark.parametrize(
    ("criterion", "text"),
    [
        (row("Notes__c", O.CONTAINS, "x"), None),  # long texts cannot be filtered
        (row("Birthdate", O.THIS_MONTH), None),  # SOQL ignores its year
        (row("LastName", O.CONTAINS, "a\\b"), "LastName LIKE '%a_b%'"),
        (row("LastName", O.NOT_CONTAINS, "a\\b"), None),
    ],
)
def test_what_soql_cannot_be_asked_exactly_lets_more_through(criterion: Criterion, text: str | None) -> None:
    condition = condition_of(selection(criterion), SCHEMA, NOW)

    assert (condition.text, condition.exact) == (text, False)


def test_a_part_that_cannot_be_asked_is_left_out_of_all_and_opens_any() -> None:
    notes, name = row("Notes__c", O.IS_EMPTY), row("LastName", O.IS_EMPTY)

    assert condition_of(selection(notes, name), SCHEMA, NOW).text == "LastName = null"
    assert condition_of(selection(notes, name, match=Match.ANY), SCHEMA, NOW).text is None


def test_and_and_or_never_mix_without_brackets() -> None:
    group = Group(match=Match.ANY, rows=(row("FirstName", O.IS_EMPTY), row("Score__c", O.LESS, "1")))

    condition = condition_of(selection(row("LastName", O.IS_EMPTY), groups=(group,)), SCHEMA, NOW)

    assert condition.text == "(LastName = null AND (FirstName = null OR Score__c < 1))"


def test_a_first_reading_takes_in_what_time_alone_will_select() -> None:
    soon = selection(row("Seen__c", O.NEXT_DAYS, "7"))

    assert condition_of(soon, SCHEMA, NOW, lasting=True).text == "Seen__c >= 2026-03-02T00:00:00Z"
    old = selection(row("Seen__c", O.MORE_THAN_DAYS_AGO, "7"))
    assert condition_of(old, SCHEMA, NOW, lasting=True).text == "Seen__c != null"


def test_other_selections() -> None:
    created = Selection(kind=SelectionKind.CREATED_FROM_NOW, since=NOON)
    flagged = Selection(kind=SelectionKind.FLAGGED, flag="Status__c")

    assert condition_of(Selection(), SCHEMA, NOW).text is None
    assert condition_of(Selection(kind=SelectionKind.NONE), SCHEMA, NOW).text == "Id = null"
    assert condition_of(created, SCHEMA, NOW).text == "CreatedDate >= 2026-03-01T12:00:00Z"
    assert condition_of(flagged, SCHEMA, NOW).text == "Status__c LIKE 'waiting%'"


@pytest.mark.parametrize("value", ["0055g00000XyZ12", "me"])
def test_ids_are_compared_in_the_form_that_salesforce_shows(value: str) -> None:
    with pytest.raises(SystemFailure, match="is no record id") as failure:
        condition_of(selection(row("OwnerId", O.EQUALS, value)), SCHEMA, NOW)

    assert failure.value.kind is FailureKind.MAPPING


def filtered(org: Org, *only: Selection) -> list[str]:
    """The statements of a first reading for these selections."""
    list(org.open().feed("contact", ["LastName"], None, lambda _moment: 0, list(only)))
    return org.statements()


def test_a_first_reading_asks_for_what_any_reader_selects() -> None:
    org = Org([contact(1)])

    (statement,) = filtered(
        org, selection(row("LastName", O.IS_EMPTY)), selection(row("FirstName", O.IS_EMPTY))
    )

    assert "WHERE IsDeleted = false AND (LastName = null OR FirstName = null) ORDER BY" in statement


@pytest.mark.parametrize(
    "other", [Selection(), selection(row("LastName", O.ONE_OF, *[f"{n:080d}" for n in range(60)]))]
)
def test_a_reader_of_everything_or_very_long_criteria_leave_the_reading_open(other: Selection) -> None:
    (statement,) = filtered(Org([contact(1)]), selection(row("FirstName", O.IS_EMPTY)), other)

    assert "FirstName = null" not in statement


def test_a_reading_that_is_gone_on_with_keeps_its_condition_and_later_ones_have_none() -> None:
    org = Org([contact(number, LastName=None) for number in range(5)])
    org.page_size = 2
    org.snapshots = False
    only = [selection(row("LastName", O.IS_EMPTY))]
    pages = org.open().feed("contact", ["LastName"], None, lambda _moment: 0, only)
    cursor = next(pages).cursor

    rest = list(org.open().feed("contact", ["LastName"], cursor, lambda _moment: 0))
    assert all("LastName = null" in statement for statement in org.statements())

    list(org.open().feed("contact", ["LastName"], rest[-1].cursor, lambda _moment: 0, only))
    assert "LastName = null" not in org.statements()[-1]


def test_records_and_emails_are_counted_in_one_call() -> None:
    org = Org()
    org.before = lambda request: _counts(request, {"records": 12, "emails": 10})

    counted = org.open().count("contact", selection(row("Notes__c", O.IS_EMPTY), row("LastName", O.IS_EMPTY)))

    assert (counted.records, counted.with_email, counted.exact) == (12, 10, False)
    assert org.statements() == [
        "SELECT COUNT(Id) records, COUNT(Email) emails FROM Contact WHERE LastName = null"
    ]


def _counts(request: httpx2.Request, row: dict[str, Any]) -> httpx2.Response | None:
    if "q" not in request.url.params:
        return None
    return httpx2.Response(200, json={"totalSize": 1, "done": True, "records": [row]})


def test_criteria_too_long_to_be_counted_are_refused() -> None:
    long = selection(row("LastName", O.ONE_OF, *[f"{n:0100d}" for n in range(130)]))

    with pytest.raises(SystemFailure, match="too long"):
        Org().open().count("contact", long)


def test_the_package_s_field_is_found_under_any_namespace() -> None:
    status = "ActiveCampaign_Sync_Status__c"

    assert SCHEMA.flag is None
    for name in (status, f"acme__{status}"):
        assert Org(fields=[*FIELDS, field(name, "picklist")]).open().describe("contact").flag == name
