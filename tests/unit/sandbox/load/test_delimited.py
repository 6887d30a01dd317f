from __future__ import annotations

from pathlib import Path

import pytest

from crosswalk_sandbox.load.delimited import Delimited
from crosswalk_sandbox.load.sheets import Row

TABLE = [
    ["Name", "Note", "City"],
    ["Jörg", "a", "Köln"],
    ["Ana", "line 1\nline 2", "São Paulo"],
    ["Zoë", "", "Łódź"],
]
WESTERN = [row for row in TABLE if "Łódź" not in row]


def text_of(table: list[list[str]], delimiter: str, end: str = "\r\n") -> str:
    return "".join(
        delimiter.join(f'"{cell}"' if "\n" in cell else cell for cell in row) + end for row in table
    )


def read(tmp_path: Path, content: bytes | str) -> tuple[Delimited, list[Row]]:
    path = tmp_path / "file.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    sheet = Delimited(path)
    return sheet, list(sheet.rows())


def cells(rows: list[Row]) -> list[list[str]]:
    return [row.cells for row in rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_encoding_and_delimiter_is_found_out(tmp_path: Path, encoding: str, delimiter: str) -> None:
    sheet, rows = read(tmp_path, text_of(TABLE, delimiter).encode(encoding))
    assert [sheet.columns, *cells(rows)] == TABLE
    assert sheet.form.startswith(encoding[:6].upper().rstrip("-"))


def test_windows_files_are_read_and_said_to_be_that(tmp_path: Path) -> None:
    sheet, rows = read(tmp_path, text_of(WESTERN, ";").encode("cp1252"))
    assert [sheet.columns, *cells(rows)] == WESTERN
    assert sheet.form == "Windows-1252, semicolon"


def test_a_file_of_two_encodings_is_read_in_both(tmp_path: Path) -> None:
    content = "Name,City\nJörg,Łódź\n".encode() + "Zoë,K\u00f6ln €\n".encode("cp1252") + b"\x81,x\n"
    assert cells(read(tmp_path, content)[1]) == [["Jörg", "Łódź"], ["Zoë", "Köln €"], ["\x81", "x"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_where_rows_begin(tmp_path: Path, end: str) -> None:
    content = end.join(["A,B", "1,2", "", '3,"x', 'y"', "5,6", ",", "7,8"])
    _, rows = read(tmp_path, content)
    assert [row.line for row in rows] == [2, 4, 6, 8]
    assert rows[1].cells == ["3", f"x{end}y"]


def test_a_spreadsheet_may_announce_the_delimiter(tmp_path: Path) -> None:
    sheet, rows = read(tmp_path, "sep=;\nA;B,C;D\n1;2;3\n")
    assert (sheet.columns, cells(rows), rows[0].line) == (["A", "B,C", "D"], [["1", "2", "3"]], 3)


def test_delimiters_within_headers_and_values_do_not_mislead(tmp_path: Path) -> None:
    sheet, rows = read(tmp_path, "Name, First;Street, No;Zip, City\nA;1,5;x\nB;2,5;y\n")
    assert sheet.columns == ["Name, First", "Street, No", "Zip, City"]
    assert len(rows) == 2


def test_a_file_of_one_column_is_read(tmp_path: Path) -> None:
    sheet, rows = read(tmp_path, "Email\na@example.org\n")
    assert (sheet.columns, cells(rows)) == (["Email"], [["a@example.org"]])


def test_short_rows_are_filled_up_and_blank_surplus_is_left_out(tmp_path: Path) -> None:
    _, rows = read(tmp_path, "A,B,C\n1\n1,2,3,,\n")
    assert cells(rows) == [["1", "", ""], ["1", "2", "3"]]


def test_a_row_with_more_cells_than_headers_is_a_problem(tmp_path: Path) -> None:
    _, rows = read(tmp_path, "A,B\n1,2\n1,2,3\n4,5\n")
    assert [bool(row.problem) for row in rows] == [False, True, False]
    assert rows[1].problem.startswith("3 cells under 2 headers")


def test_a_quotation_mark_that_is_never_closed_costs_its_own_line_only(tmp_path: Path) -> None:
    _, rows = read(tmp_path, 'A,B\n1,2\n3,"4\n5,6\n7,8\n')
    assert [(row.line, bool(row.problem), row.cells) for row in rows] == [
        (2, False, ["1", "2"]),
        (3, True, []),
        (4, False, ["5", "6"]),
        (5, False, ["7", "8"]),
    ]


def test_a_quotation_mark_that_another_row_closes_costs_its_own_line_only(tmp_path: Path) -> None:
    content = 'A,B,C\n1,"2,3\n4,5,6\n7,"8",9\n10,11,12\n'
    _, rows = read(tmp_path, content)
    assert [row.line for row in rows if row.problem] == [2]
    assert cells([row for row in rows if not row.problem]) == [
        ["4", "5", "6"],
        ["7", "8", "9"],
        ["10", "11", "12"],
    ]


def test_quotation_marks_within_a_cell_are_text(tmp_path: Path) -> None:
    assert cells(read(tmp_path, 'A,B\n12" pipe,"say ""hi"""\n')[1]) == [['12" pipe', 'say "hi"']]


def test_an_empty_file_has_no_columns(tmp_path: Path) -> None:
    sheet, rows = read(tmp_path, "")
    assert (sheet.columns, rows) == ([], [])


def test_a_cell_of_half_a_million_characters_is_read(tmp_path: Path) -> None:
    _, rows = read(tmp_path, f'A,B\n1,"{"long " * 100_000}"\n')
    assert len(rows[0].cells[1]) == 500_000
