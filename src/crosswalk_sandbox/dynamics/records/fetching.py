"""`?fetchXml=`: rows, rows joined to others, and figures. Source: Use FetchXML with the Web API.

A joined row is a dict: the row of each entity by its alias (the first has none), and the key of the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import unquote

from crosswalk_sandbox.dynamics.answers import ANNOTATIONS, Call, answer, applied
from crosswalk_sandbox.dynamics.environment import Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.query import conditions, fetch, functions
from crosswalk_sandbox.dynamics.query.conditions import Order, Property, folded
from crosswalk_sandbox.dynamics.query.fetch import Attribute, Entity, Fetch, Filter, Rule
from crosswalk_sandbox.dynamics.records import guards, paging
from crosswalk_sandbox.dynamics.records.aggregates import METHODS
from crosswalk_sandbox.dynamics.records.resolving import kind_of
from crosswalk_sandbox.dynamics.records.shown import Asked, Shower, wanted_annotations
from crosswalk_sandbox.dynamics.schema import Column, Table
from crosswalk_sandbox.dynamics.security import rights
from crosswalk_sandbox.http import Response

OPTION = "fetchXml"
MOST_ROWS = 5000
CRM = "Microsoft.Dynamics.CRM."
COMPARISONS = {"eq": "eq", "ne": "ne", "neq": "ne", "gt": "gt", "ge": "ge", "lt": "lt", "le": "le"}
# before and after the value; whether the answer is turned round
PATTERNS = {
    "like": ("", "", False), "not-like": ("", "", True), "begins-with": ("", "%", False),
    "not-begin-with": ("", "%", True), "ends-with": ("%", "", False), "not-end-with": ("%", "", True),
}  # fmt: skip
NAMES = {
    "eq-userid": "EqualUserId", "ne-userid": "NotEqualUserId", "last-seven-days": "Last7Days",
    "next-seven-days": "Next7Days", "not-contain-values": "DoesNotContainValues",
}  # fmt: skip
FIGURES = {
    "count": "count",
    "countcolumn": "count",
    "sum": "sum",
    "avg": "average",
    "min": "min",
    "max": "max",
}
Joined = dict[str, Any]
Test = Callable[[Joined], bool]


def serve(call: Call, table: Table, text: str) -> Response:
    """The rows or figures of FetchXML. Raises ODataError."""
    query = fetch.parse(text)
    if query.entity.name != table.name:
        text = f"The entity '{query.entity.name}' of the fetch is not that of the address, '{table.name}'."
        raise ODataError(fetch.INVALID, text)
    return _Fetching(call, query).answer()


def content_of(call: Call, query: Fetch) -> dict[str, Any]:
    """What a query finds: `value`, and where there is more the cookie of the next page. Raises ODataError."""
    return _Fetching(call, query).content()


def rows_of(call: Call, query: Fetch) -> list[Row]:
    """The rows of the query's own entity, each once. Raises ODataError."""
    return _Fetching(call, query).rows()


