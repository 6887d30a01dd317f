"""Binding lookups: `navigation@odata.bind` and what it may point to. Source: Associate table rows."""

from __future__ import annotations

import re
from typing import Any

from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import ODataError, missing_row, missing_segment
from crosswalk_sandbox.dynamics.records.values import PAYLOAD
from crosswalk_sandbox.dynamics.schema import Column, Table

BIND = "@odata.bind"
REFERENCE = re.compile(r"(?:.*/api/data/v9\.[0-2])?/?(\w+)\(([0-9A-Fa-f-]{36})\)")


def bound(environment: Environment, table: Table, name: str, value: Any) -> Row:
    """The columns that a binding sets; None takes them away. Raises ODataError."""
    column, target = navigation(table, name)
    if not column.creatable:
        return {}
    if value is None:
        return _pointing(column, None, None)
    found = REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ODataError(PAYLOAD, f"Resource not found for the segment '{value}'.", status=400)
    other = environment.schema.by_set.get(found[1])
    if other is None:
        raise missing_segment(found[1])
    if other.name != target and not (column.type == "Owner" and other.name in column.targets):
        text = f"A resource of type '{other.name}' cannot be bound to the navigation property '{name}'."
        raise ODataError(PAYLOAD, text)
    key = found[2].lower()
    if key not in environment.rows[other.name]:
        raise missing_row(other.name, key)
    return _pointing(column, key, other.name)


def navigation(table: Table, name: str) -> tuple[Column, str]:
    """The lookup behind a navigation property; its case counts. Raises ODataError."""
    if name not in table.navigations:
        text = (
            f"An undeclared property '{name}' which only has property annotations in the payload but no "
            "property value was found in the payload."
        )
        raise ODataError(PAYLOAD, text)
    return table.navigations[name]


def _pointing(column: Column, key: str | None, target: str | None) -> Row:
    """The columns of a lookup; an owner's user or team follows."""
    row: Row = {column.name: key}
    if column.type in ("Customer", "Owner"):
        row[column.target_column] = target
    if column.type == "Owner":
        row |= {"owninguser": None, "owningteam": None}
        row["owningteam" if target == "team" else "owninguser"] = key
    return row
