"""`?sql=` as FetchXML would have it: one SELECT with joins, conditions, groups and an order.

Source: Microsoft's Python client, query.sql; FetchXML reference.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput, v_args

from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.query.fetch import INVALID, Attribute, Entity, Fetch, Filter, Rule, Sorting

OPERATORS = {"=": "eq", "<>": "ne", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
Path = tuple[str, str]  # the name of a table or its alias, empty where it goes without saying, and the column


@dataclass(frozen=True, kw_only=True)
class Selected:
    """The query, and the names of its columns in their order."""

    fetch: Fetch
    columns: tuple[str, ...]
    order: tuple[tuple[str, bool], ...]  # names as they were written, and whether they descend


@dataclass(frozen=True, kw_only=True)
class _Column:
    path: Path | None  # none is COUNT(*)
    function: str = ""
    distinct: bool = False
    everything: bool = False  # COUNT(*)
    alias: str = ""

    @property
    def name(self) -> str:
        return self.alias or self.function or (self.path[1] if self.path else "")


def parse(text: str, key: str) -> Selected:
    """Read a SELECT; `key` is the column that COUNT(*) counts. Raises ODataError."""
    try:
        parts = _Reader().transform(_grammar().parse(text.strip().removesuffix(";")))
    except UnexpectedInput as error:
        where = getattr(error, "pos_in_stream", None)
        raise ODataError(INVALID, f"The SQL is not supported: syntax error at position {where}.") from None
    return _selected(dict(parts), key)


def _selected(parts: dict[str, Any], key: str) -> Selected:
    """The query of the parts of a SELECT. Raises ODataError."""
    name, alias = parts["table"]
    own = {name.lower(), alias.lower()}
    columns: list[_Column] = parts["columns"]
    counted = [each if each.path else replace(each, path=(name, key)) for each in columns]
    grouped: list[Path] = parts.get("group", [])
    figures = bool(grouped) or any(each.function for each in columns)
    joins: list[tuple[tuple[str, str], bool, Path, Path]] = parts.get("joins", [])
    links = [_link(each, own, counted, figures=figures) for each in joins]
    rules = [_named(parts["where"], own)] if "where" in parts else []
    entity = Entity(
        name=name.lower(),
        alias="",
        attributes=_attributes(counted, own | {""}, figures=figures),
        everything=False,
        filters=tuple(rules),
        order=tuple(_sorting(each, columns, own) for each in parts.get("order", [])),
        links=tuple(links),
    )
    fetch = Fetch(
        entity=entity,
        aggregate=figures,
        distinct=parts.get("distinct", False),
        top=parts.get("top"),
        page=1,
        count=None,
        cookie=None,
        total=False,
    )
    order = tuple((path[1], descending) for path, descending in parts.get("order", []))
    return Selected(fetch=fetch, columns=tuple(each.name for each in columns), order=order)


def _attributes(columns: list[_Column], tables: set[str], *, figures: bool) -> tuple[Attribute, ...]:
    """The columns that are asked of one table; COUNT(*) is asked of the first."""
    return tuple(
        Attribute(
            name=each.path[1].lower() if each.path else "",
            alias=each.name,
            aggregate="countcolumn" if each.function == "count" and not each.everything else each.function,
            distinct=each.distinct,
            group=figures and not each.function,
        )
        for each in columns
        if (each.path[0].lower() if each.path else "") in tables
    )


def _link(
    join: tuple[tuple[str, str], bool, Path, Path], own: set[str], columns: list[_Column], *, figures: bool
) -> Entity:
    """A joined table, by the condition after ON, in whichever order its sides stand. Raises ODataError."""
    (name, alias), outer, left, right = join
    known = {name.lower(), alias.lower()}
    there, here = (left, right) if left[0].lower() in known else (right, left)
    if there[0].lower() not in known or here[0].lower() not in own:
        raise ODataError(INVALID, f"The SQL is not supported: {alias} is joined to the first table alone.")
    return Entity(
        name=name.lower(),
        alias=alias.lower(),
        attributes=_attributes(columns, known, figures=figures),
        everything=False,
        filters=(),
        order=(),
        links=(),
        there=there[1].lower(),
        here=here[1].lower(),
        outer=outer,
    )


def _sorting(ordering: tuple[Path, bool], columns: list[_Column], own: set[str]) -> Sorting:
    (table, name), descending = ordering
    aliased = next((each.path for each in columns if each.alias == name and each.path), None)
    table, name = aliased or (table, name)
    return Sorting(
        entity="" if table.lower() in own else table.lower(), attribute=name.lower(), descending=descending
    )


def _named(filter_: Filter, own: set[str]) -> Filter:
    """A filter whose rules name tables by their aliases in the query."""
    rules = tuple(
        replace(rule, entity="" if rule.entity.lower() in own else rule.entity.lower())
        for rule in filter_.rules
    )
    return replace(filter_, rules=rules, filters=tuple(_named(each, own) for each in filter_.filters))


@cache
def _grammar() -> Lark:
    text = resources.files(__package__).joinpath("sql.lark").read_text(encoding="utf-8")
    return Lark(text, parser="earley", lexer="dynamic")


def _rules(*rules: Rule, any_: bool = False) -> Filter:
    return Filter(any=any_, rules=rules, filters=())


@v_args(inline=True)
class _Reader(Transformer[Token, Any]):
    """Makes the parts of a SELECT of its tree, from its leaves on."""

    def start(self, *parts: Any) -> list[tuple[str, Any]]:
        found = [each for each in parts if isinstance(each, tuple) and isinstance(each[0], str)]
        joins = [each[1] for each in found if each[0] == "join"]
        groups = [each[1] for each in found if each[0] == "path"]
        where = [("where", each) for each in parts if isinstance(each, Filter)]
        plain = [each for each in found if each[0] not in ("join", "path")]
        return [*plain, *where, ("joins", joins), ("group", groups)]

    def distinct(self) -> tuple[str, bool]:
        return "distinct", True

    def top(self, number: Token) -> tuple[str, int]:
        return "top", int(number)

    def columns(self, *columns: _Column) -> tuple[str, list[_Column]]:
        return "columns", list(columns)

    def column(self, what: Any, alias: Token | None = None) -> _Column:
        found = what if isinstance(what, _Column) else _Column(path=what[1])
        return replace(found, alias=_plain(alias)) if alias else found

    def figure(self, function: Token, *rest: Any) -> _Column:
        path = next((each[1] for each in rest if isinstance(each, tuple)), None)
        return _Column(path=path, function=function.lower(), distinct=True in rest, everything=path is None)

    def unique(self) -> bool:
        return True

    def negation(self) -> bool:
        return True

    def table(self, name: Token, alias: Token | None = None) -> tuple[str, tuple[str, str]]:
        return "table", (_plain(name), _plain(alias or name))

    def kind(self, *words: Token) -> bool:
        return any(word.type == "LEFT" for word in words)

    def join(self, outer: bool, table: Any, left: Any, right: Any) -> tuple[str, Any]:
        return "join", (table[1], outer, left[1], right[1])

    def orderby(self, *members: Any) -> tuple[str, Any]:
        return "order", list(members)

    def ordering(self, path: Any, descending: bool = False) -> tuple[Path, bool]:
        return path[1], descending

    def direction(self, *words: Token) -> bool:
        return bool(words)

    def any_of(self, *members: Filter) -> Filter:
        return members[0] if len(members) == 1 else Filter(any=True, rules=(), filters=members)

    def all_of(self, *members: Filter) -> Filter:
        return members[0] if len(members) == 1 else Filter(any=False, rules=(), filters=members)

    def compared(self, path: Any, operator: Token, value: str) -> Filter:
        return _rules(_rule(path, OPERATORS[operator], value))

    def like(self, path: Any, *rest: Any) -> Filter:
        return _rules(_rule(path, "not-like" if True in rest else "like", rest[-1]))

    def within(self, path: Any, *rest: Any) -> Filter:
        values = [each for each in rest if isinstance(each, str)]
        return _rules(_rule(path, "not-in" if True in rest else "in", *values))

    def empty(self, path: Any, *rest: Any) -> Filter:
        return _rules(_rule(path, "not-null" if rest else "null"))

    def between(self, path: Any, least: str, most: str) -> Filter:
        return _rules(_rule(path, "ge", least), _rule(path, "le", most))

    def path(self, *names: Token) -> tuple[str, Path]:
        *table, column = map(_plain, names)
        return "path", (table[0] if table else "", column)

    def value(self, token: Token) -> str:
        if token.type != "STRING":
            return str(token)
        return token.removeprefix("N").removeprefix("n")[1:-1].replace("''", "'")


def _rule(path: tuple[str, Path], operator: str, *values: str) -> Rule:
    table, column = path[1]
    return Rule(entity=table, attribute=column.lower(), operator=operator, values=values)


def _plain(name: Token) -> str:
    """A name without its brackets."""
    return str(name).strip("[]")
