"""Entity sets and single rows: what each method does. Source: Perform operations using the Web API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crosswalk_sandbox.dynamics.answers import ANNOTATIONS, ODATA, Call, answer, applied
from crosswalk_sandbox.dynamics.environment import Row
from crosswalk_sandbox.dynamics.errors import ODataError, missing_segment
from crosswalk_sandbox.dynamics.records import (
    addresses,
    aggregates,
    deep,
    fetching,
    queries,
    saving,
    selecting,
    tracking,
    views,
)
from crosswalk_sandbox.dynamics.records.addresses import Address
from crosswalk_sandbox.dynamics.records.bodies import json_body
from crosswalk_sandbox.dynamics.records.shown import etag
from crosswalk_sandbox.dynamics.schema import Table
from crosswalk_sandbox.dynamics.security import rights
from crosswalk_sandbox.http import Response

ONE = frozenset({"$select", "$expand"})
UNWRITTEN = frozenset(
    {"privilege", "roleprivileges", "principalobjectaccess", "sdkmessage", "sdkmessagefilter"}
)
METHOD = "The requested resource does not support http method "


def serve(call: Call, table: Table, key: str | None, rest: Sequence[tuple[str, str | None]]) -> Response:
    """The answer for an entity set or one of its rows. Raises ODataError."""
    if rest == [("$count", None)] and key is None:
        only(call, "GET")
        if call.request.param("$deltatoken") is not None:
            return queries.counted(tracking.count_of(call, table))
        return queries.count_of(call, table)
    if rest:
        raise missing_segment(rest[0][0])
    if call.request.method != "GET":
        check_writable(table)
    if key is None:
        only(call, "GET", "POST")
        if call.request.method == "POST":
            return _create(call, table)
        return _read(call, table)
    only(call, "GET", "PATCH", "DELETE")
    return _METHODS[call.request.method](call, table, addresses.read(call.environment, table, key))


def _read(call: Call, table: Table) -> Response:
    if call.request.param(aggregates.OPTION) is not None:
        queries.check_options(call, frozenset({aggregates.OPTION}))
        return aggregates.serve(call, table)
    if (text := call.request.param(selecting.OPTION)) is not None:
        return selecting.serve(call, table, text)
    text = call.request.param(fetching.OPTION)
    if text is None:
        text = views.fetch_of(call)
    if text is not None:
        return fetching.serve(call, table, text)
    return tracking.changes_of(call, table) if tracking.asked(call) else queries.rows_of(call, table)


def check_writable(table: Table) -> None:
    """Refuse to write rows that other calls make. Raises ODataError."""
    if table.name in UNWRITTEN or table.intersect:
        raise ODataError("0x8006088b", f"Rows of the table {table.name} cannot be written.")


def only(call: Call, *methods: str) -> None:
    """Refuse other methods. Raises ODataError."""
    if call.request.method not in methods:
        raise ODataError("0x8006088b", f"{METHOD}'{call.request.method}'.")


def _get(call: Call, table: Table, address: Address) -> Response:
    queries.check_options(call, ONE)
    rights.require(call.environment, "Read", table)
    row = addresses.row_of(call.environment, address)
    rights.require(call.environment, "Read", table, row)
    known = _header(call, "if-none-match")
    if known is not None and known == etag(row):
        return Response(304, b"", {"etag": etag(row), **ODATA})
    return shown(call, table, row, 200, applied(call, ANNOTATIONS))


def _create(call: Call, table: Table) -> Response:
    row = deep.create(call.environment, call.user, table, json_body(call), None)
    return _written(call, table, row, created=True)


def _patch(call: Call, table: Table, address: Address) -> Response:
    """An update; without If-Match also a creation. Raises ODataError."""
    body = json_body(call)
    old = call.environment.rows[table.name].get(address.id or "")
    if old is None:
        if _header(call, "if-match") is not None:
            raise address.missing()
        row = made_at(call, address, body)
        return _written(call, table, row, created=True, key=address.echo)
    if _header(call, "if-none-match") is not None:
        raise ODataError("0x80040237", "A record with matching key values already exists.")
    check_match(call, old)
    row = changed_at(call, address, old, body)
    return _written(call, table, row, created=False, key=address.echo)


def made_at(call: Call, address: Address, body: Mapping[str, Any]) -> Row:
    """A new row at an address; of an alternate key, the body's values count. Raises ODataError."""
    table = address.table
    if address.by_key:
        return deep.create(call.environment, call.user, table, body, None, address.values)
    return deep.create(call.environment, call.user, table, {**body, table.key: address.id}, address.id)


def changed_at(call: Call, address: Address, old: Row, body: Mapping[str, Any]) -> Row:
    """The row at an address, changed; values of its alternate key are passed over. Raises ODataError."""
    kept = {name: value for name, value in body.items() if name not in address.values}
    return saving.update(call.environment, call.user, address.table, old, kept)


def _delete(call: Call, table: Table, address: Address) -> Response:
    old = addresses.row_of(call.environment, address)
    check_match(call, old)
    saving.delete(call.environment, table, old[table.key])
    return Response(204, b"", ODATA)


_METHODS = {"GET": _get, "PATCH": _patch, "DELETE": _delete}


def check_match(call: Call, row: Row) -> None:
    """Source: Perform conditional operations, optimistic concurrency. Raises ODataError."""
    expected = _header(call, "if-match")
    if expected not in (None, "*", etag(row)):
        text = "The version of the existing record doesn't match the RowVersion property provided."
        raise ODataError("0x80060882", text)


def _header(call: Call, name: str) -> str | None:
    """A condition; the word null is the same as no header."""
    value = call.request.headers.get(name, "").strip()
    return value if value and value.lower() != "null" else None


def _written(call: Call, table: Table, row: Row, *, created: bool, key: str = "") -> Response:
    """The answer to a creation or an update: nothing but the address, or the row if it is asked for.

    The address is the one of the call, with the `key` that it named.
    """
    if call.preferences.get("return", "").lower() == "representation":
        return shown(call, table, row, 201 if created else 200, applied(call, "return", ANNOTATIONS))
    address = f"{call.base}/{table.set_name}({key or row[table.key]})"
    located = {"location": address} if created else {}
    return Response(204, b"", {**ODATA, "odata-entityid": address, **located})


def shown(
    call: Call, table: Table, row: Row, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer with one row. Raises ODataError."""
    context = {"@odata.context": f"{queries.context_of(call, table)}/$entity"}
    content = context | queries.shower_of(call, table).show(row)
    return answer(status, content, {"etag": etag(row), **(headers or {})})
