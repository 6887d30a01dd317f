from __future__ import annotations

import httpx2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers.dataverse import batch_answer, error, part
from tests.helpers.dataverse_rows import environment, guid, queries, row, rows

from crosswalk.core.criteria import Criteria, Criterion, Operator
from crosswalk.core.failures import SystemFailure
from crosswalk.core.mapping import Selection, SelectionKind
from crosswalk.systems.dynamics.lookup import LONGEST_FILTER, MOST_VALUES, _addressed, _portions

BATCHED = "POST /api/data/v9.2/$batch"


def filters(url: httpx2.URL) -> str:
    return str(url.params["$filter"])


def test_records_are_read_by_id_in_one_call() -> None:
    given = environment(rows(row(1), row(2, _masterid_value=guid(1))))
    found = given.open().fetch("contact", [guid(1), guid(2), guid(3), "no id"], ["lastname"])
    assert [record.id for record in found.records] == [guid(1)]
    assert found.missing == [guid(2), guid(3), "no id"]
    (asked,) = queries(given)
    ids = msgspec.json.encode([guid(1), guid(2), guid(3)]).decode()
    assert filters(asked) == f"Microsoft.Dynamics.CRM.In(PropertyName='contactid',PropertyValues={ids})"


def test_many_records_are_one_batch_of_queries() -> None:
    answers = [part(200, {"value": [row(number)]}) for number in (1, MOST_VALUES + 1, 2 * MOST_VALUES + 1)]
    given = environment(batch_answer(*answers))
    found = given.open().fetch("contact", [guid(number) for number in range(1, 1001)], ["lastname"])
    assert len(found.records) == 3
    assert len(found.missing) == 997
    assert list(given.calls()).count(BATCHED) == 2  # the other described the table


def test_a_query_that_is_declined_for_the_moment_is_asked_again_by_itself() -> None:
    busy = {"error": {"code": "0x80072326", "message": "busy"}}
    given = environment(
        batch_answer(part(200, {"value": [row(1)]}), part(429, busy, Retry_After="2")),
        batch_answer(part(200, {"value": [row(401)]})),
    )
    found = given.open().fetch("contact", [guid(number) for number in range(1, 501)], ["lastname"])
    assert {record.id for record in found.records} == {guid(1), guid(401)}


def test_a_query_that_is_declined_fails_with_the_vendors_words() -> None:
    with pytest.raises(SystemFailure, match="no such thing"):
        environment(error("0x80060888", "no such thing")).open().fetch("contact", [guid(1)], ["lastname"])


def test_nothing_is_asked_for_nobody() -> None:
    given = environment()
    system = given.open()
    assert system.find("contact", ["", " "], ["lastname"]) == []
    assert system.fetch("contact", ["no id"], ["lastname"]).missing == ["no id"]
    assert queries(given) == []


def test_people_are_found_by_address_and_others_are_dropped() -> None:
    given = environment(
        rows(row(2, emailaddress1="A_B@example.org"), row(3, emailaddress1="axb@example.org")),
    )
    found = given.open().find("contact", ["a_b@EXAMPLE.org"], ["lastname"])
    assert [record.id for record in found] == [guid(2)]
    assert '["a_b@example.org"]' in filters(queries(given)[0])


def test_a_large_answer_is_read_to_its_end() -> None:
    link = "https://acme.crm4.dynamics.com/api/data/v9.2/contacts?$skiptoken=2"
    given = environment(rows(row(1), nextLink=link), rows(row(2)))
    assert len(given.open().find("contact", ["a1@example.org", "a2@example.org"], ["lastname"])) == 2


def test_an_address_with_a_quotation_mark_stands_by_itself() -> None:
    text = _addressed("emailaddress1", ["a@example.org", "o'brien@example.org"])
    assert text == (
        "Microsoft.Dynamics.CRM.In(PropertyName='emailaddress1',PropertyValues=[\"a@example.org\"])"
        " or emailaddress1 eq 'o''brien@example.org'"
    )


@given(st.lists(st.text(min_size=1, max_size=300)))
def test_portions_hold_all_values_and_fit_an_address(values: list[str]) -> None:
    found = list(_portions(values))
    assert [value for portion in found for value in portion] == values
    for portion in found:
        assert len(portion) <= MOST_VALUES
        assert (
            len(str(httpx2.QueryParams({"q": _addressed("emailaddress1", portion)}))) < LONGEST_FILTER + 8_000
        )


def test_a_selection_is_counted_by_judging_what_it_asks_for() -> None:
    given = environment(
        rows(row(1, lastname="Ruiz"), row(2, lastname="Ruiz", emailaddress1=None), row(3, lastname="Diaz"))
    )
    criteria = Criteria(rows=(Criterion(field="lastname", operator=Operator.EQUALS, values=("ruiz",)),))
    selection = Selection(kind=SelectionKind.CRITERIA, criteria=criteria)
    counted = given.open().count("contact", selection)
    assert (counted.records, counted.with_email, counted.exact) == (2, 1, True)
    assert given.open().count("contact", Selection(kind=SelectionKind.NONE)).records == 0


def test_a_range_ends_with_a_whole_second() -> None:
    early, late = "2026-01-01T10:00:00Z", "2026-01-01T10:00:01Z"
    link = "https://acme.crm4.dynamics.com/api/data/v9.2/contacts?$skiptoken=2"
    given = environment(
        rows(row(1, createdon=early), nextLink=link),  # all of a second: its end is not told yet
        rows(row(2, createdon=early), row(3, createdon=late), nextLink=link),
        rows(row(3, createdon=late), row(4, createdon=late)),
    )
    system = given.open()
    first = system.read_range("contact", ["lastname"], "")
    assert [record.id for record in first.records] == [guid(1), guid(2)]
    assert (first.upto, first.calls, first.dated) == (early, 2, True)
    second = system.read_range("contact", ["lastname"], early)
    assert [record.id for record in second.records] == [guid(3), guid(4)]
    assert second.upto is None
    assert filters(queries(given)[-1]) == f"createdon gt {early}"
