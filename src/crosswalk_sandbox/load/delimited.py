"""CSV as spreadsheets and exports write it: any delimiter, ragged rows, quoted line breaks, stray quotes."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from crosswalk_sandbox.load.decoding import open_text
from crosswalk_sandbox.load.folder import Source
from crosswalk_sandbox.load.report import Report
from crosswalk_sandbox.load.sheets import Row

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
SAMPLE = 200_000  # characters that show the delimiter
SAMPLE_ROWS = 40
LONGEST_CELL = 1_000_000
UNCLOSED = "a quotation mark is opened in this row and not closed in it"


def opened(source: Source, report: Report) -> Delimited | None:
    """The CSV file, or None with a note in the report when it cannot be read."""
    try:
        return Delimited(source.path)
    except OSError as error:
        report.skip(source.file, f"it cannot be read: {error.strerror or error}")
        return None


class Delimited:
    """A CSV file. Its encoding and delimiter are found out; a first line `sep=;` is heeded."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.file = path.name
        stream, encoding = open_text(path)
        with stream:
            sample = stream.read(SAMPLE)
        self._delimiter = _announced(sample) or _likeliest(sample)
        self._skipped = 1 if _announced(sample) else 0
        self.form = f"{encoding}, {DELIMITERS.get(self._delimiter, repr(self._delimiter))}"
        self.european = self._delimiter == ";"
        header = next(self._filled(), Row(line=1, cells=[]))
        self.columns = [cell.strip().lstrip("\ufeff") for cell in header.cells]
        self._header_line = header.line

    def rows(self) -> Iterator[Row]:
        """All rows below the header that are not blank."""
        width = len(self.columns)
        for row in self._filled():
            if row.line <= self._header_line:
                continue
            if len(row.cells) > width:
                _cut(row, width)
            elif not row.problem and len(row.cells) < width:
                row.cells += [""] * (width - len(row.cells))  # spreadsheets leave out trailing delimiters
            yield row

    def _filled(self) -> Iterator[Row]:
        stream, _ = open_text(self._path)
        with stream:
            for row in records(stream, self._delimiter):
                if row.line > self._skipped and (row.problem or _inked(row.cells)):
                    yield row


def _inked(cells: Iterable[str]) -> bool:
    return any(map(str.strip, cells))


def _cut(row: Row, width: int) -> None:
    """Leave out blank cells beyond the header; others make the row unreadable."""
    if _inked(row.cells[width:]):
        row.problem = f"{len(row.cells)} cells under {width} headers: is there a delimiter without quotes?"
        row.cells = []
    del row.cells[width:]


class _Lines:
    """The lines of a file, which can be taken back to read them otherwise."""

    def __init__(self, lines: Iterable[str], delimiter: str) -> None:
        self._lines = iter(lines)
        self._delimiter = delimiter
        self._again: deque[str] = deque()
        self.number = 0  # of the last line given out
        self.taken: list[str] = []  # since the row began
        self.ended = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines, "")
        if not line:
            self.ended = True
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        return line

    def row(self, *, strict: bool) -> list[str] | None:
        """The cells of the next row; None when its quotation marks are not as they should be.

        Raises StopIteration after the last line.
        """
        self.taken = []
        self.ended = False
        try:
            return next(_reader(self, self._delimiter, strict=strict))
        except csv.Error:
            return None

    def take_back(self, kept: int = 0) -> None:
        """Give out all lines of the row but the first `kept` ones once more."""
        again = self.taken[kept:]
        self._again.extendleft(reversed(again))
        self.number -= len(again)

    def astray(self, cells: list[str] | None, width: int) -> bool:
        """Whether the row has several lines only because of a quotation mark too many.

        So it is when the file ends within quotes, or when something about the row is wrong although its second
        line alone is a whole row.
        """
        if len(self.taken) < 2 or (cells is not None and len(cells) == width):
            return False
        return self.ended or (width > 0 and self._width(self.taken[1]) == width)

    def _width(self, line: str) -> int:
        return len(next(_reader([line], self._delimiter, strict=False), []))


def records(lines: Iterable[str], delimiter: str) -> Iterator[Row]:
    """Rows of CSV text. A quotation mark that is never closed costs its own line, not the rest of the file."""
    source = _Lines(lines, delimiter)
    width = 0
    while True:
        line = source.number + 1
        try:
            cells = source.row(strict=True)
            if cells is None and not source.astray(cells, width):
                source.take_back()
                cells = source.row(strict=False)  # marks within text: everybody reads them as text
        except StopIteration:
            return
        if cells is None or source.astray(cells, width):
            source.take_back(kept=1)
            yield Row(line, [], UNCLOSED)
        else:
            width = width or len(cells)
            yield Row(line, cells)


def _reader(lines: Iterable[str], delimiter: str, *, strict: bool) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST_CELL)
    return csv.reader(lines, delimiter=delimiter, strict=strict)


def _announced(sample: str) -> str | None:
    """The delimiter of a first line such as `sep=;`, which spreadsheets understand."""
    first = sample.split("\n", 1)[0].strip().strip('"').lstrip("\ufeff")
    return first[4] if first.lower().startswith("sep=") and len(first) == 5 else None


def _likeliest(sample: str) -> str:
    """The delimiter that cuts the header into most cells, and the rows below it into as many."""
    return max(DELIMITERS, key=lambda delimiter: _fit(sample, delimiter))


def _fit(sample: str, delimiter: str) -> float:
    rows = _reader(io.StringIO(sample, newline=""), delimiter, strict=False)
    widths = list(islice((len(cells) for cells in rows if _inked(cells)), SAMPLE_ROWS))
    if not widths or widths[0] < 2:
        return 0.0
    alike = sum(width == widths[0] for width in widths)
    return widths[0] * alike / len(widths)
