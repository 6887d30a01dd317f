"""Saving one record of many: the five operations that collections, trees and bulk jobs share.

Each raises RecordError, or gives the record's result as collections show it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from crosswalk_sandbox.salesforce import guards, saving
from crosswalk_sandbox.salesforce.errors import Problem, RecordError
from crosswalk_sandbox.salesforce.guards import Actor
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.saving import Draft
from crosswalk_sandbox.salesforce.schema import Field
from crosswalk_sandbox.salesforce.store import Row, Store

Result = dict[str, Any]
Step = Callable[[], Result]  # saves one record; raises RecordError


def step(save: Callable[..., Result], *arguments: object) -> Step:
    """An operation with its arguments, to be done later."""
    return lambda: save(*arguments)


def attempt(store: Store, one: Step) -> Result:
    """The result of a step; when it fails, what it began is taken back."""
    try:
        with store.all_or_nothing():
            return one()
    except RecordError as error:
        return failure(error.problem)


def success(record_id: str) -> Result:
    """The result of a record that was saved."""
    return {"id": record_id, "success": True, "errors": []}


def failure(problem: Problem) -> Result:
    """The result of a record that was refused."""
    return {"success": False, "errors": [problem.of_record()]}


def create(org: Org, actor: Actor, draft: Draft) -> Result:
    """Save a new record."""
    return success(saving.create(org, draft, actor)["Id"])


def update(org: Org, actor: Actor, draft: Draft, again: bool) -> Result:
    """Change the record with the draft's id; `again`: an earlier record of the call has the same id."""
    if draft.id is None:
        raise RecordError("MISSING_ARGUMENT", "Id not specified in an update call")
    _refuse_repeated(again)
    row = saving.target(org, draft.kind, draft.id)
    return success(saving.update(org, row, draft, actor)["Id"])


def upsert(org: Org, actor: Actor, draft: Draft, key: Field, again: bool) -> Result:
    """Change the record with the draft's key or create it; the result says in `created` which.

    Source: Salesforce REST, sObject Collections, Upsert Multiple Records.
    """
    value = _key_value(draft, key)
    if again:
        raise RecordError("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", (key.name,))
    found = _matching(org, draft, key, value)
    if found is not None:
        rest = {name: each for name, each in draft.values.items() if name != key.name}
        changes = Draft(kind=draft.kind, id=None, values=rest, lookups=draft.lookups)
        saving.update(org, found, changes, actor)
        return {**success(found["Id"]), "created": False}
    if key.type == "id":
        raise RecordError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    return {**success(saving.create(org, draft, actor)["Id"]), "created": True}


def delete(org: Org, actor: Actor, record_id: str, again: bool) -> Result:
    """Put a record of any object into the recycle bin."""
    return success(_deleted(org, actor, record_id, again)["Id"])


def hard_delete(org: Org, actor: Actor, record_id: str, again: bool) -> Result:
    """Delete a record, and those that go with it, past the recycle bin."""
    row = _deleted(org, actor, record_id, again)
    kind = org.schema.of_id(row["Id"])
    if kind is not None:
        saving.erase(org, kind, row)
    return success(row["Id"])


def repeated(keys: Iterable[str | None]) -> list[bool]:
    """For each record whether an earlier one of the call has the same key."""
    seen: set[str] = set()
    found = []
    for key in keys:
        found.append(key is not None and key in seen)
        seen.add(key or "")
    return found


def _deleted(org: Org, actor: Actor, record_id: str, again: bool) -> Row:
    kind = org.schema.of_id(record_id)
    if kind is None:
        raise RecordError("MALFORMED_ID", f"malformed id {record_id}")
    _refuse_repeated(again)
    seen = org.visible.find(kind.name)
    if seen is None:
        raise guards.no_access()
    row = saving.target(org, seen, record_id)
    saving.delete(org, seen, row, actor)
    return row


def _key_value(draft: Draft, key: Field) -> str:
    if draft.id is not None and key.type != "id":
        raise RecordError("INVALID_FIELD", "cannot specify Id in an upsert by external ID", ("Id",))
    value = draft.id if key.type == "id" else draft.values.get(key.name)
    if not value:
        raise RecordError("MISSING_ARGUMENT", f"{key.name} not specified")
    return str(value)


def _matching(org: Org, draft: Draft, key: Field, value: str) -> Row | None:
    """The one record, not deleted, that has the key."""
    found = [
        row
        for row in saving.matches(org, draft.kind, key, value)
        if org.shows(row) and not row.get("IsDeleted")
    ]
    if len(found) > 1:
        several = ", ".join(row["Id"] for row in found)
        text = f"{key.name}: more than one record found for external id field: [{several}]"
        raise RecordError("DUPLICATE_EXTERNAL_ID", text)
    return found[0] if found else None


def _refuse_repeated(again: bool) -> None:
    if again:
        raise RecordError("DUPLICATE_VALUE", "duplicate id in list")
