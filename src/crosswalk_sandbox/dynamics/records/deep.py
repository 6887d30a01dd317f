"""Deep insert: related rows within the body of a creation. Source: Create related table rows in one operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.records import saving
from crosswalk_sandbox.dynamics.records.links import BIND
from crosswalk_sandbox.dynamics.records.values import PAYLOAD
from crosswalk_sandbox.dynamics.schema import Column, Table

Body = Mapping[str, Any]


def create(
    environment: Environment,
    user: str,
    table: Table,
    body: Body,
    key: str | None = None,
    named: Body | None = None,
) -> Row:
    """A new row with the rows in its body, all or none; see saving.create. Raises ODataError."""
    inner = {name: value for name, value in body.items() if isinstance(value, dict | list)}
    if not inner:
        return saving.create(environment, user, table, body, key, named)
    collections = environment.schema.collections(table.name)
    flat = {name: value for name, value in body.items() if name not in inner}
    with environment.all_or_nothing():
        for name, value in inner.items():
            if name not in collections:
                flat[name + BIND] = _made_before(environment, user, table, name, value)
        row = saving.create(environment, user, table, flat, key, named)
        for name, value in inner.items():
            if name in collections:
                _made_after(environment, user, table, row, *collections[name], value)
        return environment.rows[table.name][row[table.key]]


def _made_before(environment: Environment, user: str, table: Table, name: str, value: Any) -> str:
    """The address of the new row that a lookup is to lead to. Raises ODataError."""
    if name not in table.navigations or not isinstance(value, dict):
        raise _invalid(table, name)
    target = environment.schema[table.navigations[name][1]]
    row = create(environment, user, target, value)
    return f"/{target.set_name}({row[target.key]})"


def _made_after(
    environment: Environment, user: str, table: Table, row: Row, other: Table, column: Column, value: Any
) -> None:
    """The new rows of a collection, which lead back to the row. Raises ODataError."""
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise _invalid(table, column.relationship(table.name))
    back = navigation_to(other, column, table)
    for each in value:
        create(environment, user, other, {**each, back + BIND: f"/{table.set_name}({row[table.key]})"})


def navigation_to(table: Table, column: Column, target: Table) -> str:
    """The navigation property by which a lookup leads to a table."""
    found = table.navigations.items()
    return next(name for name, (each, leads) in found if each is column and leads == target.name)


def _invalid(table: Table, name: str) -> ODataError:
    text = f"Invalid property '{name}' was found in entity 'Microsoft.Dynamics.CRM.{table.name}'."
    where = f"Error identified in Payload provided by the user for Entity :'{table.name}'"
    return ODataError(PAYLOAD, f"{where}, Error Details : {text}")
