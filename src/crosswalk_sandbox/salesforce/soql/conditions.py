"""Conditions: checked against the columns' kinds, then compiled to a test of a row."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from operator import ge, gt, le, lt
from typing import Any

from crosswalk_sandbox.salesforce.org import Getter
from crosswalk_sandbox.salesforce.soql import syntax
from crosswalk_sandbox.salesforce.soql.columns import Column
from crosswalk_sandbox.salesforce.soql.errors import QueryError, invalid_field, malformed
from crosswalk_sandbox.salesforce.soql.literals import Span, value_of
from crosswalk_sandbox.salesforce.store import Row, fold

Matcher = Callable[[Row], bool]
EQUALITY = frozenset({"=", "!=", "IN"})
ORDERED = EQUALITY | {"<", "<=", ">", ">="}
OPERATORS = {
    "text": ORDERED | {"LIKE"},
    "id": ORDERED,
    "number": ORDERED,
    "date": ORDERED,
    "datetime": ORDERED,
    "boolean": EQUALITY,
    "multi": EQUALITY | {"INCLUDES"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One comparison. `value` is None for null, a frozenset for IN, a tuple of sets for INCLUDES."""

    column: Column
    operator: str  # = != < <= > >= LIKE IN INCLUDES
    value: Any


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Node


Node = Comparison | All | AnyOf | Not


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What checking a condition needs besides the condition."""

    resolve: Callable[[syntax.FieldName | syntax.Call], Column]
    ids_of: Callable[[syntax.Query], frozenset[str]]  # what a semi-join's query selects
    now: datetime


def bind(condition: syntax.Condition, context: Context) -> Node:
    """Check a condition. Raises QueryError."""
    match condition:
        case syntax.Joined(word="AND", parts=parts):
            return All(tuple(bind(part, context) for part in parts))
        case syntax.Joined(parts=parts):
            return AnyOf(tuple(bind(part, context) for part in parts))
        case syntax.Negated(part=part):
            return Not(bind(part, context))
        case syntax.Compared():
            return _compared(condition, context)
        case syntax.Member():
            return _member(condition, context)
    return _holds(condition, context)


def _column(
    left: syntax.FieldName | syntax.Call, operator: str, place: syntax.Place, context: Context
) -> Column:
    """The column on the left, which must allow the operator. Raises QueryError."""
    column = context.resolve(left)
    if not column.field.filterable:
        raise invalid_field(f"field '{column.name}' can not be filtered in a query call", left.place)
    if operator not in OPERATORS[column.kind]:
        text = f"invalid operator on {column.field.type} field"
        raise QueryError("INVALID_QUERY_FILTER_OPERATOR", text, place)
    return column


def _compared(condition: syntax.Compared, context: Context) -> Node:
    operator, right = condition.operator, condition.right
    column = _column(condition.left, operator, condition.place, context)
    if operator == "LIKE":
        return _like(column, right)
    value = value_of(column, right, context.now)
    if isinstance(value, Span):
        return _in_span(column, operator, value)
    if value is None and operator not in EQUALITY:
        raise malformed(f"unexpected token: '{right.value or 'null'}'", right.place)
    return _test(column, operator, value)


def _test(column: Column, operator: str, value: Any) -> Node:
    if operator == "!=":
        return Not(_test(column, "=", value))
    if value is None and column.kind == "boolean":
        value = False
    return Comparison(column=column, operator=operator, value=value)


def _like(column: Column, right: syntax.Literal) -> Comparison:
    if right.kind != "string":
        text = f"value of filter criterion for field '{column.name}' must be of type string and should be "
        raise invalid_field(text + "enclosed in quotes", right.place)
    return Comparison(column=column, operator="LIKE", value=str(right.value))


def _in_span(column: Column, operator: str, span: Span) -> Node:
    """A date literal is a span: equal is within it, greater is after it, less is before it."""
    inside = All((_test(column, ">=", span.start), _test(column, "<", span.end)))
    spans: dict[str, Node] = {
        "=": inside,
        "!=": Not(inside),
        "<": _test(column, "<", span.start),
        "<=": _test(column, "<", span.end),
        ">": _test(column, ">=", span.end),
        ">=": _test(column, ">=", span.start),
    }
    return spans[operator]


def _member(condition: syntax.Member, context: Context) -> Node:
    column = _column(condition.left, "IN", condition.place, context)
    if isinstance(condition.values, syntax.Query):
        if column.kind != "id":
            raise malformed("a semi-join needs an id field on its left", condition.left.place)
        members: frozenset[Any] = context.ids_of(condition.values)
    else:
        members = frozenset(_single(column, literal, context) for literal in condition.values)
    test = Comparison(column=column, operator="IN", value=members)
    return Not(test) if condition.negated else test


def _single(column: Column, literal: syntax.Literal, context: Context) -> Any:
    value = value_of(column, literal, context.now)
    if isinstance(value, Span):
        raise malformed(f"unexpected token: '{literal.value}'", literal.place)
    return value


def _holds(condition: syntax.Holds, context: Context) -> Node:
    column = _column(condition.left, "INCLUDES", condition.place, context)
    wanted = tuple(
        frozenset(fold(part.strip()) for part in str(_single(column, literal, context) or "").split(";"))
        for literal in condition.values
    )
    test = Comparison(column=column, operator="INCLUDES", value=wanted)
    return Not(test) if condition.negated else test


def matcher(node: Node) -> Matcher:
    """The condition as a function of a row."""
    match node:
        case All(parts=parts):
            return _all(tuple(matcher(part) for part in parts))
        case AnyOf(parts=parts):
            return _any(tuple(matcher(part) for part in parts))
        case Not(part=part):
            inner = matcher(part)
            return lambda row: not inner(row)
    return TESTS[node.operator](_read(node.column), node.value, node.column)


def _all(tests: tuple[Matcher, ...]) -> Matcher:
    def check(row: Row) -> bool:
        for test in tests:  # noqa: SIM110 -- a generator would double the time of large scans
            if not test(row):
                return False
        return True

    return check


def _any(tests: tuple[Matcher, ...]) -> Matcher:
    def check(row: Row) -> bool:
        for test in tests:  # noqa: SIM110 -- as above
            if test(row):
                return True
        return False

    return check


def _month_and_day(text: str) -> str:
    return text[5:]


def _comparable(column: Column) -> Callable[[str], str] | None:
    """What makes values of the column comparable: case does not matter, nor does the year of a birthdate.

    Source: Salesforce object reference, Contact.Birthdate.
    """
    if column.kind in ("text", "multi"):
        return fold
    return _month_and_day if column.stored == "Birthdate" else None


def _read(column: Column) -> Getter:
    """The column's value in the form in which it is compared."""
    inner, form = column.get, _comparable(column)
    if form is None:
        return inner

    def get(row: Row) -> str | None:
        value = inner(row)
        return None if value is None else form(value)

    return get


