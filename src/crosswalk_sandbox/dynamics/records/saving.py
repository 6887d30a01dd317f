"""Creating, changing and deleting rows, with what the environment fills in by itself.

Source: Create, Update and delete table rows using the Web API.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

from crosswalk_sandbox.dynamics import alternate_keys
from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.files.stored import picture
from crosswalk_sandbox.dynamics.hooks import noting
from crosswalk_sandbox.dynamics.names import full_name
from crosswalk_sandbox.dynamics.records import guards, links, values
from crosswalk_sandbox.dynamics.records.links import BIND
from crosswalk_sandbox.dynamics.rules import Logic
from crosswalk_sandbox.dynamics.schema import REFERENCES, Column, Table
from crosswalk_sandbox.dynamics.security import column_security, rights, ties
from crosswalk_sandbox.dynamics.security.privileges import OVERRIDE_CREATED
from crosswalk_sandbox.dynamics.states import CLOSED, statuses_of

RATE = Decimal("1.0000000000")


def create(
    environment: Environment,
    user: str,
    table: Table,
    body: Mapping[str, Any],
    key: str | None,
    named: Mapping[str, Any] | None = None,
) -> Row:
    """A new row of what was sent. Raises ODataError.

    `key` is the GUID that an upsert names, `named` the values of an alternate key, as rows hold them.
    """
    rights.require(environment, "Create", table)
    sent = {**(named or {}), **_sent(environment, table, body, creating=True)}
    key = key or sent.pop(table.key, None) or environment.new_id()
    if key in environment.rows[table.name]:
        raise ODataError("0x80040237", "A record with matching key values already exists.")
    row = {**_defaults(environment, user, table), **sent, table.key: key}
    row |= _unit_of(environment, table, row)
    now = environment.now()
    row |= {"createdon": _overridden(environment, row) or now, "createdby": user}
    row |= {"modifiedon": now, "modifiedby": user, **_behalf(environment, table, "created", "modified")}
    if table.name == "systemuser":
        row |= _of_user(environment, row)
    guards.refuse_secured(environment, table, sent, creating=True)
    rights.require(environment, "Create", table, row)
    rights.check_lookups(environment, table, row, sent)
    rights.check_owner(environment, table, {"ownerid": user}, sent, creating=True)
    settle_state(table, row, sent, None)
    saved = _put(environment, table, None, row)
    noting.note(environment, "Create", table, saved)
    return saved


def update(environment: Environment, user: str, table: Table, old: Row, body: Mapping[str, Any]) -> Row:
    """A row with what was sent changed. Raises ODataError."""
    sent = _sent(environment, table, body, creating=False)
    sent.pop(table.key, None)
    rights.require(environment, "Write", table, old)
    guards.refuse_secured(environment, table, sent)
    rights.check_lookups(environment, table, old, sent)
    rights.check_owner(environment, table, old, sent)
    _check_closed(table, old, sent)
    row = {**old, **sent, **changed_by(environment, table, user)}
    if "ownerid" in sent:
        row |= _unit_of(environment, table, row)
    settle_state(table, row, sent, old)
    saved = _put(environment, table, old, row)
    noting.note(environment, "Update", table, saved, sent)
    return saved


def _put(environment: Environment, table: Table, old: Row | None, row: Row) -> Row:
    """Take a row that is allowed, with what logic makes of it before and after. Raises ODataError."""
    row = guards.changed_before(environment, table, old, row)
    _check_required(table, row)
    whole = derived(table, row)
    column_security.check_permission(environment, table, whole)
    guards.refuse(environment, table, old, whole)
    alternate_keys.check(environment, table, whole)
    if not environment.rules.flows:
        return environment.put(table.name, whole)
    with environment.all_or_nothing():
        saved = environment.put(table.name, whole)
        for logic in guards.after(environment, table, old, saved):
            saved = run(environment, table, logic, saved, saved["modifiedby"])
    return saved


def run(environment: Environment, table: Table, logic: Logic, row: Row, user: str) -> Row:
    """A row saved once more, with what logic sets. Raises ODataError."""
    stamps = {"modifiedon": environment.now(), "modifiedby": guards.runs_as(environment, logic, user)}
    made = {name: sendable(table.columns[name], each) for name, each in row.items() if name in table.columns}
    set_by_logic = guards.made(table, logic, made)
    changed = {**row, **set_by_logic, **stamps}
    _check_required(table, changed)
    saved = environment.put(table.name, derived(table, changed))
    noting.note(environment, "Update", table, saved, set_by_logic)
    return saved


def catch_up(environment: Environment) -> None:
    """Do what logic was to do by now. A row that is gone, or refuses it, stays as it is."""
    now = environment.clock.now()
    due = sorted((edit for edit in environment.later if edit.due <= now), key=lambda edit: edit.due)
    environment.later = [edit for edit in environment.later if edit.due > now]
    for edit in due:
        row = environment.rows[edit.table].get(edit.key)
        if row is not None:
            with suppress(ODataError), environment.clock.held(edit.due):
                run(environment, environment.schema[edit.table], edit.logic, row, edit.user)


def _of_user(environment: Environment, row: Row) -> Row:
    """What the system fills in for a new user, an application user above all. Source: Application users."""
    client = row.get("applicationid")
    if client is None:
        return {"accessmode": row.get("accessmode", 0)}
    if (object_id := environment.directory(client)) is None:
        raise ODataError("0x80040203", f"The application {client} was not found in the tenant.")
    own = {"accessmode": 4, "azureactivedirectoryobjectid": object_id}
    return {**own, "domainname": row.get("domainname") or f"{client}@app.example"}


def changed_by(environment: Environment, table: Table, user: str) -> Row:
    """The stamps of a change."""
    return {"modifiedon": environment.now(), "modifiedby": user, **_behalf(environment, table, "modified")}


def _overridden(environment: Environment, row: Row) -> str | None:
    """The time that is to be the creation's. Raises ODataError."""
    moment: str | None = row.pop("overriddencreatedon", None)
    if moment is not None:
        rights.require_named(environment, OVERRIDE_CREATED)
    return moment


