"""Criteria judged on a record's values.

A value that is not known meets no row, not even a negation. Texts compare without letter case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from .criteria import Criteria, Criterion, Group, Match, Operator
from .schema import Schema
from .spans import Span, absolute_span, next_turn, relative_span
from .values import NUMBER_KINDS, Kind, Value, Values, number_text

_Test = Callable[[Value], bool]


def fold(text: str) -> str:
    """Return a text as it is compared."""
    return text.lower()


class Judge:
    """Checked criteria as a test of values at one moment. `now` is the CRM's time."""

    def __init__(self, criteria: Criteria, schema: Schema, now: datetime) -> None:
        self._kinds = {row.field: schema.fields[row.field].kind for row in criteria.all_rows()}
        self._criteria = criteria
        self._zone = criteria.timezone
        self._now = now
        self._tests = {row: self._test(row) for row in criteria.all_rows()}
        self._relative = [row for row in self._tests if row.operator.is_relative]

    def meets(self, values: Values) -> bool:
        """Tell whether a record with these values is selected."""
        parts = [self._holds(row, values) for row in self._criteria.rows]
        parts += [self._group(group, values) for group in self._criteria.groups]
        return _combined(self._criteria.match, parts)

    def unmet(self, values: Values) -> list[Criterion]:
        """Return the rows that these values do not meet."""
        return [row for row in self._tests if not self._holds(row, values)]

    def turns_at(self, values: Values) -> datetime | None:
        """Return when a row may judge these values otherwise though nobody edits them; None: never."""
        turns = [turn for row in self._relative if (turn := self._turn(row, values)) is not None]
        return min(turns, default=None)

    def _group(self, group: Group, values: Values) -> bool:
        return _combined(group.match, [self._holds(row, values) for row in group.rows])

    def _holds(self, row: Criterion, values: Values) -> bool:
        return row.field in values and self._tests[row](values[row.field])

    def _turn(self, row: Criterion, values: Values) -> datetime | None:
        value = values.get(row.field)
        if not isinstance(value, str):
            return None
        kind = self._kinds[row.field]
        return next_turn(kind, row.operator, days_of(row), value, self._now, self._zone)

    def _test(self, row: Criterion) -> _Test:
        kind = self._kinds[row.field]
        if row.operator in _ANY_KIND:
            return _ANY_KIND[row.operator]
        if kind in (Kind.DATE, Kind.DATETIME):
            span = span_of(row, kind, self._now, self._zone)
            return lambda value: isinstance(value, str) and span.holds(value)
        if kind in NUMBER_KINDS:
            return _number_test(row)
        if kind is Kind.CHOICES:
            return _choices_test(row)
        form = str if kind is Kind.REFERENCE else fold
        return _text_test(row.operator, [form(text) for text in row.values], form)


def _combined(match: Match, parts: Sequence[bool]) -> bool:
    return all(parts) if match is Match.ALL else any(parts)


def days_of(row: Criterion) -> int:
    """Return the number of days of a row with a relative operator."""
    return int(row.values[0]) if row.values else 0


def span_of(row: Criterion, kind: Kind, now: datetime, zone: ZoneInfo) -> Span:
    """Return the span of a checked row about a date or date-time."""
    if row.operator.is_relative:
        return relative_span(kind, row.operator, days_of(row), now, zone)
    first = absolute_span(kind, row.values[0], zone)
    if row.operator is Operator.BEFORE:
        return Span(end=first.start)
    if row.operator is Operator.AFTER:
        return Span(start=first.end)
    return Span(start=first.start, end=absolute_span(kind, row.values[-1], zone).end)


_ANY_KIND: dict[Operator, _Test] = {
    Operator.IS_EMPTY: lambda value: value is None,
    Operator.IS_NOT_EMPTY: lambda value: value is not None,
    Operator.IS_TRUE: lambda value: value is True,
    Operator.IS_FALSE: lambda value: value is not True,  # a checkbox is never empty
}

_COMPARED: dict[Operator, Callable[[Decimal, Sequence[Decimal]], bool]] = {
    Operator.EQUALS: lambda number, given: number == given[0],
    Operator.NOT_EQUALS: lambda number, given: number != given[0],
    Operator.LESS: lambda number, given: number < given[0],
    Operator.AT_MOST: lambda number, given: number <= given[0],
    Operator.GREATER: lambda number, given: number > given[0],
    Operator.AT_LEAST: lambda number, given: number >= given[0],
    Operator.BETWEEN: lambda number, given: given[0] <= number <= given[1],
}


def _number_test(row: Criterion) -> _Test:
    given = [Decimal(number_text(each)) for each in row.values]
    compare = _COMPARED[row.operator]

    def test(value: Value) -> bool:
        if value is None:
            return row.operator is Operator.NOT_EQUALS
        return isinstance(value, str) and compare(Decimal(value), given)

    return test


_MATCHED: dict[Operator, Callable[[str, Sequence[str]], bool]] = {
    Operator.EQUALS: lambda text, given: text in given,
    Operator.ONE_OF: lambda text, given: text in given,
    Operator.CONTAINS: lambda text, given: given[0] in text,
    Operator.STARTS_WITH: lambda text, given: text.startswith(given[0]),
}
NEGATED = {
    Operator.NOT_EQUALS: Operator.EQUALS,
    Operator.NONE_OF: Operator.ONE_OF,
    Operator.NOT_CONTAINS: Operator.CONTAINS,
}


def _text_test(operator: Operator, given: Sequence[str], form: Callable[[str], str]) -> _Test:
    negated = operator in NEGATED
    matches = _MATCHED[NEGATED.get(operator, operator)]

    def test(value: Value) -> bool:
        return (isinstance(value, str) and matches(form(value), given)) is not negated

    return test


def _choices_test(row: Criterion) -> _Test:
    given = {fold(text) for text in row.values}

    def test(value: Value) -> bool:
        chosen = {fold(text) for text in value} if isinstance(value, tuple) else set()
        if row.operator is Operator.INCLUDES_ALL:
            return given <= chosen
        return bool(given & chosen) is not (row.operator is Operator.EXCLUDES)

    return test
