"""The sweep's arithmetic: every id once a round, never more calls than the share pays, the stated time is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswalk.core.sweep import (
    CREDIT,
    EVERY,
    ROUND_EVERY,
    UNKNOWN,
    Place,
    Step,
    begun,
    calls_per_hour,
    charged,
    is_due,
    may_go_on,
    moved,
    round_takes,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RATE = 360.0  # two of a hundred of ActiveCampaign's calls


def read(ids: set[int], place: Place, page: int) -> tuple[list[int], str | None]:
    """What a vendor gives above a place, and where that ends."""
    above = sorted(number for number in ids if number > int(place.after or 0))
    given_now = above[:page]
    return given_now, str(given_now[-1]) if len(above) > page else None


def test_a_small_side_is_a_round_of_one_call_an_hour() -> None:
    place = moved(begun(Place(), NOW), Step(upto=None, records=3, calls=1), RATE, NOW)

    assert (place.after, place.began, place.last_records, place.ended) == ("", None, 3, NOW)
    assert not is_due(place, NOW - timedelta(days=1), NOW + ROUND_EVERY - MINUTE)
    assert is_due(place, NOW - timedelta(days=1), NOW + ROUND_EVERY)


def test_it_begins_an_hour_after_everything_was_read_the_first_time() -> None:
    assert not is_due(Place(), None, NOW), "the first reading is under way"
    assert not is_due(Place(), NOW, NOW + ROUND_EVERY - MINUTE)
    assert is_due(Place(), NOW, NOW + ROUND_EVERY)


def test_a_slice_is_not_followed_by_the_next_at_once() -> None:
    place = moved(begun(Place(), NOW), Step(upto="100", records=100, calls=1), RATE, NOW)

    assert not is_due(place, NOW, NOW + EVERY - MINUTE)
    assert is_due(place, NOW, NOW + EVERY)


def test_calls_that_were_not_made_count_for_an_hour_and_no_longer() -> None:
    now, rate = NOW, 10.0
    place = begun(Place(paid=NOW - timedelta(days=30)), now)
    made = 0
    while made == 0 or may_go_on(place, rate, now):
        place = moved(place, Step(upto=str(made + 1), records=1, calls=1), rate, now)
        made += 1
    assert made == 10


def test_a_round_that_begins_afresh_forgets_the_one_under_way() -> None:
    under_way = Place(after="100", began=NOW, records=100, calls=1)

    assert begun(under_way, NOW + MINUTE) == under_way
    assert begun(under_way, NOW + MINUTE, afresh=True) == Place(began=NOW + MINUTE)


def test_calls_beside_the_ranges_are_paid_too() -> None:
    place = moved(begun(Place(), NOW), Step(upto="100", records=100, calls=1), 10.0, NOW)
    assert may_go_on(place, 10.0, NOW)
    assert not may_go_on(charged(place, 9, 10.0), 10.0, NOW)


def test_without_a_share_nothing_is_reckoned_and_nothing_goes_on() -> None:
    place = moved(begun(Place(), NOW), Step(upto="100", records=100, calls=1), 0.0, NOW)

    assert place.after == "100"
    assert not may_go_on(place, 0.0, NOW + ROUND_EVERY)
    assert round_takes(place, 1_000, 100, 0.0) is None


@pytest.mark.parametrize(
    ("per_second", "a_day", "expected"),
    [
        (5.0, None, 18_000),
        (None, 115_000, 115_000 / 24),
        (5.0, 24_000, 1_000),
        (None, None, UNKNOWN),
    ],
)
def test_calls_an_hour_are_what_the_vendor_told(
    per_second: float | None, a_day: int | None, expected: float
) -> None:
    assert calls_per_hour(per_second, a_day) == expected


@pytest.mark.parametrize(
    ("records", "hours"),
    [(0, 1.0), (100, 1.0), (36_000, 1.0), (100_000, 1_000 / 360), (1_000_000, 10_000 / 360)],
)
def test_the_time_of_a_round_follows_from_count_and_share(records: int, hours: float) -> None:
    takes = round_takes(Place(), records, 100, RATE)
    assert takes is not None
    assert takes.total_seconds() == pytest.approx(hours * 3600)


def test_a_round_before_tells_what_a_call_really_gives() -> None:
    before = Place(last_records=10_000, last_calls=500)
    assert round_takes(before, 20_000, 100, 100.0) == timedelta(hours=10)


edits = st.lists(st.tuples(st.booleans(), st.integers(1, 15)), max_size=25)


@given(st.sets(st.integers(1, 15)), edits, st.integers(1, 4))
def test_what_lives_through_a_round_is_seen_once_whatever_happens_meanwhile(
    ids: set[int], meanwhile: list[tuple[bool, int]], page: int
) -> None:
    """After each page somebody makes or deletes a record."""
    alive, seen = set(ids), list[int]()
    lived_through = set(ids)
    place = begun(Place(), NOW)
    changes = iter(meanwhile)
    while place.began is not None:
        given_now, upto = read(alive, place, page)
        seen += given_now
        place = moved(place, Step(upto=upto, records=len(given_now), calls=1), RATE, NOW)
        is_made, number = next(changes, (True, 15))
        alive = alive | {number} if is_made else alive - {number}
        lived_through &= alive

    assert len(seen) == len(set(seen)), "nothing twice"
    assert lived_through <= set(seen)
    assert place.last_records == len(seen)


@given(
    st.floats(0.2, 5_000),
    st.lists(st.tuples(st.integers(1, 7_200), st.sampled_from([1, 1, 1, 11, 2.5])), min_size=1, max_size=25),
)
def test_calls_never_exceed_the_share_of_the_time_and_an_hour(
    rate: float, runs: list[tuple[int, float]]
) -> None:
    """A run every so many seconds, each page costing so many calls."""
    place, now, calls = Place(), NOW, 0.0
    for seconds, cost in runs:
        now += timedelta(seconds=seconds)
        if not is_due(place, NOW - timedelta(days=1), now):
            continue
        place = begun(place, now)
        pages = 0
        while pages == 0 or (may_go_on(place, rate, now) and pages < 50):
            place = moved(place, Step(upto=str(pages), records=1, calls=cost), rate, now)
            calls += cost
            pages += 1
        hours = (now - NOW + CREDIT) / timedelta(hours=1)
        assert calls <= rate * hours + 11 + 1
