"""Roles: those of the start, what is in them, and who has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.environment import Environment
from crosswalk_sandbox.dynamics.schema import Table
from crosswalk_sandbox.dynamics.security import privileges, ties

ADMIN, SALES = "System Administrator", "Salesperson"
BUSINESS = ("account", "contact", "lead", "opportunity", "opportunityclose")
GLOBAL_MASK = 8
# what everybody needs to work at all
BASICS = (
    "prvReadUser", "prvReadTeam", "prvReadBusinessUnit", "prvReadOrganization", "prvReadTransactionCurrency",
    "prvAppendToTransactionCurrency", "prvAppendToUser", "prvReadRole", "prvReadEntity", "prvReadAttribute",
    "prvReadRelationship", "prvReadOptionSet", "prvReadSdkMessage", "prvReadSdkMessageFilter",
    "prvReadAsyncOperation",
)  # fmt: skip


class RoleOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the control API takes: a role with all that is in it, and all who have it."""

    name: str
    privileges: dict[str, str] | None = None  # depth by name; left out: as it is
    users: tuple[str, ...] | None = None  # ids or domain names


def plant(environment: Environment, users: Mapping[str, str]) -> None:
    """Make the privileges and the first roles; `users` names the role of each systemuserid."""
    everything = list(privileges.everything(environment.schema))
    for name in everything:
        _put_privilege(environment, name)
    sales = [name for table in BUSINESS for name in privileges.of_table(environment.schema[table])]
    _fill(environment, make(environment, ADMIN), dict.fromkeys(everything, "Global"))
    _fill(environment, make(environment, SALES), dict.fromkeys((*sales, *BASICS), "Global"))
    for user, role in users.items():
        associate(environment, "systemuserroles", user, id_of(environment, role))


def add_table(environment: Environment, table: Table) -> None:
    """Make the privileges of a new table, which administrators have at once."""
    for name in privileges.of_table(table):
        _put_privilege(environment, name)
    role = id_of(environment, ADMIN)
    if role in environment.rows["role"]:
        _fill(environment, role, dict.fromkeys(privileges.of_table(table), "Global"))


def remove_table(environment: Environment, table: Table) -> None:
    """Take the privileges of a table away, out of all roles."""
    gone = {privileges.id_of(name) for name in privileges.of_table(table)}
    for key, row in list(environment.rows["roleprivileges"].items()):
        if row["privilegeid"] in gone:
            environment.remove("roleprivileges", key)
    for key in gone:
        environment.remove("privilege", key)


def _put_privilege(environment: Environment, name: str) -> None:
    environment.put("privilege", {
        "privilegeid": privileges.id_of(name), "name": name, "accessright": privileges.access_right(name),
        "canbebasic": True, "canbelocal": True, "canbedeep": True, "canbeglobal": True,
    })  # fmt: skip


def id_of(environment: Environment, name: str) -> str:
    """The GUID of a role that the sandbox makes."""
    return ids.make(environment.seed, f"role {name}")


def make(environment: Environment, name: str) -> str:
    """A role without privileges; its GUID."""
    key, now = id_of(environment, name), environment.now()
    by = {"createdby": environment.caller, "modifiedby": environment.caller}
    row = {"roleid": key, "name": name, "businessunitid": environment.unit, "parentrootroleid": key}
    environment.put("role", {**row, **by, "createdon": now, "modifiedon": now})
    return key


def add(environment: Environment, role: str, privilege: str, depth: str) -> None:
    """Put a privilege into a role, or change its depth."""
    key = ids.make(environment.seed, f"role privilege {role} {privilege}")
    mask = 1 << privileges.DEPTHS.index(depth)
    row = {"roleprivilegeid": key, "roleid": role, "privilegeid": privilege, "privilegedepthmask": mask}
    environment.put("roleprivileges", row)


def take(environment: Environment, role: str, privilege: str | None = None) -> None:
    """Take a privilege, or all of them, out of a role."""
    for key, row in list(environment.rows["roleprivileges"].items()):
        if row["roleid"] == role and privilege in (None, row["privilegeid"]):
            environment.remove("roleprivileges", key)


def associate(environment: Environment, table: str, one: str, other: str) -> None:
    """Tie two rows in an intersect table: a user or team, and a role or user."""
    ties.associate(environment, environment.schema.ties.of_intersect(table), one, other)


def dissociate(environment: Environment, table: str, one: str, other: str) -> None:
    """Undo it, if it was done."""
    ties.dissociate(environment, environment.schema.ties.of_intersect(table), one, other)


def change(environment: Environment, order: RoleOrder) -> dict[str, dict[str, Any]]:
    """Make or change a role for the control API; all roles after it. Raises ValueError."""
    known = set(privileges.everything(environment.schema))
    for name, depth in (order.privileges or {}).items():
        if name not in known or depth not in privileges.DEPTHS:
            raise ValueError(f"there is no privilege {name} of depth {depth}")
    users = [_user(environment, each) for each in order.users or ()]
    found = (key for key, row in environment.rows["role"].items() if row["name"] == order.name)
    role = next(found, None) or make(environment, order.name)
    if order.privileges is not None:
        take(environment, role)
        _fill(environment, role, order.privileges)
    if order.users is not None:
        for user in environment.rows["systemuser"]:
            dissociate(environment, "systemuserroles", user, role)
        for user in users:
            associate(environment, "systemuserroles", user, role)
    return shown(environment)


def shown(environment: Environment) -> dict[str, dict[str, Any]]:
    """Every role by name: the depths of its privileges, and the domain names of its users."""
    return {
        row["name"]: {
            "privileges": dict(sorted(held(environment, key))),
            "users": sorted(
                environment.rows["systemuser"][each["systemuserid"]]["domainname"]
                for each in environment.rows["systemuserroles"].values()
                if each["roleid"] == key
            ),
        }
        for key, row in environment.rows["role"].items()
    }


def held(environment: Environment, role: str) -> Iterable[tuple[str, str]]:
    """The privileges in a role, with the words for their depths."""
    for row in environment.rows["roleprivileges"].values():
        if row["roleid"] == role:
            depth = privileges.DEPTHS[int(row["privilegedepthmask"]).bit_length() - 1]
            yield environment.rows["privilege"][row["privilegeid"]]["name"], depth


def _fill(environment: Environment, role: str, depths: Mapping[str, str]) -> None:
    for name, depth in depths.items():
        add(environment, role, privileges.id_of(name), depth)


def _user(environment: Environment, named: str) -> str:
    for key, row in environment.rows["systemuser"].items():
        if named.lower() in (key, row["domainname"].lower()):
            return key
    raise ValueError(f"there is no user {named}")
