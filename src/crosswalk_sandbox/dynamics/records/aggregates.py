"""`$apply`: figures over rows, and over groups of them. Source: Aggregate data using OData."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from crosswalk_sandbox.dynamics.answers import Call, answer
from crosswalk_sandbox.dynamics.environment import Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.query import conditions, parser
from crosswalk_sandbox.dynamics.query.conditions import Property, folded
from crosswalk_sandbox.dynamics.query.syntax import Figure, Path, Step
from crosswalk_sandbox.dynamics.records.resolving import Resolver
from crosswalk_sandbox.dynamics.schema import Table
from crosswalk_sandbox.dynamics.security import rights
from crosswalk_sandbox.http import Response

OPTION = "$apply"
MOST_ROWS = 50_000
NUMERIC = frozenset({"sum", "average"})
METHODS: dict[str, Callable[[list[Any]], Any]] = {
    "count": len,
    "countdistinct": lambda values: len({folded(value) for value in values}),
    "sum": lambda values: sum(map(_exact, values), Decimal(0)),
    "average": lambda values: sum(map(_exact, values), Decimal(0)) / len(values) if values else None,
    "min": lambda values: min(values, key=folded, default=None),
    "max": lambda values: max(values, key=folded, default=None),
}


def serve(call: Call, table: Table) -> Response:
    """The figures of `$apply`. Raises ODataError."""
    rows: Iterable[Row] = rights.readable(call.environment, table)
    resolve = Resolver(call.environment, table, call.user)
    *filters, last = parser.parse_apply(call.request.param(OPTION) or "")
    if any(each.condition is None for each in filters):
        raise ODataError("0x80060888", "Only filters can come before another transformation in $apply.")
    for each in (*filters, last):
        if each.condition is not None:
            test = conditions.test(each.condition, resolve)
            rows = [row for row in rows if test(row)]
    shown = figures(list(rows), last, resolve)
    names = [*("/".join(path.names) for path in last.groups), *(each.alias for each in last.figures)]
    context = f"{call.base}/$metadata#{table.set_name}({','.join(names)})"
    return answer(200, {"@odata.context": context, "value": shown})


def figures(rows: list[Row], step: Step, resolve: Resolver) -> list[dict[str, Any]]:
    """The figures of every group; without groups those of all rows. Raises ODataError."""
    if not step.groups and not step.figures:
        raise ODataError("0x80060888", "$apply needs an aggregate or groupby transformation.")
    if len(rows) > MOST_ROWS:
        text = f"The maximum record limit is exceeded. Reduce the number of records: {MOST_ROWS}."
        raise ODataError("0x8004E023", text)
    asked = [(each, _property(each, resolve)) for each in step.figures]
    paths = [(path, resolve(path)) for path in step.groups]
    groups: dict[tuple[Any, ...], list[Row]] = {} if paths else {(): rows}
    for row in rows if paths else ():
        groups.setdefault(tuple(folded(found.get(row)) for _, found in paths), []).append(row)
    return [_shown(members, paths, asked) for members in groups.values()]


def _property(figure: Figure, resolve: Resolver) -> Property | None:
    found = resolve(figure.path) if figure.path else None
    if found is not None and figure.method in NUMERIC and found.kind != "number":
        text = f"The method '{figure.method}' cannot be applied to '{figure.path and figure.path.names[-1]}'."
        raise ODataError("0x80060888", text)
    return found


def _shown(
    rows: Sequence[Row],
    paths: Sequence[tuple[Path, Property]],
    asked: Sequence[tuple[Figure, Property | None]],
) -> dict[str, Any]:
    """One group: its values, those behind lookups in objects of their own, and its figures."""
    shown: dict[str, Any] = {}
    for path, found in paths:
        place = shown
        for name in path.names[:-1]:
            place = place.setdefault(name, {})
        place[path.names[-1]] = found.get(rows[0])
    for figure, found_ in asked:
        values = list(rows) if found_ is None else [v for row in rows if (v := found_.get(row)) is not None]
        shown[figure.alias] = METHODS[figure.method](values)
    return shown


def _exact(value: Any) -> Decimal:
    return Decimal(str(value))
