"""Rows with their lines: what every kind of file is read as."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True)
class Row:
    """One row: where it begins, and its cells in the order of the columns; missing ones are empty.

    With a `problem` it cannot be read, and has no cells. Others may name it by its `reference`.
    """

    line: int
    cells: list[str]
    problem: str = ""
    reference: str = ""


class Sheet(Protocol):
    """A file's rows under columns. They are read twice: to see what the columns hold, and to take it."""

    @property
    def file(self) -> str:
        """The file's name, for people."""

    @property
    def form(self) -> str:
        """How the file is written, for people: such as `UTF-8, comma`."""

    @property
    def columns(self) -> Sequence[str]:
        """The headers as they are written."""

    @property
    def european(self) -> bool:
        """Whether its writer seems to write decimal commas and days before months."""

    def rows(self) -> Iterator[Row]:
        """All rows, each time from the first."""
