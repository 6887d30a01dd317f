"""Criteria: which records a selection takes, as rows of field, operator and values.

One definition has two readings: `core.judging` judges a record's values by it, and a system writes it in its vendor's
query language to ask for such records alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from unicodedata import normalize
from zoneinfo import ZoneInfo

from .failures import UserError
from .language import gettext as _
from .schema import Field, Schema
from .spans import RELATIVE, absolute_span, moment_text
from .values import NUMBER_KINDS, Kind, clean_text, number_text

MOST_DAYS = 10_000
MOST_VALUES = 200  # of one row


class Operator(StrEnum):
    """How a field is compared. Negations (`not_…`, `none_of`, `excludes`) hold for an empty field too."""

    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    STARTS_WITH = "starts_with"
    ONE_OF = "one_of"
    NONE_OF = "none_of"
    LESS = "less"
    AT_MOST = "at_most"
    GREATER = "greater"
    AT_LEAST = "at_least"
    BETWEEN = "between"  # both ends included
    IS_TRUE = "is_true"
    IS_FALSE = "is_false"
    ON = "on"
    BEFORE = "before"
    AFTER = "after"
    TODAY = "today"
    YESTERDAY = "yesterday"
    TOMORROW = "tomorrow"
    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"
    NEXT_MONTH = "next_month"
    THIS_YEAR = "this_year"
    LAST_YEAR = "last_year"
    NEXT_YEAR = "next_year"
    LAST_DAYS = "last_days"
    NEXT_DAYS = "next_days"
    DAYS_AGO = "days_ago"
    MORE_THAN_DAYS_AGO = "more_than_days_ago"
    INCLUDES_ANY = "includes_any"
    INCLUDES_ALL = "includes_all"
    EXCLUDES = "excludes"
    IS_EMPTY = "is_empty"
    IS_NOT_EMPTY = "is_not_empty"

    @property
    def is_relative(self) -> bool:
        """Tell whether the operator counts from today."""
        return self.value in RELATIVE

    @property
    def takes_list(self) -> bool:
        """Tell whether the operator takes any number of values."""
        return self in _LISTS


_O = Operator
_EMPTINESS = (_O.IS_EMPTY, _O.IS_NOT_EMPTY)
_EXACT = (_O.EQUALS, _O.NOT_EQUALS, _O.ONE_OF, _O.NONE_OF)
_TEXT = (*_EXACT, _O.CONTAINS, _O.NOT_CONTAINS, _O.STARTS_WITH, *_EMPTINESS)
_NUMBER = (
    *(_O.EQUALS, _O.NOT_EQUALS, _O.LESS, _O.AT_MOST, _O.GREATER, _O.AT_LEAST, _O.BETWEEN),
    *_EMPTINESS,
)
_DATE = (_O.ON, _O.BEFORE, _O.AFTER, _O.BETWEEN, *map(Operator, RELATIVE), *_EMPTINESS)

# kind of field → the operators that it may be compared with
OPERATORS: Mapping[Kind, tuple[Operator, ...]] = {
    **dict.fromkeys(
        (Kind.TEXT, Kind.LONG_TEXT, Kind.EMAIL, Kind.PHONE, Kind.URL, Kind.CHOICE),
        _TEXT,
    ),
    **dict.fromkeys(NUMBER_KINDS, _NUMBER),
    **dict.fromkeys((Kind.DATE, Kind.DATETIME), _DATE),
    Kind.REFERENCE: (*_EXACT, *_EMPTINESS),
    Kind.BOOLEAN: (_O.IS_TRUE, _O.IS_FALSE),
    Kind.CHOICES: (_O.INCLUDES_ANY, _O.INCLUDES_ALL, _O.EXCLUDES, *_EMPTINESS),
    Kind.TIME: _EMPTINESS,
}
_NO_VALUE = frozenset(
    {_O.IS_TRUE, _O.IS_FALSE, *_EMPTINESS}
    | {Operator(name) for name, meaning in RELATIVE.items() if not meaning.counts}
)
_LISTS = frozenset({_O.ONE_OF, _O.NONE_OF, _O.INCLUDES_ANY, _O.INCLUDES_ALL, _O.EXCLUDES})
_PARTS = frozenset({_O.CONTAINS, _O.NOT_CONTAINS, _O.STARTS_WITH})
_COUNTED = frozenset(Operator(name) for name, meaning in RELATIVE.items() if meaning.counts)


def least_values(operator: Operator) -> int:
    """Return how many values an operator takes at least."""
    return 0 if operator in _NO_VALUE else 2 if operator is Operator.BETWEEN else 1


def most_values(operator: Operator) -> int:
    """Return how many values an operator takes at most."""
    return MOST_VALUES if operator in _LISTS else least_values(operator)


class Match(StrEnum):
    """How rows are combined."""

    ALL = "all"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One row."""

    field: str  # the CRM's name of it
    operator: Operator
    values: tuple[str, ...] = ()  # in canonical form once the criteria were checked

    def __str__(self) -> str:
        return " ".join([self.field, self.operator, ", ".join(self.values)]).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows in brackets."""

    match: Match = Match.ANY
    rows: tuple[Criterion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """Rows and groups of rows. Days begin and end in `zone`."""

    match: Match = Match.ALL
    rows: tuple[Criterion, ...] = ()
    groups: tuple[Group, ...] = ()
    zone: str = "UTC"  # an IANA name such as Europe/Madrid

    def all_rows(self) -> Iterator[Criterion]:
        """Yield every row, those of groups among them."""
        yield from self.rows
        for group in self.groups:
            yield from group.rows

    @property
    def timezone(self) -> ZoneInfo:
        """The zone in which days begin."""
        return ZoneInfo(self.zone)


def checked(criteria: Criteria, schema: Schema) -> Criteria:
    """Return criteria with fields by name and values in canonical form.

    Raises UserError that names the field, the operator or the value, and what may stand there.
    """
    if not any(criteria.all_rows()) or not all(group.rows for group in criteria.groups):
        raise UserError(
            _("{object}: criteria need at least one row, and so does every group.").format(
                object=schema.object
            ),
            cure=_("Add one, such as: Email contains example.org"),
        )
    zone = _zone(criteria.zone)
    groups = [
        replace(group, rows=tuple(_row(row, schema, zone) for row in group.rows)) for group in criteria.groups
    ]
    rows = tuple(_row(row, schema, zone) for row in criteria.rows)
    return replace(criteria, rows=rows, groups=tuple(groups))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # not found, a folder, or no name at all
        raise UserError(
            _("There is no time zone {zone}.").format(zone=name),
            cure=_("Use a name such as UTC, Europe/Madrid or America/New_York."),
        ) from None


def require(criteria: Criteria, schema: Schema) -> None:
    """Raise UserError when a field of checked criteria is gone, or its type does not allow a row any more.

    An option that is gone does no harm: records may still hold it.
    """
    for row in criteria.all_rows():
        field = replace(_compared(row, schema), restricted=False)
        for value in row.values:
            _value(row, field, schema, value)


def _row(row: Criterion, schema: Schema, zone: ZoneInfo) -> Criterion:
    field = _compared(row, schema)
    _count_values(row, schema)
    values = tuple(_value(row, field, schema, value) for value in row.values)
    if row.operator is Operator.BETWEEN and not _in_order(field.kind, values, zone):
        raise UserError(
            _("{object}: “{row}” can never hold: the first value is greater than the second.").format(
                object=schema.object, row=row
            ),
            cure=_("Give the smaller value first."),
        )
    return Criterion(field=field.name, operator=row.operator, values=values)


def _compared(row: Criterion, schema: Schema) -> Field:
    """Return the field of a row, which must allow its operator."""
    field = _field(row, schema)
    allowed = OPERATORS.get(field.kind, ())
    if row.operator not in allowed:
        raise UserError(
            _("{object}: {field} ({kind}) cannot be compared with “{operator}”.").format(
                object=schema.object, field=field.name, kind=field.kind, operator=row.operator
            ),
            cure=_("Use one of: {operators}.").format(operators=", ".join(allowed))
            if allowed
            else _("Choose another field."),
        )
    return field


def _field(row: Criterion, schema: Schema) -> Field:
    if row.field in schema.fields:
        return schema.fields[row.field]
    wanted = row.field.casefold()
    found = [
        each for each in schema.fields.values() if wanted in (each.name.casefold(), each.label.casefold())
    ]
    if len(found) == 1:
        return found[0]
    raise UserError(
        _("{object}: there is no field {field} in the CRM (any more), which the criteria ask for.").format(
            object=schema.object, field=row.field
        ),
        cure=_("Correct its name, make it visible to the connection's user, or take the row out."),
    )


def _count_values(row: Criterion, schema: Schema) -> None:
    """Raise UserError unless there are as many values as the operator takes."""
    number = len(row.values)
    least, most = least_values(row.operator), most_values(row.operator)
    if not least <= number <= most:
        words = {0: _("no value"), 1: _("one value"), 2: _("two values")}
        wanted = words.get(most, _("1 to {most} values").format(most=most))
        raise UserError(
            _("{object}: “{row}” has {number} values, but “{operator}” takes {wanted}.").format(
                object=schema.object, row=row, number=number, operator=row.operator, wanted=wanted
            )
        )


def _value(row: Criterion, field: Field, schema: Schema, raw: str) -> str:
    """Return one value in canonical form."""
    try:
        return _read(row.operator, field, raw)
    except (ValueError, OverflowError):
        raise UserError(
            _("{object}: “{value}” is no value for {field} ({kind}) {operator}.").format(
                object=schema.object,
                value=raw,
                field=field.name,
                kind=field.kind,
                operator=row.operator,
            ),
            cure=_expected(row.operator, field),
        ) from None


def _read(operator: Operator, field: Field, raw: str) -> str:
    if operator in _COUNTED:
        count = int(raw)
        if not 0 <= count <= MOST_DAYS:
            raise ValueError(raw)
        return str(count)
    if field.kind in NUMBER_KINDS:
        return number_text(raw)
    if field.kind in (Kind.DATE, Kind.DATETIME):
        return moment_text(field.kind, raw)
    return _read_text(operator, field, raw)


def _read_text(operator: Operator, field: Field, raw: str) -> str:
    """A part of a text keeps its blanks, a whole text has none around it."""
    text = clean_text(raw)
    if text is None or any(sign in raw for sign in "\n\r\x00"):
        raise ValueError(raw)
    if operator in _PARTS:
        return normalize("NFC", raw)
    return _option(field, text) if field.kind in (Kind.CHOICE, Kind.CHOICES) else text


def _option(field: Field, text: str) -> str:
    """Return the stored value of an option that may be given by its label; others only where they may be stored."""
    wanted = text.casefold()
    for option in field.options:
        if wanted in (option.value.casefold(), option.label.casefold()):
            return option.value
    if field.restricted or ";" in text:
        raise ValueError(text)
    return text


def _expected(operator: Operator, field: Field) -> str:
    if operator in _COUNTED:
        return _("Give a number of days, 0 to {most}.").format(most=MOST_DAYS)
    if field.kind in NUMBER_KINDS:
        return _("Give a number such as 12.5.")
    if field.kind is Kind.DATE:
        return _("Give a date such as 2026-03-01.")
    if field.kind is Kind.DATETIME:
        return _("Give a date such as 2026-03-01, or a time with its zone such as 2026-03-01T10:00:00Z.")
    if field.options:
        return _("Use one of: {options}.").format(options=", ".join(option.value for option in field.options))
    return _("Give one line of text.")


def _in_order(kind: Kind, values: tuple[str, ...], zone: ZoneInfo) -> bool:
    low, high = values
    if kind in NUMBER_KINDS:
        return Decimal(low) <= Decimal(high)
    starts = [absolute_span(kind, each, zone).start or "" for each in (low, high)]
    return starts[0] <= starts[1]
