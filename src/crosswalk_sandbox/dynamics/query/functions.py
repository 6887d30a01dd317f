"""Query functions with a full name, such as Microsoft.Dynamics.CRM.LastXDays.

Source: Web API query function reference. Days, weeks (from Sunday on) and months are those of UTC.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from crosswalk_sandbox.dynamics.errors import ODataError

Judge = Callable[[Any], bool]  # of a value that is there
Arguments = Mapping[str, Sequence[str]]
COUNTED = re.compile(r"(Last|Next|OlderThan)X(Minutes|Hours|Days|Weeks|Months|Years)")
NAMED = re.compile(r"(This|Last|Next)(Week|Month|Year)")
DAYS = {"Yesterday": -1, "Today": 0, "Tomorrow": 1}
STEPS = {
    "Minutes": timedelta(minutes=1), "Hours": timedelta(hours=1), "Days": timedelta(days=1),
    "Weeks": timedelta(weeks=1),
}  # fmt: skip
MONTHS = {"Months": 1, "Years": 12}
ALWAYS = "0001-01-01T00:00:00Z"
MOST = 100_000


def judge(name: str, arguments: Arguments, kind: str, now: datetime, user: str) -> Judge:
    """The function as a test of a property's values. Raises ODataError."""
    if name in SETS:
        several = arguments.get("PropertyValues")
        return SETS[name]([plain(each, kind) for each in _needed(name, several)], kind)
    if name in ONES:
        (one,) = _needed(name, arguments.get("PropertyValue"))
        return ONES[name](plain(one, kind))
    if name in ("EqualUserId", "NotEqualUserId"):
        return lambda value: (value == user) is (name == "EqualUserId")
    span = _span(name, arguments, now)
    if span is None:
        raise ODataError(
            "0x80060888", f"An unknown function with name 'Microsoft.Dynamics.CRM.{name}' was found."
        )
    if kind not in ("date", "datetime"):
        raise _wrong(name)
    start, end = span
    midnight = "T00:00:00Z" if kind == "date" else ""
    return lambda value: start <= value + midnight < end


def plain(text: str, kind: str) -> Any:
    """A value of an argument as a property of that kind is compared. Raises ODataError."""
    if kind == "number":
        try:
            return Decimal(text)
        except InvalidOperation:
            raise ODataError("0x80040203", f"'{text}' is no number.") from None
    return {"true": True, "false": False}.get(text.lower()) if kind == "boolean" else text.lower()


def _needed(name: str, values: Sequence[str] | None) -> Sequence[str]:
    if not values:
        raise _wrong(name)
    return values


def _wrong(name: str) -> ODataError:
    text = f"No function signature for the function with name 'Microsoft.Dynamics.CRM.{name}' matches."
    return ODataError("0x80060888", text)


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _in(values: list[Any], _: str) -> Judge:
    return lambda value: _folded(value) in values


def _between(values: list[Any], kind: str) -> Judge:
    if len(values) != 2:
        raise _wrong("Between")
    low, high = values
    if kind in ("date", "datetime"):
        low, high = low.upper(), high.upper()
    return lambda value: low <= _folded_unless_date(value, kind) <= high


def _folded_unless_date(value: Any, kind: str) -> Any:
    return value if kind in ("date", "datetime") else _folded(value)


def _containing(values: list[Any], _: str) -> Judge:
    wanted = {str(value) for value in values}
    return lambda value: bool(set(str(value).split(",")) & wanted)


def _not(make: Callable[[list[Any], str], Judge]) -> Callable[[list[Any], str], Judge]:
    def made(values: list[Any], kind: str) -> Judge:
        inner = make(values, kind)
        return lambda value: not inner(value)

    return made


SETS: dict[str, Callable[[list[Any], str], Judge]] = {
    "In": _in, "NotIn": _not(_in), "Between": _between, "NotBetween": _not(_between),
    "ContainValues": _containing, "DoesNotContainValues": _not(_containing),
}  # fmt: skip
ONES: dict[str, Callable[[Any], Judge]] = {
    "On": lambda day: lambda value: value[:10] == day[:10],
    "NotOn": lambda day: lambda value: value[:10] != day[:10],
    "OnOrAfter": lambda day: lambda value: value[:10] >= day[:10],
    "OnOrBefore": lambda day: lambda value: value[:10] <= day[:10],
}


def _span(name: str, arguments: Arguments, now: datetime) -> tuple[str, str] | None:
    """From when until before when, as text; None for a name that is no such function. Raises ODataError."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if name in DAYS:
        return _texts(_shifted(today, "Days", DAYS[name]), _shifted(today, "Days", DAYS[name] + 1))
    if name in ("Last7Days", "Next7Days"):
        return _counted(name[:4], "Days", 7, now)
    if found := NAMED.fullmatch(name):
        start = _start(today, found[2])
        offset = {"This": 0, "Last": -1, "Next": 1}[found[1]]
        unit = f"{found[2]}s"
        return _texts(_shifted(start, unit, offset), _shifted(start, unit, offset + 1))
    if found := COUNTED.fullmatch(name):
        (text,) = _needed(name, arguments.get("PropertyValue"))
        if not text.isdecimal() or not 0 < int(text) <= MOST:
            raise ODataError("0x80040203", f"The value '{text}' of {name} must be a positive integer.")
        return _counted(found[1], found[2], int(text), now)
    return None


def _counted(word: str, unit: str, number: int, now: datetime) -> tuple[str, str]:
    """Spans of days and longer begin and end with whole days."""
    whole = unit not in ("Minutes", "Hours")
    if word == "Next":
        end = _shifted(now, unit, number)
        return _texts(now, _start(_shifted(end, "Days", 1), "Day") if whole else end)
    start = _shifted(now, unit, -number)
    start = _start(start, "Day") if whole else start
    return (ALWAYS, _text(start)) if word == "OlderThan" else _texts(start, _shifted(now, "Minutes", 0, 1))


def _start(moment: datetime, unit: str) -> datetime:
    """When the day, week, month or year of a moment began."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "Week":
        return day - timedelta(days=(day.weekday() + 1) % 7)
    if unit == "Month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if unit == "Year" else day


def _shifted(moment: datetime, unit: str, number: int, seconds: int = 0) -> datetime:
    """A moment so many units later. Raises ODataError."""
    try:
        if unit in STEPS:
            return moment + number * STEPS[unit] + timedelta(seconds=seconds)
        months = moment.year * 12 + moment.month - 1 + number * MONTHS[unit]
        year, month = months // 12, months % 12 + 1
        return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
    except (ValueError, OverflowError):
        raise ODataError("0x80040203", f"{number} {unit} lead beyond the calendar.") from None


def _texts(start: datetime, end: datetime) -> tuple[str, str]:
    return _text(start), _text(end)


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
