"""The environment: its schema, its rows by table, and the one counter that stamps every write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec

from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.files.stored import Files
from crosswalk_sandbox.dynamics.hooks.event import Event
from crosswalk_sandbox.dynamics.places import Places
from crosswalk_sandbox.dynamics.query.conditions import folded
from crosswalk_sandbox.dynamics.rules import Logic, Rules
from crosswalk_sandbox.dynamics.schema import Schema
from crosswalk_sandbox.dynamics.session import Rights, Session

Row = dict[str, Any]  # what is not empty, by logical name; lookups are GUIDs
FIRST_VERSION = 1_052_000
ABOUT_RIGHTS = frozenset(
    {
        "systemuser",
        "team",
        "businessunit",
        "role",
        "roleprivileges",
        "systemuserroles",
        "teamroles",
        "teammembership",
        "principalobjectaccess",
    }
)


class LaterEdit(msgspec.Struct, frozen=True, kw_only=True):
    """What logic will do to a row."""

    due: datetime
    logic: Logic
    table: str
    key: str
    user: str  # who saved


class Environment:
    """Rows are never changed in place: a change is a new row, so that taking back is cheap.

    The rows of a table stand in the order of their versions: what changed last is last.
    """

    def __init__(
        self, schema: Schema, clock: Clock, places: Places, seed: int, job_seconds: float = 0.0
    ) -> None:
        self.schema = schema
        self.clock = clock
        self.places = places
        self.seed = seed
        self.job_seconds = job_seconds  # what building an index takes
        self.id = ids.make(seed, "organization")
        self.unit = ids.make(seed, "business unit")
        self.currency = ids.make(seed, "currency")
        self.caller = ids.make(seed, "user 0")  # the application user of the ready line
        self.version = FIRST_VERSION
        self.made = 0  # GUIDs given out since the start
        self.deleted: list[tuple[str, str, int]] = []  # table, key and version of what was taken out
        self.session = Session()  # who works at the moment
        self.rules = Rules()
        self.files = Files()
        self.events: list[Event] = []  # for webhooks, since they were last sent
        self.later: list[LaterEdit] = []  # what logic will do
        self.rights: dict[str, Rights] = {}  # of users who called, until a row about rights changes
        # the object id of an application of the tenant, by its client id
        self.directory: Callable[[str], str | None] = lambda _: None
        self.rows: dict[str, dict[str, Row]] = {table.name: {} for table in schema}
        # by table and columns: the values of those columns, and the row that has them
        self._indexes: dict[tuple[str, tuple[str, ...]], dict[tuple[Any, ...], str]] = {}

    def now(self) -> str:
        """The time as rows are stamped with it."""
        return stamp(self.clock.now())

    def new_id(self) -> str:
        self.made += 1
        return ids.make(self.seed, f"made {self.made}")

    def put(self, table: str, row: Row) -> Row:
        """Set a row in the place of the one with its key, under a new version."""
        self.version += 1
        stamped = {**row, "versionnumber": self.version}
        key = row[self.schema[table].key]
        old = self.rows[table].pop(key, None)
        self.rows[table][key] = stamped
        self._reindex(table, key, old, stamped)
        self._forget_rights(table)
        return stamped

    def remove(self, table: str, key: str) -> None:
        """Take a row out."""
        self.version += 1
        self._reindex(table, key, self.rows[table].pop(key), None)
        self._forget_rights(table)
        self.deleted.append((table, key, self.version))

    @contextmanager
    def acting(self, session: Session) -> Iterator[None]:
        """Let somebody work inside."""
        before, self.session = self.session, session
        try:
            yield
        finally:
            self.session = before

    def load(self, table: str, rows: Iterable[Row]) -> None:
        """Take these rows, which have versions, in place of all others."""
        key = self.schema[table].key
        ordered = sorted(rows, key=lambda row: int(row["versionnumber"]))
        self.rows[table] = {row[key]: row for row in ordered}
        self.forget_indexes()

    def having(self, table: str, columns: tuple[str, ...], values: tuple[Any, ...]) -> str | None:
        """The key of the row that has these values in these columns, whatever their case."""
        index = self._indexes.get((table, columns))
        if index is None:
            found = ((compared(row, columns), key) for key, row in self.rows[table].items())
            index = self._indexes[table, columns] = {each: key for each, key in found if None not in each}
        return index.get(tuple(folded(value) for value in values))

    def forget_indexes(self) -> None:
        """Rows were changed past `put` and `remove`."""
        self._indexes.clear()
        self.rights.clear()

    def _forget_rights(self, table: str) -> None:
        if table in ABOUT_RIGHTS:
            self.rights.clear()

    def _reindex(self, table: str, key: str, old: Row | None, new: Row | None) -> None:
        for (name, columns), index in self._indexes.items():
            if name != table:
                continue
            if old is not None and index.get(compared(old, columns)) == key:
                del index[compared(old, columns)]
            if new is not None and None not in (values := compared(new, columns)):
                index[values] = key

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Take back every change of the block when it ends with an exception."""
        rows = {name: dict(found) for name, found in self.rows.items()}
        later = list(self.later)
        files, events = dict(self.files.stored), list(self.events)
        version, deleted, schema = self.version, list(self.deleted), self.schema.kept()
        try:
            yield
        except BaseException:
            self.rows, self.version, self.deleted = rows, version, deleted
            self.later, self.files.stored, self.events = later, files, events
            self.schema.go_back(schema)
            self.forget_indexes()
            raise

    def snapshot(self) -> Mapping[str, dict[str, Row]]:
        """The rows as they are now."""
        return {name: dict(found) for name, found in self.rows.items()}


def compared(row: Row, columns: tuple[str, ...]) -> tuple[Any, ...]:
    """The values of these columns as they are compared."""
    return tuple(folded(row.get(column)) for column in columns)


def stamp(moment: datetime) -> str:
    """A time as the API writes it: UTC, whole seconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
