"""Calls of actions: which there are, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from crosswalk_sandbox.dynamics.actions import bulk_delete, closing, merging, multiple, qualifying, sharing
from crosswalk_sandbox.dynamics.actions.parameters import NAMESPACE, TYPE
from crosswalk_sandbox.dynamics.answers import ODATA, Call, answer
from crosswalk_sandbox.dynamics.environment import Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.files import blocks
from crosswalk_sandbox.dynamics.metadata import changing, choices, tables
from crosswalk_sandbox.dynamics.records import addresses, resources
from crosswalk_sandbox.dynamics.records.bodies import json_body
from crosswalk_sandbox.dynamics.schema import Table
from crosswalk_sandbox.dynamics.security import holders
from crosswalk_sandbox.http import Response

Parts = Sequence[tuple[str, str | None]]


def unbound(call: Call, parts: Parts) -> Response | None:
    """The answer to an action of no row; None when the path names none. Raises ODataError."""
    action = UNBOUND.get(parts[0][0]) if len(parts) == 1 and parts[0][1] is None else None
    return _done(call, lambda: action(call)) if action else None


def bound(call: Call, table: Table, parts: Parts) -> Response | None:
    """The answer to an action of a row or of a set; None when the path names none. Raises ODataError."""
    if len(parts) != 2 or not parts[1][0].startswith(NAMESPACE):
        return None
    if parts[0][1] is None:
        return _of_set(call, table, parts[1][0].removeprefix(NAMESPACE))
    action = BOUND.get((table.name, parts[1][0].removeprefix(NAMESPACE)))
    if action is None:
        return None
    row = addresses.row_of(call.environment, addresses.read(call.environment, table, parts[0][1]))
    return _done(call, lambda: action(call, row))


def _of_set(call: Call, table: Table, name: str) -> Response | None:
    many = multiple.MULTIPLE.get(name)
    if many is None:
        return None
    resources.check_writable(table)
    return _done(call, lambda: many(call, table))


def _done(call: Call, action: Callable[[], Response]) -> Response:
    """The answer to an action, which happens whole or not at all. Raises ODataError."""
    if call.request.method != "POST":
        text = "The requested resource does not support http method "
        raise ODataError("0x8006088b", f"{text}'{call.request.method}'.")
    with call.environment.all_or_nothing():
        return action()


def _merge(call: Call) -> Response:
    merging.serve(call.environment, call.user, json_body(call))
    return Response(204, b"", ODATA)


def _closed(call: Call, state: int) -> Response:
    closing.serve(call.environment, call.user, json_body(call), state)
    return Response(204, b"", ODATA)


def _qualify(call: Call, lead: Row) -> Response:
    wanted = qualifying.read(call.environment, json_body(call))
    made = qualifying.qualify(call.environment, call.user, lead, wanted)
    shown = [{TYPE: f"#{NAMESPACE}{table.name}", table.key: row[table.key]} for table, row in made]
    context = f"{call.base}/$metadata#Collection({NAMESPACE}crmbaseentity)"
    return answer(200, {"@odata.context": context, "value": shown})


UNBOUND: dict[str, Callable[[Call], Response]] = {
    "Merge": _merge,
    "GrantAccess": sharing.grant,
    "ModifyAccess": sharing.modify,
    "RevokeAccess": sharing.revoke,
    "WinOpportunity": lambda call: _closed(call, closing.WON),
    "LoseOpportunity": lambda call: _closed(call, closing.LOST),
    "PublishXml": lambda call: changing.publish(call, all_of_it=False),
    "PublishAllXml": lambda call: changing.publish(call, all_of_it=True),
    "ReactivateEntityKey": changing.reactivate_key,
    "CreateEntities": tables.create_many,
    "InsertOptionValue": choices.insert,
    "UpdateOptionValue": choices.update,
    "DeleteOptionValue": choices.delete,
    "CreateCustomerRelationships": changing.customer_relationships,
    "BulkDelete": bulk_delete.serve,
    **blocks.ACTIONS,
}
BOUND: dict[tuple[str, str], Callable[[Call, Row], Response]] = {
    ("lead", "QualifyLead"): _qualify,
    ("role", "AddPrivilegesRole"): holders.add_privileges,
    ("role", "ReplacePrivilegesRole"): holders.replace_privileges,
    ("role", "RemovePrivilegeRole"): holders.remove_privilege,
}
