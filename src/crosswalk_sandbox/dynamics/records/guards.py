"""What stands between a row that passes the environment's own checks and its save: what its people set up.

In the order of a save: logic before it, required columns, refusals, duplicates; logic after it comes last.
Source: Dataverse, event framework; Bypass custom business logic; Detect duplicate data using the Web API.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from crosswalk_sandbox.dynamics.environment import Environment, LaterEdit, Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.records import values
from crosswalk_sandbox.dynamics.rules import DuplicateRule, Logic
from crosswalk_sandbox.dynamics.schema import Table
from crosswalk_sandbox.dynamics.security import column_security, privileges, rights

DUPLICATE = "A record was not created or updated because a duplicate of the current record already exists."
SYNCHRONOUS, ASYNCHRONOUS = "customsync", "customasync"


def refuse_secured(environment: Environment, table: Table, sent: Row, *, creating: bool = False) -> None:
    """Refuse to write columns under column security. Raises ODataError."""
    denied = column_security.denied(environment, table, "cancreate" if creating else "canupdate")
    if found := [name for name in sent if name in denied]:
        text = f"Caller user with Id {environment.session.user} does not have update permissions for a "
        raise ODataError("0x8004F507", f"{text}{table.name}.{found[0]} secured field on entity {table.name}.")


def hidden(environment: Environment, table: Table) -> frozenset[str]:
    """The columns of a table that the caller may not see: they read as empty."""
    return column_security.denied(environment, table, "canread")


def changed_before(environment: Environment, table: Table, old: Row | None, new: Row) -> Row:
    """The row with what logic sets before it is saved. Raises ODataError."""
    for logic in _due(environment, table, old, new, SYNCHRONOUS):
        if logic.moment == "before":
            new = {**new, **made(table, logic, new)}
    return new


def refuse(environment: Environment, table: Table, old: Row | None, new: Row) -> None:
    """Refuse a row that lacks a required column, that a plug-in refuses, or that is a duplicate. Raises ODataError."""
    rules = environment.rules
    for path in rules.must_be_filled():
        if path.startswith(f"{table.name}.") and new.get(path.partition(".")[2]) is None:
            raise ODataError("0x80040203", f"Attribute: {path.partition('.')[2]} cannot be set to NULL")
    for refusal in rules.refusals:
        due = refusal.due(table.name, old, new, person=environment.session.rights is None)
        if due and SYNCHRONOUS not in bypassed(environment):
            raise ODataError(refusal.code, refusal.message)
    if _detects(environment):
        for rule in rules.duplicates:
            _refuse_duplicate(environment, rule, table, old, new)


def after(environment: Environment, table: Table, old: Row | None, new: Row) -> Iterator[Logic]:
    """The logic that runs after a save, at once; what runs later is noted."""
    for logic in _due(environment, table, old, new, SYNCHRONOUS):
        if logic.moment == "after":
            yield logic
    for logic in _due(environment, table, old, new, ASYNCHRONOUS):
        if logic.moment == "later":
            due = environment.clock.now() + timedelta(seconds=logic.seconds)
            key, user = new[table.key], new["modifiedby"]
            environment.later.append(LaterEdit(due=due, logic=logic, table=table.name, key=key, user=user))


def made(table: Table, logic: Logic, row: Row) -> dict[str, Any]:
    """The values that logic sets, as they are stored. Raises ODataError when it fails."""
    if logic.fails:
        raise ODataError("0x80040265", f"{logic.name} failed.")
    given = logic.values(row)
    return {name: values.stored(table.columns[name], value) for name, value in given.items()}


def runs_as(environment: Environment, logic: Logic, user: str) -> str:
    """The user whom logic runs as."""
    wanted = logic.user.lower()
    users = environment.rows["systemuser"].items()
    return next((key for key, row in users if wanted in (key, row["domainname"].lower())), user)


def bypassed(environment: Environment) -> frozenset[str]:
    """Which custom logic the call asks to be passed over. Raises ODataError for who may not ask it."""
    headers: Mapping[str, str] = environment.session.headers
    asked: set[str] = set()
    if headers.get("mscrm.bypasscustompluginexecution", "").strip().lower() == "true":
        rights.require_named(environment, privileges.BYPASS_PLUGINS)
        asked.add(SYNCHRONOUS)
    if named := headers.get("mscrm.bypassbusinesslogicexecution"):
        rights.require_named(environment, privileges.BYPASS_LOGIC)
        asked |= {each.strip().lower() for each in named.split(",")}
    return frozenset(asked)


def _due(environment: Environment, table: Table, old: Row | None, new: Row, kind: str) -> Iterator[Logic]:
    if not environment.rules.flows:
        return
    person = environment.session.rights is None
    skipped = bypassed(environment)
    for logic in environment.rules.flows:
        if kind not in skipped and logic.due(table.name, old, new, person=person):
            yield logic


def _detects(environment: Environment) -> bool:
    """Duplicates are looked for when the call asks for it and the organization has it on."""
    asked = environment.session.headers.get("mscrm.suppressduplicatedetection", "").strip().lower()
    return asked == "false" and bool(
        environment.rows["organization"][environment.id].get("isduplicatedetectionenabled")
    )


def _refuse_duplicate(
    environment: Environment, rule: DuplicateRule, table: Table, old: Row | None, new: Row
) -> None:
    if rule.object != table.name or ("create" if old is None else "update") not in rule.on:
        return
    if old is not None and all(old.get(name) == new.get(name) for name in rule.match):
        return
    if duplicates(environment, rule, new, new[table.key]):
        raise ODataError("0x80040333", DUPLICATE, status=environment.rules.duplicate_status)


def duplicates(environment: Environment, rule: DuplicateRule, row: Row, key: str) -> list[Row]:
    """The rows that a rule takes for the same."""
    wanted = [str(row[name]).casefold() for name in rule.match if row.get(name) is not None]
    if len(wanted) < len(rule.match):
        return []
    return [
        other
        for other_key, other in environment.rows[rule.other].items()
        if other_key != key
        and all(
            str(other.get(name, "")).casefold() == text for name, text in zip(rule.match, wanted, strict=True)
        )
    ]
