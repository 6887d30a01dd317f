from __future__ import annotations

import httpx2
import pytest
from tests.helpers.dataverse import DATA, ENVIRONMENT, error
from tests.helpers.dataverse_rows import environment, gone, guid, queries, row, rows

from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.system import Page
from crosswalk.systems.dynamics import Dynamics

ROWS = f"{ENVIRONMENT}{DATA}/contacts"
NEXT = f"{ROWS}?$select=contactid&$skiptoken=%253Ccookie%253E"
DELTA = f"{ROWS}?$select=contactid&$deltatoken=919042%2105%2f04%2f2026%2010%3a10%3a44"
LATER = f"{ROWS}?$select=contactid&$deltatoken=919050"


def read(system: Dynamics, cursor: str | None = None, *fields: str) -> list[Page]:
    return list(system.feed("contact", fields or ["lastname"], cursor, lambda moment: 0))


def test_a_first_reading_goes_to_the_last_page_and_keeps_the_link_behind_it() -> None:
    given = environment(rows(row(1), nextLink=NEXT), rows(row(2), deltaLink=DELTA), rows(deltaLink=LATER))
    system = given.open()
    first, second = read(system)
    assert [(page.last, len(page.records), page.anew) for page in (first, second)] == [
        (False, 1, False),
        (True, 1, False),
    ]
    assert read(system, second.cursor)[0].records == []
    asked = [str(url) for url in queries(given)]
    assert "$filter" not in asked[0]
    assert "%24filter" not in asked[0]
    assert asked[1:] == [NEXT, DELTA]
    wishes = {request.headers["prefer"] for request in given.requests if request.method == "GET"}
    assert wishes == {"odata.track-changes,odata.maxpagesize=5000"}


def test_what_was_deleted_is_told_and_what_is_out_of_sight_is_not() -> None:
    system = environment(rows(row(1), gone(2), gone(3, "changed"), deltaLink=DELTA)).open()
    (page,) = read(system)
    assert [(record.id, record.deleted) for record in page.records] == [(guid(1), False), (guid(2), True)]


def test_the_loser_of_a_merge_is_gone_and_names_the_winner() -> None:
    system = environment(rows(row(1, _masterid_value=guid(2)), deltaLink=DELTA)).open()
    (record,) = read(system)[0].records
    assert (record.deleted, record.master_id) == (True, guid(2))


def test_a_reading_that_broke_off_goes_on_at_its_page() -> None:
    given = environment(rows(row(1), nextLink=NEXT), rows(row(2), deltaLink=DELTA))
    first = next(iter(given.open().feed("contact", ["lastname"], None, lambda moment: 0)))
    (page,) = read(given.open(), first.cursor)
    assert [record.id for record in page.records] == [guid(2)]
    assert not page.anew


@pytest.mark.parametrize("refusal", [error("0x80044352", "expired"), httpx2.Response(410)])
def test_when_its_position_is_too_old_everything_is_read_and_that_is_said(refusal: httpx2.Response) -> None:
    given = environment(rows(deltaLink=DELTA), refusal, rows(row(1), nextLink=NEXT), rows(deltaLink=LATER))
    system = given.open()
    (page,) = read(system)
    assert [each.anew for each in read(system, page.cursor)] == [True, True]


def test_that_the_position_was_lost_is_still_known_after_a_break() -> None:
    given = environment(
        rows(deltaLink=DELTA),
        error("0x80044352"),
        rows(row(1), nextLink=NEXT),
        rows(deltaLink=LATER),
        rows(deltaLink=LATER),
    )
    system = given.open()
    (page,) = read(system)
    broken = next(iter(system.feed("contact", ["lastname"], page.cursor, lambda moment: 0)))
    (last,) = read(system, broken.cursor)
    assert last.anew
    assert not read(system, last.cursor)[0].anew


def test_a_page_that_nobody_knows_any_more_begins_the_reading_again() -> None:
    given = environment(rows(row(1), nextLink=NEXT), error("0x80040203"), rows(row(1), deltaLink=DELTA))
    system = given.open()
    first = next(iter(system.feed("contact", ["lastname"], None, lambda moment: 0)))
    (page,) = read(system, first.cursor)
    assert (len(page.records), page.anew) == (1, False)


def test_a_page_of_somebody_else_is_no_lost_position() -> None:
    elsewhere = httpx2.Response(404, html="<html>Nothing here</html>")
    given = environment(rows(row(1), nextLink=NEXT), elsewhere, rows(deltaLink=DELTA))
    system = given.open()
    first = next(iter(system.feed("contact", ["lastname"], None, lambda moment: 0)))
    with pytest.raises(SystemFailure):
        read(system, first.cursor)
    assert not read(system, first.cursor)[0].anew
    assert "$skiptoken" in queries(given)[-1].params


def test_other_columns_are_asked_for_from_the_same_position() -> None:
    given = environment(rows(deltaLink=DELTA), rows(deltaLink=LATER))
    system = given.open()
    (page,) = read(system)
    read(system, page.cursor, "lastname", "score")
    asked = queries(given)[-1].params
    assert "score" in asked["$select"]
    assert asked["$deltatoken"] == "919042!05/04/2026 10:10:44"


def test_without_change_tracking_the_cure_is_named() -> None:
    with pytest.raises(SystemFailure, match="no track of changes of the table contact") as caught:
        read(environment(tracked=False).open())
    assert caught.value.kind is FailureKind.PERMISSION
    assert "Track changes" in caught.value.cure


def test_an_end_without_a_link_is_no_end() -> None:
    with pytest.raises(SystemFailure) as caught:
        read(environment(rows(row(1))).open())
    assert caught.value.kind is FailureKind.BUG
