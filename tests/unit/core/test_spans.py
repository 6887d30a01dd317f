"""Relative dates: what they mean today, and when a value's turn comes and goes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswalk.core.spans import RELATIVE, Span, absolute_span, moment_text, next_turn, relative_span
from crosswalk.core.values import Kind

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)  # a Sunday
MADRID, AUCKLAND = ZoneInfo("Europe/Madrid"), ZoneInfo("Pacific/Auckland")
DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))


@pytest.mark.parametrize(
    ("operator", "count", "start", "end"),
    [
        ("today", 0, "2026-03-01", "2026-03-02"),
        ("yesterday", 0, "2026-02-28", "2026-03-01"),
        ("tomorrow", 0, "2026-03-02", "2026-03-03"),
        ("this_month", 0, "2026-03-01", "2026-04-01"),
        ("last_month", 0, "2026-02-01", "2026-03-01"),
        ("next_month", 0, "2026-04-01", "2026-05-01"),
        ("this_year", 0, "2026-01-01", "2027-01-01"),
        ("last_year", 0, "2025-01-01", "2026-01-01"),
        ("next_year", 0, "2027-01-01", "2028-01-01"),
        ("last_days", 7, "2026-02-22", "2026-03-02"),
        ("next_days", 7, "2026-03-02", "2026-03-09"),
        ("days_ago", 7, "2026-02-22", "2026-02-23"),
        ("more_than_days_ago", 7, None, "2026-02-22"),
    ],
)
def test_what_relative_dates_mean(operator: str, count: int, start: str | None, end: str) -> None:
    assert relative_span(Kind.DATE, operator, count, NOW, ZoneInfo("UTC")) == Span(start=start, end=end)


def test_today_begins_and_ends_in_the_zone_that_was_chosen() -> None:
    late = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)

    assert relative_span(Kind.DATE, "today", 0, late, MADRID) == Span(start="2026-03-01", end="2026-03-02")
    assert relative_span(Kind.DATETIME, "today", 0, late, AUCKLAND) == Span(
        start="2026-02-28T11:00:00Z", end="2026-03-01T11:00:00Z"
    )


def test_a_day_on_which_the_clocks_change_has_23_hours() -> None:
    assert absolute_span(Kind.DATETIME, "2026-03-29", MADRID) == Span(
        start="2026-03-28T23:00:00Z", end="2026-03-29T22:00:00Z"
    )


def test_a_moment_covers_its_second() -> None:
    text = moment_text(Kind.DATETIME, " 2026-03-01T10:00:00+02:00 ")

    assert absolute_span(Kind.DATETIME, text, MADRID) == Span(
        start="2026-03-01T08:00:00Z", end="2026-03-01T08:00:01Z"
    )


@pytest.mark.parametrize("raw", ["", "1.3.2026", "2026-02-30", "2026-03-01T10:00:00", "0026-03-01"])
def test_other_texts_are_no_moments(raw: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        moment_text(Kind.DATETIME, raw)


@given(
    operator=st.sampled_from(sorted(RELATIVE)),
    count=st.integers(0, 40),
    day=DAYS,
    today=DAYS,
    zone=st.sampled_from([ZoneInfo("UTC"), MADRID, AUCKLAND]),
)
def test_a_value_is_judged_alike_until_its_turn_and_otherwise_on_that_day(
    operator: str, count: int, day: date, today: date, zone: ZoneInfo
) -> None:
    def judged(on: date) -> bool:
        now = datetime.combine(on, datetime.min.time(), zone) + timedelta(hours=12)
        return relative_span(Kind.DATE, operator, count, now, zone).holds(day.isoformat())

    noon = datetime.combine(today, datetime.min.time(), zone) + timedelta(hours=12)
    turn = next_turn(Kind.DATE, operator, count, day.isoformat(), noon, zone)

    until = today + timedelta(days=800) if turn is None else turn.astimezone(zone).date()
    assert until > today
    days = range(min(800, (until - today).days))
    assert {judged(today + timedelta(n)) for n in days} == {judged(today)}
    empty = operator == "next_days" and count == 0
    if turn is not None and not empty:
        assert judged(until) is not judged(today)


def test_a_turn_beyond_the_calendar_never_comes() -> None:
    assert next_turn(Kind.DATE, "more_than_days_ago", 10_000, "9990-01-01", NOW, ZoneInfo("UTC")) is None
