"""From the rows of a file to records that are not yet tied to each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from crosswalk_sandbox.load.cells import Refusal
from crosswalk_sandbox.load.columns import Column
from crosswalk_sandbox.load.guesses import Manner, manner
from crosswalk_sandbox.load.report import FileReport, Report
from crosswalk_sandbox.load.sheets import Row
from crosswalk_sandbox.salesforce.loading.cells import Convert, converter
from crosswalk_sandbox.salesforce.loading.fields import Seen, watcher
from crosswalk_sandbox.salesforce.loading.headers import Ignored, Meaning, Parent, meanings
from crosswalk_sandbox.salesforce.loading.parts import SYSTEM, Part
from crosswalk_sandbox.salesforce.schema import Field, Object, Schema

NO_VALUE = "#N/A"  # how files for the Bulk API write it
NOT_PROVIDED = "[not provided]"
# required fields that an export may well not have a column for, and what an org itself puts there
FILLED = {("Lead", "Company"): NOT_PROVIDED}


@dataclass(frozen=True, slots=True)
class ByKey:
    """A parent that is named by a field of its own."""

    key: str
    text: str


@dataclass(slots=True, kw_only=True, eq=False)
class Taken:
    """A record as its file has it; references are still the file's text."""

    reading: Reading
    line: int
    reference: str
    values: dict[str, Any]
    id: str = ""
    refused: bool = False


@dataclass(slots=True, kw_only=True)
class Reading:
    """A part with what its columns mean and how they are written."""

    part: Part
    meanings: list[Meaning]
    columns: list[Column | None]
    told: FileReport
    manners: dict[str, Manner] = field(default_factory=dict)

    @property
    def kind(self) -> Object:
        return self.part.kind

    @property
    def file(self) -> str:
        return self.part.sheet.file

    def seen(self) -> Iterator[Seen]:
        """The columns whose values were looked at."""
        for meaning, column in zip(self.meanings, self.columns, strict=True):
            if column is not None and not isinstance(meaning, Ignored | Parent):
                yield Seen(kind=self.kind, meaning=meaning, column=column)


def survey(part: Part, report: Report) -> Reading | None:
    """Look through all rows of a part. None when none of its columns is a field."""
    sheet = part.sheet
    found = meanings(part.kind, sheet.columns)
    if all(isinstance(each, Ignored) for each in found):
        report.skip(sheet.file, f"no header is the API name or the label of a field of {part.kind.name}")
        return None
    columns = [watcher(meaning, header) for meaning, header in zip(found, sheet.columns, strict=True)]
    watched = [(place, column) for place, column in enumerate(columns) if column is not None]
    for row in sheet.rows():
        cells = row.cells
        for place, column in watched if cells else ():
            if (text := cells[place].strip()) and text != NO_VALUE:
                column.see(text)
    _close(found, columns)
    told = FileReport(file=sheet.file, system=SYSTEM, object=part.kind.name, form=sheet.form)
    report.files.append(told)
    _note_ignored(part, found, report)
    return Reading(part=part, meanings=found, columns=columns, told=told)


def _close(found: list[Meaning], columns: list[Column | None]) -> None:
    """End the looking; Salesforce's own data export writes ticks as 1 and 0, as known ones then show."""
    ticks = (
        column
        for meaning, column in zip(found, columns, strict=True)
        if isinstance(meaning, Field) and meaning.type == "boolean" and column is not None
    )
    bits = any(column.count and set(column.values or "?") <= {"0", "1"} for column in ticks)
    for column in filter(None, columns):
        column.close()
        column.bits = bits


def _note_ignored(part: Part, found: list[Meaning], report: Report) -> None:
    for header, meaning in zip(part.sheet.columns, found, strict=True):
        if isinstance(meaning, Ignored) and meaning.reason:
            report.remark(part.sheet.file, 0, f"column {header} is not read: {meaning.reason}")


class Taker:
    """Takes the rows of one part."""

    def __init__(self, reading: Reading, schema: Schema, report: Report) -> None:
        self._reading = reading
        self._kind = schema[reading.kind.name]
        self._report = report
        self._readers: list[tuple[int, str, Convert]] = []
        self._parents: list[tuple[int, Parent]] = []
        for place, meaning in enumerate(reading.meanings):
            if isinstance(meaning, Parent):
                self._parents.append((place, meaning))
            elif not isinstance(meaning, Ignored) and (known := self._kind.field(meaning.name)):
                self._readers.append(self._reader(place, known))
        self._fillers = self._missing_columns()
        self._person = "LastName" in self._kind.fields
        self._required = [each.name for each in self._kind.fields.values() if each.required]

    def rows(self) -> Iterator[Taken]:
        """The records of all rows that fit; the others are noted."""
        reading = self._reading
        for row in reading.part.sheet.rows():
            reading.told.rows += 1
            try:
                yield Taken(reading=reading, line=row.line, reference=row.reference, values=self._values(row))
            except Refusal as refusal:
                self._report.refuse(reading.file, row.line, str(refusal))

    def _reader(self, place: int, known: Field) -> tuple[int, str, Convert]:
        column, columns = self._reading.columns[place], self._reading.columns
        meant = manner(column, filter(None, columns), self._reading.part.sheet.european)
        if column is not None and column.days.open and known.type in ("date", "datetime"):
            self._note_order(column, meant)
        return place, known.name, converter(known, meant)

    def _note_order(self, column: Column, meant: Manner) -> None:
        if not column.days.day_first and not column.days.month_first:
            first = "the day" if meant.day_first else "the month"
            text = f"column {column.name}: dates such as 1/2/2025 are read with {first} first"
            self._report.remark(self._reading.file, 0, text)

    def _missing_columns(self) -> dict[str, str]:
        """What is put into required fields that the file has no column for."""
        there = {name for _, name, _ in self._readers}
        fillers = {
            name: text
            for (kind, name), text in FILLED.items()
            if kind == self._kind.name and name not in there
        }
        for name, text in fillers.items():
            self._report.remark(self._reading.file, 0, f"there is no column for {name}: it becomes {text}")
        return fillers

    def _values(self, row: Row) -> dict[str, Any]:
        """The row's values by field name. Raises Refusal."""
        if row.problem:
            raise Refusal(row.problem)
        cells = row.cells
        found: dict[str, Any] = dict(self._fillers)
        for place, name, convert in self._readers:
            cell = cells[place]
            if cell and (text := cell.strip()) and text != NO_VALUE and (value := convert(text)) is not None:
                found[name] = value
        for place, parent in self._parents:
            if text := cells[place].strip():
                found.setdefault(parent.reference.name, ByKey(parent.key, text))
        if self._person:
            _split_name(found)
        if missing := [name for name in self._required if name not in found]:
            raise Refusal(f"Required fields are missing: [{', '.join(missing)}]")
        return found


def _split_name(found: dict[str, Any]) -> None:
    """A full name without a last name is taken apart; with one it says nothing new."""
    full = str(found.pop("Name", ""))
    if full and "LastName" not in found:
        first, _, last = full.rpartition(" ")
        found["LastName"] = last
        if first:
            found.setdefault("FirstName", first)