def _behalf(environment: Environment, table: Table, *done: str) -> Row:
    """The columns that name who really created or changed a row for another; empty where nobody did."""
    names = (f"{each}onbehalfby" for each in done)
    return {name: environment.session.behalf_of for name in names if name in table.columns}


def sendable(column: Column, value: Any) -> Any:
    """A stored value as a body would have it."""
    return Decimal(str(value)) if column.type == "Double" else value


def _defaults(environment: Environment, user: str, table: Table) -> Row:
    row: Row = dict(table.defaults)
    if table.owned:
        row |= {"ownerid": user, "owneridtype": "systemuser", "owninguser": user}
    if "transactioncurrencyid" in table.columns and table.name != "transactioncurrency":
        row |= {"transactioncurrencyid": environment.currency, "exchangerate": RATE}
    return row


def _unit_of(environment: Environment, table: Table, row: Row) -> Row:
    """The business unit that a row belongs to: its owner's."""
    if not table.owned or row.get("ownerid") is None:
        return {}
    owner = environment.rows[row["owneridtype"]][row["ownerid"]]
    return {"owningbusinessunit": owner["businessunitid"]}


def _sent(environment: Environment, table: Table, body: Mapping[str, Any], *, creating: bool) -> Row:
    """The columns that a body sets; what may not be written is passed over. Raises ODataError."""
    row: Row = {}
    for name, value in body.items():
        if name.endswith(BIND):
            row |= links.bound(environment, table, name.removesuffix(BIND), value)
        elif name in table.navigations and value is None:
            row |= links.bound(environment, table, name, None)
        elif not name.startswith("@"):
            column = _column(table, name)
            if column.creatable if creating else column.updatable:
                row[name] = values.stored(column, value)
    return row


