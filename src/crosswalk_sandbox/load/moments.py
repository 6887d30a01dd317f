"""Dates and times as exports and spreadsheets write them.

ISO, `31.12.2025`, `12/31/2025`, `31/12/2025`, `31-Dec-25`, the day numbers of spreadsheets, each with or without
a time, a half of the day and a zone. Whether days come first is decided by whoever knows the whole column.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import NamedTuple

TIME = (
    r"(?:[T ,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?\s*(?P<zone>Z|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?|UTC|GMT)?)?\Z"
)
ISO = re.compile(r"(?P<year>\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})" + TIME, re.IGNORECASE)
NUMERIC = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(?P<year>\d{4}|\d{2})" + TIME, re.IGNORECASE)
NAMED = re.compile(
    r"(?P<day>\d{1,2})\.?[ -](?P<name>[^\W\d_]{3,9})\.?,?[ -](?P<year>\d{4}|\d{2})" + TIME, re.IGNORECASE
)
NAMED_FIRST = re.compile(
    r"(?P<name>[^\W\d_]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})" + TIME, re.IGNORECASE
)
OFFSET = re.compile(r"([+-])(\d{1,2})(?::?(\d{2}))?\Z")
SERIAL = re.compile(r"\d{4,6}(?:[.,]\d+)?\Z")
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan",
            "feb",
            "mar mär mrz",
            "apr",
            "may mai",
            "jun",
            "jul",
            "aug",
            "sep",
            "oct okt",
            "nov",
            "dec dez",
        ),
        start=1,
    )
    for name in names.split()
}
ZERO_DAY = date(1899, 12, 30)  # day 0 of spreadsheets' day numbers
EARLIEST_SERIAL, LATEST_SERIAL = 5_000, 80_000  # 1913 to 2119: other numbers are just numbers
CENTURY = 30  # two digits below this are a year of this century, as spreadsheets have it
MIDNIGHT = time()


class Moment(NamedTuple):
    """A day, with a time if one is written, and its zone if that is written, too."""

    day: date
    time: time | None = None
    zone: tzinfo | None = None

    def at(self, zone: tzinfo) -> datetime:
        """The time in UTC, whole seconds; midnight without one, in `zone` unless another is written.

        Raises OverflowError at the ends of the calendar.
        """
        local = datetime.combine(self.day, self.time or MIDNIGHT, self.zone or zone)
        return local.astimezone(UTC)


def read(text: str, day_first: bool, *, serials: bool = True) -> Moment:
    """The moment that the text writes. Raises ValueError when it writes none.

    `serials`: also take day numbers. `day_first`: what `1/2/2025` means.
    """
    if year_first(text) and (quick := _standard(text)):
        return quick
    if found := ISO.match(text):
        day = date(int(found["year"]), int(found["month"]), int(found["day"]))
        return _timed(day, found)
    if found := NUMERIC.match(text):
        first, second = int(found[1]), int(found[3])
        month, number = (second, first) if day_first else (first, second)
        return _timed(date(_year(found["year"]), month, number), found)
    if found := NAMED.match(text) or NAMED_FIRST.match(text):
        month = MONTHS.get(found["name"][:3].lower(), 0)
        return _timed(date(_year(found["year"]), month, int(found["day"])), found)
    if serials and SERIAL.match(text):
        return _serial(float(text.replace(",", ".")))
    raise ValueError(f"{text!r} is no date")


def year_first(text: str) -> bool:
    """Whether the text is of the standard's form, or of nearly that: most dates of exports are."""
    return text[4:5] == "-" and text[5:7].isdigit()


def order(text: str) -> bool | None:
    """Whether the text shows that days come first (True) or months (False); None when it shows neither."""
    found = None if year_first(text) else NUMERIC.match(text)
    if found is None:
        return None
    if found[2] == ".":
        return True  # nobody writes months first with points
    first, second = int(found[1]), int(found[3])
    return None if (first > 12) == (second > 12) else first > 12


def ambiguous(text: str) -> bool:
    """Whether the text is a date that depends on which of day and month comes first."""
    found = NUMERIC.match(text)
    return found is not None and order(text) is None and found[1].lstrip("0") != found[3].lstrip("0")


def is_serial(text: str) -> bool:
    """Whether the text could be a spreadsheet's number of a day."""
    return bool(SERIAL.match(text)) and EARLIEST_SERIAL <= float(text.replace(",", ".")) <= LATEST_SERIAL


def _standard(text: str) -> Moment | None:
    """What the library reads by itself, much faster."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) <= len("2025-12-31"):
        return Moment(at.date())
    return Moment(at.date(), at.time().replace(microsecond=0), at.tzinfo)


def _timed(day: date, found: re.Match[str]) -> Moment:
    if found["hour"] is None:
        return Moment(day)
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(f"{hour} is no hour of half a day")
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    clock = time(hour, int(found["minute"]), int(found["second"] or 0))
    return Moment(day, clock, _zone(found["zone"]))


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    found = OFFSET.search(text)
    if found is None:
        return UTC
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return timezone(-offset if found[1] == "-" else offset)


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) == 4 else year + (2000 if year < CENTURY else 1900)


def _serial(number: float) -> Moment:
    if not EARLIEST_SERIAL <= number <= LATEST_SERIAL:
        raise ValueError(f"{number:g} is no day's number")
    days, seconds = divmod(round(number * 86_400), 86_400)
    clock = time(seconds // 3600, seconds // 60 % 60, seconds % 60) if seconds else None
    return Moment(ZERO_DAY + timedelta(days=days), clock)
