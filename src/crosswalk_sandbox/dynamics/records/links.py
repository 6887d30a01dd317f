"""Binding lookups: `navigation@odata.bind` and what it may point to. Source: Associate table rows."""

from __future__ import annotations

from typing import Any

from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.records import addresses
from crosswalk_sandbox.dynamics.records.values import PAYLOAD
from crosswalk_sandbox.dynamics.schema import Column, Table

BIND = "@odata.bind"


def bound(environment: Environment, table: Table, name: str, value: Any) -> Row:
    """The columns that a binding sets; None takes them away. Raises ODataError."""
    column, target = navigation(table, name)
    if not column.creatable:
        return {}
    if value is None:
        return _pointing(column, None, None)
    if not isinstance(value, str):
        raise ODataError(PAYLOAD, f"Resource not found for the segment '{value}'.", status=400)
    address = addresses.find(environment, value)
    other = address.table
    if other.name != target and not (column.type == "Owner" and other.name in column.targets):
        text = f"A resource of type '{other.name}' cannot be bound to the navigation property '{name}'."
        raise ODataError(PAYLOAD, text)
    return _pointing(column, addresses.row_of(environment, address)[other.key], other.name)


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
