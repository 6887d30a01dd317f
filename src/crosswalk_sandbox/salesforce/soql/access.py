"""The cheapest way to the rows that a condition may hold for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crosswalk_sandbox.salesforce.soql.conditions import All, AnyOf, Comparison, Node
from crosswalk_sandbox.salesforce.store import STAMP, Row, Table


@dataclass(frozen=True, slots=True)
class Bounds:
    """A span of stamps, both ends included; None is no bound."""

    low: str | None
    high: str | None


OPEN = Bounds(None, None)


def candidates(table: Table, where: Node | None) -> tuple[Iterable[Row], bool]:
    """Rows among which are all that match, and whether they come by stamp and id."""
    found = _by_index(table, where) if where is not None else None
    if found is not None:
        return found, False
    bounds = stamp_bounds(where) if where is not None else OPEN
    return table.between(bounds.low, bounds.high), True


def stamp_bounds(node: Node) -> Bounds:
    """The span outside of which no row matches, as far as the condition shows it."""
    match node:
        case Comparison(column=column, operator=operator, value=value) if column.stored == STAMP and value:
            if operator == "=":
                return Bounds(value, value)
            if operator in (">", ">="):
                return Bounds(value, None)
            if operator in ("<", "<="):
                return Bounds(None, value)
        case All(parts=parts):
            spans = [stamp_bounds(part) for part in parts]
            return Bounds(
                max((each.low for each in spans if each.low), default=None),
                min((each.high for each in spans if each.high), default=None),
            )
        case AnyOf(parts=parts):
            spans = [stamp_bounds(part) for part in parts]
            lows = [each.low for each in spans]
            highs = [each.high for each in spans]
            return Bounds(
                None if None in lows else min(low for low in lows if low),
                None if None in highs else max(high for high in highs if high),
            )
    return OPEN


def _by_index(table: Table, node: Node) -> list[Row] | None:
    """The rows that an indexed column leads to; None when no index helps."""
    match node:
        case All(parts=parts):
            found = [rows for part in parts if (rows := _by_index(table, part)) is not None]
            return min(found, key=len) if found else None
        case AnyOf(parts=parts):
            each = [_by_index(table, part) for part in parts]
            joined = {row["Id"]: row for part in each if part is not None for row in part}
            return None if None in each else list(joined.values())
        case Comparison(column=column, operator="=", value=str(value)) if column.stored:
            return _look_up(table, column.stored, [value])
        case Comparison(column=column, operator="IN", value=members) if column.stored and None not in members:
            return _look_up(table, column.stored, sorted(members)) if _texts(members) else None
    return None


def _texts(members: Iterable[object]) -> bool:
    return all(isinstance(member, str) for member in members)


def _look_up(table: Table, field: str, members: list[str]) -> list[Row] | None:
    if field == "Id":
        return [row for member in members if (row := table.rows.get(member))]
    if not table.indexed(field):
        return None
    rows = {row["Id"]: row for member in members for row in table.find(field, member)}
    return list(rows.values())
