"""Rows of the org's objects with the indexes that make queries cheap, and rolling back.

A row is a dict of the fields that are not empty, by name. Rows are never changed in place: a change is a new
row in the old one's place, so that a reset or a rollback only puts old rows back.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from crosswalk_sandbox.salesforce.schema import Object

Row = dict[str, Any]
STAMP = "SystemModstamp"
Key = tuple[str, str]  # SystemModstamp and Id
LAST_ID = "~"  # above every id
# references whose children are looked up from the parent
PARENTS = frozenset({"AccountId", "ContactId", "OpportunityId", "ParentId", "WhatId", "WhoId"})


class Table:
    """All rows of one object, deleted ones too."""

    def __init__(self, kind: Object) -> None:
        self.kind = kind
        self.rows: dict[str, Row] = {}
        self._order: list[Key] = []
        self._indexes: dict[str, dict[str, dict[str, None]]] = {name: {} for name in _indexed(kind)}

    def widen(self, kind: Object) -> None:
        """Be the table of an object that has more fields, or fewer."""
        self.kind = kind
        for name in _indexed(kind):
            if name not in self._indexes:
                index = self._indexes.setdefault(name, {})
                for row in self.rows.values():
                    if (value := row.get(name)) is not None:
                        index.setdefault(fold(value), {})[row["Id"]] = None

    def load(self, rows: Iterable[Row]) -> None:
        """Take these rows in place of all others."""
        self.rows = {row["Id"]: row for row in rows}
        self._order = sorted(_key(row) for row in self.rows.values())
        self._indexes = {name: {} for name in self._indexes}
        for row in self.rows.values():
            self._note(row)

    def put(self, row: Row) -> Row | None:
        """Set a row in the place of the one with its id; that one, if there was any."""
        old = self.remove(row["Id"])
        self.rows[row["Id"]] = row
        insort(self._order, _key(row))
        self._note(row)
        return old

    def remove(self, record_id: str) -> Row | None:
        """Take a row out for good."""
        old = self.rows.pop(record_id, None)
        if old is None:
            return None
        del self._order[bisect_left(self._order, _key(old))]
        for name, index in self._indexes.items():
            if old.get(name) is not None:
                del index[fold(old[name])][record_id]
        return old

    def indexed(self, field: str) -> bool:
        return field in self._indexes

    def find(self, field: str, value: str) -> list[Row]:
        """The rows, deleted ones too, that hold this text in an indexed field, whatever its case."""
        return [self.rows[record_id] for record_id in self._indexes[field].get(fold(value), ())]

    def between(self, low: str | None, high: str | None) -> Iterator[Row]:
        """The rows stamped from `low` to `high`, both included, by stamp and id; None is no bound."""
        start = 0 if low is None else bisect_left(self._order, (low, ""))
        end = len(self._order) if high is None else bisect_right(self._order, (high, LAST_ID))
        rows = self.rows
        return (rows[record_id] for _, record_id in self._order[start:end])

    def _note(self, row: Row) -> None:
        for name, index in self._indexes.items():
            if (value := row.get(name)) is not None:
                index.setdefault(fold(value), {})[row["Id"]] = None


def fold(text: str) -> str:
    """Text as it is compared: case does not matter."""
    return text.lower()


def _key(row: Row) -> Key:
    return row.get(STAMP, ""), row["Id"]  # jobs have no stamp


def _indexed(kind: Object) -> list[str]:
    """E-mails, external ids and references to parents whose children are looked up."""
    return [
        field.name
        for field in kind.fields.values()
        if field.type == "email"
        or (field.type != "id" and field.is_ & {"externalId", "idLookup"})
        or field.name in PARENTS
    ]


class Store:
    """The tables of all objects, and the journal of a change that may have to be taken back."""

    def __init__(self, kinds: Iterable[Object]) -> None:
        self.tables = {kind.name: Table(kind) for kind in kinds}
        self._undo: list[tuple[Table, str, Row | None]] | None = None
        self._done: list[Callable[[], None]] = []

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]

    def fit(self, kind: Object) -> None:
        """Have a table for an object that is new, or has more fields, or fewer."""
        self.tables.setdefault(kind.name, Table(kind)).widen(kind)

    def put(self, name: str, row: Row) -> None:
        """Set a row, remembering what to put back."""
        table = self.tables[name]
        old = table.put(row)
        if self._undo is not None:
            self._undo.append((table, row["Id"], old))

    def remove(self, name: str, record_id: str) -> None:
        """Take a row out for good, remembering what to put back."""
        table = self.tables[name]
        old = table.remove(record_id)
        if self._undo is not None and old is not None:
            self._undo.append((table, record_id, old))

    def when_done(self, act: Callable[[], None]) -> None:
        """Let `act` happen when all that is being saved together is saved; never, if it is taken back."""
        if self._undo is None:
            act()
        else:
            self._done.append(act)

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Take back every `put` and `remove` of the block when it ends with an exception."""
        outer, self._undo = self._undo, []
        waiting = len(self._done)
        try:
            yield
        except BaseException:
            self._take_back(self._undo)
            del self._done[waiting:]
            raise
        else:
            if outer is not None:
                outer.extend(self._undo)
        finally:
            self._undo = outer
            if outer is None:
                self._finish()

    def _finish(self) -> None:
        done, self._done = self._done, []
        for act in done:
            act()

    def _take_back(self, undo: list[tuple[Table, str, Row | None]]) -> None:
        for table, record_id, old in reversed(undo):
            if old is None:
                table.remove(record_id)
            else:
                table.put(old)
