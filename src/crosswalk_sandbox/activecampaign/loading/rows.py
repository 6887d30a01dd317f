"""From the rows of a contact export to contacts that are not yet in an account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crosswalk_sandbox.activecampaign.changes import LONGEST_NAME, read_email
from crosswalk_sandbox.activecampaign.errors import InvalidError
from crosswalk_sandbox.activecampaign.loading.fields import WATCHED
from crosswalk_sandbox.activecampaign.loading.headers import (
    STATUSES,
    Attribute,
    Custom,
    Meaning,
    OnList,
    listed,
    meanings,
)
from crosswalk_sandbox.activecampaign.store import ZONE, Account
from crosswalk_sandbox.load import moments
from crosswalk_sandbox.load.cells import Refusal, remembering
from crosswalk_sandbox.load.columns import Column, split
from crosswalk_sandbox.load.guesses import Manner, manner
from crosswalk_sandbox.load.report import FileReport, Report
from crosswalk_sandbox.load.sheets import Row, Sheet

SYSTEM = "activecampaign"
NO_VALUES = frozenset({"0000-00-00", "0000-00-00 00:00:00"})  # how databases write no date
BOUNCED = 3
ACTIVE = 1


@dataclass(slots=True, kw_only=True)
class Subscriber:
    """A contact as its file has it."""

    file: str
    line: int
    attributes: dict[str, Any] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)  # by the title of the custom field, in small letters
    tags: list[str] = field(default_factory=list)
    lists: dict[str, int | None] = field(default_factory=dict)  # state by name; None: the contact's own
    status: int | None = None  # on all lists, or in general


@dataclass(slots=True, kw_only=True)
class Reading:
    """A file with what its columns mean and how they are written."""

    sheet: Sheet
    meanings: list[Meaning]
    columns: list[Column]
    told: FileReport


def survey(account: Account, sheet: Sheet, report: Report) -> Reading | None:
    """Look through all rows of a file. None when it has no column of addresses."""
    columns = [
        Column(header, kept=_watched(account, header), widely=bool(_watched(account, header)))
        for header in sheet.columns
    ]
    for row in sheet.rows():
        for column, cell in zip(columns, row.cells, strict=False):
            if (text := cell.strip()) and text not in NO_VALUES:
                column.see(text)
    for column in columns:
        column.close()
    found = meanings(account, sheet.columns, columns)
    if Attribute("email") not in found:
        report.skip(sheet.file, "no header is Email: contacts are known by their addresses")
        return None
    told = FileReport(file=sheet.file, system=SYSTEM, object="contact", form=sheet.form)
    report.files.append(told)
    return Reading(sheet=sheet, meanings=found, columns=columns, told=told)


def _watched(account: Account, header: str) -> str:
    """What is watched to the end in a column of a field that the account has."""
    wanted = header.strip("% ").lower()
    for each in account.fields.values():
        if wanted in (each.title.lower(), each.perstag.lower()):
            return WATCHED.get(each.type, "")
    return ""


Put = Callable[[Subscriber, str], None]


class Taker:
    """Takes the rows of one file. `convert` makes the converter of a custom column."""

    def __init__(
        self, reading: Reading, convert: Callable[[Custom, Manner], Callable[[str], str]], report: Report
    ) -> None:
        self._reading = reading
        self._convert = convert
        self._report = report
        self._puts = [
            (place, put)
            for place, meaning in enumerate(reading.meanings)
            if (put := self._put(place, meaning)) is not None
        ]

    def rows(self) -> Iterator[Subscriber]:
        """The contacts of all rows that fit; the others are noted."""
        sheet = self._reading.sheet
        for row in sheet.rows():
            self._reading.told.rows += 1
            try:
                yield self._subscriber(row)
            except Refusal as refusal:
                self._report.refuse(sheet.file, row.line, str(refusal))

    def _subscriber(self, row: Row) -> Subscriber:
        if row.problem:
            raise Refusal(row.problem)
        found = Subscriber(file=self._reading.sheet.file, line=row.line)
        for place, put in self._puts:
            if (text := row.cells[place].strip()) and text not in NO_VALUES:
                put(found, text)
        try:
            found.attributes["email"] = read_email(found.attributes.get("email"))
        except InvalidError as invalid:
            said = f" {found.attributes['email']}" if "email" in found.attributes else ""
            raise Refusal(invalid.title + said) from invalid
        return found

    def _put(self, place: int, meaning: Meaning) -> Put | None:
        """What takes over the cells of a column."""
        match meaning:
            case Attribute():
                return self._attribute(place, meaning.name)
            case Custom():
                return self._custom(meaning, self._manner(place))
            case OnList():
                return _on_list(meaning.name)
        return None

    def _attribute(self, place: int, name: str) -> Put:
        if name in ("created", "updated"):
            return self._time(name, self._manner(place))
        if name in SPECIAL:
            return SPECIAL[name]
        cut = remembering(lambda text: text[:LONGEST_NAME])

        def put(found: Subscriber, text: str) -> None:
            found.attributes[name] = text if name == "email" else cut(text)

        return put

    def _time(self, name: str, meant: Manner) -> Put:
        def read(text: str) -> datetime:
            try:
                return moments.read(text, meant.day_first).at(ZONE)
            except (ValueError, OverflowError) as error:
                raise Refusal(f"{name}: {error}") from error

        reader = remembering(read)

        def put(found: Subscriber, text: str) -> None:
            found.attributes[name] = reader(text)

        return put

    def _custom(self, meaning: Custom, meant: Manner) -> Put:
        key, convert = meaning.title.lower(), remembering(self._convert(meaning, meant))

        def put(found: Subscriber, text: str) -> None:
            if value := convert(text):
                found.values[key] = value

        return put

    def _manner(self, place: int) -> Manner:
        """How a column is meant; whoever reads the summary is told if nothing in the file shows it."""
        column = self._reading.columns[place]
        meant = manner(column, self._reading.columns, self._reading.sheet.european)
        days = column.days
        if days.fits == column.count and days.open and not (days.day_first or days.month_first):
            first = "the day" if meant.day_first else "the month"
            text = f"column {column.name}: dates such as 1/2/2025 are read with {first} first"
            self._report.remark(self._reading.sheet.file, 0, text)
        return meant


def _full_name(found: Subscriber, text: str) -> None:
    first, _, last = text.rpartition(" ")
    found.attributes.setdefault("first_name", (first or last)[:LONGEST_NAME])
    if first:
        found.attributes.setdefault("last_name", last[:LONGEST_NAME])


def _id(found: Subscriber, text: str) -> None:
    found.attributes["id"] = text


def _tags(found: Subscriber, text: str) -> None:
    parts = split(text) if "||" in text else text.split(",")
    found.tags += [name for part in parts if (name := part.strip())]


def _lists(found: Subscriber, text: str) -> None:
    found.lists |= listed(text)


def _status(found: Subscriber, text: str) -> None:
    found.status = STATUSES.get(text.lower())


SPECIAL: dict[str, Put] = {
    "full_name": _full_name,
    "id": _id,
    "tags": _tags,
    "lists": _lists,
    "status": _status,
}


def _on_list(name: str) -> Put:
    def put(found: Subscriber, text: str) -> None:
        found.lists[name] = STATUSES.get(text.lower(), ACTIVE)

    return put
