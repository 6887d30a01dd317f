"""Deep insert: related rows, or bindings to rows, within the body of a creation.

Source: Create related table rows in one operation; Associate table rows on create.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.records import addresses, saving, tying
from crosswalk_sandbox.dynamics.records.links import BIND
from crosswalk_sandbox.dynamics.records.values import PAYLOAD
from crosswalk_sandbox.dynamics.relationships import End
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
    several = {name: value for name, value in inner.items() if _is_many(environment, table, name)}
    flat = {name: value for name, value in body.items() if name not in inner}
    with environment.all_or_nothing():
        for name, value in inner.items():
            if name not in several:
                flat[name + BIND] = _made_before(environment, user, table, name, value)
        row = saving.create(environment, user, table, flat, key, named)
        for name, value in several.items():
            _Many(environment, user, table, row).fill(name, value)
        return environment.rows[table.name][row[table.key]]


def _is_many(environment: Environment, table: Table, name: str) -> bool:
    """Whether a body's name is that of a collection, or of a binding to rows of one."""
    navigation = name.removesuffix(BIND)
    schema = environment.schema
    return navigation in schema.collections(table.name) or schema.ties.end(table.name, navigation) is not None


def _made_before(environment: Environment, user: str, table: Table, name: str, value: Any) -> str:
    """The address of the new row that a lookup is to lead to. Raises ODataError."""
    if name not in table.navigations or not isinstance(value, dict):
        raise _invalid(table, name)
    target = environment.schema[table.navigations[name][1]]
    row = create(environment, user, target, value)
    return f"/{target.set_name}({row[target.key]})"


class _Many:
    """Fills the collections of a new row: with new rows, or with those that a binding names."""

    def __init__(self, environment: Environment, user: str, table: Table, row: Row) -> None:
        self._environment, self._user = environment, user
        self._table, self._row = table, row

    def fill(self, name: str, value: Any) -> None:
        """Make or bind the rows of one collection. Raises ODataError."""
        wanted = str if name.endswith(BIND) else dict
        if not isinstance(value, list) or not all(isinstance(each, wanted) for each in value):
            raise _invalid(self._table, name)
        schema, navigation = self._environment.schema, name.removesuffix(BIND)
        found = schema.collections(self._table.name).get(navigation)
        end = schema.ties.end(self._table.name, navigation)
        for each in value:
            if found:
                self._point_back(*found, each)
            elif end:
                self._tie(end, each)

    def _point_back(self, other: Table, column: Column, value: Any) -> None:
        """A row whose lookup is to lead back here."""
        back = navigation_to(other, column, self._table) + BIND
        leading = {back: f"/{self._table.set_name}({self._row[self._table.key]})"}
        if isinstance(value, str):
            saving.update(self._environment, self._user, other, self._bound(other, value), leading)
        else:
            create(self._environment, self._user, other, {**value, **leading})

    def _tie(self, end: End, value: Any) -> None:
        far = self._environment.schema[end.far]
        other = (
            self._bound(far, value)
            if isinstance(value, str)
            else create(self._environment, self._user, far, value)
        )
        tying.check(self._environment, end, self._row, other)
        tying.tie(self._environment, end, self._row[self._table.key], other[far.key])

    def _bound(self, table: Table, reference: str) -> Row:
        address = addresses.find(self._environment, reference)
        if address.table.name != table.name:
            text = f"A resource of type '{address.table.name}' cannot be bound to rows of '{table.set_name}'."
            raise ODataError(PAYLOAD, text)
        return addresses.row_of(self._environment, address)


def navigation_to(table: Table, column: Column, target: Table) -> str:
    """The navigation property by which a lookup leads to a table."""
    found = table.navigations.items()
    return next(name for name, (each, leads) in found if each is column and leads == target.name)


def _invalid(table: Table, name: str) -> ODataError:
    text = f"Invalid property '{name}' was found in entity 'Microsoft.Dynamics.CRM.{table.name}'."
    where = f"Error identified in Payload provided by the user for Entity :'{table.name}'"
    return ODataError(PAYLOAD, f"{where}, Error Details : {text}")
