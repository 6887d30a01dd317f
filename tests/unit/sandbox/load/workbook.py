"""Writes a workbook as Dynamics exports it: three hidden columns, texts shared, dates as numbers with a format."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from html import escape
from zipfile import ZIP_DEFLATED, ZipFile

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 a sheet's time has no zone
PLAIN, MOMENT = 0, 1
Cell = str | int | float | bool | datetime | None


def workbook(headers: Sequence[str], *rows: Sequence[Cell]) -> bytes:
    """The bytes of the file; before its sheet stands a hidden one, as Dynamics has it."""
    texts: list[str] = []
    lines = [_row(number, cells, texts) for number, cells in enumerate([headers, *rows], start=1)]
    shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
    files = {
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>'
        '<sheet name="hiddenSheet" sheetId="2" state="veryHidden" r:id="rId2"/>'
        '<sheet name="My Active Contacts" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">'
        '<Relationship Id="rId1" Target="/xl/worksheets/sheet1.xml"/>'
        '<Relationship Id="rId2" Target="worksheets/sheet2.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="170" '
        'formatCode="m/d/yyyy h:mm AM/PM"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{shared}</sst>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><cols><col min="1" max="3" hidden="1"/></cols>'
        f"<sheetData>{''.join(lines)}</sheetData></worksheet>",
        "xl/worksheets/sheet2.xml": f'<worksheet xmlns="{MAIN}"><sheetData/></worksheet>',
    }
    stream = io.BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return stream.getvalue()


def _row(number: int, cells: Sequence[Cell], texts: list[str]) -> str:
    shown = (_cell(f"{chr(ord('A') + place)}{number}", cell, texts) for place, cell in enumerate(cells))
    return f'<row r="{number}">{"".join(shown)}</row>'


def _cell(place: str, cell: Cell, texts: list[str]) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return f'<c r="{place}" t="b"><v>{int(cell)}</v></c>'
    if isinstance(cell, datetime):
        return f'<c r="{place}" s="{MOMENT}"><v>{(cell - DAY_ZERO).total_seconds() / 86_400}</v></c>'
    if isinstance(cell, str):
        texts.append(cell)
        return f'<c r="{place}" s="{PLAIN}" t="s"><v>{len(texts) - 1}</v></c>'
    return f'<c r="{place}"><v>{cell}</v></c>'
