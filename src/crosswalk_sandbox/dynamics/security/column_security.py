"""Column security: profiles say who may read, create and update the columns that are secured.

Source: Dataverse, Column-level security; fieldsecurityprofile and fieldpermission tables.
"""

from __future__ import annotations

from typing import Literal

from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.schema import Table
from crosswalk_sandbox.dynamics.security import roles
from crosswalk_sandbox.dynamics.session import Rights

Action = Literal["canread", "cancreate", "canupdate"]
ALLOWED = 4
WRITE_ONLY = {"serviceendpoint": frozenset({"authvalue"})}  # nobody reads a webhook's secret back
PERMISSION = "fieldpermission"


def denied(environment: Environment, table: Table, action: Action) -> frozenset[str]:
    """The columns of a table with which the caller may not do this."""
    rights = environment.session.rights
    if rights is None:
        return frozenset()
    by_rule = _by_rule(environment, table, action)
    if action == "canread":
        by_rule |= WRITE_ONLY.get(table.name, frozenset())
    if not table.secured or _is_administrator(environment, rights):
        return by_rule
    profiles = _profiles(environment, rights)
    allowed = {
        row["attributelogicalname"]
        for row in environment.rows[PERMISSION].values()
        if row["entityname"] == table.name
        and row["fieldsecurityprofileid"] in profiles
        and row.get(action) == ALLOWED
    }
    return by_rule | (table.secured - allowed)


def check_permission(environment: Environment, table: Table, row: Row) -> None:
    """A permission is about a column that is secured. Raises ODataError."""
    if table.name != PERMISSION:
        return
    target = environment.schema.find(row["entityname"])
    name = row["attributelogicalname"]
    if target is None or name not in target.columns:
        text = f"'{row['entityname']}' entity doesn't contain attribute with Name = '{name}'."
        raise ODataError("0x80041103", text)
    if name not in target.secured:
        raise ODataError("0x80040203", f"The attribute {name} of {target.name} is not secured.")


def _by_rule(environment: Environment, table: Table, action: Action) -> frozenset[str]:
    """What the environment's rules deny, whoever asks."""
    own = f"{table.name}."
    return frozenset(
        path.removeprefix(own)
        for path, may in environment.rules.secured.items()
        if path.startswith(own) and (may == "none" or action != "canread")
    )


def _is_administrator(environment: Environment, rights: Rights) -> bool:
    """Whether the profile counts that administrators have by themselves, with all permissions."""
    wanted = roles.id_of(environment, roles.ADMIN)
    held = environment.rows["systemuserroles"].values()
    return any(row["roleid"] == wanted and row["systemuserid"] == rights.user for row in held)


def _profiles(environment: Environment, rights: Rights) -> set[str]:
    """The profiles of a user and of their teams."""
    rows = environment.rows
    own = {
        row["fieldsecurityprofileid"]
        for row in rows["systemuserprofiles"].values()
        if row["systemuserid"] == rights.user
    }
    return own | {
        row["fieldsecurityprofileid"]
        for row in rows["teamprofiles"].values()
        if row["teamid"] in rights.teams
    }
