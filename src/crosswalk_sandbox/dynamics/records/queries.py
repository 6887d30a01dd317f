"""Reading sets of rows: $select, $filter, $orderby, $top, $count, $expand, and pages of them.

Source: Query data using the Dataverse Web API.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote

from crosswalk_sandbox.dynamics.answers import ANNOTATIONS, PAGE_SIZE, Call, answer, applied
from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import ODataError, missing_property
from crosswalk_sandbox.dynamics.query import conditions, parser
from crosswalk_sandbox.dynamics.query.syntax import Path
from crosswalk_sandbox.dynamics.records.shown import Shower, wanted_annotations
from crosswalk_sandbox.dynamics.schema import CHOICES, NUMBERS, REFERENCES, TEXTS, Column, Table
from crosswalk_sandbox.dynamics.security import rights
from crosswalk_sandbox.http import Response

OPTIONS = frozenset({"$select", "$filter", "$orderby", "$top", "$count", "$expand", "$skiptoken"})
MOST_ROWS = 5000
COUNT = "Microsoft.Dynamics.CRM.totalrecordcount"
METADATA_VERSION = "Microsoft.Dynamics.CRM.globalmetadataversion"
PAGE = re.compile(r'<cookie pagenumber="(\d+)" pagingcookie="[^"]*" istracking="False" />')


def check_options(call: Call, allowed: frozenset[str]) -> None:
    """Refuse what the Web API does not take, $skip above all. Raises ODataError."""
    for name, _ in call.request.query:
        if name.startswith("$") and name not in allowed:
            text = f"The query parameter {name} is not supported"
            raise ODataError("0x80060888", text)


def shower_of(call: Call, table: Table) -> Shower:
    """What shows rows as $select, $expand and Prefer ask for it. Raises ODataError."""
    select, expand = call.request.param("$select"), call.request.param("$expand")
    return Shower(
        call.environment,
        table,
        parser.parse_select(select) if select else (),
        parser.parse_expand(expand) if expand else (),
        wanted_annotations(call.preferences),
    )


def context_of(call: Call, table: Table) -> str:
    """The context of rows of a table, with the properties that were chosen."""
    select = call.request.param("$select")
    names = f"({','.join(parser.parse_select(select))})" if select else ""
    return f"{call.base}/$metadata#{table.set_name}{names}"


def rows_of(call: Call, table: Table) -> Response:
    """`GET` of an entity set. Raises ODataError."""
    check_options(call, OPTIONS)
    shower = shower_of(call, table)
    found = selected(call, table)
    size = page_size(call)
    top = _top(call)
    page = _page(call)
    most = top if top is not None and PAGE_SIZE not in call.preferences else len(found)
    rows = found[:most][(page - 1) * size : page * size]
    content: dict[str, Any] = {"@odata.context": context_of(call, table)}
    content |= _counts(call, len(found))
    if wanted_annotations(call.preferences)(METADATA_VERSION):
        content[f"@{METADATA_VERSION}"] = str(call.environment.schema.version)
    content["value"] = [shower.show(row) for row in rows]
    if page * size < min(most, len(found)):
        content["@odata.nextLink"] = _next_link(call, page + 1)
    return answer(200, content, applied(call, PAGE_SIZE, ANNOTATIONS))


def count_of(call: Call, table: Table) -> Response:
    """`GET .../$count`: text, with the mark of UTF-8. Raises ODataError."""
    check_options(call, frozenset({"$filter"}))
    number = min(len(selected(call, table)), MOST_ROWS)
    return Response(200, f"\ufeff{number}".encode(), {"content-type": "text/plain", "odata-version": "4.0"})


def selected(call: Call, table: Table) -> list[Row]:
    """The rows of the query in its order; without one, by key. Raises ODataError."""
    resolve = Resolver(call.environment, table)
    rows = rights.readable(call.environment, table)
    if text := call.request.param("$filter"):
        test = conditions.test(parser.parse_filter(text), resolve)
        rows = [row for row in rows if test(row)]
    rows.sort(key=lambda row: str(row[table.key]))
    if text := call.request.param("$orderby"):
        rows = conditions.sort(rows, parser.parse_orderby(text), resolve)
    return rows


def page_size(call: Call) -> int:
    """How many rows a page has. Raises ODataError."""
    most = call.environment.rules.page_rows or MOST_ROWS
    wanted = call.preferences.get(PAGE_SIZE, str(MOST_ROWS))
    if not wanted.isdecimal() or int(wanted) < 1:
        raise ODataError("0x80060888", f"Invalid value '{wanted}' of odata.maxpagesize.")
    return min(int(wanted), most)


def _top(call: Call) -> int | None:
    text = call.request.param("$top")
    if text is None:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise ODataError("0x80060888", f"Invalid value '{text}' for $top query option found.")
    return int(text)


def _page(call: Call) -> int:
    token = call.request.param("$skiptoken")
    if token is None:
        return 1
    found = PAGE.fullmatch(token)
    if found is None:
        raise ODataError("0x80060888", "Skip token is not valid.")
    return int(found[1])


def _counts(call: Call, number: int) -> dict[str, Any]:
    if (call.request.param("$count") or "").lower() != "true":
        return {}
    shown: dict[str, Any] = {"@odata.count": min(number, MOST_ROWS)}
    wanted = wanted_annotations(call.preferences)
    if wanted(COUNT):
        shown |= {f"@{COUNT}": min(number, MOST_ROWS), f"@{COUNT}limitexceeded": number > MOST_ROWS}
    return shown


def _next_link(call: Call, page: int) -> str:
    """The same query, absolute, with a cookie whose inner part is encoded once more."""
    inner = quote(f"<cookie page='{page - 1}'></cookie>", safe="")
    token = quote(f'<cookie pagenumber="{page}" pagingcookie="{inner}" istracking="False" />', safe="")
    kept = [part for part in call.request.raw_query.split("&") if part and not _is_token(part)]
    return f"{call.base}/{'/'.join(call.request.segments[3:])}?{'&'.join([*kept, f'$skiptoken={token}'])}"


def _is_token(part: str) -> bool:
    return unquote(part.partition("=")[0]) == "$skiptoken"


class Resolver:
    """Properties of a table's rows, also through lookups."""

    def __init__(self, environment: Environment, table: Table) -> None:
        self._environment = environment
        self._table = table

    def __call__(self, path: Path) -> conditions.Property:
        """The property. Raises ODataError."""
        return self._through(self._table, path.names)

    def _through(self, table: Table, names: Sequence[str]) -> conditions.Property:
        if len(names) == 1:
            column = table.properties.get(names[0])
            if column is None:
                raise missing_property(names[0], table.name)
            name = column.name
            return conditions.Property(kind_of(column), lambda row: row.get(name))
        if names[0] not in table.navigations:
            raise missing_property(names[0], table.name)
        lookup, target = table.navigations[names[0]]
        inner = self._through(self._environment.schema[target], names[1:])
        rows = self._environment.rows

        def get(row: Row) -> Any:
            found = rows[target].get(row.get(lookup.name, ""))
            return None if found is None else inner.get(found)

        return conditions.Property(inner.kind, get)


def kind_of(column: Column) -> str:
    """The kind of value that a column has, for comparisons."""
    if column.type in REFERENCES or column.type == "Uniqueidentifier":
        return "guid"
    if column.type == "DateTime":
        return "date" if column.behaviour == "DateOnly" else "datetime"
    if column.type == "Boolean":
        return "boolean"
    number = column.type in NUMBERS or column.type in CHOICES
    return "number" if number and column.type not in TEXTS else "string"
