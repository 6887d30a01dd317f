"""What people do in the environment's pages, for the control API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.actions import closing, merging, qualifying
from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.records import saving
from crosswalk_sandbox.dynamics.schema import Table
from crosswalk_sandbox.dynamics.states import STATUS_OF_STATE
from crosswalk_sandbox.system import PersonError, Record

Operation = Callable[[Environment, str, Table, Row, Mapping[str, Any]], None]


def act(
    environment: Environment,
    user: str,
    table_name: str,
    op: str,
    record_id: str | None,
    values: Mapping[str, Any],
) -> Record:
    """Do something to a row as a person; the row after it. Raises PersonError.

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
    if op not in OPERATIONS:
        raise PersonError(f"people {', '.join(('create', *OPERATIONS))} here, not {op}")
    old = environment.rows[table.name].get(record_id.lower())
    if old is None:
        raise PersonError(f"there is no {table.name} {record_id}")
    OPERATIONS[op](environment, user, table, old, values)
    return dict(environment.rows[table.name].get(old[table.key], {}))


def _edit(environment: Environment, user: str, table: Table, old: Row, values: Mapping[str, Any]) -> None:
    saving.update(environment, user, table, old, values)


def _delete(environment: Environment, user: str, table: Table, old: Row, values: Mapping[str, Any]) -> None:
    saving.delete(environment, table, old[table.key])


def _qualify(environment: Environment, user: str, table: Table, old: Row, values: Mapping[str, Any]) -> None:
    """As the button on a lead's page does it, unless `values` say otherwise, under the names of the action."""
    if table.name != "lead":
        raise PersonError(f"people qualify leads, not the table {table.name}")
    usual = {"CreateAccount": True, "CreateContact": True, "CreateOpportunity": False, "Status": 3}
    wanted = qualifying.read(environment, {**usual, **values})
    qualifying.qualify(environment, user, old, wanted)


def _merge(environment: Environment, user: str, table: Table, old: Row, values: Mapping[str, Any]) -> None:
    """Merge the row `Subordinate` (an id) into this one, which gets the values of `UpdateContent`."""
    if unknown := values.keys() - {"Subordinate", "UpdateContent"}:
        raise PersonError(f"merge takes Subordinate and UpdateContent, not {min(unknown)}")
    key = str(values.get("Subordinate", "")).lower()
    loser = environment.rows[table.name].get(key)
    if loser is None:
        raise PersonError(f"there is no {table.name} {key or 'Subordinate'}")
    merging.merge(environment, user, table, old, loser, values.get("UpdateContent") or {})


def _into_state(state: int, *tables: str) -> Operation:
    """Change the state, with the state's usual status reason if `values` name none."""

    def change(
        environment: Environment, user: str, table: Table, old: Row, values: Mapping[str, Any]
    ) -> None:
        if table.name not in tables:
            raise PersonError(f"that is done with rows of {', '.join(tables)}, not of {table.name}")
        saving.update(environment, user, table, old, {**values, "statecode": state})

    return change


def _close(state: int) -> Operation:
    """Close an opportunity; `values` are those of the activity, and a `Status` (4 or 5 for a lost one)."""

    def change(
        environment: Environment, user: str, table: Table, old: Row, values: Mapping[str, Any]
    ) -> None:
        if table.name != "opportunity":
            raise PersonError(f"people win and lose opportunities, not the table {table.name}")
        status = int(values.get("Status", closing.AT_WILL))
        activity = {name: value for name, value in values.items() if name != "Status"}
        closing.close(environment, user, old, state, status, activity)

    return change


OPERATIONS: dict[str, Operation] = {
    "edit": _edit,
    "delete": _delete,
    "merge": _merge,
    "qualify": _qualify,
    "disqualify": _into_state(2, "lead"),
    "win": _close(closing.WON),
    "lose": _close(closing.LOST),
    "deactivate": _into_state(1, "account", "contact"),
    "reactivate": _into_state(0, *STATUS_OF_STATE),
}


def _user(environment: Environment, named: str) -> str:
    """The systemuserid of a name. Raises PersonError."""
    if not named:
        return ids.make(environment.seed, "user 1")
    for key, row in environment.rows["systemuser"].items():
        if named.lower() in (key, row["domainname"]):
            return key
    raise PersonError(f"there is no user {named}")
