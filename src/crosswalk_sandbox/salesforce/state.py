"""The org as it is kept in a file, and brought back from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from crosswalk_sandbox.limits import Window
from crosswalk_sandbox.salesforce.admin import Rules
from crosswalk_sandbox.salesforce.bulk import Bulk, SavedBulk
from crosswalk_sandbox.salesforce.errors import ApiError
from crosswalk_sandbox.salesforce.org import LaterEdit, Org
from crosswalk_sandbox.salesforce.queries import Cursor, Queries
from crosswalk_sandbox.salesforce.schema import NUMERIC, Field, Grant, Object, Schema
from crosswalk_sandbox.salesforce.sign_in import OAuth, SavedSignIn
from crosswalk_sandbox.salesforce.soql import engine
from crosswalk_sandbox.salesforce.store import Row

DECIMALS = NUMERIC - {"int"}  # text in the file, so that no digit is lost


class SavedCursor(msgspec.Struct, kw_only=True):
    """A query with pages to come; a row that is still as it was then is named by its id alone."""

    text: str
    deleted: bool
    user: str
    made: datetime
    rows: list[str | dict[str, Any]]


class SavedOrg(msgspec.Struct, kw_only=True):
    """Everything that an org holds."""

    fields: dict[str, list[Field]]  # beyond those that every org of the sandbox has, by object
    rows: dict[str, list[dict[str, Any]]]
    numbers: dict[str, int]
    recycle_bin: list[tuple[str, str, str]]
    grants: list[tuple[str, str, bool, bool]]  # object, field, reads, edits
    withheld: dict[str, list[str]]
    rules: Rules = msgspec.field(default_factory=Rules)
    later: list[LaterEdit] = []
    emptied: datetime | None = None
    described_at: datetime
    sign_in: SavedSignIn
    bulk: SavedBulk
    cursors: dict[str, SavedCursor]
    locators: int
    calls: list[datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """The parts of an org that change."""

    org: Org
    sign_in: OAuth
    queries: Queries
    bulk: Bulk
    calls: Window

    def save(self, usual: Schema) -> bytes:
        """The org as JSON; `usual` is the schema that needs not be kept."""
        org = self.org
        saved = SavedOrg(
            fields=_unusual(org.base, usual),
            rows={kind.name: list(org.store[kind.name].rows.values()) for kind in org.schema},
            numbers=org.numbers,
            recycle_bin=list(org.recycle_bin),
            grants=[(*name, grant.reads, grant.edits) for name, grant in org.grants.items()],
            withheld={name: sorted(rights) for name, rights in org.withheld.items()},
            rules=org.rules,
            later=org.later,
            emptied=org.emptied,
            described_at=org.described_at,
            sign_in=self.sign_in.saved(),
            bulk=self.bulk.saved(),
            cursors={locator: _saved(org, cursor) for locator, cursor in self.queries.cursors.items()},
            locators=self.queries.count,
            calls=self.calls.passed,
        )
        return msgspec.json.encode(saved)

    def restore(self, text: bytes, usual: Schema) -> None:
        """Make the org what it was. Raises ValueError when the text is not of an org."""
        saved = msgspec.json.decode(text, type=SavedOrg)
        org = self.org
        org.adopt(usual.with_fields(_by_name(saved.fields)))
        org.set_rules(saved.rules)
        for name, rows in saved.rows.items():
            if kind := org.schema.find(name):
                org.store[kind.name].load(_revived(kind, row) for row in rows)
        org.numbers = saved.numbers
        org.recycle_bin.extend(saved.recycle_bin)
        org.restore_rights(
            {(kind, name): Grant(reads=reads, edits=edits) for kind, name, reads, edits in saved.grants},
            {name: frozenset(rights) for name, rights in saved.withheld.items()},
            saved.described_at,
        )
        org.later, org.emptied = saved.later, saved.emptied
        self.sign_in.restore(saved.sign_in)
        self.bulk.restore(saved.bulk)
        self.calls.restore(saved.calls)
        self.queries.count = saved.locators
        self.queries.cursors.update(_cursors(org, saved.cursors))


def _unusual(schema: Schema, usual: Schema) -> dict[str, list[Field]]:
    """The fields that are not, or not so, in the usual schema."""
    found: dict[str, list[Field]] = {}
    for kind in schema:
        known = usual[kind.name].fields
        if fields := [field for name, field in kind.fields.items() if known.get(name) != field]:
            found[kind.name] = fields
    return found


def _by_name(unusual: Mapping[str, list[Field]]) -> dict[str, dict[str, Field]]:
    return {name: {field.name: field for field in fields} for name, fields in unusual.items()}


def _revived(kind: Object, row: Mapping[str, Any]) -> Row:
    """A row from the file; values of fields that there are no longer are left out."""
    known = {name: value for name, value in row.items() if name in kind.fields}
    numbers = {
        name: Decimal(value) for name, value in known.items() if kind.fields[name].type in DECIMALS and value
    }
    return known | numbers


def _saved(org: Org, cursor: Cursor) -> SavedCursor:
    now = org.store[cursor.result.object].rows
    rows = [row["Id"] if now.get(row["Id"]) is row else row for row in cursor.result.rows]
    return SavedCursor(
        text=cursor.text, deleted=cursor.deleted, user=cursor.user, made=cursor.made, rows=rows
    )


def _cursors(org: Org, saved: Mapping[str, SavedCursor]) -> Iterator[tuple[str, Cursor]]:
    """The queries with their rows, by locator; those that can no longer be asked are over."""
    for locator, each in saved.items():
        with suppress(ApiError):
            found = engine.run(org, each.text, deleted=each.deleted)
            if isinstance(found, engine.Result):
                yield locator, _cursor(org, each, found)


def _cursor(org: Org, saved: SavedCursor, found: engine.Result) -> Cursor:
    """A query, asked again, with the rows that it found the first time."""
    kind = org.schema[found.object]
    now = org.store[kind.name].rows
    rows = [now[row] if isinstance(row, str) else _revived(kind, row) for row in saved.rows]
    result = replace(found, rows=rows, total=len(rows))
    return Cursor(text=saved.text, deleted=saved.deleted, user=saved.user, made=saved.made, result=result)
