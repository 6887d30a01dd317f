"""From the rows of a file to records that are not yet tied to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from crosswalk_sandbox.dynamics.loading.cells import converter
from crosswalk_sandbox.dynamics.loading.fields import SYSTEM, Watched
from crosswalk_sandbox.dynamics.loading.headers import Ignored, Known, Meaning, meanings, table_of, watched
from crosswalk_sandbox.dynamics.schema import Schema, Table
from crosswalk_sandbox.load import delimited, workbooks
from crosswalk_sandbox.load.cells import Refusal
from crosswalk_sandbox.load.columns import Column as Seen
from crosswalk_sandbox.load.folder import Folder, Source
from crosswalk_sandbox.load.guesses import Manner, manner
from crosswalk_sandbox.load.report import FileReport, Report
from crosswalk_sandbox.load.sheets import Row, Sheet


@dataclass(slots=True, kw_only=True, eq=False)
class Taken:
    """A record as its file has it; references are still the file's text."""

    reading: Reading
    line: int
    values: dict[str, Any]
    id: str = ""


@dataclass(slots=True, kw_only=True)
class Reading:
    """A file with what its columns mean and what was seen in them."""

    table: str
    sheet: Sheet
    meanings: list[Meaning]
    seen: list[Seen | None]
    told: FileReport

    @property
    def file(self) -> str:
        return self.sheet.file

    def watched(self) -> Iterator[Watched]:
        """The columns whose values were looked at."""
        for meaning, seen in zip(self.meanings, self.seen, strict=True):
            if seen is not None and not isinstance(meaning, Ignored):
                yield Watched(table=self.table, meaning=meaning, seen=seen)


def surveyed(folder: Folder, schema: Schema) -> list[Reading]:
    """All files that are of some table; the others are noted in the report."""
    found = (_survey(source, schema, folder.report) for source in folder.of(SYSTEM))
    return [reading for reading in found if reading is not None]


def _survey(source: Source, schema: Schema, report: Report) -> Reading | None:
    sheet = _opened(source, report)
    if sheet is None:
        return None
    table = table_of(schema, source.path.stem, sheet.columns)
    if table is None:
        report.skip(source.file, f"its name is none of {', '.join(each.name for each in schema)}")
        return None
    found = meanings(table, sheet.columns)
    if all(isinstance(each, Ignored) for each in found):
        report.skip(
            source.file, f"no header is the logical name or the display name of a column of {table.name}"
        )
        return None
    seen = [_watcher(meaning, header) for meaning, header in zip(found, sheet.columns, strict=True)]
    _look(sheet, seen)
    for header, meaning in zip(sheet.columns, found, strict=True):
        if isinstance(meaning, Ignored) and meaning.reason:
            report.remark(source.file, 0, f"column {header} is not read: {meaning.reason}")
    told = FileReport(file=source.file, system=SYSTEM, object=table.name, form=sheet.form)
    report.files.append(told)
    return Reading(table=table.name, sheet=sheet, meanings=found, seen=seen, told=told)


def _opened(source: Source, report: Report) -> Sheet | None:
    if source.form == "workbook":
        return workbooks.opened(source, report)
    return delimited.opened(source, report)


def _watcher(meaning: Meaning, header: str) -> Seen | None:
    if isinstance(meaning, Ignored):
        return None
    if isinstance(meaning, Known):
        kept = watched(meaning.column)
        return (
            None if kept is None else Seen(header, kept=kept, widely=True, lightly=not meaning.column.custom)
        )
    return Seen(header)


def _look(sheet: Sheet, seen: list[Seen | None]) -> None:
    places = [(place, each) for place, each in enumerate(seen) if each is not None]
    for row in sheet.rows():
        for place, each in places if row.cells else ():
            if text := row.cells[place].strip():
                each.see(text)
    for _, each in places:
        each.close()


class Taker:
    """Takes the rows of one file."""

    def __init__(self, reading: Reading, table: Table, report: Report) -> None:
        self._reading = reading
        self._report = report
        self._readers: list[tuple[int, str, Callable[[str], Any]]] = []
        for place, meaning in enumerate(reading.meanings):
            if not isinstance(meaning, Ignored):
                column = table.columns[meaning.name]
                self._readers.append((place, column.name, converter(column, self._manner(place))))

    def rows(self) -> Iterator[Taken]:
        """The records of all rows that fit; the others are noted."""
        reading = self._reading
        for row in reading.sheet.rows():
            reading.told.rows += 1
            try:
                yield Taken(reading=reading, line=row.line, values=self._values(row))
            except Refusal as refusal:
                self._report.refuse(reading.file, row.line, str(refusal))

    def _manner(self, place: int) -> Manner:
        seen = self._reading.seen[place]
        meant = manner(seen, filter(None, self._reading.seen), self._reading.sheet.european)
        if seen is not None and seen.days.open and not seen.days.day_first and not seen.days.month_first:
            first = "the day" if meant.day_first else "the month"
            text = f"column {seen.name}: dates such as 1/2/2025 are read with {first} first"
            self._report.remark(self._reading.file, 0, text)
        return meant

    def _values(self, row: Row) -> dict[str, Any]:
        """The row's values by logical name. Raises Refusal."""
        if row.problem:
            raise Refusal(row.problem)
        found = {}
        for place, name, convert in self._readers:
            if (text := row.cells[place].strip()) and (value := convert(text)) is not None:
                found[name] = value
        return found
