"""Reading sets of rows: $select, $filter, $orderby, $top, $count, $expand, and pages of them.

Source: Query data using the Dataverse Web API.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from crosswalk_sandbox.dynamics.answers import ANNOTATIONS, PAGE_SIZE, Call, answer, applied
from crosswalk_sandbox.dynamics.environment import Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.query import conditions, parser
from crosswalk_sandbox.dynamics.query.conditions import Order
from crosswalk_sandbox.dynamics.records import paging
from crosswalk_sandbox.dynamics.records.resolving import Resolver
from crosswalk_sandbox.dynamics.records.shown import Asked, Shower, wanted_annotations
from crosswalk_sandbox.dynamics.schema import Table
from crosswalk_sandbox.dynamics.security import rights
from crosswalk_sandbox.http import Response

OPTIONS = frozenset({"$select", "$filter", "$orderby", "$top", "$count", "$expand", "$skiptoken"})
MOST_ROWS = 5000
COUNT = "Microsoft.Dynamics.CRM.totalrecordcount"
METADATA_VERSION = "Microsoft.Dynamics.CRM.globalmetadataversion"
MOST_EXPANSIONS = 15
NOT_HERE = frozenset({"sql", "savedQuery", "userQuery"})  # else all rows would seem to be their answer


def check_options(call: Call, allowed: frozenset[str]) -> None:
    """Refuse what the Web API does not take, $skip above all, and what the sandbox does not. Raises ODataError."""
    for name, _ in call.request.query:
        if (name.startswith("$") or name in NOT_HERE) and name not in allowed:
            text = f"The query parameter {name} is not supported"
            raise ODataError("0x80060888", text)


def shower_of(call: Call, table: Table, *, many: bool = False) -> Shower:
    """What shows rows as $select, $expand and Prefer ask for it. Raises ODataError."""
    select, expand = call.request.param("$select"), call.request.param("$expand")
    expansions = parser.parse_expand(expand) if expand else ()
    if len(expansions) > MOST_EXPANSIONS:
        raise ODataError(
            "0x80060888", f"The number of $expand options exceeds the limit of {MOST_EXPANSIONS}."
        )
    asked = Asked(
        wanted=wanted_annotations(call.preferences),
        user=call.user,
        base=call.base,
        size=page_size(call),
        many=many,
    )
    return Shower(call.environment, table, parser.parse_select(select) if select else (), expansions, asked)


def context_of(call: Call, table: Table) -> str:
    """The context of rows of a table, with the properties that were chosen."""
    select = call.request.param("$select")
    names = f"({','.join(parser.parse_select(select))})" if select else ""
    return f"{call.base}/$metadata#{table.set_name}{names}"


def rows_of(call: Call, table: Table, within: Iterable[Row] | None = None) -> Response:
    """`GET` of an entity set, or of the rows `within` a collection. Raises ODataError."""
    check_options(call, OPTIONS)
    shower = shower_of(call, table, many=True)
    found, order = selected(call, table, within)
    size, top = page_size(call), _top(call)
    page, place = paging.read(order, call.request.param("$skiptoken"))
    left = order.sorted(row for row in found if place is None or order.is_after(row, place))
    if top is not None and PAGE_SIZE not in call.preferences:
        left = left[: max(0, top - (page - 1) * size)]
    rows = left[:size]
    content: dict[str, Any] = {"@odata.context": context_of(call, table)}
    content |= _counts(call, len(found))
    if wanted_annotations(call.preferences)(METADATA_VERSION):
        content[f"@{METADATA_VERSION}"] = str(call.environment.schema.version)
    content["value"] = [shower.show(row) for row in rows]
    if len(left) > len(rows):
        content["@odata.nextLink"] = _next_link(call, paging.token(order, rows[-1], page + 1))
    return answer(200, content, applied(call, PAGE_SIZE, ANNOTATIONS))


def count_of(call: Call, table: Table, within: Iterable[Row] | None = None) -> Response:
    """`GET .../$count`: text, with the mark of UTF-8. Raises ODataError."""
    check_options(call, frozenset({"$filter"}))
    return counted(len(selected(call, table, within)[0]))


def counted(number: int) -> Response:
    """A number as `/$count` answers it."""
    number = min(number, MOST_ROWS)
    return Response(200, f"\ufeff{number}".encode(), {"content-type": "text/plain", "odata-version": "4.0"})


def selected(call: Call, table: Table, within: Iterable[Row] | None) -> tuple[list[Row], Order]:
    """The rows of the query, and the order that they are to have. Raises ODataError."""
    resolve = Resolver(call.environment, table, call.user)
    rows = rights.readable(call.environment, table)
    if within is not None:
        inside = {row[table.key] for row in within}
        rows = [row for row in rows if row[table.key] in inside]
    if text := call.option("$filter"):
        test = conditions.test(parser.parse_filter(text), resolve)
        rows = [row for row in rows if test(row)]
    orders = call.option("$orderby")
    return rows, conditions.order(parser.parse_orderby(orders) if orders else (), table.key, resolve)


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


def _counts(call: Call, number: int) -> dict[str, Any]:
    if (call.request.param("$count") or "").lower() != "true":
        return {}
    shown: dict[str, Any] = {"@odata.count": min(number, MOST_ROWS)}
    wanted = wanted_annotations(call.preferences)
    if wanted(COUNT):
        shown |= {f"@{COUNT}": min(number, MOST_ROWS), f"@{COUNT}limitexceeded": number > MOST_ROWS}
    return shown


def _next_link(call: Call, token: str) -> str:
    """The same query, absolute, from that place on."""
    kept = [part for part in call.request.raw_query.split("&") if part and not _is_token(part)]
    return f"{call.base}/{'/'.join(call.request.segments[3:])}?{'&'.join([*kept, f'$skiptoken={token}'])}"


def _is_token(part: str) -> bool:
    return unquote(part.partition("=")[0]) == "$skiptoken"
