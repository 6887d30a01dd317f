"""What the caller may do, and the refusals. Every check raises ODataError.

Source: Dataverse, How access to a record is determined; Web service error codes.
"""

from __future__ import annotations

from dataclasses import replace

from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.labels import LABELS
from crosswalk_sandbox.dynamics.schema import REFERENCES, Table
from crosswalk_sandbox.dynamics.security import privileges
from crosswalk_sandbox.dynamics.session import GLOBAL, Rights

DENIED, NO_ACCESS, OWNER_DENIED = "0x80040220", "0x80048306", "0x80040231"


def of(environment: Environment, user: str) -> Rights:
    """The rights of a user, by their own roles and those of their teams."""
    if user not in environment.rights:
        environment.rights[user] = _found(environment, user)
    return environment.rights[user]


def _found(environment: Environment, user: str) -> Rights:
    rows = environment.rows
    row = rows["systemuser"][user]
    teams = frozenset(
        each["teamid"] for each in rows["teammembership"].values() if each["systemuserid"] == user
    )
    roles = {each["roleid"] for each in rows["systemuserroles"].values() if each["systemuserid"] == user}
    roles |= {each["roleid"] for each in rows["teamroles"].values() if each["teamid"] in teams}
    depths: dict[str, int] = {}
    for each in rows["roleprivileges"].values():
        if each["roleid"] in roles:
            name = rows["privilege"][each["privilegeid"]]["name"]
            depths[name] = max(depths.get(name, 0), int(each["privilegedepthmask"]).bit_length() - 1)
    unit = row["businessunitid"]
    below = _units_below(environment, unit)
    return Rights(
        depths=depths,
        user=user,
        unit=unit,
        units_below=below,
        teams=teams,
        roles=len(roles),
        shared=_shared_with(environment, {user, *teams}),
    )


def _shared_with(environment: Environment, principals: set[str]) -> dict[str, int]:
    """The rights that were given for single rows, to a user or a team of theirs."""
    found: dict[str, int] = {}
    for each in environment.rows["principalobjectaccess"].values():
        if each["principalid"] in principals:
            found[each["objectid"]] = found.get(each["objectid"], 0) | each["accessrightsmask"]
    return found


def shared(one: Rights, other: Rights) -> Rights:
    """What both may do, as `one`: the rights of somebody who acts for another."""
    both = {
        name: min(depth, other.depths[name]) for name, depth in one.depths.items() if name in other.depths
    }
    return replace(one, depths=both)


def _units_below(environment: Environment, unit: str) -> frozenset[str]:
    units = environment.rows["businessunit"]
    below: set[str] = set()
    found = {unit}
    while found:
        found = {key for key, row in units.items() if row.get("parentbusinessunitid") in found} - below
        below |= found
    return frozenset(below)


def require(environment: Environment, verb: str, table: Table, row: Row | None = None) -> None:
    """Refuse what the caller may not do with rows of a table, or with this one."""
    rights = environment.session.rights
    if rights is None or not privileges.about(table)[0]:
        return
    name = privileges.name_of(verb, table)
    if name is None:
        raise ODataError(
            "0x8006088b", f"The '{verb}' method does not support entities of type '{table.name}'."
        )
    if name not in rights.depths:
        raise missing(environment, rights, name, table)
    if row is not None and not covers(rights, name, table, row):
        raise no_access(rights.user, verb, table, row)


def require_everywhere(environment: Environment, verb: str, table: Table) -> None:
    """Refuse who may do it with some rows only, as change tracking does."""
    require(environment, verb, table)
    rights, name = environment.session.rights, privileges.name_of(verb, table)
    if rights is not None and name and table.owned and rights.depths[name] < GLOBAL:
        raise missing(environment, rights, name, table)


def require_named(environment: Environment, name: str) -> None:
    """Refuse who lacks a privilege that is about no table of rows."""
    rights = environment.session.rights
    if rights is not None and name not in rights.depths:
        raise missing(environment, rights, name, None)


def readable(environment: Environment, table: Table) -> list[Row]:
    """The rows of a table that the caller may see."""
    require(environment, "Read", table)
    rows = environment.rows[table.name].values()
    rights, name = environment.session.rights, privileges.name_of("Read", table)
    if rights is None or name is None or not table.owned or rights.depths[name] == GLOBAL:
        return list(rows)
    return [row for row in rows if covers(rights, name, table, row)]


def covers(rights: Rights, name: str, table: Table, row: Row) -> bool:
    """Whether a privilege that is held reaches a row, or the row is shared with who holds it."""
    depth = rights.depths[name]
    if depth == GLOBAL or not table.owned or row.get("ownerid") in {rights.user, *rights.teams}:
        return True
    if rights.shared.get(row[table.key], 0) & privileges.access_right(name):
        return True
    units = (frozenset[str](), {rights.unit}, {rights.unit, *rights.units_below})[depth]
    return row.get("owningbusinessunit") in units


def check_lookups(environment: Environment, table: Table, row: Row, sent: Row) -> None:
    """Refuse to let a row point to one that it may not be appended to."""
    if environment.session.rights is None:
        return
    for name, value in sent.items():
        column = table.columns.get(name)
        if (
            column is None
            or value is None
            or column.type not in REFERENCES
            or column.type == "Owner"
            or not column.creatable
        ):
            continue
        require(environment, "Append", table, row)
        target = environment.schema[sent.get(column.target_column) or column.targets[0]]
        require(environment, "AppendTo", target, environment.rows[target.name][value])


def check_owner(
    environment: Environment, table: Table, old: Row, sent: Row, *, creating: bool = False
) -> None:
    """Refuse to give a row to somebody else without the right, or to who may not read it."""
    owner = sent.get("ownerid")
    if environment.session.rights is None or owner is None or owner == old.get("ownerid"):
        return
    if not creating:
        require(environment, "Assign", table, old)
    if owner in environment.rows["systemuser"]:
        rights = of(environment, owner)
        name = privileges.name_of("Read", table)
        if name is not None and name not in rights.depths:
            found = missing(environment, rights, name, table)
            raise ODataError(OWNER_DENIED, found.message)


def missing(environment: Environment, rights: Rights, name: str, table: Table | None) -> ODataError:
    """The refusal of who has no such privilege, in the vendor's words."""
    user = environment.rows["systemuser"][rights.user]
    mode = int(user["accessmode"])
    facts = ", ".join((
        f"Id={rights.user}", "type=8", f"roleCount={rights.roles}", f"privilegeCount={len(rights.depths)}",
        f"accessMode='{mode} {LABELS['accessmode'][mode]}'",
        f"AADObjectId='{user.get('azureactivedirectoryobjectid', '')}'",
        f"MetadataCachePrivilegesCount={len(environment.rows['privilege'])}", f"businessUnitId={rights.unit}",
    ))  # fmt: skip
    about = f" on OTC={table.code} for entity '{table.name}' (LocalizedName='{table.label}')" if table else ""
    text = (
        f"Principal user ({facts}), is missing {name} privilege (Id={privileges.id_of(name)}){about}. "
        f"context.Caller={rights.user}. Consider adding missed privilege to one of the principal (user/team) roles."
    )
    return ODataError(DENIED, text)


def no_access(user: str, verb: str, table: Table, row: Row) -> ODataError:
    """The refusal of who has the privilege, but not for this row."""
    text = (
        f"Principal with id {user} does not have {verb}Access right(s) for record with id {row[table.key]} of "
        f"entity {table.name}"
    )
    return ODataError(NO_ACCESS, text)
