"""Literals as values of a column's kind, and the spans of time that date literals name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from crosswalk_sandbox.salesforce import ids, values
from crosswalk_sandbox.salesforce.soql.columns import Column
from crosswalk_sandbox.salesforce.soql.errors import QueryError, invalid_field, malformed
from crosswalk_sandbox.salesforce.soql.parser import plain
from crosswalk_sandbox.salesforce.soql.syntax import Literal, Place

QUOTED = {"text": "string", "multi": "string", "id": "ID"}
WEEK = 7
QUARTER = 3


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` up to but without `end`, as values of a date or date-time column."""

    start: str
    end: str


def value_of(column: Column, literal: Literal, now: datetime) -> Any:
    """The literal as a value to compare the column with; a Span for a date literal; None for null.

    Raises QueryError where the literal is of a wrong kind, or quoted when it must not be.
    """
    if literal.kind == "null" or (literal.kind == "string" and not literal.value and column.kind in QUOTED):
        return None
    if literal.kind in ("word", "range") and column.kind in ("date", "datetime"):
        return span(str(literal.value), column.kind, now, literal.place)
    reader = READERS.get((column.kind, literal.kind))
    if reader is None:
        raise _wrong_kind(column, literal)
    return reader(column, literal)


def _wrong_kind(column: Column, literal: Literal) -> QueryError:
    if literal.kind == "word":
        return malformed(f"unexpected token: '{literal.value}'", literal.place)
    wanted = QUOTED.get(column.kind)
    kind = wanted or ("dateTime" if column.kind == "datetime" else column.field.type)
    enclosed = "should be enclosed in quotes" if wanted else "should not be enclosed in quotes"
    text = f"value of filter criterion for field '{column.name}' must be of type {kind} and {enclosed}"
    return invalid_field(text, literal.place)


def _id(column: Column, literal: Literal) -> str:
    full = ids.canonical(str(literal.value))
    if full is None:
        text = f"invalid ID field: {literal.value}"
        raise QueryError("INVALID_QUERY_FILTER_OPERATOR", text, literal.place)
    return full


def _date(column: Column, literal: Literal) -> str:
    try:
        return date.fromisoformat(str(literal.value)).isoformat()
    except ValueError:
        raise malformed(f"Invalid date: {literal.value}", literal.place) from None


def _datetime(column: Column, literal: Literal) -> str:
    try:
        return values.stamp(values.moment(str(literal.value)))
    except (ValueError, OverflowError):
        raise malformed(f"Invalid dateTime: {literal.value}", literal.place) from None


def _currency(column: Column, literal: Literal) -> Decimal:
    if column.field.type != "currency":
        raise _wrong_kind(column, literal)
    return Decimal(str(literal.value)[3:])


READERS: dict[tuple[str, str], Callable[[Column, Literal], Any]] = {
    ("text", "string"): lambda _, literal: plain(str(literal.value)),
    ("multi", "string"): lambda _, literal: plain(str(literal.value)),
    ("id", "string"): _id,
    ("boolean", "boolean"): lambda _, literal: literal.value,
    ("number", "number"): lambda _, literal: Decimal(str(literal.value)),
    ("number", "currency"): _currency,
    ("date", "date"): _date,
    ("datetime", "datetime"): _datetime,
}


def span(text: str, kind: str, now: datetime, place: Place) -> Span:
    """What a date literal such as TODAY or LAST_N_DAYS:30 means now, in UTC. Raises QueryError.

    Weeks begin on Sunday. Source: Salesforce SOQL, date formats and date literals.
    """
    name, _, count = text.upper().partition(":")
    make = COUNTED.get(name) if count else NAMED.get(name)
    if make is None:
        raise malformed(f"unexpected token: '{text}'", place)
    try:
        first, end = make(now.astimezone(UTC).date(), int(count or 0))
    except (ValueError, OverflowError):
        raise malformed(f"date literal out of range: {text}", place) from None
    if kind == "date":
        return Span(first.isoformat(), end.isoformat())
    return Span(_midnight(first), _midnight(end))


def _midnight(day: date) -> str:
    return values.stamp(datetime.combine(day, time(), UTC))


Days = tuple[date, date]  # the first day, and the day after the last


def _days(today: date, start: int, end: int) -> Days:
    return today + timedelta(days=start), today + timedelta(days=end)


def _weeks(today: date, start: int, end: int) -> Days:
    sunday = today - timedelta(days=today.isoweekday() % WEEK)
    return sunday + timedelta(weeks=start), sunday + timedelta(weeks=end)


def _months(today: date, start: int, end: int) -> Days:
    return _month(today, start), _month(today, end)


def _quarters(today: date, start: int, end: int) -> Days:
    first = today.replace(month=(today.month - 1) // QUARTER * QUARTER + 1, day=1)
    return _month(first, start * QUARTER), _month(first, end * QUARTER)


def _years(today: date, start: int, end: int) -> Days:
    return date(today.year + start, 1, 1), date(today.year + end, 1, 1)


def _month(day: date, shift: int) -> date:
    """The first day of the month so many months later."""
    year, month = divmod(day.year * 12 + day.month - 1 + shift, 12)
    return date(year, month + 1, 1)


Maker = Callable[[date, int], Days]
UNITS: dict[str, Callable[[date, int, int], Days]] = {
    "WEEK": _weeks,
    "MONTH": _months,
    "QUARTER": _quarters,
    "YEAR": _years,
}


def _named() -> dict[str, Maker]:
    made: dict[str, Maker] = {
        "YESTERDAY": lambda today, _: _days(today, -1, 0),
        "TODAY": lambda today, _: _days(today, 0, 1),
        "TOMORROW": lambda today, _: _days(today, 1, 2),
        "LAST_90_DAYS": lambda today, _: _days(today, -90, 1),
        "NEXT_90_DAYS": lambda today, _: _days(today, 1, 91),
    }
    for unit, shift in UNITS.items():
        made[f"LAST_{unit}"] = lambda today, _, shift=shift: shift(today, -1, 0)  # type: ignore[misc]
        made[f"THIS_{unit}"] = lambda today, _, shift=shift: shift(today, 0, 1)  # type: ignore[misc]
        made[f"NEXT_{unit}"] = lambda today, _, shift=shift: shift(today, 1, 2)  # type: ignore[misc]
    return made


def _counted() -> dict[str, Maker]:
    made: dict[str, Maker] = {
        "LAST_N_DAYS": lambda today, n: _days(today, -n, 1),
        "NEXT_N_DAYS": lambda today, n: _days(today, 1, n + 1),
        "N_DAYS_AGO": lambda today, n: _days(today, -n, 1 - n),
    }
    for unit, shift in UNITS.items():
        made[f"LAST_N_{unit}S"] = lambda today, n, shift=shift: shift(today, -n, 0)  # type: ignore[misc]
        made[f"NEXT_N_{unit}S"] = lambda today, n, shift=shift: shift(today, 1, n + 1)  # type: ignore[misc]
        made[f"N_{unit}S_AGO"] = lambda today, n, shift=shift: shift(today, -n, 1 - n)  # type: ignore[misc]
    return made


NAMED = _named()
COUNTED = _counted()
