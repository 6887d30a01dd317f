"""Rows travel to the database by COPY into a temporary table; one set-based statement then uses them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


class Stage:
    """A temporary table of one database connection, emptied before it is filled.

    Not at the end of each transaction: then every commit would empty all tables of the connection, which took most of
    its time.
    """

    def __init__(self, name: str, **columns: str) -> None:
        """`columns` maps names to PostgreSQL types, in the order of the rows."""
        self.name = name
        self._types = list(columns.values())
        body = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
        self._create = f"CREATE TEMP TABLE IF NOT EXISTS {name} ({body})"

    def fill(self, cursor: Any, rows: Iterable[Sequence[object]]) -> None:
        """Replace the table's rows. Must run inside a transaction."""
        cursor.execute(f"SET LOCAL client_min_messages = warning; {self._create}; TRUNCATE {self.name}")
        with cursor.copy(f"COPY {self.name} FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(self._types)
            for row in rows:
                copy.write_row(row)
