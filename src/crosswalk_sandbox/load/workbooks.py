"""Workbooks (XLSX) as spreadsheets and Dynamics write them: the cells of the first sheet that is not hidden.

Read with the standard library alone; the reason is in docs/decisions.md. Source: ECMA-376, SpreadsheetML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree
from zipfile import BadZipFile, ZipFile

from crosswalk_sandbox.load.folder import Source
from crosswalk_sandbox.load.report import Report
from crosswalk_sandbox.load.sheets import Row

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINKED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
TARGETS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
MOST_BYTES = 1 << 30  # unpacked
BUILT_IN_DATES = frozenset({*range(14, 23), *range(45, 48)})
DATE_SIGNS = re.compile(r"[ymdhs]", re.IGNORECASE)
QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
REFERENCE = re.compile(r"([A-Z]+)\d+")
FIRST_DAY = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}  # noqa: DTZ001 a sheet's time has no zone


def opened(source: Source, report: Report) -> Workbook | None:
    """The workbook, or None with a note in the report when it cannot be read."""
    try:
        return Workbook(source.path)
    except (OSError, BadZipFile, KeyError, ValueError, ElementTree.ParseError) as error:
        report.skip(source.file, f"it cannot be read as a workbook: {error}")
        return None


class Workbook:
    """The first visible sheet of a workbook. Raises OSError, BadZipFile, KeyError, ValueError or ParseError."""

    form = "XLSX"
    european = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self.file = path.name
        with ZipFile(path) as archive:
            if sum(each.file_size for each in archive.infolist()) > MOST_BYTES:
                raise ValueError("it is too large when it is unpacked")
            book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
            self._sheet = _first_sheet(archive, book)
            properties = book.find(f"{MAIN}workbookPr")
            self._first_day = FIRST_DAY[
                properties is not None and properties.get("date1904") in ("1", "true")
            ]
            self._texts = list(_shared_texts(archive))
            self._dates = _date_styles(archive)
        header = next(self._filled(), Row(line=1, cells=[]))
        self.columns = [cell.strip() for cell in header.cells]
        self._header_line = header.line

    def rows(self) -> Iterator[Row]:
        """All rows below the header that are not blank."""
        width = len(self.columns)
        for row in self._filled():
            if row.line > self._header_line:
                row.cells += [""] * (width - len(row.cells))
                yield Row(line=row.line, cells=row.cells[:width])

    def _filled(self) -> Iterator[Row]:
        with ZipFile(self._path) as archive, archive.open(self._sheet) as stream:
            line = 0
            for _, element in ElementTree.iterparse(stream):
                if element.tag != f"{MAIN}row":
                    continue
                line = int(element.get("r", line + 1))
                cells = self._cells(element)
                element.clear()
                if any(map(str.strip, cells)):
                    yield Row(line=line, cells=cells)

    def _cells(self, row: ElementTree.Element) -> list[str]:
        cells: list[str] = []
        for cell in row.iter(f"{MAIN}c"):
            found = REFERENCE.fullmatch(cell.get("r", ""))
            place = _place(found[1]) if found else len(cells)
            cells += [""] * (place - len(cells))
            cells.append(self._text(cell))
        return cells

    def _text(self, cell: ElementTree.Element) -> str:
        """A cell as CSV would have it; dates as ISO 8601."""
        kind, value = cell.get("t", "n"), cell.findtext(f"{MAIN}v") or ""
        if kind == "s":
            return self._texts[int(value)]
        if kind == "inlineStr":
            return _joined(cell.find(f"{MAIN}is"))
        if kind == "b":
            return "true" if value == "1" else "false"
        if kind == "e":
            return ""
        dated = kind == "n" and value and int(cell.get("s", 0)) in self._dates
        return self._moment(float(value)) if dated else value

    def _moment(self, number: float) -> str:
        moment = self._first_day + timedelta(seconds=round(number * 86_400))
        return f"{moment:%Y-%m-%d}" if number == int(number) else f"{moment:%Y-%m-%dT%H:%M:%S}"


def _first_sheet(archive: ZipFile, book: ElementTree.Element) -> str:
    """The path of the first visible sheet in the archive. Raises ValueError when there is none."""
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {each.get("Id"): each.get("Target", "") for each in links.iter(TARGETS)}
    for sheet in book.iter(f"{MAIN}sheet"):
        if sheet.get("state", "visible") == "visible":
            target = targets[sheet.get(LINKED)]
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    raise ValueError("it has no visible sheet")


def _shared_texts(archive: ZipFile) -> Iterator[str]:
    if "xl/sharedStrings.xml" in archive.namelist():
        for item in ElementTree.fromstring(archive.read("xl/sharedStrings.xml")).iter(f"{MAIN}si"):
            yield _joined(item)


def _joined(item: ElementTree.Element | None) -> str:
    """The text of an item, which may be in parts with formats; what is spoken (rPh) is left out."""
    if item is None:
        return ""
    plain = [item.findtext(f"{MAIN}t") or ""]
    return "".join(plain + [part.findtext(f"{MAIN}t") or "" for part in item.findall(f"{MAIN}r")])


def _date_styles(archive: ZipFile) -> frozenset[int]:
    """The numbers of the cell formats that show dates."""
    if "xl/styles.xml" not in archive.namelist():
        return frozenset()
    styles = ElementTree.fromstring(archive.read("xl/styles.xml"))
    own = {
        int(each.get("numFmtId", 0))
        for each in styles.iter(f"{MAIN}numFmt")
        if DATE_SIGNS.search(QUOTED.sub("", each.get("formatCode", "")))
    }
    formats = styles.find(f"{MAIN}cellXfs")
    found = enumerate(formats.findall(f"{MAIN}xf") if formats is not None else ())
    return frozenset(number for number, each in found if int(each.get("numFmtId", 0)) in BUILT_IN_DATES | own)


def _place(letters: str) -> int:
    """The place of a column, from its letters."""
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1
