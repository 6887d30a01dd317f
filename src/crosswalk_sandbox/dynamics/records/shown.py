"""Rows as the Web API shows them: chosen properties, annotations, expanded lookups."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote

from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import missing_property
from crosswalk_sandbox.dynamics.query import conditions
from crosswalk_sandbox.dynamics.query.syntax import Expansion
from crosswalk_sandbox.dynamics.records import guards, paging
from crosswalk_sandbox.dynamics.records.resolving import Resolver, collection
from crosswalk_sandbox.dynamics.schema import (
    CHOICES,
    MULTIPLE,
    PRINCIPAL_KEY,
    PRINCIPALS,
    REFERENCES,
    Column,
    Table,
)
from crosswalk_sandbox.dynamics.security import rights

FORMATTED = "OData.Community.Display.V1.FormattedValue"
LOOKUP_TABLE = "Microsoft.Dynamics.CRM.lookuplogicalname"
LOOKUP_PROPERTY = "Microsoft.Dynamics.CRM.associatednavigationproperty"
POLYMORPHIC = frozenset({"Customer", "Owner"})
SEVERAL = re.compile(r"\s*,\s*")
Wanted = Callable[[str], bool]  # whether an annotation is asked for
Expanded = Callable[[Row], dict[str, Any]]  # what an expansion adds to a row


def wanted_annotations(preferences: Mapping[str, str]) -> Wanted:
    """What `odata.include-annotations` asks for: names, `*`, or names with a star at the end."""
    asked = preferences.get("odata.include-annotations", "").lower()
    patterns = [part for part in SEVERAL.split(asked) if part]
    return lambda name: any(fnmatchcase(name.lower(), pattern) for pattern in patterns)


def etag(row: Row) -> str:
    """The weak tag of a row's version."""
    return f'W/"{row["versionnumber"]}"'


def chosen(table: Table, select: Sequence[str]) -> list[Column]:
    """The columns of $select, or all; the key always. Raises ODataError."""
    names = list(table.properties) if not select or "*" in select else list(select)
    columns = []
    for name in names:
        column = table.properties.get(name) or _by_lookup_name(table, name)
        if column is None:
            raise missing_property(name, table.name)
        columns.append(column)
    key = table.columns[table.key]
    return columns if key in columns else [*columns, key]