def _form(column: Column, value: Any) -> Any:
    form = _comparable(column)
    return value if value is None or form is None else form(value)


def _equal(get: Getter, value: Any, column: Column) -> Matcher:
    wanted = _form(column, value)
    return lambda row: bool(get(row) == wanted)


def _in(get: Getter, value: frozenset[Any], column: Column) -> Matcher:
    wanted = frozenset(_form(column, each) for each in value)
    return lambda row: get(row) in wanted


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Getter, Any, Column], Matcher]:
    def make(get: Getter, value: Any, column: Column) -> Matcher:
        wanted = _form(column, value)

        def check(row: Row) -> bool:
            found = get(row)
            return found is not None and compare(found, wanted)

        return check

    return make


def _like_pattern(text: str) -> re.Pattern[str]:
    """`%` is any text, `_` is any character; with a backslash before them they are themselves, as is a backslash."""
    parts = re.split(r"(\\[%_\\]|[%_])", fold(text))
    wild = {"%": ".*", "_": ".", "\\%": "%", "\\_": "_", "\\\\": re.escape("\\")}
    return re.compile("".join(wild.get(part) or re.escape(part) for part in parts), re.DOTALL)


def _matches_like(get: Getter, value: str, column: Column) -> Matcher:
    pattern = _like_pattern(value)

    def check(row: Row) -> bool:
        found = get(row)
        return found is not None and pattern.fullmatch(found) is not None

    return check


def _includes(get: Getter, value: tuple[frozenset[str], ...], column: Column) -> Matcher:
    def check(row: Row) -> bool:
        chosen = set((get(row) or "").split(";"))
        return any(wanted <= chosen for wanted in value)

    return check


TESTS: dict[str, Callable[[Getter, Any, Column], Matcher]] = {
    "=": _equal,
    "IN": _in,
    "<": _ordered(lt),
    "<=": _ordered(le),
    ">": _ordered(gt),
    ">=": _ordered(ge),
    "LIKE": _matches_like,
    "INCLUDES": _includes,
}
