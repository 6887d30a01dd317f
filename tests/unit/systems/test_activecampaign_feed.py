from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import pytest
from tests.helpers.activecampaign import Account, Script, contact, reply

from crosswalk.core.failures import SystemFailure
from crosswalk.core.system import Page

FIELDS = ["email", "field/7"]


class Desk:
    """A feed's reader with a directory, as the pipeline has it."""

    def __init__(self, **quirks: object) -> None:
        self.script = Script()
        self.clock = self.script.clock
        self.account = Account(clock=self.clock, **quirks)  # type: ignore[arg-type]
        self.script.on("GET", "/contacts", self.account)
        self.directory: dict[str, datetime] = {}
        self.cursor: str | None = None
        self.script.system.describe("contact")

    def run(self, stop_after: int | None = None) -> list[Page]:
        """Read the feed, storing each page; `stop_after` pages the process dies."""
        self.account.calls.clear()
        pages = []
        for page in self.script.system.feed("contact", FIELDS, self.cursor, self.seen):
            self.directory |= {record.id: record.stamp for record in page.records}
            self.cursor = page.cursor
            pages.append(page)
            if stop_after == len(pages):
                break
        return pages

    def seen(self, moment: datetime) -> int:
        return sum(stamp > moment for stamp in self.directory.values())

    def later(self, seconds: float) -> None:
        self.clock.sleep(seconds)


def ids(pages: list[Page]) -> list[str]:
    return [record.id for page in pages for record in page.records]


def filled(count: int, **quirks: object) -> Desk:
    desk = Desk(**quirks)
    desk.account.touch(*range(1, count + 1), at=desk.clock.now() - timedelta(days=3))
    return desk


def test_it_works() -> None:
    desk = filled(250)

    pages = desk.run()

    assert ids(pages) == [str(n) for n in range(1, 251)]
    assert [page.last for page in pages] == [False, False, True]
    assert {page.total for page in pages} == {250}
    assert [call.get("id_greater") for call in desk.account.calls] == [None, "100", "200"]
    assert desk.account.calls[0]["include"] == "fieldValues"


def test_an_idle_run_costs_one_call() -> None:
    desk = filled(10)
    desk.run()
    desk.later(60)

    pages = desk.run()

    assert ids(pages) == []
    assert [page.last for page in pages] == [True]
    assert len(desk.account.calls) == 1


def test_values_of_custom_fields_are_not_asked_for_when_none_is_wanted() -> None:
    desk = filled(1)

    list(desk.script.system.feed("contact", ["email"], None, desk.seen))

    assert "include" not in desk.account.calls[0]


def test_a_set_of_exactly_full_pages_costs_no_empty_page() -> None:
    desk = filled(200)

    pages = desk.run()

    assert (len(pages), len(desk.account.calls)) == (2, 2)


def test_changes_are_asked_for_from_a_second_before_the_pass_began() -> None:
    desk = filled(10)
    desk.run()
    desk.later(60)
    desk.account.touch(4)

    pages = desk.run()

    assert ids(pages) == ["4"]
    assert desk.account.calls[0]["filters[updated_after]"] == "2026-03-02T07:59:59-06:00"


def test_a_change_made_while_the_pass_runs_is_in_the_next() -> None:
    desk = filled(150)
    first = desk.run(stop_after=1)
    desk.later(2)
    desk.account.touch(7)
    second = desk.run()
    desk.later(2)

    assert [*ids(first), *ids(second)] == [str(n) for n in range(1, 151)]
    assert ids(desk.run()) == ["7"]


def test_a_pass_goes_on_after_the_page_that_was_stored() -> None:
    desk = filled(350)
    desk.run(stop_after=2)

    pages = desk.run()

    assert ids(pages)[0] == "201"
    assert len(desk.directory) == 350


def late(desk: Desk) -> None:
    """A contact appears whose stamp lies before the moment up to which the feed was read."""
    desk.run()
    desk.later(200)
    desk.run()
    desk.account.touch(77, at=desk.clock.now() - timedelta(seconds=30))


@pytest.mark.parametrize("strict", [True, False])
def test_a_late_row_is_found_by_counting(strict: bool) -> None:
    desk = filled(10, strict=strict)
    late(desk)
    desk.later(100)

    pages = desk.run()

    assert ids(pages) == ["77"]
    assert [page.last for page in pages] == [True]
    assert len(desk.account.calls) == 3
    assert desk.account.calls[1]["limit"] == "1"


