"""CreateMultiple, UpdateMultiple and UpsertMultiple: many rows in one call, all of them or none.

Source: Bulk operation messages; Use bulk operation messages in the Web API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.actions.parameters import NAMESPACE, TYPE
from crosswalk_sandbox.dynamics.answers import ODATA, Call, answer
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.records import addresses, deep, resources, saving
from crosswalk_sandbox.dynamics.records.addresses import Address
from crosswalk_sandbox.dynamics.records.bodies import json_body
from crosswalk_sandbox.dynamics.records.values import PAYLOAD
from crosswalk_sandbox.dynamics.schema import Table
from crosswalk_sandbox.http import Response

TARGETS = "Targets"
ROW = "@odata.id"
Target = Mapping[str, Any]


def create(call: Call, table: Table) -> Response:
    """New rows; their keys in the order of the targets. Raises ODataError."""
    made = [deep.create(call.environment, call.user, table, each, None) for each in _targets(call, table)]
    context = f"{call.base}/$metadata#{NAMESPACE}CreateMultipleResponse"
    return answer(200, {"@odata.context": context, "Ids": [row[table.key] for row in made]})


def update(call: Call, table: Table) -> Response:
    """Change rows that are there. Raises ODataError."""
    targets = [(_key(table, each), each) for each in _targets(call, table)]
    _check_different([key for key, _ in targets])
    rows = call.environment.rows[table.name]
    if missing := [key for key, _ in targets if key not in rows]:
        raise ODataError("0x80040217", f"{table.name} With Ids = {', '.join(missing)} Do Not Exist")
    for key, each in targets:
        saving.update(call.environment, call.user, table, rows[key], each)
    return Response(204, b"", ODATA)


def upsert(call: Call, table: Table) -> Response:
    """Change rows that are there and make the others; which is which is not told. Raises ODataError."""
    targets = _targets(call, table)
    _check_different([str(each.get(ROW) or each.get(table.key)).lower() for each in targets])
    for each in targets:
        address = _address(call, table, each)
        old = call.environment.rows[table.name].get(address.id or "")
        if old is None:
            resources.made_at(call, address, each)
        else:
            resources.changed_at(call, address, old, each)
    return Response(204, b"", ODATA)


def delete(call: Call, table: Table) -> NoReturn:
    """Only elastic tables can do it. Raises ODataError."""
    text = f"The 'DeleteMultiple' method does not support entities of type '{table.name}'."
    raise ODataError("0x80040800", text)


def _targets(call: Call, table: Table) -> Sequence[Target]:
    """The targets of the body, each with its type. Raises ODataError."""
    body = json_body(call)
    if unknown := [name for name in body if name != TARGETS]:
        raise ODataError(PAYLOAD, f"The parameter '{unknown[0]}' in the request payload is not valid.")
    targets = body.get(TARGETS)
    if not isinstance(targets, list) or not targets:
        raise ODataError("0x80040203", f"Required field '{TARGETS}' is missing or has no rows.")
    for each in targets:
        found = each.get(TYPE) if isinstance(each, dict) else None
        if not isinstance(found, str) or found.removeprefix("#") != f"{NAMESPACE}{table.name}":
            text = f"A type named '{found}' could not be resolved for a target: '{NAMESPACE}{table.name}'"
            raise ODataError(PAYLOAD, f"{text} is expected in '{TYPE}'.")
    return targets


def _key(table: Table, target: Target) -> str:
    """The primary key in a target. Raises ODataError."""
    value = target.get(table.key)
    found = ids.canonical(value) if isinstance(value, str) else None
    if found is None:
        raise ODataError("0x80040203", f"A target has no valid '{table.key}'.")
    return found


def _address(call: Call, table: Table, target: Target) -> Address:
    """The row that a target means, by `@odata.id` or the primary key. Raises ODataError."""
    named = target.get(ROW)
    if named is None:
        return Address(table=table, text="", id=_key(table, target))
    found = addresses.find(call.environment, str(named))
    if found.table.name != table.name:
        raise ODataError(PAYLOAD, f"'{named}' is no address of a row of '{table.set_name}'.")
    return found


def _check_different(keys: Sequence[str]) -> None:
    if len(set(keys)) < len(keys):
        raise ODataError("0x80040203", "Several targets mean the same row.")


MULTIPLE: dict[str, Callable[[Call, Table], Response]] = {
    "CreateMultiple": create,
    "UpdateMultiple": update,
    "UpsertMultiple": upsert,
    "DeleteMultiple": delete,
}
