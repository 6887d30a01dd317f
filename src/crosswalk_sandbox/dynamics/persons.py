"""What people do in the environment's pages, for the control API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.environment import Environment
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.records import saving
from crosswalk_sandbox.dynamics.schema import Table
from crosswalk_sandbox.system import PersonError, Record


def act(
    environment: Environment,
    user: str,
    table_name: str,
    op: str,
    record_id: str | None,
    values: Mapping[str, Any],
) -> Record:
    """Create, edit or delete a row as a person; the row after it. Raises PersonError.

    `user` is a systemuserid or the user's domain name; left out, it is some person.
    """
    table = environment.schema.find(table_name)
    if table is None:
        raise PersonError(
            f"there is no table {table_name}: {', '.join(each.name for each in environment.schema)}"
        )
    try:
        with environment.all_or_nothing():
            return _act(environment, _user(environment, user), table, op, record_id or "", values)
    except ODataError as error:
        raise PersonError(error.message) from error


def _act(
    environment: Environment, user: str, table: Table, op: str, record_id: str, values: Mapping[str, Any]
) -> Record:
    if op == "create":
        return dict(saving.create(environment, user, table, values, None))
    old = environment.rows[table.name].get(record_id.lower())
    if old is None:
        raise PersonError(f"there is no {table.name} {record_id}")
    if op == "edit":
        return dict(saving.update(environment, user, table, old, values))
    if op == "delete":
        saving.delete(environment, table, old[table.key])
        return {}
    raise PersonError(f"people create, edit or delete here, not {op}")


def _user(environment: Environment, named: str) -> str:
    """The systemuserid of a name. Raises PersonError."""
    if not named:
        return ids.make(environment.seed, "user 1")
    for key, row in environment.rows["systemuser"].items():
        if named.lower() in (key, row["domainname"]):
            return key
    raise PersonError(f"there is no user {named}")