def test_the_count_costs_one_call_every_five_minutes() -> None:
    desk = filled(10)
    desk.run()
    spent = []
    for _ in range(6):
        desk.later(100)
        desk.run()
        spent.append(len(desk.account.calls))

    assert spent == [1, 1, 2, 1, 1, 2]


@pytest.mark.parametrize("strict", [True, False])
def test_a_row_stamped_exactly_at_the_window_is_no_difference(strict: bool) -> None:
    desk = filled(10, strict=strict)
    desk.account.touch(11, at=desk.clock.now() - timedelta(seconds=301))
    desk.run()
    desk.later(301)

    desk.run()

    assert len(desk.account.calls) == 2


def test_changed_rows_are_stored_before_they_are_counted() -> None:
    desk = filled(10)
    desk.run()
    desk.later(400)
    desk.account.touch(3, 4)

    pages = desk.run()

    assert ids(pages) == ["3", "4"]
    assert [page.last for page in pages] == [False, True]
    assert len(desk.account.calls) == 2


def test_a_window_whose_reading_broke_off_is_counted_again() -> None:
    desk = filled(10)
    desk.run()
    desk.later(400)
    desk.account.touch(*range(300, 500), at=desk.clock.now() - timedelta(seconds=390))
    desk.account.touch(*range(500, 510), at=desk.clock.now() - timedelta(seconds=405))
    desk.run(stop_after=3)

    desk.run()

    assert set(desk.directory) >= {str(n) for n in range(300, 510)}


def test_a_vendor_without_totals_is_not_counted() -> None:
    desk = filled(10, total=None)
    desk.run()
    desk.later(400)

    assert ids(desk.run()) == []
    assert len(desk.account.calls) == 2


QUIRKS: list[dict[str, object]] = [
    {},
    {"total": int},
    {"total": None},
    {"whole_total": True},
    {"page_cap": 20},
    {"page_cap": 20, "whole_total": True},
    {"order": False},
    {"order": False, "page_cap": 20},
    {"order": False, "total": None},
    {"id_greater": False},
    {"id_greater": False, "order": False},
    {"updated_after": False},
    {"strict": False},
]


@pytest.mark.parametrize("quirks", QUIRKS, ids=str)
@pytest.mark.parametrize("count", [0, 1, 100, 101, 250, 300])
def test_nothing_is_missed_whatever_the_vendor_ignores(count: int, quirks: dict[str, object]) -> None:
    desk = filled(count, **quirks)

    pages = desk.run()

    assert set(ids(pages)) == {str(n) for n in range(1, count + 1)}
    assert [page.last for page in pages].count(True) == 1
    assert pages[-1].last


@pytest.mark.parametrize("quirks", QUIRKS, ids=str)
def test_changes_are_exact_whatever_the_vendor_ignores(quirks: dict[str, object]) -> None:
    desk = filled(250, **quirks)
    desk.run()
    desk.later(60)
    desk.account.touch(*range(20, 150))

    assert set(ids(desk.run())) == {str(n) for n in range(20, 150)}


def test_a_vendor_that_ignores_every_paging_is_found_out() -> None:
    script = Script()
    page = [contact(n, script.clock.now()) for n in range(1, 101)]
    script.on("GET", "/contacts", reply(200, {"contacts": page, "fieldValues": []}))

    with pytest.raises(SystemFailure, match="same page"):
        list(script.system.feed("contact", FIELDS, None, lambda _: 0))


def test_without_a_date_header_the_next_pass_overlaps() -> None:
    script = Script()
    script.on("GET", "/contacts", reply(200, {"contacts": [], "meta": {"total": 0}}))

    (page,) = script.system.feed("contact", FIELDS, None, lambda _: 0)

    since = datetime.fromisoformat(msgspec.json.decode(page.cursor)["since"])
    assert script.clock.now() - since == timedelta(minutes=5)


@pytest.mark.parametrize(
    "call",
    [
        lambda script: script.system.feed("lead", FIELDS, None, lambda _: 0),
        lambda script: script.system.describe("lead"),
        lambda script: script.system.fetch("lead", ["1"], FIELDS),
        lambda script: script.system.find("lead", ["a@example.org"], FIELDS),
    ],
)
def test_only_contacts_are_known(call: Callable[[Script], object]) -> None:
    with pytest.raises(SystemFailure, match="no object lead"):
        call(Script())
