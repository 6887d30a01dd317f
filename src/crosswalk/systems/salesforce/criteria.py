"""Selections as SOQL conditions.

What SOQL's own words leave open is written out: a negation says that it takes empty fields too, a relative date is
written as the days it means now, and what SOQL cannot be asked (long texts, the year of a birthdate) is left out. So a
condition may let more records through than the selection takes, never fewer; `exact` tells.

Source: Salesforce SOQL reference, comparison operators, null, multi-select picklists, quoted string escape sequences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec

from ...core.criteria import Criteria, Criterion, Group, Match, Operator
from ...core.failures import FailureKind, SystemFailure
from ...core.judging import NEGATED, span_of
from ...core.mapping import Selection, SelectionKind
from ...core.schema import Field, Schema
from ...core.values import NUMBER_KINDS, Kind
from ...core.words import keepable as _
from . import soql
from .ids import is_id

_NO_YEAR = frozenset({"Birthdate"})  # SOQL compares its day and month alone
NOTHING = "Id = null"


class Condition(msgspec.Struct, frozen=True):
    """A WHERE condition; no text is no condition."""

    text: str | None
    exact: bool = True


EVERYTHING = Condition(None)


def condition_of(selection: Selection, schema: Schema, now: datetime, *, lasting: bool = False) -> Condition:
    """Return a selection as a condition. `lasting` takes in what only the passing of time will select."""
    if selection.kind is SelectionKind.NONE:
        return Condition(NOTHING)
    if selection.kind is SelectionKind.CREATED_FROM_NOW:
        return Condition(f"CreatedDate >= {soql.moment(selection.since or now)}")
    if (asked := selection.asked) is not None:
        return _Writer(schema, asked, now, lasting).whole()
    return EVERYTHING


def any_of(conditions: Iterable[Condition]) -> str | None:
    """Join conditions of which one must hold; None is no condition."""
    joined = _joined(Match.ANY, list(conditions))
    return joined.text


def _joined(match: Match, parts: Sequence[Condition]) -> Condition:
    """Join conditions; one that cannot be asked holds for everything."""
    asked = [part.text for part in parts if part.text is not None]
    exact = all(part.exact for part in parts)
    if not asked or (match is Match.ANY and len(asked) < len(parts)):
        return Condition(None, exact)
    if len(asked) == 1:
        return Condition(asked[0], exact)
    word = " AND " if match is Match.ALL else " OR "
    return Condition(f"({word.join(asked)})", exact)


class _Writer:
    """Writes the rows of one definition."""

    def __init__(self, schema: Schema, criteria: Criteria, now: datetime, lasting: bool) -> None:
        self._schema = schema
        self._criteria = criteria
        self._now = now
        self._lasting = lasting

    def whole(self) -> Condition:
        parts = [self._row(row) for row in self._criteria.rows]
        parts += [self._group(group) for group in self._criteria.groups]
        return _joined(self._criteria.match, parts)

    def _group(self, group: Group) -> Condition:
        return _joined(group.match, [self._row(row) for row in group.rows])

    def _row(self, row: Criterion) -> Condition:
        field = self._schema.fields[row.field]
        if not field.readable_by_filter or row.field in _NO_YEAR:
            return Condition(None, exact=False)
        if row.operator in _EMPTINESS:
            return Condition(f"{row.field} {_EMPTINESS[row.operator]}")
        if field.kind in (Kind.DATE, Kind.DATETIME):
            return self._span(row, field)
        if field.kind in NUMBER_KINDS:
            return Condition(_number(row))
        if field.kind is Kind.CHOICES:
            return Condition(_choices(row))
        if field.kind is Kind.REFERENCE:
            _require_ids(row)
        return _text(row)

    def _span(self, row: Criterion, field: Field) -> Condition:
        span = span_of(row, field.kind, self._now, self._criteria.timezone)
        open_end = self._lasting and row.operator.is_relative
        bounds = [f"{row.field} >= {span.start}"] if span.start is not None else []
        if span.end is not None and not open_end:
            bounds.append(f"{row.field} < {span.end}")
        bounds = bounds or [f"{row.field} != null"]
        return Condition(f"({' AND '.join(bounds)})" if len(bounds) > 1 else bounds[0], exact=not open_end)


_EMPTINESS = {
    Operator.IS_EMPTY: "= null",
    Operator.IS_NOT_EMPTY: "!= null",
    Operator.IS_TRUE: "= true",
    Operator.IS_FALSE: "= false",
}
_COMPARED = {
    Operator.EQUALS: "=",
    Operator.LESS: "<",
    Operator.AT_MOST: "<=",
    Operator.GREATER: ">",
    Operator.AT_LEAST: ">=",
}


def _or_empty(field: str, condition: str) -> str:
    """A negation takes empty fields too, whether or not SOQL counts them in."""
    return f"({condition} OR {field} = null)"


def _number(row: Criterion) -> str:
    if row.operator is Operator.BETWEEN:
        return f"({row.field} >= {row.values[0]} AND {row.field} <= {row.values[1]})"
    if row.operator is Operator.NOT_EQUALS:
        return _or_empty(row.field, f"{row.field} != {row.values[0]}")
    return f"{row.field} {_COMPARED[row.operator]} {row.values[0]}"


def _choices(row: Criterion) -> str:
    literals = [soql.text(value) for value in row.values]
    if row.operator is Operator.INCLUDES_ALL:
        return f"{row.field} INCLUDES ({soql.text(';'.join(row.values))})"
    if row.operator is Operator.EXCLUDES:
        return _or_empty(row.field, f"{row.field} EXCLUDES ({','.join(literals)})")
    return f"{row.field} INCLUDES ({','.join(literals)})"


def _text(row: Criterion) -> Condition:
    positive = NEGATED.get(row.operator, row.operator)
    pattern = _PATTERNS.get(positive)
    if pattern is not None:
        like, exact = soql.like(row.values[0])
        if positive is not row.operator and not exact:
            return Condition(None, exact=False)
        text = f"{row.field} LIKE '{pattern(like)}'"
        text = text if positive is row.operator else _or_empty(row.field, f"(NOT {text})")
        return Condition(text, exact)
    literals = ",".join(soql.text(value) for value in row.values)
    if positive is row.operator:
        return Condition(f"{row.field} IN ({literals})")
    return Condition(_or_empty(row.field, f"{row.field} NOT IN ({literals})"))


_PATTERNS: dict[Operator, Callable[[str], str]] = {
    Operator.CONTAINS: lambda text: f"%{text}%",
    Operator.STARTS_WITH: lambda text: f"{text}%",
}


def _require_ids(row: Criterion) -> None:
    """Both readings compare the 18 characters that Salesforce shows."""
    for value in row.values:
        if not is_id(value) or len(value) != 18:
            raise SystemFailure(
                FailureKind.MAPPING,
                _("{value} is no record id, which {field} is compared with.").format(
                    value=value, field=row.field
                ),
                cure=_("Give the 18 characters of a Salesforce id."),
            )
