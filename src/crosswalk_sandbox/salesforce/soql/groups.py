"""Aggregate queries: GROUP BY, HAVING, COUNT and its like."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from crosswalk_sandbox.salesforce.org import Getter
from crosswalk_sandbox.salesforce.soql.columns import Column, Kind, Scope
from crosswalk_sandbox.salesforce.soql.errors import invalid_field, malformed
from crosswalk_sandbox.salesforce.soql.syntax import Call, FieldName, Query
from crosswalk_sandbox.salesforce.store import Row, fold
from crosswalk_sandbox.salesforce.values import tidy

Group = dict[str, Any]  # the values of one group by expression
AVERAGED_TO = Decimal("1e-12")


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """An aggregate function: of what kinds of columns, giving what, how from the filled values."""

    takes: frozenset[Kind]
    gives: Kind | None  # None: the same as the column
    compute: Callable[[list[Any]], Any]


def _average(filled: list[Any]) -> Any:
    return tidy((Decimal(sum(filled)) / len(filled)).quantize(AVERAGED_TO)) if filled else None


ANY: frozenset[Kind] = frozenset({"text", "id", "number", "date", "datetime"})
NUMBERS: frozenset[Kind] = frozenset({"number"})
AGGREGATES = {
    "COUNT": Aggregate(takes=ANY, gives="number", compute=len),
    "COUNT_DISTINCT": Aggregate(
        takes=ANY, gives="number", compute=lambda filled: len({_key(each) for each in filled})
    ),
    "MIN": Aggregate(takes=ANY, gives=None, compute=lambda filled: min(filled, key=_key, default=None)),
    "MAX": Aggregate(takes=ANY, gives=None, compute=lambda filled: max(filled, key=_key, default=None)),
    "SUM": Aggregate(
        takes=NUMBERS, gives="number", compute=lambda filled: tidy(Decimal(sum(filled))) if filled else None
    ),
    "AVG": Aggregate(takes=NUMBERS, gives="number", compute=_average),
}


def is_aggregate(query: Query) -> bool:
    """Whether a query gives groups instead of records."""
    return bool(query.group) or any(
        isinstance(item, Call) and item.function in AGGREGATES for item in query.select
    )


class Grouping:
    """A checked aggregate query over a scope's rows."""

    def __init__(self, scope: Scope, query: Query) -> None:
        self._scope = scope
        self._keys = [self._grouped(scope.resolve(item), item) for item in query.group]
        self._key_names = {column.expression for column in self._keys}
        self._computed: dict[str, tuple[Column, Aggregate]] = {}
        self._shown = self._show(query)

    def resolve(self, item: FieldName | Call) -> Column:
        """A column of a group: a grouped field or an aggregate. Raises QueryError."""
        if isinstance(item, Call) and item.function in AGGREGATES:
            return self._of_group(self._aggregate(item))
        column = self._scope.resolve(item)
        if column.expression not in self._key_names:
            raise malformed(f"Field must be grouped or aggregated: {column.name}", item.place)
        return self._of_group(column)

    def groups(self, rows: Iterable[Row]) -> list[Group]:
        """The groups of the rows, each with the values of its keys and aggregates."""
        found: dict[tuple[Any, ...], list[Row]] = {} if self._keys else {(): []}
        for row in rows:
            found.setdefault(tuple(_key(column.get(row)) for column in self._keys), []).append(row)
        return [self._values(members) for members in found.values()]

    def record(self, group: Group) -> dict[str, Any]:
        """A group as a record of the answer."""
        shown = {name: group[expression] for name, expression in self._shown}
        return {"attributes": {"type": "AggregateResult"}, **shown}

    def _values(self, members: Sequence[Row]) -> Group:
        group = {column.expression: column.get(members[0]) for column in self._keys}
        for expression, (column, aggregate) in self._computed.items():
            filled = [value for row in members if (value := column.get(row)) is not None]
            group[expression] = aggregate.compute(filled)
        return group

    def _show(self, query: Query) -> list[tuple[str, str]]:
        """The names in the answer and the expressions they show."""
        shown: list[tuple[str, str]] = []
        unnamed = 0
        for item in query.select:
            if isinstance(item, Query):
                raise malformed("a grouped query cannot select child records", item.place)
            column = self.resolve(item)
            alias = item.alias if isinstance(item, Call) else None
            name = alias or (column.name if isinstance(item, FieldName) else f"expr{unnamed}")
            unnamed += isinstance(item, Call) and alias is None
            shown.append((name, column.expression))
        return shown

    def _grouped(self, column: Column, item: FieldName | Call) -> Column:
        if column.function is None and not column.field.groupable:
            raise invalid_field(f"field '{column.name}' can not be grouped in a query call", item.place)
        return column

    def _aggregate(self, call: Call) -> Column:
        aggregate = AGGREGATES[call.function]
        if call.argument is None:
            raise malformed(f"the function {call.function} needs a field", call.place)
        column = self._scope.resolve(call.argument)
        if column.kind not in aggregate.takes or not column.field.aggregatable:
            text = f"field {column.name} does not support aggregate operator {call.function}"
            raise malformed(text, call.place)
        shown = replace(column, function=call.function, kind=aggregate.gives or column.kind)
        self._computed[shown.expression] = (column, aggregate)
        return shown

    def _of_group(self, column: Column) -> Column:
        """The same column, read from a group."""
        return replace(column, get=_reader(column.expression))


def _reader(expression: str) -> Getter:
    return lambda group: group.get(expression)


def _key(value: Any) -> Any:
    return fold(value) if isinstance(value, str) else value