class _Fetching:
    """One query, with the tables of all its entities by alias."""

    def __init__(self, call: Call, query: Fetch) -> None:
        self._call, self._query = call, query
        self._entities = {each.alias: each for each in _all(query.entity)}
        self._tables = {alias: self._table(each.name) for alias, each in self._entities.items()}

    def answer(self) -> Response:
        """The answer. Raises ODataError."""
        table = self._tables[""]
        context = {"@odata.context": f"{self._call.base}/$metadata#{table.set_name}"}
        return answer(200, {**context, **self.content()}, applied(self._call, ANNOTATIONS))

    def content(self) -> dict[str, Any]:
        """Figures, or a page of rows and how it goes on. Raises ODataError."""
        found = self._found()
        return {"value": self._figures(found)} if self._query.aggregate else self._page(found)

    def rows(self) -> list[Row]:
        """The rows of the first entity. Raises ODataError."""
        key = self._tables[""].key
        return list({row[""][key]: row[""] for row in self._found()}.values())

    def _found(self) -> list[Joined]:
        tests = [
            self._filter(alias, each) for alias, entity in self._entities.items() for each in entity.filters
        ]
        return [row for row in self._joined() if all(test(row) for test in tests)]

    def _table(self, name: str) -> Table:
        table = self._call.environment.schema.find(name)
        if table is None:
            raise ODataError("0x80041102", f"The entity with a name = '{name}' was not found.")
        return table

    def _column(self, alias: str, name: str) -> Column:
        column = self._tables[alias].columns.get(name) if alias in self._tables else None
        if column is None or column.json_name is None:
            entity = self._tables[alias].name if alias in self._tables else alias
            text = f"'{entity}' entity doesn't contain attribute with Name = '{name}'."
            raise ODataError("0x80041103", text)
        return column

    def _property(self, alias: str, name: str) -> Property:
        column = self._column(alias, name)
        if name in guards.hidden(self._call.environment, self._tables[alias]):
            return Property(kind_of(column), lambda _: None)
        return Property(kind_of(column), lambda row: (row[alias] or {}).get(column.name))

    def _joined(self) -> list[Joined]:
        """The rows of the first entity with those that are linked to them."""
        table = self._tables[""]
        empty = dict.fromkeys(self._entities)
        rows = rights.readable(self._call.environment, table)
        found: list[Joined] = [{**empty, "": row, table.key: row[table.key]} for row in rows]
        return self._linked(found, self._query.entity)

    def _linked(self, found: list[Joined], entity: Entity) -> list[Joined]:
        for link in entity.links:
            here, there = self._property(entity.alias, link.here), self._column(link.alias, link.there)
            rows: dict[Any, list[Row]] = {}
            for row in rights.readable(self._call.environment, self._tables[link.alias]):
                rows.setdefault(folded(row.get(there.name)), []).append(row)
            found = [
                {**each, link.alias: row}
                for each in found
                for row in _matching(rows, here.get(each), outer=link.outer)
            ]
            found = self._linked(found, link)
        return found

    def _filter(self, alias: str, filter_: Filter) -> Test:
        tests = [self._rule(alias, each) for each in filter_.rules]
        tests += [self._filter(alias, each) for each in filter_.filters]
        joined = any if filter_.any and tests else all
        return lambda row: joined(test(row) for test in tests)

    def _rule(self, alias: str, rule: Rule) -> Test:
        found = self._property(rule.entity or alias, rule.attribute)
        if rule.operator in ("null", "not-null"):
            empty = rule.operator == "null"
            return lambda row: (found.get(row) is None) is empty
        judge = self._judge(rule, found.kind)
        return lambda row: (value := found.get(row)) is not None and judge(value)

    def _judge(self, rule: Rule, kind: str) -> functions.Judge:
        """A condition as a test of values that are there. Raises ODataError."""
        if rule.operator in PATTERNS and rule.values:
            before, after, turned = PATTERNS[rule.operator]
            pattern = conditions.like(before + rule.values[0] + after)
            return lambda value: bool(re.fullmatch(pattern, str(value), re.IGNORECASE | re.DOTALL)) != turned
        if rule.operator in COMPARISONS and rule.values:
            compare = conditions.OPERATORS[COMPARISONS[rule.operator]]
            wanted = _plain(rule.values[0], kind)
            return lambda value: compare(folded(value), wanted)
        words = rule.operator.replace("olderthan", "older-than").split("-")
        name = NAMES.get(rule.operator) or "".join(word.capitalize() for word in words)
        arguments = {"PropertyValue": rule.values[:1], "PropertyValues": rule.values}
        now = self._call.environment.clock.now()
        return functions.judge(name, arguments, kind, now, self._call.user)

    def _page(self, found: list[Joined]) -> dict[str, Any]:
        """One page of rows, and how it goes on. Raises ODataError."""
        query, order = self._query, self._order()
        size = min(query.top or query.count or MOST_ROWS, MOST_ROWS)
        left = order.sorted(found)
        if query.cookie and not query.entity.links:
            place = paging.place(order, unquote(query.cookie))
            left = [row for row in left if order.is_after(row, place)]
        else:
            left = left[(query.page - 1) * size :]
        rows, more = left[:size], len(left) > size and query.top is None
        wanted = wanted_annotations(self._call.preferences)
        content: dict[str, Any] = {}
        if query.total:
            content["@odata.count"] = min(len(found), MOST_ROWS)
        if wanted(f"{CRM}morerecords"):
            content[f"@{CRM}morerecords"] = more
        if more:
            content[f"@{CRM}fetchxmlpagingcookie"] = unquote(paging.token(order, rows[-1], query.page + 1))
        return {**content, "value": self._shown(rows)}

    def _order(self) -> Order:
        asked = [(alias, each) for alias, entity in self._entities.items() for each in entity.order]
        parts = [
            (self._property(each.entity or alias, each.attribute), each.descending) for alias, each in asked
        ]
        names = tuple(each.attribute for _, each in asked)
        return Order(names, tuple(parts), self._tables[""].key)

    def _shown(self, rows: Sequence[Joined]) -> list[dict[str, Any]]:
        """The chosen columns that are not empty; those of linked entities behind the alias.

        Source: Retrieve and execute predefined queries, on null values.
        """
        asked = Asked(wanted=wanted_annotations(self._call.preferences))
        showers = {alias: self._shower(each, asked) for alias, each in self._entities.items()}
        shown = [self._one(row, showers) for row in rows]
        if not self._query.distinct:
            return shown
        asked_for = {each.name for each in self._query.entity.attributes}
        unasked = {"@odata.etag", self._tables[""].key} - asked_for
        plain = [{name: each[name] for name in each if name not in unasked} for each in shown]
        return [each for place, each in enumerate(plain) if each not in plain[:place]]

    def _one(self, row: Joined, showers: dict[str, Shower | None]) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for alias, shower in showers.items():
            if shower is None or row[alias] is None:
                continue
            entity, values = self._entities[alias], shower.show(row[alias])
            names = {self._column(alias, each.name).json_name: each.alias for each in entity.attributes}
            if not alias:
                shown |= {_renamed(name, names): value for name, value in values.items() if value is not None}
                continue
            for name, value in values.items():
                column = name.partition("@")[0]
                if value is not None and (entity.everything or column in names):
                    own = names.get(column) or f"{alias}.{self._logical(alias, column)}"
                    shown[name.replace(column, own, 1)] = value
        return shown

    def _logical(self, alias: str, json_name: str) -> str:
        return self._tables[alias].properties[json_name].name

    def _shower(self, entity: Entity, asked: Asked) -> Shower | None:
        """What shows an entity; None for a linked one of which nothing is asked for."""
        if entity.alias and not entity.attributes and not entity.everything:
            return None
        names = [self._column(entity.alias, each.name).json_name or "" for each in entity.attributes]
        chosen = [] if entity.everything else names
        return Shower(self._call.environment, self._tables[entity.alias], chosen, (), asked)

    def _figures(self, found: list[Joined]) -> list[dict[str, Any]]:
        """Figures of groups, each under its alias. Raises ODataError."""
        asked = [(alias, each) for alias, entity in self._entities.items() for each in entity.attributes]
        if any(not each.alias or not (each.group or each.aggregate in FIGURES) for _, each in asked):
            raise ODataError(
                fetch.INVALID, "Attributes of an aggregate need an alias and an aggregate or groupby."
            )
        paths = [(each.alias, self._property(alias, each.name)) for alias, each in asked if each.group]
        rest = [(each, self._property(alias, each.name)) for alias, each in asked if not each.group]
        groups: dict[tuple[Any, ...], list[Joined]] = {} if paths else {(): found}
        for row in found if paths else ():
            groups.setdefault(tuple(folded(path.get(row)) for _, path in paths), []).append(row)
        return [
            {alias: path.get(rows[0]) for alias, path in paths}
            | {each.alias: _figure(each, path, rows) for each, path in rest}
            for rows in groups.values()
        ]


def _all(entity: Entity) -> Iterable[Entity]:
    yield entity
    for link in entity.links:
        yield from _all(link)


def _matching(rows: dict[Any, list[Row]], value: Any, *, outer: bool) -> Sequence[Row | None]:
    found = rows.get(folded(value), []) if value is not None else []
    return found or ([None] if outer else [])


def _figure(attribute: Attribute, path: Property, rows: Sequence[Joined]) -> Any:
    values = [value for row in rows if (value := path.get(row)) is not None]
    if attribute.aggregate == "count":
        return len(rows)
    if attribute.distinct and attribute.aggregate == "countcolumn":
        return METHODS["countdistinct"](values)
    return METHODS[FIGURES[attribute.aggregate]](values)


def _renamed(name: str, aliases: dict[str | None, str]) -> str:
    column, mark, note = name.partition("@")
    return f"{aliases.get(column) or column}{mark}{note}"


def _plain(text: str, kind: str) -> Any:
    """A value of a condition as rows hold it."""
    if kind == "boolean":
        return text.lower() in ("1", "true")
    return functions.plain(text.strip("{}") if kind == "guid" else text, kind)
