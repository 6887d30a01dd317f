"""What has been seen in a column: numbers, days, ticks, choices, and how they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from crosswalk_sandbox.load import moments, numerals

TRUE = frozenset({"true", "wahr", "vrai", "verdadero", "verdadeiro", "vero", "waar"})
FALSE = frozenset({"false", "falsch", "faux", "falso", "onwaar"})
YES = frozenset({"1", "yes", "y", "x", "on", "ja", "oui", "si", "sí", "sim", "checked"})
NO = frozenset({"0", "no", "n", "off", "nein", "non", "nee", "não", "unchecked"})
SEPARATORS = re.compile(r"\|\||;")
COUNTED = 3000  # different values that are counted; with more it is no list of choices


@dataclass(slots=True, kw_only=True)
class Numbers:
    """Values as numbers; with `marks` also those with signs of currencies and percent.

    `lightly`: only look how they are written, not whether they fit.
    """

    marks: bool = False
    lightly: bool = False
    fits: int = 0
    codes: int = 0  # such as 01234 and +49301234: digits, but no quantities
    european: int = 0  # with a decimal comma for certain
    pointed: int = 0  # with a decimal point for certain
    scale: int = 0
    digits: int = 0

    def see(self, text: str, times: int) -> bool:
        if self.lightly:
            return self._see_style(text)
        try:
            number = numerals.read(text, marks=self.marks)
        except ValueError:
            return False
        self.fits += times
        self._measure(number)
        if text.isdigit():
            self.codes += text[0] == "0" and len(text) > 1
            return True
        self.codes += numerals.is_code(text)
        return self._see_style(text)

    def _see_style(self, text: str) -> bool:
        shown = numerals.style(text)
        self.european += shown is True
        self.pointed += shown is False
        return True

    def _measure(self, number: Decimal) -> None:
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > self.scale:
            self.scale = -exponent
        if number.adjusted() >= self.digits:
            self.digits = number.adjusted() + 1


@dataclass(slots=True, kw_only=True)
class Days:
    """Values as dates and date-times; `lightly`: only look how they are written, not whether they fit."""

    lightly: bool = False
    fits: int = 0
    serials: int = 0  # spreadsheets' numbers of days
    timed: int = 0  # with a time other than midnight
    day_first: int = 0  # for certain
    month_first: int = 0
    open: int = 0  # could be either

    def see(self, text: str, times: int) -> bool:
        if self.lightly and moments.year_first(text):
            return True
        shown = moments.order(text)
        try:
            moment = moments.read(text, day_first=shown is True)
        except ValueError:
            return False
        self.fits += times
        self.timed += moment.time not in (None, moments.MIDNIGHT) or moment.zone is not None
        if moments.year_first(text):
            return True
        self.serials += times * moments.is_serial(text)
        self.day_first += shown is True
        self.month_first += shown is False
        self.open += moments.ambiguous(text)
        return True


@dataclass(slots=True, kw_only=True)
class Ticks:
    """Values as true and false; `widely`: also as yes and no, 1 and 0."""

    widely: bool = False
    fits: int = 0

    def see(self, text: str, times: int) -> bool:
        fits = tick(text, widely=self.widely) is not None
        self.fits += times * fits
        return fits


def tick(text: str, *, widely: bool) -> bool | None:
    """Whether the text says true or false; None when it says neither."""
    word = text.lower()
    if word in TRUE or (widely and word in YES):
        return True
    if word in FALSE or (widely and word in NO):
        return False
    return None


class Watcher(Protocol):
    """Looks at the values of a column for one thing."""

    fits: int

    def see(self, text: str, times: int) -> bool:
        """Take a value into account that occurs so many times; False when it does not fit."""


class Column:
    """One column of one file, as far as its values have been seen; blank ones are not shown to it.

    Equal values are counted and looked at once, while they are not too many. A watcher whom a value does not
    fit is not asked again, except the `kept` one. `widely`: numbers may have signs of currencies and percent,
    and ticks be yes and no. `lightly`: only how its numbers and dates are written matters.
    """

    def __init__(self, name: str, *, kept: str = "", widely: bool = False, lightly: bool = False) -> None:
        self.name = name
        self.count = 0
        self.longest = 0
        self.lines = False  # some value has a line break
        self.values: dict[str, int] | None = {}  # how often each occurs; None when they are too many
        self.bits = False  # its file writes ticks as 1 and 0
        self.numbers = Numbers(marks=widely, lightly=lightly)
        self.days = Days(lightly=lightly)
        self.ticks = Ticks(widely=widely)
        self._kept: Watcher | None = getattr(self, kept) if kept else None
        everyone: list[Watcher] = [self.numbers, self.days, self.ticks]
        self._watching = [self._kept] if lightly and self._kept else everyone

    def see(self, text: str) -> None:
        """Take one value into account."""
        self.count += 1
        if self.values is not None:
            if text in self.values:
                self.values[text] += 1
                return
            if len(self.values) < COUNTED:
                self.values[text] = 1
                return
            self.close()
            self.values = None
        self._look(text, 1)

    def close(self) -> None:
        """Look at the values that were only counted so far: no more are coming."""
        for text, times in (self.values or {}).items():
            self._look(text, times)

    def _look(self, text: str, times: int) -> None:
        if len(text) > self.longest:
            self.longest = len(text)
        self.lines = self.lines or "\n" in text or "\r" in text
        if self._watching:
            self._watching = [each for each in self._watching if each.see(text, times) or each is self._kept]


def split(text: str) -> list[str]:
    """The values in a text of several, parted by `;` or `||`."""
    return [part for each in SEPARATORS.split(text) if (part := each.strip())]


def pieces(text: str) -> list[str]:
    """The same, parted by commas."""
    return [piece for each in text.split(",") if (piece := each.strip())]
