"""Properties of rows as filters and orders name them: own ones, through lookups, and through collections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import missing_property
from crosswalk_sandbox.dynamics.query import conditions
from crosswalk_sandbox.dynamics.query.syntax import Path
from crosswalk_sandbox.dynamics.records import guards
from crosswalk_sandbox.dynamics.schema import CHOICES, NUMBERS, REFERENCES, TEXTS, Column, Table
from crosswalk_sandbox.dynamics.security import rights, ties

Walk = Callable[[Row], Row | None]


class Resolver(conditions.Resolver):
    """Properties of a table's rows; within any and all behind the `variable` that names them."""

    def __init__(self, environment: Environment, table: Table, user: str, variable: str = "") -> None:
        self._environment = environment
        self._table = table
        self._variable = variable
        self.user = user
        self.now = environment.clock.now()

    def __call__(self, path: Path) -> conditions.Property:
        """The property. Raises ODataError."""
        *lookups, name = self._names(path)
        table, walk = self._walked(lookups)
        column = table.properties.get(name)
        if column is None:
            raise missing_property(name, table.name)
        named = column.name
        if named in guards.hidden(self._environment, table):
            return conditions.Property(kind_of(column), lambda _: None)
        if not lookups:
            return conditions.Property(kind_of(column), lambda row: row.get(named))
        return conditions.Property(
            kind_of(column), lambda row: None if (found := walk(row)) is None else found.get(named)
        )

    def many(self, path: Path, variable: str) -> tuple[Callable[[Row], Sequence[Row]], Resolver]:
        """The rows that a collection leads to, and what knows their properties. Raises ODataError."""
        *lookups, name = self._names(path)
        table, walk = self._walked(lookups)
        found = collection(self._environment, table, name)
        if found is None:
            raise missing_property(name, table.name)
        other, grouped = found

        def rows_of(row: Row) -> Sequence[Row]:
            start = walk(row)
            return grouped.get(start[table.key], ()) if start is not None else ()

        return rows_of, Resolver(self._environment, other, self.user, variable)

    def _names(self, path: Path) -> Sequence[str]:
        if not self._variable:
            return path.names
        if path.names[0] != self._variable or len(path.names) == 1:
            raise missing_property(path.names[0], self._table.name)
        return path.names[1:]

    def _walked(self, lookups: Sequence[str]) -> tuple[Table, Walk]:
        """Where lookups lead from the table's rows. Raises ODataError."""
        table, steps = self._table, []
        for name in lookups:
            if name not in table.navigations:
                raise missing_property(name, table.name)
            column, target = table.navigations[name]
            steps.append((column, target))
            table = self._environment.schema[target]

        def walk(row: Row) -> Row | None:
            found: Row | None = row
            for column, target in steps:
                found = (
                    None if found is None else self._environment.rows[target].get(found.get(column.name, ""))
                )
            return found

        return table, walk


def collection(
    environment: Environment, table: Table, name: str
) -> tuple[Table, Mapping[str, list[Row]]] | None:
    """Where a collection leads from a table's rows: the rows there, by the keys here. Raises ODataError."""
    if found := environment.schema.collections(table.name).get(name):
        other, column = found
        return other, pointing(environment, other, column, table)
    if end := environment.schema.ties.end(table.name, name):
        return environment.schema[end.far], ties.grouped(environment, end)
    return None


def pointing(
    environment: Environment, table: Table, column: Column, target: Table
) -> Mapping[str, list[Row]]:
    """The rows of a table whose lookup leads to rows of another, by the keys of those. Raises ODataError."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    polymorphic = column.type in ("Customer", "Owner")
    for row in rights.readable(environment, table):
        key = row.get(column.name)
        if key is not None and (not polymorphic or row.get(column.target_column) == target.name):
            found[key].append(row)
    return dict(found)


def kind_of(column: Column) -> str:
    """The kind of value that a column has, for comparisons."""
    if column.type in REFERENCES or column.type in ("Uniqueidentifier", "File"):
        return "guid"
    if column.type == "DateTime":
        return "date" if column.behaviour == "DateOnly" else "datetime"
    if column.type == "Boolean":
        return "boolean"
    number = column.type in NUMBERS or column.type in CHOICES
    return "number" if number and column.type not in TEXTS else "string"
