"""From the text of a query option to its syntax, through the grammar beside this module."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import VisitError

from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.query.syntax import (
    Called,
    Compared,
    Condition,
    Expansion,
    Figure,
    Joined,
    Kind,
    Message,
    Negated,
    Ordering,
    Path,
    Quantified,
    Step,
    Truth,
    Value,
)  # fmt: skip

ESCAPED = re.compile(r"\\(.)", re.DOTALL)
STARTS = ("filter", "orderby", "select", "expand", "apply", "key")
KINDS: dict[str, Kind] = {
    "STRING": "string", "QUOTED": "string", "ENUM": "enum", "GUID": "guid", "DATETIME": "datetime",
    "DATE": "date", "DECIMAL": "number", "INTEGER": "number", "TRUE": "boolean", "FALSE": "boolean",
    "NULL": "null",
}  # fmt: skip


def parse_filter(text: str) -> Condition:
    """Read `$filter`. Raises ODataError."""
    found: Condition = _parse("filter", text)
    return found


def parse_orderby(text: str) -> tuple[Ordering, ...]:
    """Read `$orderby`. Raises ODataError."""
    found: tuple[Ordering, ...] = _parse("orderby", text)
    return found


def parse_select(text: str) -> tuple[str, ...]:
    """Read `$select`. Raises ODataError."""
    found: tuple[str, ...] = _parse("select", text)
    return found


def parse_expand(text: str) -> tuple[Expansion, ...]:
    """Read `$expand`. Raises ODataError."""
    found: tuple[Expansion, ...] = _parse("expand", text)
    return _as_written(found, text)


def _as_written(found: tuple[Expansion, ...], text: str) -> tuple[Expansion, ...]:
    """Expansions with the text of their options, for links that repeat them."""
    written = []
    for each, part in zip(found, split(text, ","), strict=True):
        inner = part.partition("(")[2].rpartition(")")[0]
        named = [option.strip().partition("=") for option in split(inner, ";") if option.strip()]
        options = tuple((name.strip(), value) for name, _, value in named)
        nested = next((value for name, value in options if name == "$expand"), "")
        expand = _as_written(each.expand, nested) if nested else each.expand
        written.append(replace(each, options=options, expand=expand))
    return tuple(written)


def split(text: str, mark: str) -> list[str]:
    """The parts between marks that are in no quotes and no parentheses."""
    parts, depth, quoted, start = [], 0, False, 0
    for place, sign in enumerate(text):
        quoted ^= sign == "'"
        if not quoted:
            depth += (sign == "(") - (sign == ")")
            if sign == mark and not depth:
                parts.append(text[start:place])
                start = place + 1
    return [*parts, text[start:]]


def parse_apply(text: str) -> tuple[Step, ...]:
    """Read `$apply`. Raises ODataError."""
    found: tuple[Step, ...] = _parse("apply", text)
    return found


def parse_key(text: str) -> dict[str, tuple[Value, ...]]:
    """Read a key of an address: `name=value` pairs. Raises ODataError."""
    found: dict[str, tuple[Value, ...]] = _parse("key", text)
    return found


@lru_cache(maxsize=256)
def _parse(start: str, text: str) -> Any:
    try:
        return _Reader().transform(_grammar().parse(text, start=start))
    except UnexpectedInput as error:
        place = getattr(error, "pos_in_stream", None)
        where = len(text) if place is None else place
        raise ODataError("0x80060888", f"Syntax error at position {where} in '{text}'.") from None
    except VisitError as error:  # a literal that looks right but cannot be, such as a 13th month
        raise ODataError("0x80060888", f"Unrecognized literal in '{text}': {error.orig_exc}.") from None


@cache
def _grammar() -> Lark:
    text = resources.files(__package__).joinpath("odata.lark").read_text(encoding="utf-8")
    return Lark(text, start=list(STARTS), parser="lalr", lexer="contextual")


@v_args(inline=True)
class _Reader(Transformer[Token, Any]):
    """Makes syntax of the tree, from its leaves on."""

    def literal(self, token: Token) -> Value:
        if token.type in ("DATE", "DATETIME"):
            datetime.fromisoformat(token)
        return Value(KINDS[token.type], _text(token))

    def path(self, *names: Token) -> Path:
        return Path(tuple(map(str, names)))

    def truth(self, path: Path) -> Truth:
        return Truth(path)

    def compared(self, left: Any, operator: Token, right: Any) -> Compared:
        return Compared(left, str(operator), right)

    def call(self, function: Token, subject: Any, part: Any) -> Called:
        return Called(str(function), subject, part)

    def judged(self, call: Any, operator: Token, truth: Token) -> Any:
        """A function compared with true or false; other operators than eq and ne make no sense."""
        if operator not in ("eq", "ne"):
            raise ValueError(f"'{operator}' cannot compare with {truth}")
        return call if (operator == "eq") == (truth == "true") else Negated(call)

    def named(self, name: Token, *values: Value) -> tuple[str, tuple[Value, ...]]:
        return str(name), values

    def message(self, name: Token, *named: tuple[str, tuple[Value, ...]]) -> Message:
        return Message(str(name).rpartition(".")[2], dict(named))

    def key(self, *named: tuple[str, tuple[Value, ...]]) -> dict[str, tuple[Value, ...]]:
        return dict(named)

    def apply(self, *steps: Step) -> tuple[Step, ...]:
        return steps

    def filtered(self, _: Token, condition: Any) -> Step:
        return Step(condition=condition)

    def aggregated(self, _: Token, *figures: Figure) -> Step:
        return Step(figures=figures)

    def grouped(self, _: Token, *parts: Path | Step | None) -> Step:
        paths = tuple(each for each in parts if isinstance(each, Path))
        inner = next((each for each in parts if isinstance(each, Step)), Step())
        return Step(groups=paths, figures=inner.figures)

    def figure(self, path: Path, _: Token, method: Token, __: Token, alias: Token) -> Figure:
        return Figure(str(alias), str(method), path)

    def counted(self, _: Token, __: Token, alias: Token) -> Figure:
        return Figure(str(alias), "count", None)

    def quantified(
        self, path: Path, word: Token, variable: Token | None, condition: Any = None
    ) -> Quantified:
        return Quantified(path, "any" if word == "/any" else "all", str(variable or ""), condition)

    def all_of(self, *members: Any) -> Joined:
        return Joined("and", tuple(each for each in members if not isinstance(each, Token)))

    def any_of(self, *members: Any) -> Joined:
        return Joined("or", tuple(each for each in members if not isinstance(each, Token)))

    def negated(self, _: Token, member: Any) -> Negated:
        return Negated(member)

    def ordering(self, path: Path, direction: Token | None) -> Ordering:
        return Ordering(path, direction == "desc")

    def orderby(self, *members: Ordering) -> tuple[Ordering, ...]:
        return members

    def select(self, *names: Token) -> tuple[str, ...]:
        return tuple(map(str, names))

    def expand(self, *members: Expansion) -> tuple[Expansion, ...]:
        return members

    def selecting(self, names: tuple[str, ...]) -> tuple[str, Any]:
        return "select", names

    def expanding(self, members: tuple[Expansion, ...]) -> tuple[str, Any]:
        return "expand", members

    def filtering(self, condition: Any) -> tuple[str, Any]:
        return "filter", condition

    def sorting(self, members: tuple[Ordering, ...]) -> tuple[str, Any]:
        return "orderby", members

    def limiting(self, number: Token) -> tuple[str, Any]:
        return "top", int(number)

    def expansion(self, name: Token, *options: tuple[str, Any] | None) -> Expansion:
        return Expansion(name=str(name), **dict(each for each in options if each))


def _text(token: Token) -> str:
    """A literal's text without its quotes."""
    if token.type == "STRING":
        return token[1:-1].replace("''", "'")
    if token.type == "QUOTED":
        return ESCAPED.sub(r"\1", token[1:-1])
    if token.type == "ENUM":
        return token.partition("'")[2][:-1]
    return token.lower() if token.type == "GUID" else str(token)
