"""Sharing: rights for one row, given to a user or a team. Source: GrantAccess, ModifyAccess, RevokeAccess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.actions.parameters import NAMESPACE, TYPE, Parameters
from crosswalk_sandbox.dynamics.answers import ODATA, Call
from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.records.bodies import json_body
from crosswalk_sandbox.dynamics.records.values import PAYLOAD
from crosswalk_sandbox.dynamics.schema import Table
from crosswalk_sandbox.dynamics.security import privileges, rights
from crosswalk_sandbox.http import Response

SHARINGS = "principalobjectaccess"
PRINCIPALS = ("systemuser", "team")
INVALID = "0x80040203"


@dataclass(frozen=True, kw_only=True)
class _Sharing:
    """Who is given rights for what."""

    environment: Environment
    table: Table
    row: Row
    principal_table: Table
    principal: str

    @property
    def old(self) -> Row | None:
        """What was given before."""
        wanted = (self.row[self.table.key], self.principal)
        rows = self.environment.rows[SHARINGS].values()
        return next((each for each in rows if (each["objectid"], each["principalid"]) == wanted), None)

    def give(self, mask: int) -> None:
        """Set the rights; none takes the sharing away."""
        old = self.old
        key = old[f"{SHARINGS}id"] if old else self.environment.new_id()
        if not mask:
            if old:
                self.environment.remove(SHARINGS, key)
            return
        self.environment.put(SHARINGS, {
            f"{SHARINGS}id": key,
            "objectid": self.row[self.table.key],
            "objecttypecode": self.table.name,
            "principalid": self.principal,
            "principaltypecode": self.principal_table.name,
            "accessrightsmask": mask,
        })  # fmt: skip


def grant(call: Call) -> Response:
    """Rights beside those that there are. Raises ODataError."""
    sharing, mask = _given(call, "GrantAccess")
    sharing.give(mask | (sharing.old["accessrightsmask"] if sharing.old else 0))
    return Response(204, b"", ODATA)


def modify(call: Call) -> Response:
    """Rights in the place of those that there are. Raises ODataError."""
    sharing, mask = _given(call, "ModifyAccess")
    sharing.give(mask)
    return Response(204, b"", ODATA)


def revoke(call: Call) -> Response:
    """No rights any more. Raises ODataError."""
    sent = Parameters("RevokeAccess", json_body(call), ("Target", "Revokee"))
    _sharing(call, sent, sent.plain("Revokee"), str(json_body(call)["Revokee"].get(TYPE))).give(0)
    return Response(204, b"", ODATA)


def _given(call: Call, action: str) -> tuple[_Sharing, int]:
    sent = Parameters(action, json_body(call), ("Target", "PrincipalAccess"))
    access = sent.plain("PrincipalAccess")
    principal = access.get("Principal")
    if not isinstance(principal, dict):
        raise ODataError(INVALID, "Required field 'Principal' is missing.")
    sharing = _sharing(call, sent, principal, str(principal.get(TYPE)))
    return sharing, sum(_bits(str(access.get("AccessMask") or "None")))


def _sharing(call: Call, sent: Parameters, principal: Mapping[str, Any], type_: str) -> _Sharing:
    """Raises ODataError where the caller may not share the row."""
    here = call.environment
    table, row = sent.required_row(here, "Target")
    if not table.owned:
        raise ODataError(INVALID, f"Rows of the table {table.name} cannot be shared.")
    rights.require(here, "Share", table, row)
    name = type_.removeprefix("#").removeprefix(NAMESPACE)
    key = ids.canonical(str(principal.get(f"{name}id") or principal.get("ownerid")))
    if name not in PRINCIPALS or key not in here.rows[name]:
        raise ODataError(PAYLOAD, "A user or a team of the environment was expected as principal.")
    return _Sharing(
        environment=here, table=table, row=row, principal_table=here.schema[name], principal=str(key)
    )


def _bits(mask: str) -> Iterator[int]:
    """The bits of `ReadAccess, WriteAccess`. Raises ODataError."""
    for each in {part.strip() for part in mask.split(",")} - {"None"}:
        verb = each.removesuffix("Access")
        if verb not in privileges.VERBS or verb == each:
            raise ODataError(PAYLOAD, f"Cannot convert the literal '{each}' to the type 'AccessRights'.")
        yield privileges.VERBS[verb]