def _by_lookup_name(table: Table, name: str) -> Column | None:
    """A lookup may be chosen by its navigation property too."""
    found = table.navigations.get(name)
    return found[0] if found else None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a query asks for besides its columns."""

    wanted: Wanted = lambda _: False
    user: str = ""  # who asks
    base: str = ""  # the address of the Web API
    size: int = 5000  # rows of a page
    many: bool = False  # a query of a set, not of one row


class Shower:
    """Shows rows of one table for one query."""

    def __init__(
        self,
        environment: Environment,
        table: Table,
        select: Sequence[str],
        expand: Sequence[Expansion],
        asked: Asked,
    ) -> None:
        self._environment = environment
        self._columns = chosen(table, select)
        self._hidden = guards.hidden(environment, table)
        every = not select or "*" in select
        self._principal = table.name in PRINCIPALS and (every or PRINCIPAL_KEY in select)
        self._key = table.key
        wanted = asked.wanted
        self._formats, self._leads = wanted(FORMATTED), (wanted(LOOKUP_TABLE), wanted(LOOKUP_PROPERTY))
        self._expansions = [self._expansion(table, each, asked) for each in expand]

    def show(self, row: Row) -> dict[str, Any]:
        """The row as JSON."""
        shown: dict[str, Any] = {"@odata.etag": etag(row)}
        for column in self._columns:
            value = None if column.name in self._hidden else row.get(column.name)
            name = column.json_name or column.name
            if value is not None and (self._formats or any(self._leads)):
                shown |= {f"{name}@{key}": text for key, text in self._annotations(row, column, value)}
            shown[name] = value
        if self._principal:
            shown[PRINCIPAL_KEY] = row[self._key]
        for expanded in self._expansions:
            shown |= expanded(row)
        return shown

    def _expansion(self, table: Table, each: Expansion, asked: Asked) -> Expanded:
        """What an expansion adds to a row. Raises ODataError."""
        here = self._environment
        if found := collection(here, table, each.name):
            return _Many(here, table, *found, each, asked).shown
        if each.name not in table.navigations or each.many:
            raise missing_property(each.name, table.name)
        column, target = table.navigations[each.name]
        rights.require(here, "Read", here.schema[target])
        shower = Shower(here, here.schema[target], each.select, each.expand, asked)
        return lambda row: {each.name: self._one(row, column, target, shower)}

    def _one(self, row: Row, column: Column, target: str, shower: Shower) -> dict[str, Any] | None:
        if column.type in POLYMORPHIC and row.get(column.target_column) != target:
            return None
        found = self._environment.rows[target].get(row.get(column.name, ""))
        return shower.show(found) if found else None

    def _annotations(self, row: Row, column: Column, value: Any) -> Iterable[tuple[str, str]]:
        if column.type in REFERENCES:
            target = lookup_target(row, column)
            named, navigates = self._leads
            if named:
                yield LOOKUP_TABLE, target
            if navigates:
                yield LOOKUP_PROPERTY, _navigation(column, target)
        text = formatted(self._environment, row, column, value) if self._formats else None
        if text is not None:
            yield FORMATTED, text


class _Many:
    """An expanded collection: a page of its rows, and where the others are."""

    def __init__(
        self,
        environment: Environment,
        table: Table,
        other: Table,
        grouped: Mapping[str, list[Row]],
        each: Expansion,
        asked: Asked,
    ) -> None:
        self._each, self._asked, self._table = each, asked, table
        self._grouped = grouped
        resolve = Resolver(environment, other, asked.user)
        self._test = conditions.test(each.filter, resolve) if each.filter else None
        self._order = conditions.order(each.orderby, other.key, resolve)
        self._shower = Shower(environment, other, each.select, each.expand, asked)

    def shown(self, row: Row) -> dict[str, Any]:
        """The first rows; a query of a set also gets the address of those that follow."""
        rows = self._grouped.get(row[self._table.key], [])
        found = self._order.sorted(each for each in rows if self._test is None or self._test(each))
        most = min(self._each.top or len(found), self._asked.size)
        first = found[:most]
        shown: dict[str, Any] = {self._each.name: [self._shower.show(each) for each in first]}
        if self._asked.many or (len(found) > most and self._each.top is None):
            shown[f"{self._each.name}@odata.nextLink"] = self._rest(row, first)
        return shown

    def _rest(self, row: Row, first: Sequence[Row]) -> str:
        options = [f"{name}={quote(text, safe=',')}" for name, text in self._each.options]
        if first:
            options.append(f"$skiptoken={paging.token(self._order, first[-1], 2)}")
        address = f"{self._asked.base}/{self._table.set_name}({row[self._table.key]})/{self._each.name}"
        return f"{address}?{'&'.join(options)}" if options else address


def lookup_target(row: Row, column: Column) -> str:
    """The table that a lookup points to."""
    target: str = row[column.target_column] if column.type in POLYMORPHIC else column.targets[0]
    return target


def _navigation(column: Column, target: str) -> str:
    leading = (name for name, table in column.navigations.items() if table == target)
    return next(leading, next(iter(column.navigations)))


def formatted(environment: Environment, row: Row, column: Column, value: Any) -> str | None:
    """A value as people see it in the caller's language (1033, UTC); None where there is no such text."""
    if column.type in CHOICES or column.type == "Boolean":
        return column.options.get(int(value))
    if column.type == MULTIPLE:
        return "; ".join(column.options[int(part)] for part in value.split(","))
    if column.type in REFERENCES:
        table = environment.schema[lookup_target(row, column)]
        found = environment.rows[table.name].get(value, {})
        name: str | None = found.get(table.title)
        return name
    if column.type == "DateTime":
        return _date_shown(column, value)
    return _number_shown(environment, column, value)


def _date_shown(column: Column, value: str) -> str:
    moment = datetime.fromisoformat(value)
    day = f"{moment.month}/{moment.day}/{moment.year}"
    if column.behaviour == "DateOnly":
        return day
    return f"{day} {moment.hour % 12 or 12}:{moment:%M} {'AM' if moment.hour < 12 else 'PM'}"


def _number_shown(environment: Environment, column: Column, value: Any) -> str | None:
    if column.type == "Money":
        symbol = environment.rows["transactioncurrency"][environment.currency]["currencysymbol"]
        return f"{symbol}{Decimal(value):,.2f}"
    if column.type in ("Decimal", "Double"):
        return f"{value:,.{column.precision if column.precision is not None else 2}f}"
    return f"{value:,}" if column.type in ("Integer", "BigInt") else None
