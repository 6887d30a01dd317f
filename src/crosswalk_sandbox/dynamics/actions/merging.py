"""Merge: one row takes in another, which becomes inactive. Source: Dataverse, Merge table rows using the Web API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crosswalk_sandbox.dynamics.actions.parameters import Parameters
from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.records import saving
from crosswalk_sandbox.dynamics.schema import REFERENCES, Column, Table

PARAMETERS = ("Target", "Subordinate", "UpdateContent", "PerformParentingChecks")
MERGED = {"account": (1, 2), "contact": (1, 2), "lead": (2, 7)}  # state and status of who loses
PARENTS = {"account": "parentaccountid", "contact": "parentcustomerid"}
INVALID = "0x80040203"


def serve(environment: Environment, user: str, body: Mapping[str, Any]) -> None:
    """The action as it is called. Raises ODataError."""
    sent = Parameters("Merge", body, PARAMETERS)
    table, winner = sent.required_row(environment, "Target")
    other, loser = sent.required_row(environment, "Subordinate")
    if table is not other:
        raise ODataError(INVALID, "Target and Subordinate are rows of different tables.")
    content: dict[str, Any] = {}
    if sent.has("UpdateContent"):
        content_table, content = sent.content(environment, "UpdateContent")
        if content_table is not table:
            raise ODataError(INVALID, "UpdateContent is of another table than Target.")
    if sent.boolean("PerformParentingChecks"):
        _check_parents(table, winner, loser)
    merge(environment, user, table, winner, loser, content)


def merge(
    environment: Environment, user: str, table: Table, winner: Row, loser: Row, content: Mapping[str, Any]
) -> Row:
    """The row that stays, with `content` set and its gaps filled from the other. Raises ODataError.

    Whatever pointed to the loser points to the winner from now on.
    """
    _check(table, winner, loser)
    key = winner[table.key]
    gaps = _gaps(table, winner, loser)
    given = {**gaps, **{name: value for name, value in content.items() if name != table.key}}
    for other, column in _lookups(environment, table):
        _repoint(environment, user, other, column, loser[table.key], key)
    saving.update(environment, user, table, environment.rows[table.name][key], given)
    state, status = MERGED[table.name]
    old = environment.rows[table.name][loser[table.key]]
    done = {**old, "masterid": key, "merged": True}
    saving.update(environment, user, table, done, {"statecode": state, "statuscode": status})
    return environment.rows[table.name][key]


def _check(table: Table, winner: Row, loser: Row) -> None:
    if table.name not in MERGED:
        raise ODataError(INVALID, f"Rows of the table {table.name} cannot be merged.")
    if winner[table.key] == loser[table.key]:
        raise ODataError(INVALID, "A row cannot be merged with itself.")
    for row in (winner, loser):
        if row["statecode"] != 0:
            text = f"The {table.name} {row[table.key]} is not active: only active rows can be merged."
            raise ODataError(INVALID, text)


def _check_parents(table: Table, winner: Row, loser: Row) -> None:
    lookup = PARENTS.get(table.name)
    if lookup and winner.get(lookup) != loser.get(lookup):
        raise ODataError(INVALID, f"The rows have different parents: {lookup}.")


def _gaps(table: Table, winner: Row, loser: Row) -> dict[str, Any]:
    """What the loser has and the winner has not, of what can be written; amounts only in the same currency."""
    return {
        name: saving.sendable(column, loser[name])
        for name, column in table.columns.items()
        if column.updatable
        and column.type not in REFERENCES
        and column.json_name
        and name not in ("statecode", "statuscode", table.key)
        and name in loser
        and name not in winner
        and (
            column.type != "Money"
            or winner.get("transactioncurrencyid") == loser.get("transactioncurrencyid")
        )
    }


def _lookups(environment: Environment, table: Table) -> Iterator[tuple[Table, Column]]:
    for other in environment.schema:
        for column in other.columns.values():
            if column.type in REFERENCES and table.name in column.targets and column.name != "masterid":
                yield other, column


def _repoint(
    environment: Environment, user: str, other: Table, column: Column, loser: str, winner: str
) -> None:
    """Let the rows of a table point to the winner; the winner does not point to itself."""
    named = [row for row in environment.rows[other.name].values() if row.get(column.name) == loser]
    gone = {column.name, column.target_column}
    stamps = saving.changed_by(environment, other, user)
    for row in named:
        if row[other.key] == winner:
            environment.put(other.name, {name: each for name, each in row.items() if name not in gone})
        else:
            environment.put(other.name, {**row, column.name: winner, **stamps})
