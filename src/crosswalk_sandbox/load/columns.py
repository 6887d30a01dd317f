"""What has been seen in a column: numbers, days, ticks, choices, and how they are written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from typing import Protocol

from crosswalk_sandbox.load import moments, numerals

TRUE = frozenset({"true", "wahr", "vrai", "verdadero", "verdadeiro", "vero", "waar"})
FALSE = frozenset({"false", "falsch", "faux", "falso", "onwaar"})
YES = frozenset({"1", "yes", "y", "x", "on", "ja", "oui", "si", "sí", "sim", "checked"})
NO = frozenset({"0", "no", "n", "off", "nein", "non", "nee", "não", "unchecked"})
SEPARATORS = re.compile(r"\|\||;")
COUNTED = 1000  # different values that are counted; with more it is no list of choices
LONGEST_COUNTED = 255


@dataclass(slots=True, kw_only=True)
class Numbers:
    """Values as numbers; with `marks` also those with signs of currencies and percent."""

    marks: bool = False
    fits: int = 0
    codes: int = 0  # such as 01234 and +49301234: digits, but no quantities
    european: int = 0  # with a decimal comma for certain
    pointed: int = 0  # with a decimal point for certain
    scale: int = 0
    digits: int = 0

    def see(self, text: str) -> bool:
        try:
            number = numerals.read(text, european=False, marks=self.marks)
        except ValueError:
            return False
        self.fits += 1
        self.codes += numerals.is_code(text)
        shown = numerals.style(text)
        self.european += shown is True
        self.pointed += shown is False
        self._measure(number)
        return True

    def _measure(self, number: Decimal) -> None:
        exponent = number.normalize().as_tuple().exponent
        self.scale = max(self.scale, -exponent if isinstance(exponent, int) else 0)
        self.digits = max(self.digits, number.adjusted() + 1)


@dataclass(slots=True, kw_only=True)
class Days:
    """Values as dates and date-times."""

    fits: int = 0
    serials: int = 0  # spreadsheets' numbers of days
    timed: int = 0  # with a time other than midnight
    day_first: int = 0  # for certain
    month_first: int = 0
    open: int = 0  # could be either

    def see(self, text: str) -> bool:
        shown = moments.order(text)
        try:
            moment = moments.read(text, day_first=shown is True)
        except ValueError:
            return False
        self.fits += 1
        self.serials += moments.is_serial(text)
        self.timed += moment.time not in (None, time()) or moment.zone is not None
        self.day_first += shown is True
        self.month_first += shown is False
        self.open += moments.ambiguous(text)
        return True


@dataclass(slots=True, kw_only=True)
class Ticks:
    """Values as true and false; `widely`: also as yes and no, 1 and 0."""

    widely: bool = False
    fits: int = 0

    def see(self, text: str) -> bool:
        fits = tick(text, widely=self.widely) is not None
        self.fits += fits
        return fits


def tick(text: str, *, widely: bool) -> bool | None:
    """Whether the text says true or false; None when it says neither."""
    word = text.lower()
    if word in TRUE or (widely and word in YES):
        return True
    if word in FALSE or (widely and word in NO):
        return False
    return None


@dataclass(slots=True, kw_only=True)
class Choices:
    """How often values, and the parts of values, occur, while there are not too many of them."""

    fits: int = 0
    whole: Counter[str] | None = field(default_factory=Counter)
    parts: Counter[str] | None = field(default_factory=Counter)  # parted by `;` or `||`
    commas: Counter[str] | None = field(default_factory=Counter)  # parted by commas
    bars: bool = False  # `||` occurs: nothing but choices is written so
    parted: bool = False
    combined: set[str] = field(default_factory=set)  # parts that stood beside others, with a comma between

    def see(self, text: str) -> bool:
        """Count a value; False when nothing is left to count."""
        self.fits += 1
        self.bars = self.bars or "||" in text
        long = len(text) > LONGEST_COUNTED or "\n" in text
        self.whole = _counted(self.whole, (text,), long)
        parts = split(text)
        self.parted = self.parted or len(parts) > 1
        self.parts = _counted(self.parts, parts, long and not self.bars)
        if self.commas is not None:
            self._see_pieces(text, long)
        return not (self.whole is None and self.parts is None and self.commas is None)

    def _see_pieces(self, text: str, long: bool) -> None:
        pieces = [piece for part in text.split(",") if (piece := part.strip())]
        self.commas = _counted(self.commas, pieces, long)
        if len(pieces) > 1 and self.commas is not None:
            self.combined.update(pieces)


def split(text: str) -> list[str]:
    """The values in a text of several."""
    return [part for each in SEPARATORS.split(text) if (part := each.strip())]


def _counted(counts: Counter[str] | None, values: Iterable[str], hopeless: bool) -> Counter[str] | None:
    if counts is None or hopeless:
        return None
    counts.update(values)
    return counts if len(counts) <= COUNTED else None


class Watcher(Protocol):
    """Looks at the values of a column for one thing."""

    fits: int

    def see(self, text: str) -> bool:
        """Take a value into account; False when it does not fit."""


class Column:
    """One column of one file, as far as its values have been seen; blank ones are not shown to it.

        A watcher whom a value does not fit is not asked again, except the `kept` one. `commas`: they may part
    choices. `widely`: numbers may have signs of currencies and percent, and ticks be yes and no.
    """

    def __init__(self, name: str, *, kept: str = "", commas: bool = False, widely: bool = False) -> None:
        self.name = name
        self.count = 0
        self.longest = 0
        self.lines = False  # some value has a line break
        self.numbers, self.days, self.ticks = Numbers(marks=widely), Days(), Ticks(widely=widely)
        self.choices = Choices(commas=Counter() if commas else None)
        self._kept: Watcher | None = getattr(self, kept) if kept else None
        self._watching: list[Watcher] = [self.numbers, self.days, self.ticks, self.choices]

    def see(self, text: str) -> None:
        """Take one value into account."""
        self.count += 1
        self.longest = max(self.longest, len(text))
        self.lines = self.lines or "\n" in text or "\r" in text
        if self._watching:
            self._watching = [each for each in self._watching if each.see(text) or each is self._kept]
