"""What people do in the environment's pages, for the control API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crosswalk_sandbox.dynamics.environment import Environment
from crosswalk_sandbox.system import PersonError, Record

ADMINS = ("systemuser",)  # tables that people change here


def act(
    environment: Environment,
    user: str,
    table: str,
    op: str,
    record_id: str | None,
    values: Mapping[str, Any],
) -> Record:
    """An administrator edits a user: whether it is disabled, and which application it stands for.

    Raises PersonError.
    """
    if table not in ADMINS or op != "edit":
        raise PersonError("people can only edit a systemuser here")
    row = environment.rows[table].get(record_id or "")
    if row is None:
        raise PersonError(f"there is no {table} {record_id}")
    columns = environment.schema[table].columns
    if unknown := [name for name in values if name not in columns or not columns[name].updatable]:
        raise PersonError(f"nobody can set {unknown[0]} of a {table}")
    by = user or environment.caller
    return dict(environment.put(table, {**row, **values, "modifiedon": environment.now(), "modifiedby": by}))