def _column(table: Table, name: str) -> Column:
    column = table.columns.get(name)
    if column is None or column.json_name != name or column.type in REFERENCES:
        text = f"Invalid property '{name}' was found in entity 'Microsoft.Dynamics.CRM.{table.name}'."
        raise ODataError(
            values.PAYLOAD,
            f"Error identified in Payload provided by the user for Entity :'{table.name}', Error Details : {text}",
        )
    return column


def settle_state(table: Table, row: Row, sent: Row, old: Row | None) -> None:
    """State and status reason as a pair: each gives the other where it is not sent. Raises ODataError."""
    if not table.stateful:
        return
    if sent.get("statecode", 0) is None:
        raise _not_empty("statecode")
    states = statuses_of(table.name)
    before: Row = old or {"statecode": 0, "statuscode": states[0][0]}
    state: int = {**before, **sent}["statecode"]
    kept = before["statuscode"] if state == before["statecode"] else states[state][0]
    status: int = kept if sent.get("statuscode") is None else sent["statuscode"]
    if status not in states[state]:
        text = f"{status} is not a valid status code for state code {state} on {table.name} with Id {row[table.key]}."
        raise ODataError("0x80048408", text)
    row |= {"statecode": state, "statuscode": status}


def _check_closed(table: Table, old: Row, sent: Row) -> None:
    """Closed leads and opportunities can only be reactivated. Source: Dataverse, state changes."""
    if table.name in CLOSED and old["statecode"] != 0 and sent.get("statecode") != 0:
        raise ODataError(*CLOSED[table.name])


def _check_required(table: Table, row: Row) -> None:
    for name in table.required:
        if row.get(name) is None:
            raise _not_empty(name)


def _not_empty(name: str) -> ODataError:
    return ODataError("0x80040203", f"Attribute: {name} cannot be set to NULL")


def derived(table: Table, row: Row) -> Row:
    """The row with its full name, base amounts and addresses in one, without what is empty."""
    for name in table.amounts:
        row[f"{name}_base"] = row.get(name)
    for column in table.images:
        row |= picture(column, row, table)
    if table.name == "opportunity":
        _customer(row)
    for prefix in ("address1", "address2", "address3"):
        if f"{prefix}_composite" in table.columns:
            row[f"{prefix}_composite"] = _composite(row, prefix)
    return full_name(table, {name: value for name, value in row.items() if value is not None})


def _customer(row: Row) -> None:
    """The potential customer is the account, else the contact. Source: Dynamics 365 Sales, opportunity."""
    for lookup, target in (("parentaccountid", "account"), ("parentcontactid", "contact")):
        if row.get(lookup):
            row |= {"customerid": row[lookup], "customeridtype": target}
            return


def _composite(row: Row, prefix: str) -> str | None:
    def part(name: str) -> str:
        return row.get(f"{prefix}_{name}") or ""

    place = f"{part('city')}, {part('stateorprovince')} {part('postalcode')}".strip(", ")
    lines = [part("line1"), part("line2"), part("line3"), place, part("country")]
    return "\r\n".join(line for line in lines if line) or None


def delete(environment: Environment, table: Table, key: str) -> None:
    """Take a row out; what pointed to it points nowhere, the contacts of an account go with it. Raises ODataError."""
    row = environment.rows[table.name][key]
    rights.require(environment, "Delete", table, row)
    noting.note(environment, "Delete", table, row)
    environment.remove(table.name, key)
    ties.let_go(environment, table.name, key)
    for other in environment.schema:
        lookups = [c for c in other.columns.values() if c.type in REFERENCES and table.name in c.targets]
        for row in list(environment.rows[other.name].values()) if lookups else ():
            for column in lookups:
                if row.get(column.name) == key:
                    _let_go(environment, other, row, column)


def _let_go(environment: Environment, table: Table, row: Row, column: Column) -> None:
    """Source: Dataverse, relationship behaviours: parental for parentcustomerid, else the link is removed."""
    if (column.type == "Customer" and table.name == "contact") or table.name == column_security.PERMISSION:
        delete(environment, table, row[table.key])
        return
    gone = {column.name, column.target_column} if column.type == "Customer" else {column.name}
    environment.put(table.name, {name: value for name, value in row.items() if name not in gone})
