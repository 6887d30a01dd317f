"""Running a query: check it, find the rows, sort, cut, and make records of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.schema import Field
from crosswalk_sandbox.salesforce.soql import access, columns, groups
from crosswalk_sandbox.salesforce.soql.columns import Column, Scope
from crosswalk_sandbox.salesforce.soql.conditions import Context, Matcher, Node, bind, matcher
from crosswalk_sandbox.salesforce.soql.errors import QueryError, invalid_field, malformed
from crosswalk_sandbox.salesforce.soql.parser import parse
from crosswalk_sandbox.salesforce.soql.projection import Branch, Projector, Record, branch, projector
from crosswalk_sandbox.salesforce.soql.syntax import Call, FieldName, Ordering, Query
from crosswalk_sandbox.salesforce.store import STAMP, Row, Table, fold

MOST_OFFSET = 2_000
MOST_GROUPS = 2_000
MOST_ROWS_OF_UNBOUNDED_FIELDS = 200
BY_STAMP = ([STAMP], [STAMP, "Id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a query found. Rows are as they were when it ran; `records` makes an answer of some of them."""

    total: int
    object: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    root: Branch
    children: Sequence[Children] = ()
    long_fields: Sequence[str] = ()  # selected long text, which makes pages shorter

    def records(self, org: Org, version: str, rows: Iterable[Row]) -> list[Record]:
        """The records of those rows."""
        project = projector(org, self.root, version)
        if not self.children:
            return [project(row) for row in rows]
        below = [(child, projector(org, child.root, version)) for child in self.children]
        return [
            {**project(row), **{child.name: child.of(row, make) for child, make in below}} for row in rows
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouped:
    """What an aggregate query found."""

    total: int
    rows: Sequence[Record]


@dataclass(frozen=True, slots=True, kw_only=True)
class Children:
    """A checked subquery for the children of each row."""

    name: str
    field: str
    plan: Plan
    root: Branch

    def of(self, row: Row, make: Projector) -> dict[str, Any] | None:
        """The children of a row as the vendor nests them; None when there are none."""
        mine = [child for child in self.plan.table.find(self.field, row["Id"]) if self.plan.matches(child)]
        found = self.plan.cut(self.plan.sort(mine))
        if not found:
            return None
        return {"totalSize": len(found), "done": True, "records": [make(each) for each in found]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where a query's rows come from and in what order."""

    table: Table
    where: Node | None
    matches: Matcher
    order: Sequence[tuple[Column, Ordering]]
    limit: int | None
    offset: int

    def find(self) -> list[Row]:
        """All rows of the query, in its order, cut to its limit."""
        rows, by_stamp = access.candidates(self.table, self.where)
        matching = filter(self.matches, rows)
        if by_stamp and self._wants_stamp_order():
            return self.cut(matching)
        return self.cut(self.sort(list(matching)))

    def cut(self, rows: Iterable[Row]) -> list[Row]:
        end = None if self.limit is None else self.offset + self.limit
        return list(islice(rows, self.offset, end))

    def sort(self, rows: list[Row]) -> list[Row]:
        """Sort by every ORDER BY member, the last first."""
        for column, ordering in reversed(self.order):
            _sort(rows, column, ordering)
        return rows

    def _wants_stamp_order(self) -> bool:
        if any(ordering.descending for _, ordering in self.order):
            return False
        return not self.order or [column.stored for column, _ in self.order] in BY_STAMP


def _sort(rows: list[Any], column: Column, ordering: Ordering) -> None:
    get = column.get
    empty = (1,) if ordering.empty_last != ordering.descending else (-1,)

    def key(row: Any) -> tuple[Any, ...]:
        value = get(row)
        if value is None:
            return empty
        return 0, fold(value) if column.kind == "text" else value

    rows.sort(key=key, reverse=ordering.descending)


def run(org: Org, text: str, *, deleted: bool) -> Result | Grouped:
    """Run a query; with `deleted`, over records in the recycle bin too. Raises ApiError."""
    try:
        return _Runner(org, deleted, org.clock.now()).run(parse(text))
    except QueryError as error:
        raise error.of(text) from None
    except RecursionError:
        raise QueryError("QUERY_TOO_COMPLICATED", "The query nests too deeply.", None).of(text) from None


class _Runner:
    """One query being run, with its subqueries and semi-joins."""

    def __init__(self, org: Org, deleted: bool, now: datetime) -> None:
        self._org = org
        self._deleted = deleted
        self._now = now

    def run(self, query: Query) -> Result | Grouped:
        scope = Scope(org=self._org, kind=columns.source(self._org, query.source), alias=query.alias)
        if _is_count(query):
            return Grouped(total=len(self._plan(scope, query, ordered=False).find()), rows=())
        if groups.is_aggregate(query):
            return self._run_grouped(scope, query)
        selected = self._selected(scope, query)
        children = [self._children(scope, item) for item in query.select if isinstance(item, Query)]
        rows = self._plan(scope, query).find()
        long_fields = [column.name for column in selected if column.field.long_text]
        root = branch(self._org, selected)
        return Result(
            total=len(rows),
            object=scope.kind.name,
            columns=selected,
            rows=rows,
            root=root,
            children=children,
            long_fields=long_fields,
        )

    def _run_grouped(self, scope: Scope, query: Query) -> Grouped:
        grouping = groups.Grouping(scope, query)
        context = Context(resolve=grouping.resolve, ids_of=self._ids_of, now=self._now)
        having = matcher(bind(query.having, context)) if query.having else None
        order = [(grouping.resolve(each.by), each) for each in query.order]
        plan = self._plan(scope, query, ordered=False, cut=False)
        found = [group for group in grouping.groups(plan.find()) if having is None or having(group)]
        for column, ordering in reversed(order):
            _sort(found, column, ordering)
        start = _offset(query)
        found = found[start : None if query.limit is None else start + query.limit]
        if len(found) > MOST_GROUPS:
            text = "Aggregate query does not support queryMore(), use LIMIT to restrict the results "
            raise QueryError("EXCEEDED_ID_LIMIT", text + "to a single batch", None)
        return Grouped(total=len(found), rows=[grouping.record(group) for group in found])

    def _plan(self, scope: Scope, query: Query, *, ordered: bool = True, cut: bool = True) -> Plan:
        if query.having and not query.group:
            raise malformed("unexpected token: 'HAVING'", query.place)
        context = Context(resolve=scope.resolve, ids_of=self._ids_of, now=self._now)
        where = bind(query.where, context) if query.where else None
        order = [(_sortable(scope.resolve(each.by), each), each) for each in query.order] if ordered else []
        return Plan(
            table=self._org.store[scope.kind.name],
            where=where,
            matches=self._matcher(scope, where),
            order=order,
            limit=query.limit if cut else None,
            offset=_offset(query) if cut else 0,
        )

    def _matcher(self, scope: Scope, where: Node | None) -> Matcher:
        """The condition, for the records that the user may see."""
        matches, shows = self._live(scope, where), self._org.shows
        if not self._org.rules.sharing:
            return matches
        return lambda row: shows(row) and matches(row)

    def _live(self, scope: Scope, where: Node | None) -> Matcher:
        """The condition, and unless asked for that no deleted record matches."""
        matches = matcher(where) if where is not None else None
        if self._deleted or not scope.kind.recycles:
            return matches or (lambda _: True)
        if matches is None:
            return lambda row: not row["IsDeleted"]
        return lambda row: not row["IsDeleted"] and matches(row)

    def _children(self, scope: Scope, query: Query) -> Children:
        child = scope.kind.child(query.source.path)
        kind = self._org.visible.find(child.object) if child else None
        if child is None or kind is None:
            raise invalid_field(columns.NO_RELATIONSHIP.format(name=query.source.path), query.source.place)
        below = Scope(org=self._org, kind=kind, alias=query.alias)
        if groups.is_aggregate(query) or any(isinstance(item, Query) for item in query.select):
            raise malformed("a subquery selects fields of the children alone", query.place)
        root = branch(self._org, self._selected(below, query))
        return Children(name=child.name, field=child.field, plan=self._plan(below, query), root=root)

    def _ids_of(self, query: Query) -> frozenset[str]:
        """What a semi-join's query selects: one id or reference."""
        scope = Scope(org=self._org, kind=columns.source(self._org, query.source), alias=query.alias)
        selected = self._selected(scope, query)
        if len(selected) != 1 or selected[0].kind != "id":
            raise malformed("a semi-join's query must select one id field", query.place)
        found = (selected[0].get(row) for row in self._plan(scope, query).find())
        return frozenset(record_id for record_id in found if record_id is not None)

    def _selected(self, scope: Scope, query: Query) -> list[Column]:
        """The columns that are selected, each once. Raises QueryError."""
        found: dict[str, Column] = {}
        for item in query.select:
            if isinstance(item, Query):
                continue
            for column in _item(scope, item, query):
                if column.expression in found:
                    raise malformed(f"duplicate field selected: {column.name}", item.place)
                found[column.expression] = column
        return list(found.values())


def _item(scope: Scope, item: FieldName | Call, query: Query) -> list[Column]:
    if isinstance(item, FieldName):
        return [scope.column(item)]
    if item.function == "FIELDS":
        return [scope.of_field(field) for field in _fields(scope, item, query)]
    if item.function == "TOLABEL":
        return [scope.resolve(item)]
    raise malformed(f"unknown or misplaced function: {item.function}", item.place)


def _fields(scope: Scope, call: Call, query: Query) -> list[Field]:
    """The fields of FIELDS(ALL), FIELDS(CUSTOM) or FIELDS(STANDARD). Source: Salesforce SOQL, FIELDS()."""
    which = call.argument.path.upper() if isinstance(call.argument, FieldName) else ""
    if which not in ("ALL", "CUSTOM", "STANDARD"):
        raise malformed("FIELDS() takes ALL, CUSTOM or STANDARD", call.place)
    if which != "STANDARD" and (query.limit is None or query.limit > MOST_ROWS_OF_UNBOUNDED_FIELDS):
        text = "The SOQL FIELDS function must have a LIMIT of at most 200"
        raise malformed(text, call.place)
    fields = scope.kind.fields.values()
    return [field for field in fields if which == "ALL" or field.custom == (which == "CUSTOM")]


def _sortable(column: Column, ordering: Ordering) -> Column:
    if not column.field.sortable:
        raise invalid_field(f"field '{column.name}' can not be sorted in a query call", ordering.by.place)
    return column


def _offset(query: Query) -> int:
    if query.offset is not None and query.offset > MOST_OFFSET:
        text = f"Maximum SOQL offset allowed is {MOST_OFFSET}"
        raise QueryError("NUMBER_OUTSIDE_VALID_RANGE", text, None)
    return query.offset or 0


def _is_count(query: Query) -> bool:
    """Whether it is `SELECT COUNT()`, which gives a number and no records."""
    first = query.select[0]
    plain = isinstance(first, Call) and first.function == "COUNT" and first.argument is None
    if plain and (len(query.select) > 1 or query.group or query.order):
        raise malformed("COUNT() stands alone, without GROUP BY and ORDER BY", query.place)
    return plain
