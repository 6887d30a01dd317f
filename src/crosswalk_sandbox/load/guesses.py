"""Which kind of field a column was, guessed from all of its values, and how its dates and numbers are meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from crosswalk_sandbox.load.columns import Column

Kind = Literal["text", "long text", "number", "date", "date-time", "checkbox", "picklist", "multi-picklist"]

LONGEST_TEXT = 255
LONGEST_CHOICE = 60
MOST_CHOICES = 40
MOST_PARTS = 60
MOST_DIGITS = 15
LEAST_SCALE, MOST_SCALE = 2, 8
USES = 4 / 3  # of each choice on average: with fewer they are just texts
USES_WITH_COMMAS = 2
DAY_NAMES = re.compile(r"date|datum|fecha|birth|geburt|anniversary", re.IGNORECASE)
CODE_NAMES = re.compile(
    r"phone|mobile|fax|zip|postal|plz|code|(?:^|[_ ])(?:id|number|no|nr)(?:[_ .]|$)", re.IGNORECASE
)


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

    day_first: bool
    european: bool


def guess(columns: Sequence[Column], *, commas: bool = False) -> Guess:
    """The kind of a field from its columns in all files.

    `commas`: a comma may also part several choices. A kind must fit every value; a column with as much as one
    other value is text, so that nothing is lost.
    """
    seen = [column for column in columns if column.count]
    longest = max((column.longest for column in seen), default=0)
    if not seen:
        return Guess(kind="text")
    if all(column.ticks.fits == column.count for column in seen):
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


def manner(column: Column | None, others: Iterable[Column], european: bool) -> Manner:
    """How a column is meant: what it shows itself, else what the others of its file show, else `european`."""
    others = list(others)
    own = [] if column is None else [column]
    commas, first = _european(own), _day_first(own)
    if commas is None:
        commas = _european(others)
    if first is None:
        first = _day_first(others)
    return Manner(day_first=european if first is None else first, european=bool(commas))


def _european(columns: Iterable[Column]) -> bool | None:
    votes = sum(column.numbers.european - column.numbers.pointed for column in columns)
    return None if votes == 0 else votes > 0


def _day_first(columns: Iterable[Column]) -> bool | None:
    votes = sum(column.days.day_first - column.days.month_first for column in columns)
    return None if votes == 0 else votes > 0


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
    if any(column.choices.parted or column.choices.bars for column in columns):
        parts = _merged([column.choices.parts for column in columns])
        sure = any(column.choices.bars for column in columns)
        if parts and (sure or _few(parts, MOST_PARTS, USES)):
            return Guess(kind="multi-picklist", choices=tuple(parts))
        return None
    if commas and (pieces := _merged([column.choices.commas for column in columns])):
        combined = {piece for column in columns for piece in column.choices.combined}
        alone = _merged([column.choices.whole for column in columns]) or Counter()
        if combined & alone.keys() and _few(pieces, MOST_CHOICES, USES_WITH_COMMAS):
            return Guess(kind="multi-picklist", choices=tuple(pieces))
    whole = _merged([column.choices.whole for column in columns])
    if whole and _few(whole, MOST_CHOICES, USES):
        return Guess(kind="picklist", choices=tuple(whole))
    return None


def _merged(counts: Iterable[Counter[str] | None]) -> Counter[str] | None:
    """All counts together; None when one was given up."""
    together: Counter[str] = Counter()
    for each in counts:
        if each is None:
            return None
        together.update(each)
    return together


def _few(counts: Counter[str], most: int, uses: float) -> bool:
    short = max(map(len, counts)) <= LONGEST_CHOICE
    return short and len(counts) <= most and counts.total() >= uses * len(counts)
