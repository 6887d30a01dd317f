"""Rows by the keys of their addresses: a GUID, or the values of an alternate key.

Source: Use an alternate key to reference a record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from crosswalk_sandbox.dynamics import alternate_keys, ids
from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import ODataError, missing_row, missing_segment
from crosswalk_sandbox.dynamics.query import parser
from crosswalk_sandbox.dynamics.query.syntax import Value
from crosswalk_sandbox.dynamics.records import values
from crosswalk_sandbox.dynamics.schema import REFERENCES, Column, Key, Table

DANGEROUS = re.compile(r"[/<>*%&:\\?#+]")
ROW = re.compile(r"(?:.*/api/data/v9\.[0-2])?/?(\w+)\((.+)\)", re.DOTALL)
UNNAMED = frozenset({"systemuser", "team"})  # their keys cannot be named: they are principals


@dataclass(frozen=True, kw_only=True)
class Address:
    """Which row an address means; `text` is the key as it was written."""

    table: Table
    text: str
    id: str | None  # the GUID; None for an alternate key without such a row
    values: Mapping[str, Any] = field(default_factory=dict)  # of an alternate key, by logical name

    @property
    def by_key(self) -> bool:
        return bool(self.values)

    @property
    def echo(self) -> str:
        """The key as answers repeat it: an alternate key; a GUID is that of the row."""
        return self.text if self.by_key else ""

    def missing(self) -> ODataError:
        """There is no such row."""
        if not self.by_key:
            return missing_row(self.table.name, self.id or "")
        text = f"A record with the specified key values does not exist in {self.table.name} entity"
        return ODataError("0x80060891", text)


def read(environment: Environment, table: Table, text: str) -> Address:
    """The address of a key as it stands in parentheses. Raises ODataError."""
    plain = text if table.name in UNNAMED else text.removeprefix(f"{table.key}=")
    if found := ids.canonical(plain):
        return Address(table=table, text=text, id=found)
    try:
        named = parser.parse_key(text)
    except ODataError:
        raise _invalid(table) from None
    stored = {column.name: _stored(table, column, named[name]) for name, column in _columns(table, named)}
    key = _key(environment, table, stored)
    found = environment.having(table.name, key.columns, tuple(stored[name] for name in key.columns))
    return Address(table=table, text=text, id=found, values=stored)


def find(environment: Environment, reference: str) -> Address:
    """The address of a row as references write it, such as `/accounts(…)`. Raises ODataError."""
    found = ROW.fullmatch(reference)
    if found is None:
        raise ODataError(values.PAYLOAD, f"Resource not found for the segment '{reference}'.", status=400)
    table = environment.schema.by_set.get(found[1])
    if table is None:
        raise missing_segment(found[1])
    return read(environment, table, found[2])


def row_of(environment: Environment, address: Address) -> Row:
    """The row at an address. Raises ODataError."""
    row = environment.rows[address.table.name].get(address.id or "")
    if row is None:
        raise address.missing()
    return row


def found(environment: Environment, table: Table, key: str) -> Row:
    """The row of a key as it stands in parentheses. Raises ODataError."""
    return row_of(environment, read(environment, table, key))


def _columns(table: Table, named: Mapping[str, Any]) -> list[tuple[str, Column]]:
    found = [(name, table.properties.get(name)) for name in named]
    if any(column is None for _, column in found) or any(len(each) > 1 for each in named.values()):
        raise _invalid(table)
    return [(name, column) for name, column in found if column is not None]


def _key(environment: Environment, table: Table, stored: Mapping[str, Any]) -> Key:
    """The alternate key with exactly these columns. Raises ODataError."""
    key = next((each for each in table.keys if set(each.columns) == stored.keys()), None)
    if key is None:
        raise _invalid(table)
    if alternate_keys.status(environment, key) != "Active":
        text = f"The specified key attributes are not a defined key for the {table.name} entity"
        raise ODataError("0x80060890", text)
    return key


def _stored(table: Table, column: Column, literals: tuple[Value, ...]) -> Any:
    """A value of an address as rows hold it. Raises ODataError."""
    literal = literals[0]
    if literal.kind == "string" and (sign := DANGEROUS.search(literal.text)):
        text = f"A potentially dangerous Request.Path value was detected from the client ({sign[0]})."
        raise ODataError("0x80060888", text)
    try:
        if column.type in REFERENCES:
            return ids.canonical(literal.text) or values.payload_error(column, "Edm.Guid")
        return values.stored(column, _plain(literal))
    except ODataError:
        raise _invalid(table) from None


def _plain(literal: Value) -> Any:
    """A literal as JSON would have it."""
    if literal.kind == "number":
        return int(literal.text) if literal.text.lstrip("-").isdecimal() else Decimal(literal.text)
    return literal.text == "true" if literal.kind == "boolean" else literal.text


def _invalid(table: Table) -> ODataError:
    text = f"The key in the request URI is not valid for resource '{table.set_name}'."
    return ODataError("0x80060888", text)
