"""What people do in the org's pages: the same checks as for the API, but another user and no assignment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from crosswalk_sandbox.salesforce import conversion, ids, merging, saving
from crosswalk_sandbox.salesforce.errors import ApiError, RecordError
from crosswalk_sandbox.salesforce.guards import Actor
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.schema import RIGHTS, Object
from crosswalk_sandbox.salesforce.store import Row
from crosswalk_sandbox.system import PersonError, Record


def act(
    org: Org, user: str, object_name: str, op: str, record_id: str | None, values: Mapping[str, Any]
) -> Record:
    """Do something to a record as that user; the record after it. Raises PersonError.

    `user` is a name, user name, alias or id; "" is some person. `values` go by the fields' API names, or are the
    options of a conversion or a merge.
    """
    if object_name in PERMISSIONS:
        return PERMISSIONS[object_name](org, op, values)
    kind = org.schema.find(object_name)
    if kind is None:
        raise PersonError(f"there is no object {object_name}: " + ", ".join(each.name for each in org.schema))
    actor = Actor(user=_user(org, user), person=True)
    try:
        with org.store.all_or_nothing():
            row = _do(org, kind, actor, op, record_id, values)
    except (ApiError, RecordError, msgspec.ValidationError) as error:
        raise PersonError(str(error)) from error
    return plain(org.full(kind, row))


def _grant(org: Org, op: str, values: Mapping[str, Any]) -> Record:
    """Say whether API calls may read and change a field, as an admin does in a permission set."""
    object_name, _, name = str(values.get("Field")).partition(".")
    kind = org.schema.find(object_name)
    field = kind.field(name) if kind else None
    if op not in ("create", "edit") or field is None or not field.permissionable:
        raise PersonError(
            "FieldPermissions takes Field (such as Lead.Title), PermissionsRead and PermissionsEdit"
        )
    reads = bool(values.get("PermissionsRead", True))
    edits = reads and bool(values.get("PermissionsEdit", reads))
    org.grant(field, reads=reads, edits=edits)
    return {"Field": f"{field.object}.{field.name}", "PermissionsRead": reads, "PermissionsEdit": edits}


def _withhold(org: Org, op: str, values: Mapping[str, Any]) -> Record:
    """Say what API calls may do with an object's records, as an admin does in a permission set."""
    kind = org.schema.find(str(values.get("SobjectType")))
    if op not in ("create", "edit") or kind is None or "createable" not in kind.is_:
        taken = ", ".join(OBJECT_PERMISSIONS)
        raise PersonError(f"ObjectPermissions takes SobjectType (such as Lead), {taken}")
    reads = bool(values.get("PermissionsRead", True))
    may = {name: reads and bool(values.get(name, True)) for name in OBJECT_PERMISSIONS}
    org.withhold(kind, frozenset(right for name, right in OBJECT_PERMISSIONS.items() if not may[name]))
    return {"SobjectType": kind.name, **may}


OBJECT_PERMISSIONS = dict(
    zip(("PermissionsRead", "PermissionsCreate", "PermissionsEdit", "PermissionsDelete"), RIGHTS, strict=True)
)
PERMISSIONS = {"FieldPermissions": _grant, "ObjectPermissions": _withhold}


def plain(record: Row) -> Record:
    """A record with numbers that JSON knows."""
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in record.items()}


def _do(
    org: Org, kind: Object, actor: Actor, op: str, record_id: str | None, values: Mapping[str, Any]
) -> Row:
    if op == "create":
        return saving.create(org, saving.read(org, kind, values), actor)
    if op not in OPERATIONS or (op == "convert" and kind.name != "Lead"):
        *others, last = OPERATIONS
        raise PersonError(
            f"people can create, {', '.join(others)} and {last} (a lead), not {op} a {kind.name}"
        )
    if record_id is None:
        raise PersonError(f"{op} needs the id of a record")
    return OPERATIONS[op](org, kind, saving.target(org, kind, record_id), values, actor)


def _edit(org: Org, kind: Object, row: Row, values: Mapping[str, Any], actor: Actor) -> Row:
    return saving.update(org, row, saving.read(org, kind, values), actor)


def _delete(org: Org, kind: Object, row: Row, values: Mapping[str, Any], actor: Actor) -> Row:
    saving.delete(org, kind, row, actor)
    return org.store[kind.name].rows[row["Id"]]


OPERATIONS: dict[str, Callable[[Org, Object, Row, Mapping[str, Any], Actor], Row]] = {
    "edit": _edit,
    "delete": _delete,
    "undelete": lambda org, kind, row, values, actor: saving.undelete(org, kind, row, actor),
    "purge": lambda org, kind, row, values, actor: merging.purge(org, kind, row),
    "merge": merging.merge,
    "convert": lambda org, kind, row, values, actor: conversion.convert(org, row, values, actor),
}


def _user(org: Org, name: str) -> str:
    """The id of the active user of that name, never the one whom API calls run as for ""."""
    users = org.store["User"].rows
    if not name:
        return next(user for user, row in users.items() if row["IsActive"] and user != org.caller)
    wanted = name.lower()
    for user, row in users.items():
        called = {row["Name"].lower(), row["Username"].lower(), row["Alias"].lower()}
        if wanted in called or ids.canonical(name) == user:
            if not row["IsActive"]:
                raise PersonError(f"{row['Name']} is not active and cannot sign in")
            return user
    raise PersonError(f"there is no user {name}: " + ", ".join(row["Name"] for row in users.values()))
