"""From a query's text to its syntax, through the grammar beside this module."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken, v_args
from lark.exceptions import VisitError

from crosswalk_sandbox.salesforce.soql.errors import QueryError, malformed
from crosswalk_sandbox.salesforce.soql.syntax import (
    Call,
    Compared,
    Condition,
    FieldName,
    Holds,
    Joined,
    Literal,
    LiteralKind,
    Member,
    Negated,
    Ordering,
    Place,
    Query,
)  # fmt: skip

LONGEST_STATEMENT = 100_000
LONGEST_STRING = 4_000
ESCAPES = {
    "n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f",
    '"': '"', "'": "'", "\\": "\\\\", "_": "\\_", "%": "\\%",
}  # fmt: skip
KEPT = re.compile(r"\\([_%\\])")
ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
SURROGATE = re.compile("u[dD][89a-fA-F]")  # half a character
KINDS: dict[str, LiteralKind] = {
    "STRING": "string", "DATETIME": "datetime", "DATE": "date", "DECIMAL": "number", "INTEGER": "number",
    "CURRENCY": "currency", "RANGE": "range", "NULL": "null", "TRUE": "boolean", "FALSE": "boolean",
    "PATH": "word",
}  # fmt: skip


def parse(text: str) -> Query:
    """Parse a query. Raises QueryError.

    In the value of a string an escaped `_`, `%` or backslash stays escaped, for LIKE; see `plain`.
    """
    if len(text) > LONGEST_STATEMENT:
        reason = "Query is either selecting too many fields or the filter conditions are too complicated."
        raise QueryError("QUERY_TOO_COMPLICATED", reason, None)
    return _parse(text)


def plain(text: str) -> str:
    """A string literal's text where `_` and `%` mean themselves."""
    return KEPT.sub(r"\1", text)


@lru_cache(maxsize=64)
def _parse(text: str) -> Query:
    try:
        tree: Query = _BUILDER.transform(_parser().parse(text))
    except UnexpectedInput as error:
        raise _unexpected(error, text) from None
    except VisitError as error:
        if isinstance(error.orig_exc, QueryError):
            raise error.orig_exc from None
        raise
    return tree


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = resources.files(__package__).joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", maybe_placeholders=True)


def _unexpected(error: UnexpectedInput, text: str) -> QueryError:
    """The vendor's words for the place where the text stops being SOQL."""
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        lines = text.splitlines() or [""]
        return malformed("unexpected token: '<EOF>'", Place(len(lines), len(lines[-1]) + 1))
    place = Place(error.line, error.column)
    if isinstance(error, UnexpectedCharacters):
        char = error.char
        where = f"line {place.row}:{place.column}"
        return malformed(f"{where} no viable alternative at character '{char}'", place)
    return malformed(f"unexpected token: '{error.token}'", place)  # type: ignore[attr-defined]


def _place(token: Token) -> Place:
    return Place(token.line or 1, token.column or 1)


def _unquote(token: Token) -> str:
    """The text of a string literal. Raises QueryError for an escape that SOQL does not know."""
    inner = token[1:-1]
    if len(inner) > LONGEST_STRING:
        raise malformed("string literal is too long", _place(token))

    def replace(found: re.Match[str]) -> str:
        escape = found[1]
        if len(escape) > 1 and not SURROGATE.match(escape):
            return chr(int(escape[1:], 16))
        if escape not in ESCAPES:
            text = f"Invalid string literal '{inner}'. Illegal character sequence '\\{escape}' in string "
            raise malformed(text + "literal.", _place(token))
        return ESCAPES[escape]

    return ESCAPE.sub(replace, inner)


def _number(token: Token | None) -> int | None:
    return None if token is None else int(token)


@v_args(inline=True)
class _Builder(Transformer[Token, Query]):
    """Builds the syntax from the parse tree, bottom up; a method for each rule of the grammar."""

    def start(self, query: Query) -> Query:
        return query

    def query(
        self, select: tuple[Any, ...], source: tuple[FieldName, str | None], where: Condition | None,
        group: tuple[Any, ...] | None, having: Condition | None, order: tuple[Ordering, ...] | None,
        limit: int | None, offset: int | None, *_for: object,
    ) -> Query:  # fmt: skip
        return Query(
            select=select, source=source[0], alias=source[1], where=where, group=group or (), having=having,
            order=order or (), limit=limit, offset=offset, place=select[0].place,
        )  # fmt: skip

    def select_list(self, *items: object) -> tuple[object, ...]:
        return items

    def aliased(self, call: Call, alias: Token | None) -> Call:
        return Call(
            function=call.function, argument=call.argument, place=call.place, alias=alias and str(alias)
        )

    def subquery(self, query: Query) -> Query:
        return query

    def from_clause(self, name: Token, alias: Token | None) -> tuple[FieldName, str | None]:
        return FieldName(path=str(name), place=_place(name)), alias and str(alias)

    def where(self, condition: Condition) -> Condition:
        return condition

    def group(self, *items: object) -> tuple[object, ...]:
        return items

    def having(self, condition: Condition) -> Condition:
        return condition

    def order(self, *items: Ordering) -> tuple[Ordering, ...]:
        return items

    def order_item(self, by: FieldName | Call, direction: Token | None, empty: Token | None) -> Ordering:
        descending = direction is not None and direction.type == "DESC"
        return Ordering(by=by, descending=descending, empty_last=empty is not None and empty.type == "LAST")

    def limit(self, token: Token) -> int | None:
        return _number(token)

    def offset(self, token: Token) -> int | None:
        return _number(token)

    def all_of(self, *parts: Condition) -> Joined:
        return Joined(word="AND", parts=parts)

    def any_of(self, *parts: Condition) -> Joined:
        return Joined(word="OR", parts=parts)

    def negated(self, part: Condition) -> Negated:
        return Negated(part=part)

    def compared(self, left: FieldName | Call, operator: Token, right: Literal) -> Compared:
        word = {"<>": "!="}.get(str(operator), str(operator).upper())
        return Compared(left=left, operator=word, right=right, place=_place(operator))

    def member(self, left: FieldName | Call, word: Token, values: Any) -> Member:
        return Member(left=left, negated=False, values=values, place=_place(word))

    def no_member(self, left: FieldName | Call, word: Token, values: Any) -> Member:
        return Member(left=left, negated=True, values=values, place=_place(word))

    def holds(self, left: FieldName | Call, word: Token, values: tuple[Literal, ...]) -> Holds:
        return Holds(left=left, negated=word.type == "EXCLUDES", values=values, place=_place(word))

    def values(self, literals: tuple[Literal, ...]) -> tuple[Literal, ...]:
        return literals

    def semi_join(self, query: Query) -> Query:
        return query

    def literals(self, *items: Literal) -> tuple[Literal, ...]:
        return items

    def field(self, token: Token) -> FieldName:
        return FieldName(path=str(token), place=_place(token))

    def call(self, name: Token, argument: FieldName | Call | None) -> Call:
        return Call(function=name.upper(), argument=argument, alias=None, place=_place(name))

    def literal(self, token: Token) -> Literal:
        kind = KINDS[token.type]
        value: str | bool | None = str(token)
        if kind == "string":
            value = _unquote(token)
        elif kind == "boolean":
            value = token.type == "TRUE"
        elif kind == "null":
            value = None
        return Literal(kind=kind, value=value, place=_place(token))


_BUILDER = _Builder()
