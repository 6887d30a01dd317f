"""What became of the files of a folder: for `GET /_sandbox/load`, and as a summary for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

SHOWN = 40  # refused rows and remarks of a file in the summary; the control API has all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something about a row of a file; line 0 is the file as a whole."""

    file: str
    line: int
    reason: str


@dataclass(slots=True, kw_only=True)
class Remark:
    """What was left out or changed of rows that were loaded: the first of them, and how many there are."""

    file: str
    line: int
    reason: str
    rows: int = 1


@dataclass(slots=True, kw_only=True)
class FileReport:
    """One file that was read."""

    file: str
    system: str
    object: str
    form: str  # such as `UTF-8, comma`
    rows: int = 0
    loaded: int = 0

    @property
    def refused(self) -> int:
        return self.rows - self.loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeField:
    """A custom field that was made for a column."""

    system: str
    object: str
    name: str  # API name or title
    type: str
    kind: str  # what was guessed


@dataclass(slots=True, kw_only=True)
class Report:
    """Everything that is to be told about a folder."""

    folder: str
    files: list[FileReport] = field(default_factory=list)
    refused: list[Note] = field(default_factory=list)  # rows that were not loaded
    remarks: list[Remark] = field(default_factory=list)
    skipped: list[Note] = field(default_factory=list)  # files that were not read
    fields: list[MadeField] = field(default_factory=list)
    _remarked: dict[tuple[str, str], Remark] = field(default_factory=dict)

    def refuse(self, file: str, line: int, reason: str) -> None:
        self.refused.append(Note(file=file, line=line, reason=reason))

    def remark(self, file: str, line: int, reason: str) -> None:
        """Say something about a row; for the same said of other rows of its file, count it."""
        known = self._remarked.get((file, reason))
        if known is None:
            known = self._remarked[file, reason] = Remark(file=file, line=line, reason=reason)
            self.remarks.append(known)
        else:
            known.rows += 1

    def skip(self, file: str, reason: str) -> None:
        self.skipped.append(Note(file=file, line=0, reason=reason))

    def as_json(self) -> dict[str, Any]:
        """For the control API."""
        self._sort()
        return {
            "folder": self.folder,
            "rows": sum(each.rows for each in self.files),
            "loaded": sum(each.loaded for each in self.files),
            "files": [{**asdict(each), "refused": each.refused} for each in self.files],
            "refused": [asdict(each) for each in self.refused],
            "remarks": [asdict(each) for each in self.remarks],
            "skipped": [{"file": each.file, "reason": each.reason} for each in self.skipped],
            "fields": [asdict(each) for each in self.fields],
        }

    def summary(self) -> str:
        """For the terminal."""
        self._sort()
        return "\n".join(self._lines())

    def _sort(self) -> None:
        self.refused.sort(key=lambda note: (note.file, note.line))
        self.remarks.sort(key=lambda note: (note.file, note.line))

    def _lines(self) -> Iterator[str]:
        yield f"Loaded from {self.folder}"
        yield from _table([_told(each) for each in self.files])
        for note in self.skipped:
            yield f"  {note.file}: not read: {note.reason}"
        if self.fields:
            yield "Custom fields made"
            yield from _table([(each.system, each.object, each.name, each.kind) for each in self.fields])
        if self.refused:
            yield f"Rows refused: {len(self.refused):,}"
            yield from _shown(self.refused)
        if self.remarks:
            yield "Remarks"
            yield from _shown(self.remarks)


def _told(each: FileReport) -> tuple[str, ...]:
    refused = f"{each.refused:,} refused" if each.refused else ""
    rows = "row" if each.loaded == 1 else "rows"
    return each.file, each.object, f"{each.loaded:,} {rows}", refused, each.form


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Columns as wide as their widest cell; numbers of rows to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell.rjust(width) if cell[:1].isdigit() else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        )
        yield ("  " + "  ".join(cells)).rstrip()


def _shown(notes: Sequence[Note | Remark]) -> Iterator[str]:
    """The first ones of each file."""
    told: Counter[str] = Counter()
    for note in notes:
        told[note.file] += 1
        if told[note.file] <= SHOWN:
            yield f"  {_place(note)}: {note.reason}"
    if any(count > SHOWN for count in told.values()):
        yield "  … and more: GET /_sandbox/load has all of them"


def _place(note: Note | Remark) -> str:
    if not note.line:
        return note.file
    more = f" and {note.rows - 1:,} more" if isinstance(note, Remark) and note.rows > 1 else ""
    return f"{note.file}, line {note.line}{more}"
