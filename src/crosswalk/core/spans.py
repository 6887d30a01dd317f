"""Spans of days: what `on`, `before`, `last_days 30` or `this_month` mean, as texts that a value is compared with.

Dates and date-times are canonical texts, which sort as time does. A span is half open: `start` is inside, `end` is
not. One span serves both readings of a criterion: a value is judged by it here, and a source is asked for it in the
vendor's words, so no vendor's idea of *today* or of a week enters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .values import Kind, date_text, datetime_text, parse_moment

_DAY = len("YYYY-MM-DD")
_EARLIEST, _LATEST = "1700", "4000"  # years that every vendor knows


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From `start` up to but without `end`; None is no bound."""

    start: str | None = None
    end: str | None = None

    def holds(self, value: str) -> bool:
        """Tell whether a canonical date or date-time lies inside."""
        return (self.start is None or self.start <= value) and (self.end is None or value < self.end)


Days = tuple[date | None, date | None]  # the first day, and the day after the last


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """An operator that counts from today.

    `days` gives the days it means today; `todays` the other way round: given a day, on which todays it is meant. Both
    move forward as time does, so a day that is past its turn never comes back.
    """

    counts: bool  # takes a number of days
    days: Callable[[date, int], Days]
    todays: Callable[[date, int], Days]


def _shifted(first: int, end: int) -> Relative:
    """A span of days around today, both ends counted from today."""
    return Relative(
        counts=False,
        days=lambda today, _: (today + timedelta(first), today + timedelta(end)),
        todays=lambda day, _: (day - timedelta(end - 1), day - timedelta(first - 1)),
    )


def _months(shift: int) -> Relative:
    return Relative(
        counts=False,
        days=lambda today, _: (_month(today, shift), _month(today, shift + 1)),
        todays=lambda day, _: (_month(day, -shift), _month(day, 1 - shift)),
    )


def _years(shift: int) -> Relative:
    return Relative(
        counts=False,
        days=lambda today, _: (date(today.year + shift, 1, 1), date(today.year + shift + 1, 1, 1)),
        todays=lambda day, _: (date(day.year - shift, 1, 1), date(day.year - shift + 1, 1, 1)),
    )


def _month(day: date, shift: int) -> date:
    """Return the first day of the month so many months later."""
    year, month = divmod(day.year * 12 + day.month - 1 + shift, 12)
    return date(year, month + 1, 1)


RELATIVE: dict[str, Relative] = {
    "today": _shifted(0, 1),
    "yesterday": _shifted(-1, 0),
    "tomorrow": _shifted(1, 2),
    "this_month": _months(0),
    "last_month": _months(-1),
    "next_month": _months(1),
    "this_year": _years(0),
    "last_year": _years(-1),
    "next_year": _years(1),
    "last_days": Relative(  # today counts too
        counts=True,
        days=lambda today, n: (today - timedelta(n), today + timedelta(1)),
        todays=lambda day, n: (day, day + timedelta(n + 1)),
    ),
    "next_days": Relative(  # from tomorrow on
        counts=True,
        days=lambda today, n: (today + timedelta(1), today + timedelta(n + 1)),
        todays=lambda day, n: (day - timedelta(n), day),
    ),
    "days_ago": Relative(  # that day alone
        counts=True,
        days=lambda today, n: (today - timedelta(n), today - timedelta(n - 1)),
        todays=lambda day, n: (day + timedelta(n), day + timedelta(n + 1)),
    ),
    "more_than_days_ago": Relative(
        counts=True,
        days=lambda today, n: (None, today - timedelta(n)),
        todays=lambda day, n: (day + timedelta(n + 1), None),
    ),
}


def relative_span(kind: Kind, operator: str, count: int, now: datetime, zone: ZoneInfo) -> Span:
    """Return what a relative operator means now, for a date or a date-time field."""
    first, end = RELATIVE[operator].days(now.astimezone(zone).date(), count)
    return _span(kind, first, end, zone)


def _span(kind: Kind, first: date | None, end: date | None, zone: ZoneInfo) -> Span:
    return Span(
        start=None if first is None else _edge(kind, first, zone),
        end=None if end is None else _edge(kind, end, zone),
    )


def _edge(kind: Kind, day: date, zone: ZoneInfo) -> str:
    """Return where a day begins: the day itself for dates, its midnight in UTC for date-times."""
    return day.isoformat() if kind is Kind.DATE else datetime_text(_midnight(day, zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def next_turn(
    kind: Kind, operator: str, count: int, value: str, now: datetime, zone: ZoneInfo
) -> datetime | None:
    """Return when a value will next enter or leave what a relative operator means; None: never again."""
    day = date.fromisoformat(value) if kind is Kind.DATE else parse_moment(value).astimezone(zone).date()
    today = now.astimezone(zone).date()
    try:
        turns = [turn for turn in RELATIVE[operator].todays(day, count) if turn is not None and turn > today]
    except (OverflowError, ValueError):  # beyond what a calendar holds
        return None
    return _midnight(min(turns), zone).astimezone(UTC) if turns else None


def moment_text(kind: Kind, raw: str) -> str:
    """Return a date, or for a date-time field a date or a date-time, in canonical form. Raises ValueError."""
    text = raw.strip()
    is_day = kind is Kind.DATE or len(text) <= _DAY
    canonical = date_text(text) if is_day else datetime_text(text)
    if not _EARLIEST <= canonical[:4] <= _LATEST:
        raise ValueError(raw)
    return canonical


def absolute_span(kind: Kind, text: str, zone: ZoneInfo) -> Span:
    """Return what a canonical date (the whole day) or date-time (its second) covers."""
    if len(text) == _DAY:
        day = date.fromisoformat(text)
        return _span(kind, day, day + timedelta(1), zone)
    moment = parse_moment(text)
    return Span(start=datetime_text(moment), end=datetime_text(moment + timedelta(seconds=1)))
