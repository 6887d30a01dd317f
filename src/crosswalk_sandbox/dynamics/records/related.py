"""What lies below a row: single properties, the rows that it is related to, and references to them.

Source: Retrieve a table row using the Web API; Associate and disassociate table rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crosswalk_sandbox.dynamics.answers import ODATA, Call, answer
from crosswalk_sandbox.dynamics.environment import Row
from crosswalk_sandbox.dynamics.errors import ODataError, missing_row, missing_segment
from crosswalk_sandbox.dynamics.files import contents
from crosswalk_sandbox.dynamics.records import addresses, guards, queries, resources, saving, tying
from crosswalk_sandbox.dynamics.records.bodies import json_body
from crosswalk_sandbox.dynamics.records.deep import navigation_to
from crosswalk_sandbox.dynamics.records.links import BIND
from crosswalk_sandbox.dynamics.records.resolving import pointing
from crosswalk_sandbox.dynamics.records.values import PAYLOAD
from crosswalk_sandbox.dynamics.relationships import End
from crosswalk_sandbox.dynamics.schema import BLOBS, Column, Table
from crosswalk_sandbox.dynamics.security import rights, ties
from crosswalk_sandbox.http import Response

Parts = Sequence[tuple[str, str | None]]
REFERENCE = ("$ref", None)


def serve(call: Call, table: Table, key: str, parts: Parts) -> Response:
    """The answer for a part of a row. Raises ODataError."""
    name, inner = parts[0]
    rest = tuple(parts[1:])
    end = call.environment.schema.ties.end(table.name, name)
    if end and rest == (REFERENCE,) and call.request.method != "GET":
        return _change_tie(call, addresses.found(call.environment, table, key), end, inner)
    rights.require(call.environment, "Read", table)
    row = addresses.found(call.environment, table, key)
    rights.require(call.environment, "Read", table, row)
    if end:
        return _tied(call, row, end, inner, rest)
    if name in table.properties and inner is None and rest in ((), (("$value", None),)):
        return _property(call, table, row, name, raw=bool(rest))
    if name in table.navigations and inner is None:
        if rest in ((), (REFERENCE,)):
            return _lookup(call, table, row, name, reference=bool(rest))
        return _beyond(call, table, row, name, rest)
    if found := call.environment.schema.collections(table.name).get(name):
        return _collection(call, (table, row), found, inner, rest)
    raise missing_segment(name)


def _property(call: Call, table: Table, row: Row, name: str, *, raw: bool) -> Response:
    """One value: to read, to set, to clear. Raises ODataError."""
    column = table.properties[name]
    if column.type in BLOBS and call.request.method != "PUT":
        return contents.serve(call, table, row, column, raw=raw)
    resources.only(call, *(("GET",) if raw else ("GET", "PUT", "DELETE")))
    if call.request.method != "GET":
        value = _sent(call, "value") if call.request.method == "PUT" else None
        return _update(call, table, row, {name: value})
    if column.name in guards.hidden(call.environment, table):
        raise ODataError("0x8004F504", f"Caller user does not have read permissions for {table.name}.{name}.")
    value = row.get(column.name)
    if value is None:
        return Response(204, b"", ODATA)
    if raw:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return Response(200, text.encode(), {"content-type": "text/plain", **ODATA})
    context = f"{call.base}/$metadata#{table.set_name}({row[table.key]})/{name}"
    return answer(200, {"@odata.context": context, "value": value})


def _beyond(call: Call, table: Table, row: Row, name: str, rest: Parts) -> Response:
    """What lies below the row that a lookup leads to, such as one of its properties. Raises ODataError."""
    column, leads = table.navigations[name]
    if column.name not in row:
        return Response(204, b"", ODATA)
    return serve(call, call.environment.schema[leads], row[column.name], rest)


def _lookup(call: Call, table: Table, row: Row, name: str, *, reference: bool) -> Response:
    """The row that a lookup leads to, or the reference to it. Raises ODataError."""
    resources.only(call, *(("GET", "PUT", "DELETE") if reference else ("GET",)))
    if call.request.method == "PUT":
        return _update(call, table, row, {name + BIND: _sent(call, "@odata.id")})
    if call.request.method == "DELETE":
        return _update(call, table, row, {name: None})
    column, leads = table.navigations[name]
    target = call.environment.schema[leads]
    found = call.environment.rows[leads].get(row.get(column.name, ""))
    if found is None:
        return Response(204, b"", ODATA)
    rights.require(call.environment, "Read", target, found)
    if reference:
        context = f"{call.base}/$metadata#$ref"
        return answer(200, {"@odata.context": context, **_reference(call, target, found)})
    queries.check_options(call, resources.ONE)
    return resources.shown(call, target, found, 200)


def _collection(
    call: Call, start: tuple[Table, Row], found: tuple[Table, Column], inner: str | None, rest: Parts
) -> Response:
    """The rows whose lookup leads to a row, their number, or references to them. Raises ODataError."""
    table, row = start
    other, column = found
    if rest == (REFERENCE,) and call.request.method != "GET":
        return _associate(call, start, found, inner)
    resources.only(call, "GET")
    rows = pointing(call.environment, other, column, table).get(row[table.key], [])
    if inner is not None:
        raise missing_segment(rest[0][0] if rest else column.relationship(table.name))
    return _listed(call, other, rows, rest)


def _tied(call: Call, row: Row, end: End, inner: str | None, rest: Parts) -> Response:
    """The rows that a many-to-many relationship ties to a row. Raises ODataError."""
    here = call.environment
    resources.only(call, "GET")
    if inner is not None:
        raise missing_segment(end.navigation)
    return _listed(call, here.schema[end.far], ties.tied(here, end, row[here.schema[end.table].key]), rest)


def _change_tie(call: Call, row: Row, end: End, inner: str | None) -> Response:
    """Tie another row to a row, or undo it. Raises ODataError."""
    here = call.environment
    resources.only(call, *(("POST",) if inner is None and not _named(call) else ("DELETE",)))
    table, far = here.schema[end.table], here.schema[end.far]
    making = call.request.method == "POST"
    other = _row(
        call, far, _sent(call, "@odata.id") if making else _named(call) or f"/{far.set_name}({inner})"
    )
    tying.check(here, end, row, other)
    pair = (row[table.key], other[far.key])
    (tying.tie if making else tying.untie)(here, end, *pair)
    return Response(204, b"", ODATA)


def _listed(call: Call, other: Table, rows: list[Row], rest: Parts) -> Response:
    """The rows of a collection, their number, or references to them."""
    if rest == ():
        return queries.rows_of(call, other, rows)
    if rest == (("$count", None),):
        return queries.count_of(call, other, rows)
    if rest == (REFERENCE,):
        context = f"{call.base}/$metadata#Collection($ref)"
        shown = [_reference(call, other, each) for each in rows]
        return answer(200, {"@odata.context": context, "value": shown})
    raise missing_segment(rest[0][0])


def _associate(
    call: Call, start: tuple[Table, Row], found: tuple[Table, Column], inner: str | None
) -> Response:
    """Add a row to a collection or take one out, which changes that row. Raises ODataError."""
    resources.only(call, *(("POST",) if inner is None and not _named(call) else ("DELETE",)))
    (table, row), (other, column) = start, found
    back = navigation_to(other, column, table)
    if call.request.method == "POST":
        each = _row(call, other, _sent(call, "@odata.id"))
        return _update(call, other, each, {back + BIND: f"/{table.set_name}({row[table.key]})"})
    each = _row(call, other, _named(call) or f"/{other.set_name}({inner})")
    if each.get(column.name) != row[table.key]:
        raise missing_row(other.name, each[other.key])
    return _update(call, other, each, {back: None})


def _named(call: Call) -> str | None:
    return call.request.param("$id")


def _row(call: Call, table: Table, reference: Any) -> Row:
    """The row of a reference, which must be one of that table. Raises ODataError."""
    address = addresses.find(call.environment, str(reference))
    if address.table.name != table.name:
        raise ODataError(PAYLOAD, f"'{reference}' is no reference to a row of '{table.set_name}'.")
    return addresses.row_of(call.environment, address)


def _sent(call: Call, name: str) -> Any:
    """What the body has by that name, and nothing else. Raises ODataError."""
    body = json_body(call)
    if name not in body or any(each != name and not each.startswith("@") for each in body):
        raise ODataError(PAYLOAD, f"Error identified in Payload provided by the user: '{name}' is expected.")
    return body[name]


def _update(call: Call, table: Table, row: Row, body: dict[str, Any]) -> Response:
    resources.check_writable(table)
    resources.check_match(call, row)
    saving.update(call.environment, call.user, table, row, body)
    return Response(204, b"", ODATA)


def _reference(call: Call, table: Table, row: Row) -> dict[str, str]:
    return {"@odata.id": f"{call.base}/{table.set_name}({row[table.key]})"}
