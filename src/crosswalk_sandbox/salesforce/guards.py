"""What stands between a record that passes the org's own checks and its save: rules that an admin set up.

In the order of a save: flows before it, validation rules, duplicate rules; flows after it come last.
Source: Salesforce, Triggers and Order of Execution; error codes of the REST API.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from crosswalk_sandbox.salesforce import values
from crosswalk_sandbox.salesforce.admin import DuplicateRule
from crosswalk_sandbox.salesforce.errors import RecordError
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.schema import Object
from crosswalk_sandbox.salesforce.soql.projection import attributes
from crosswalk_sandbox.salesforce.store import Row, fold
from crosswalk_sandbox.triggers import Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who saves, how, and what the call's headers say."""

    user: str
    assigns: bool = False  # whether the active lead assignment rule runs
    person: bool = False  # in the vendor's pages, not through the API
    saves_duplicates: bool = False  # past duplicate rules that only alert
    shows_duplicates: bool = False  # with the fields of the records that are like this one
    version: str = "60.0"  # of the API, for addresses in refusals


def refuse_unshared(org: Org, actor: Actor, row: Row) -> None:
    """Raises RecordError for a record that the API's user may not see or change. Source: Salesforce, sharing."""
    access = None if actor.person else org.rules.sharing.get(row["Id"])
    if access == "none":
        text = "insufficient access rights on cross-reference id"
        raise RecordError("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", text)
    if access == "read":
        raise no_access()


def no_access() -> RecordError:
    """The caller may not do this with the record, or with records of that object."""
    return RecordError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")


def refuse_locked(org: Org, actor: Actor, kind: Object, row: Row) -> None:
    """Raises RecordError when somebody else has the record, or the account above it, locked."""
    locks = org.rules.locks
    if actor.person or not locks:
        return
    for key in (row["Id"], row["Id"][:15], kind.name, row.get("AccountId", "")):
        if locks.get(key, 0) > 0:
            locks[key] -= 1
            held = row["AccountId"] if key == row.get("AccountId") else row["Id"]
            text = f"unable to obtain exclusive access to this record or 1 records: {held}"
            raise RecordError("UNABLE_TO_LOCK_ROW", text)


def flow_into(org: Org, kind: Object, old: Row | None, new: Row, actor: Actor) -> Row:
    """The row with what flows set before it is saved. Raises RecordError."""
    if not org.rules.flows:
        return new
    for flow in org.rules.flows:
        if flow.moment == "before" and flow.due(kind.name, old, new, person=actor.person):
            new = {**new, **flowed(kind, flow, new)}
    return {name: value for name, value in new.items() if value is not None}


def flowed(kind: Object, flow: Flow, row: Row) -> dict[str, Any]:
    """The values that a flow sets, as they are stored. Raises RecordError when the flow fails."""
    try:
        if flow.fails:
            raise values.WrongKindError
        given = {name: values.read(kind.fields[name], value) for name, value in flow.values(row).items()}
        return {name: values.check(kind.fields[name], value) for name, value in given.items()}
    except (values.WrongKindError, RecordError) as error:
        text = f"We can't save this record because the “{flow.name}” process failed. "
        raise RecordError("CANNOT_EXECUTE_FLOW_TRIGGER", text + str(error)) from error


def refuse_invalid(org: Org, kind: Object, old: Row | None, new: Row, actor: Actor) -> None:
    """Raises RecordError for the first validation rule that the record breaks, and for duplicates."""
    for rule in org.rules.validations:
        if rule.due(kind.name, old, new, person=actor.person):
            raise RecordError(rule.code, rule.message, rule.fields)
    for duplicates in org.rules.duplicates:
        if _runs(duplicates, kind, old, new):
            _refuse_duplicates(org, duplicates, new, actor)


def _runs(rule: DuplicateRule, kind: Object, old: Row | None, new: Row) -> bool:
    """A duplicate rule looks at new records, and at changes of the fields that it matches by."""
    if kind.name != rule.object or ("create" if old is None else "update") not in rule.on:
        return False
    return old is None or any(old.get(name) != new.get(name) for name in rule.match)


def _refuse_duplicates(org: Org, rule: DuplicateRule, new: Row, actor: Actor) -> None:
    if rule.action == "alert" and (actor.saves_duplicates or actor.person):
        return
    found = {other: _like(org, rule, other, new) for other in rule.others}
    if not any(found.values()):
        return
    result = {
        "allowSave": rule.action == "alert",
        "duplicateRule": rule.called,
        "duplicateRuleEntityType": rule.object,
        "errorMessage": rule.message,
        "matchResults": [_matched(org, rule, other, rows, actor) for other, rows in found.items() if rows],
    }
    raise RecordError("DUPLICATES_DETECTED", rule.message, beside={"duplicateResult": result})


def _like(org: Org, rule: DuplicateRule, other: str, new: Row) -> list[Row]:
    """The live records of an object that have the same in all fields of the rule; converted leads do not count."""
    wanted = {name: str(new[name]) for name in rule.match if name in new}
    if len(wanted) < len(rule.match):
        return []
    first, table = rule.match[0], org.store[other]
    rows = table.find(first, wanted[first]) if table.indexed(first) else list(table.rows.values())
    indexed_by = values.stamp(org.now() - timedelta(seconds=rule.index_seconds))
    return [
        row
        for row in rows
        if row["Id"] != new["Id"]
        and not row["IsDeleted"]
        and not row.get("IsConverted")
        and (not rule.index_seconds or row["SystemModstamp"] <= indexed_by)
        and all(fold(str(row.get(name, ""))) == fold(value) for name, value in wanted.items())
    ]


def _matched(org: Org, rule: DuplicateRule, other: str, rows: list[Row], actor: Actor) -> Mapping[str, Any]:
    names = ("Id", *rule.match, "Name") if actor.shows_duplicates else ("Id",)
    records = [
        {"attributes": attributes(org, actor.version, row["Id"]), **{name: row.get(name) for name in names}}
        for row in rows
    ]
    return {
        "entityType": other,
        "errors": [],
        "matchEngine": "FuzzyMatchEngine",
        "matchRecords": [
            {"additionalInformation": [], "fieldDiffs": [], "matchConfidence": 100.0, "record": record}
            for record in records
        ],
        "rule": f"Standard_{other}_Match_Rule_v1_0",
        "size": len(records),
        "success": True,
    }
