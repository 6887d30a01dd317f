"""What a parsed query is made of, before anything is known about its fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf

LiteralKind = OneOf["string", "datetime", "date", "number", "currency", "range", "null", "boolean", "word"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the query's text; both count from 1."""

    row: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldName:
    """A field, perhaps of a parent: `Account.Name`."""

    path: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function: `COUNT()`, `MAX(Score__c) best`, `FIELDS(STANDARD)`."""

    function: str  # in upper case
    argument: FieldName | Call | None
    alias: str | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A value as written; `value` is text without quotes and escapes, a number's text, or a boolean."""

    kind: LiteralKind
    value: str | bool | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """`field operator literal`."""

    left: FieldName | Call
    operator: str  # = != < <= > >= LIKE
    right: Literal
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """`field [NOT] IN (...)`, by values or by a query."""

    left: FieldName | Call
    negated: bool
    values: tuple[Literal, ...] | Query
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """`field INCLUDES ('a;b', 'c')` or EXCLUDES."""

    left: FieldName | Call
    negated: bool
    values: tuple[Literal, ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Conditions joined by one word."""

    word: OneOf["AND", "OR"]
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Negated:
    """`NOT condition`."""

    part: Condition


Condition = Compared | Member | Holds | Joined | Negated


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """One member of ORDER BY; empty values come first unless the query says otherwise."""

    by: FieldName | Call
    descending: bool
    empty_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A whole query."""

    select: tuple[FieldName | Call | Query, ...]
    source: FieldName  # the object, or in a subquery the relationship
    alias: str | None
    where: Condition | None
    group: tuple[FieldName | Call, ...]
    having: Condition | None
    order: tuple[Ordering, ...]
    limit: int | None
    offset: int | None
    place: Place
