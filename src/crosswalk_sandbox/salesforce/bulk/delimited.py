"""Delimited text as bulk jobs take and give it.

Source: Salesforce Bulk API 2.0, Prepare CSV Files; quotes as in RFC 4180.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
# a cell, in quotes or plain, and what ends it: a delimiter, a line's end, or the end of all
CELLS = {
    name: re.compile(rf'(?:"([^"]*(?:""[^"]*)*)"|([^"{re.escape(sign)}\r\n]*))({re.escape(sign)}|\r\n|\n|\r|\Z)')
    for name, sign in DELIMITERS.items()
}  # fmt: skip
Cells = list[str]


class FileError(Exception):
    """The whole file is refused; its text becomes the errorMessage of the failed job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a job's cells and lines end, by the vendor's names."""

    delimiter: str = "COMMA"
    line_ending: str = "LF"

    def read(self, content: bytes) -> tuple[Cells, list[Cells]]:
        """The header and the rows of a file in UTF-8; blank lines count for nothing. Raises FileError."""
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            raise FileError("ClientInputError : Failed to read the file: it is not UTF-8") from None
        lines = list(self._lines(text))
        if not lines:
            raise FileError("InvalidBatch : Records not found: the file is empty")
        header, *rows = lines
        for number, row in enumerate(rows, start=1):
            if len(row) != len(header):
                shape = f"{len(row)} cells instead of {len(header)}"
                raise FileError(f"ClientInputError : Failed to read record {number}: it has {shape}")
        return header, rows

    def write(self, rows: Iterable[Sequence[str]]) -> str:
        """The rows as text, every cell in quotes."""
        sign, end = DELIMITERS[self.delimiter], LINE_ENDINGS[self.line_ending]
        return "".join(sign.join(map(_quoted, row)) + end for row in rows)

    def _lines(self, text: str) -> Iterator[Cells]:
        match, sign, line_end = (
            CELLS[self.delimiter].match,
            DELIMITERS[self.delimiter],
            LINE_ENDINGS[self.line_ending],
        )
        cells: Cells = []
        at = 0
        while at < len(text) or cells:
            found = match(text, at)
            if found is None:
                line = text.count("\n", 0, at) + 1
                raise FileError(f"ClientInputError : Failed to read line {line}: a quote is out of place")
            quoted, plain, end = found.groups()
            cells.append(plain if quoted is None else quoted.replace('""', '"'))
            at = found.end()
            if end == sign:
                continue
            if end not in ("", line_end):
                setting = f"Current LineEnding setting is {self.line_ending}"
                raise FileError(f"ClientInputError : LineEnding is invalid on user data. {setting}")
            if cells != [""]:
                yield cells
            cells = []


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'
