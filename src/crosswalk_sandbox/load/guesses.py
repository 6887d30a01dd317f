"""Which kind of field a column was, guessed from all of its values, and how its dates and numbers are meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from crosswalk_sandbox.load.columns import Column, pieces, split

Kind = Literal["text", "long text", "number", "date", "date-time", "checkbox", "picklist", "multi-picklist"]

LONGEST_TEXT = 255
LONGEST_CHOICE = 60
MOST_CHOICES = 40
MOST_PARTS = 60
MOST_DIGITS = 15
LEAST_SCALE, MOST_SCALE = 2, 8
USES = 4 / 3  # of each choice on average: with fewer they are just texts
USES_WITH_COMMAS = 2
KEEPS = 0.9  # of the values must fit a field that is there already; with fewer it is made anew
DAY_NAMES = re.compile(r"date|datum|fecha|birth|geburt|anniversary", re.IGNORECASE)
CODE_NAMES = re.compile(r"phone|mobile|fax|zip|postal|plz|code|(?:^|[_ ])id(?:[_ ]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A kind of field; the choices of a list in the order of their first use; decimals; the longest text."""

    kind: Kind
    choices: tuple[str, ...] = ()
    scale: int = 0
    longest: int = 0


@dataclass(frozen=True, slots=True)
class Manner:
    """How dates and numbers are meant where their text leaves it open."""

    day_first: bool = False  # 1/2/2025 is in February
    commas: bool = False  # 1,234 is between one and two
    points: bool = False  # 1.234 is more than a thousand


def guess(columns: Sequence[Column], *, commas: bool = False) -> Guess:
    """The kind of a field from its columns in all files.

    `commas`: a comma may also part several choices. A kind must fit every value; a column with as much as one
    other value is text, so that nothing is lost.
    """
    seen = [column for column in columns if column.count]
    longest = max((column.longest for column in seen), default=0)
    if not seen:
        return Guess(kind="text")
    if all(column.ticks.fits == column.count or _is_bits(column) for column in seen):
        return Guess(kind="checkbox")
    if all(map(_is_days, seen)):
        timed = any(column.days.timed for column in seen)
        return Guess(kind="date-time" if timed else "date")
    if all(map(_is_numbers, seen)):
        scale = max(column.numbers.scale for column in seen)
        return Guess(kind="number", scale=min(max(scale, LEAST_SCALE), MOST_SCALE))
    if chosen := _choices(seen, commas):
        return chosen
    broken = any(column.lines for column in seen)
    return Guess(kind="long text" if broken or longest > LONGEST_TEXT else "text", longest=longest)


def misfits(columns: Sequence[Column], watched: str | None) -> bool:
    """Whether a field of that name has another type here: too few values fit it.

    `watched`: what was watched for the field's type, such as `days`; None for types that take everything.
    """
    if watched is None:
        return False
    fits = sum(getattr(column, watched).fits for column in columns)
    return bool(fits < KEEPS * sum(column.count for column in columns))


def manner(column: Column | None, others: Iterable[Column], european: bool) -> Manner:
    """How a column is meant: what it shows itself, else what the others of its file show, else `european`."""
    others = list(others)
    own = [] if column is None else [column]
    commas, first = _european(own), _day_first(own)
    if commas is None:
        commas = _european(others)
    if first is None:
        first = _day_first(others)
    return Manner(
        day_first=european if first is None else first,
        commas=european if commas is None else commas,
        points=bool(commas),
    )


def _european(columns: Iterable[Column]) -> bool | None:
    votes = sum(column.numbers.european - column.numbers.pointed for column in columns)
    return None if votes == 0 else votes > 0


def _day_first(columns: Iterable[Column]) -> bool | None:
    votes = sum(column.days.day_first - column.days.month_first for column in columns)
    return None if votes == 0 else votes > 0


def _is_bits(column: Column) -> bool:
    return column.bits and set(column.values or "?") <= {"0", "1"}


def _is_days(column: Column) -> bool:
    """Dates of one order, at least one of them written as a date unless the header speaks of one."""
    days = column.days
    if days.fits < column.count or (days.day_first and days.month_first):
        return False
    return days.serials < column.count or bool(DAY_NAMES.search(column.name))


def _is_numbers(column: Column) -> bool:
    numbers = column.numbers
    if numbers.fits < column.count or numbers.codes or CODE_NAMES.search(column.name):
        return False
    return numbers.digits + min(numbers.scale, MOST_SCALE) <= MOST_DIGITS


def _choices(columns: Sequence[Column], commas: bool) -> Guess | None:
    """A list of choices: few different values, or parts of values, that come again and again."""
    whole = _counted(columns)
    if whole is None or any(column.lines for column in columns):
        return None
    bars = any("||" in text for text in whole)  # nothing but choices is written so
    parts = _parted(whole, split)
    if bars or any(len(split(text)) > 1 for text in whole):
        several = bars or _few(parts, MOST_PARTS, USES)
        return Guess(kind="multi-picklist", choices=tuple(parts)) if several else None
    if commas and _few(found := _parted(whole, pieces), MOST_CHOICES, USES_WITH_COMMAS):
        combined = {piece for text in whole if len(pieces(text)) > 1 for piece in pieces(text)}
        if combined & whole.keys():  # some stand alone, too: these are no places such as `Oslo, Norway`
            return Guess(kind="multi-picklist", choices=tuple(found))
    return Guess(kind="picklist", choices=tuple(whole)) if _few(whole, MOST_CHOICES, USES) else None


def _counted(columns: Sequence[Column]) -> Counter[str] | None:
    """How often each value occurs in all columns; None when there are too many."""
    together: Counter[str] = Counter()
    for column in columns:
        if column.values is None:
            return None
        together.update(column.values)
    return together


def _parted(whole: Counter[str], parting: Callable[[str], list[str]]) -> Counter[str]:
    parts: Counter[str] = Counter()
    for text, times in whole.items():
        for part in parting(text):
            parts[part] += times
    return parts


def _few(counts: Counter[str], most: int, uses: float) -> bool:
    short = max(map(len, counts)) <= LONGEST_CHOICE
    return short and len(counts) <= most and counts.total() >= uses * len(counts)
