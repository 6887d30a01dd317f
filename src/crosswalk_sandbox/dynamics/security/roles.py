"""Roles: those of the start, what is in them, and who has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.environment import Environment
from crosswalk_sandbox.dynamics.security import privileges

ADMIN, SALES = "System Administrator", "Salesperson"
BUSINESS = ("account", "contact", "lead", "opportunity", "opportunityclose")
GLOBAL_MASK = 8
# what everybody needs to work at all
BASICS = (
    "prvReadUser", "prvReadTeam", "prvReadBusinessUnit", "prvReadOrganization", "prvReadTransactionCurrency",
    "prvAppendToTransactionCurrency", "prvAppendToUser", "prvReadRole", "prvReadEntity", "prvReadAttribute",
    "prvReadRelationship", "prvReadOptionSet",
)  # fmt: skip


class RoleOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the control API takes: a role with all that is in it, and all who have it."""

    name: str
    privileges: dict[str, str] | None = None  # depth by name; left out: as it is
    users: tuple[str, ...] | None = None  # ids or domain names


def plant(environment: Environment, users: Mapping[str, str]) -> None:
    """Make the privileges and the first roles; `users` names the role of each systemuserid."""
    for name in privileges.everything():
        environment.put("privilege", {
            "privilegeid": privileges.id_of(name), "name": name, "accessright": privileges.access_right(name),
            "canbebasic": True, "canbelocal": True, "canbedeep": True, "canbeglobal": True,
        })  # fmt: skip
    sales = [name for table in BUSINESS for name in _of_table(table)]
    _fill(environment, make(environment, ADMIN), dict.fromkeys(privileges.everything(), "Global"))
    _fill(environment, make(environment, SALES), dict.fromkeys((*sales, *BASICS), "Global"))
    for user, role in users.items():
        associate(environment, "systemuserroles", user, id_of(environment, role))


def _of_table(table: str) -> list[str]:
    word, verbs = privileges.TABLES[table]
    return [f"prv{verb}{word}" for verb in verbs]


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
    first, second = SIDES[table]
    key = ids.make(environment.seed, f"{table} {one} {other}")
    key_name = environment.schema[table].key
    environment.put(table, {key_name: key, first: one, second: other})


def dissociate(environment: Environment, table: str, one: str, other: str) -> None:
    """Undo it, if it was done."""
    key = ids.make(environment.seed, f"{table} {one} {other}")
    if key in environment.rows[table]:
        environment.remove(table, key)


# intersect table: what it ties
SIDES = {
    "systemuserroles": ("systemuserid", "roleid"),
    "teamroles": ("teamid", "roleid"),
    "teammembership": ("teamid", "systemuserid"),
}


def change(environment: Environment, order: RoleOrder) -> dict[str, dict[str, Any]]:
    """Make or change a role for the control API; all roles after it. Raises ValueError."""
    known = set(privileges.everything())
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
