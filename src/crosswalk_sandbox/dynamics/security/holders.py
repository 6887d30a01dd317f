"""Who has which roles, what a user may do, and changing both through the Web API.

Source: systemuserroles_association, teamroles_association, teammembership_association; AddPrivilegesRole and its
siblings; RetrieveUserPrivileges, RetrievePrincipalAccess, RetrieveRolePrivilegesRole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.answers import ODATA, Call, answer
from crosswalk_sandbox.dynamics.environment import Row
from crosswalk_sandbox.dynamics.errors import ODataError, missing_row
from crosswalk_sandbox.dynamics.records import addresses
from crosswalk_sandbox.dynamics.records.bodies import json_body
from crosswalk_sandbox.dynamics.records.values import PAYLOAD
from crosswalk_sandbox.dynamics.schema import Schema, Table
from crosswalk_sandbox.dynamics.security import privileges, rights, roles
from crosswalk_sandbox.http import Response

Parts = Sequence[tuple[str, str | None]]
NAMESPACE = "Microsoft.Dynamics.CRM."
TARGET = re.compile(r"Target=(@\w+|\{.*\})", re.DOTALL)
RIGHTS = ("Read", "Write", "Append", "AppendTo", "Create", "Delete", "Share", "Assign")


def serve(call: Call, table: Table, parts: Parts) -> Response | None:
    """The answer to a call about roles and rights; None when the path is about something else. Raises ODataError."""
    if len(parts) < 2 or parts[0][1] is None:
        return None
    name, key = parts[1]
    asked = FUNCTIONS.get(name.removeprefix(NAMESPACE)) if name.startswith(NAMESPACE) else None
    if asked is None or table.name != "systemuser" or call.request.method != "GET":
        return None
    row = addresses.row_of(call.environment, addresses.read(call.environment, table, parts[0][1]))
    return asked(call, row[table.key], key or "")


def _shown(call: Call, held: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Privileges as the complex type RolePrivilege."""
    return [
        {
            "Depth": depth,
            "PrivilegeId": privileges.id_of(name),
            "BusinessUnitId": call.environment.unit,
            "PrivilegeName": name,
            "RecordFilterId": "00000000-0000-0000-0000-000000000000",
            "RecordFilterUniqueName": "",
        }
        for name, depth in held
    ]


def _user_privileges(call: Call, user: str, arguments: str) -> Response:
    found = rights.of(call.environment, user).depths
    held = [(name, privileges.DEPTHS[depth]) for name, depth in found.items()]
    context = f"{call.base}/$metadata#{NAMESPACE}RetrieveUserPrivilegesResponse"
    return answer(200, {"@odata.context": context, "RolePrivileges": _shown(call, held)})


def _principal_access(call: Call, user: str, arguments: str) -> Response:
    """What a user may do with one row. Raises ODataError."""
    found = TARGET.search(arguments)
    text = found[1] if found else ""
    text = (call.request.param(text) or "") if text.startswith("@") else text
    try:
        reference = json.loads(text.replace("'", '"'))["@odata.id"]
    except (ValueError, KeyError, TypeError):
        raise ODataError(PAYLOAD, "Target must be an entity reference with '@odata.id'.") from None
    address = addresses.find(call.environment, str(reference))
    row = addresses.row_of(call.environment, address)
    granted = [f"{verb}Access" for verb in RIGHTS if _may(call, user, verb, address.table, row)]
    context = f"{call.base}/$metadata#{NAMESPACE}RetrievePrincipalAccessResponse"
    return answer(200, {"@odata.context": context, "AccessRights": ", ".join(granted) or "None"})


def _may(call: Call, user: str, verb: str, table: Table, row: Row) -> bool:
    held = rights.of(call.environment, user)
    name = privileges.name_of(verb, table)
    return name in held.depths and rights.covers(held, str(name), table, row)


FUNCTIONS: dict[str, Callable[[Call, str, str], Response]] = {
    "RetrieveUserPrivileges": _user_privileges,
    "RetrievePrincipalAccess": _principal_access,
}


def add_privileges(call: Call, role: Row) -> Response:
    """AddPrivilegesRole. Raises ODataError."""
    rights.require(call.environment, "Write", call.environment.schema["role"])
    for name, depth in _named(call.environment.schema, json_body(call)):
        roles.add(call.environment, role["roleid"], privileges.id_of(name), depth)
    return Response(204, b"", ODATA)


def replace_privileges(call: Call, role: Row) -> Response:
    """ReplacePrivilegesRole. Raises ODataError."""
    rights.require(call.environment, "Write", call.environment.schema["role"])
    roles.take(call.environment, role["roleid"])
    return add_privileges(call, role)


def remove_privilege(call: Call, role: Row) -> Response:
    """RemovePrivilegeRole. Raises ODataError."""
    rights.require(call.environment, "Write", call.environment.schema["role"])
    key = ids.canonical(str(json_body(call).get("PrivilegeId")))
    if key not in call.environment.rows["privilege"]:
        raise missing_row("privilege", str(key))
    roles.take(call.environment, role["roleid"], key)
    return Response(204, b"", ODATA)


def privileges_of_role(call: Call, arguments: str) -> Response:
    """RetrieveRolePrivilegesRole(RoleId=…). Raises ODataError."""
    key = ids.canonical(arguments.removeprefix("RoleId="))
    if key not in call.environment.rows["role"]:
        raise missing_row("role", arguments)
    context = f"{call.base}/$metadata#{NAMESPACE}RetrieveRolePrivilegesRoleResponse"
    held = roles.held(call.environment, str(key))
    return answer(200, {"@odata.context": context, "RolePrivileges": _shown(call, held)})


def _depth(sent: Any) -> Any:
    """A depth by its word, also where it was sent as its number."""
    number = str(sent)
    return privileges.DEPTHS[int(number)] if number in ("0", "1", "2", "3") else sent


def _named(schema: Schema, body: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """The privileges of a body, by id or by name, with their depths. Raises ODataError."""
    by_id = {privileges.id_of(name): name for name in privileges.everything(schema)}
    found = body.get("Privileges")
    if not isinstance(found, list):
        raise ODataError("0x80040203", "Required field 'Privileges' is missing.")
    for each in found:
        name = by_id.get(str(each.get("PrivilegeId", "")).lower()) or each.get("PrivilegeName")
        depth = _depth(each.get("Depth"))
        if name not in by_id.values() or depth not in privileges.DEPTHS:
            raise ODataError(PAYLOAD, f"There is no privilege '{name}' of depth '{depth}'.")
        yield name, depth
