"""Rows travel to the database by COPY into a temporary table; one set-based statement then uses them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

_FEW = 250


class Stage:
    """A temporary table of one database connection, emptied before it is filled.

    Not at the end of each transaction: then every commit would empty all tables of the connection, which took most of
    its time. TRUNCATE gives the table new files, which takes ten times as long as to delete a few rows; but deleted
    rows stay in the way, so it is due when more than a few have passed through.
    """

    def __init__(self, name: str, **columns: str) -> None:
        """`columns` maps names to PostgreSQL types, in the order of the rows."""
        self.name = name
        self._types = list(columns.values())
        self._passed: WeakKeyDictionary[Any, int] = WeakKeyDictionary()  # rows a connection's table saw
        body = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
        self._create = f"CREATE TEMP TABLE IF NOT EXISTS {name} ({body})"

    def fill(self, cursor: Any, rows: Iterable[Sequence[object]]) -> None:
        """Replace the table's rows. Must run inside a transaction."""
        emptying = self._emptying(cursor.connection)
        cursor.execute(f"SET LOCAL client_min_messages = warning; {self._create}; {emptying}")
        with cursor.copy(f"COPY {self.name} FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(self._types)
            for row in rows:
                copy.write_row(row)
        self._passed[cursor.connection] += cursor.rowcount

    def _emptying(self, connection: Any) -> str:
        if self._passed.setdefault(connection, 0) <= _FEW:
            return f"DELETE FROM {self.name}"
        self._passed[connection] = 0
        return f"TRUNCATE {self.name}"
