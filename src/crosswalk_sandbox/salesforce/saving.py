"""Saving records: creating, changing, deleting and bringing back, with everything an org checks.

The same code serves API calls and people in the vendor's pages; they differ in the actor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from crosswalk_sandbox.salesforce import (
    checks,
    guards,
    ids,
    person_accounts,
    places,
    record_types,
    rules,
    values,
)
from crosswalk_sandbox.salesforce.errors import ApiError, RecordError
from crosswalk_sandbox.salesforce.guards import Actor
from crosswalk_sandbox.salesforce.org import LaterEdit, Org
from crosswalk_sandbox.salesforce.schema import Child, Field, Object
from crosswalk_sandbox.salesforce.store import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A record as it was sent: kinds of values are right, nothing else is known yet."""

    kind: Object
    id: str | None
    values: dict[str, Any]  # by the fields' own names
    lookups: dict[str, tuple[Object, Field, Any]] = field(default_factory=dict)  # parents by external id


def read(org: Org, kind: Object, sent: Mapping[str, object], body: bytes = b"") -> Draft:
    """Read a record from JSON. Raises ApiError for an unknown field or a value of the wrong kind.

    `body` is where the text of the record lies, for the position in the vendor's message. A field that is
    hidden from the caller is read nevertheless: only the save refuses it, for that record alone.
    """
    whole = org.schema[kind.name]
    taken: dict[str, Any] = {}
    lookups: dict[str, tuple[Object, Field, Any]] = {}
    record_id: str | None = None
    for name, value in sent.items():
        if name.lower() == "attributes":
            continue
        if name.lower() == "id":
            record_id = str(value)
        elif (found := whole.field(name)) is not None:
            taken[found.name] = _read_value(found, name, value, body)
        elif (reference := whole.reference(name)) is not None and isinstance(value, Mapping):
            lookups[reference.name] = _read_lookup(org, reference, value, body)
        else:
            raise ApiError("INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}")
    return Draft(kind=kind, id=record_id, values=taken, lookups=lookups)


def _read_value(found: Field, name: str, value: object, body: bytes) -> Any:
    try:
        return values.read(found, value)
    except values.WrongKindError:
        raise _wrong_kind(found, name, value, body) from None


def _wrong_kind(found: Field, name: str, value: object, body: bytes) -> ApiError:
    token, text = _token(value)
    before = body[: max(body.find(f'"{name}"'.encode()), 0)]
    line, column = before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1) + 1
    return ApiError(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {found.type} from {token} value {text} or request may be missing "
        f"a required field at [line:{line}, column:{column}]",
    )


def _token(value: object) -> tuple[str, str]:
    """The JSON token as the vendor's parser names it, and its text."""
    match value:
        case bool():
            return f"VALUE_{str(value).upper()}", str(value).lower()
        case int():
            return "VALUE_NUMBER_INT", str(value)
        case str():
            return "VALUE_STRING", value
        case Mapping():
            return "START_OBJECT", "{"
        case list():
            return "START_ARRAY", "["
    return "VALUE_NUMBER_FLOAT", str(value)


def _read_lookup(
    org: Org, reference: Field, sent: Mapping[str, object], body: bytes
) -> tuple[Object, Field, Any]:
    """A parent named by its external id, as in `{"Account": {"Legacy_Key__c": "88"}}`."""
    parent = org.visible.find(_parent_name(reference, sent.get("attributes")))
    keys = [name for name in sent if name.lower() != "attributes"]
    key = parent.field(keys[0]) if parent is not None and len(keys) == 1 else None
    if parent is None or key is None or not key.is_ & {"externalId", "idLookup"}:
        text = f"'{', '.join(keys)}' does not name one external ID field of {' or '.join(reference.to)}"
        raise ApiError("INVALID_FIELD", text)
    return parent, key, _read_value(key, keys[0], sent[keys[0]], body)


def _parent_name(reference: Field, attributes: object) -> str:
    """The object that a parent is of: where there are several, its attributes must say which."""
    named = attributes.get("type") if isinstance(attributes, Mapping) else None
    known = (name for name in reference.to if str(named).lower() == name.lower())
    return next(known, reference.to[-1])


def create(org: Org, draft: Draft, actor: Actor) -> Row:
    """Save a new record. Raises RecordError."""
    kind = org.schema[draft.kind.name]
    _permit(draft.kind, "createable")
    if draft.id is not None:
        text = "cannot specify Id in an insert call"
        raise RecordError("INVALID_FIELD_FOR_INSERT_UPDATE", text, ("Id",))
    _refuse_read_only(draft, "createable")
    given = {**record_types.default(org, kind), **_with_lookups(org, draft)}
    for name, value in _defaults(kind, actor).items():
        if given.get(name) is None and not (name in given and kind.fields[name].type == "boolean"):
            given[name] = value
    needed = person_accounts.required(org, kind, given)
    _require(kind, (name for name in needed if given.get(name) is None))
    checked = checks.values_of(org, kind, given, None)
    record_types.refuse(org, kind, checked.get("RecordTypeId"), draft.values)
    record_id, stamp = org.new_id(kind), org.stamp()
    row = {"Id": record_id, "CreatedDate": stamp, "CreatedById": actor.user, "IsDeleted": False}
    checked |= person_accounts.marks(org, kind, checked)
    saved = _save(org, kind, row, checked, actor)
    if kind.name == "Opportunity" and "ContactId" in saved:
        _add_primary_role(org, saved, actor)
    return saved


def _add_primary_role(org: Org, deal: Row, actor: Actor) -> None:
    """A contact that is sent with a new opportunity gets its primary role."""
    sent = {"OpportunityId": deal["Id"], "ContactId": deal["ContactId"], "IsPrimary": True}
    create(org, Draft(kind=org.schema["OpportunityContactRole"], id=None, values=sent), actor)


def update(org: Org, row: Row, draft: Draft, actor: Actor) -> Row:
    """Change a record; it is stamped even when nothing differs. Raises RecordError."""
    kind = org.schema[draft.kind.name]
    _permit(draft.kind, "updateable")
    guards.refuse_unshared(org, actor, row)
    refuse_deleted(row)
    if row.get("IsConverted"):
        raise RecordError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    _refuse_read_only(draft, "updateable")
    given = _with_lookups(org, draft)
    if "OwnerId" in given and given["OwnerId"] is None:
        raise RecordError("INVALID_CROSS_REFERENCE_KEY", "Owner ID: owner cannot be blank", ("OwnerId",))
    person_accounts.refuse_change(org, kind, row, given)
    emptied = (name for name, value in given.items() if value is None and _never_empty(kind.fields[name]))
    _require(kind, emptied)
    checked = checks.values_of(org, kind, given, row["Id"])
    record_types.refuse(org, kind, checked.get("RecordTypeId", row.get("RecordTypeId")), draft.values)
    return _save(org, kind, row, checked, actor)


def delete(org: Org, kind: Object, row: Row, actor: Actor) -> None:
    """Put a record, and those that go with it, into the recycle bin. Raises RecordError."""
    _permit(kind, "deletable")
    guards.refuse_unshared(org, actor, row)
    refuse_deleted(row)
    guards.refuse_locked(org, actor, kind, row)
    person_accounts.refuse_delete(org, kind, row)
    put_in_bin(org, kind, row, actor)
    for child, below in _cascade(org, kind, row):
        if not below["IsDeleted"]:
            delete(org, child, below, actor)


def erase(org: Org, kind: Object, row: Row) -> None:
    """Take a deleted record, and those deleted with it, out of the recycle bin for good."""
    for child, below in _cascade(org, kind, row):
        if below["IsDeleted"]:
            erase(org, child, below)
    org.store.remove(kind.name, row["Id"])


def undelete(org: Org, kind: Object, row: Row, actor: Actor) -> Row:
    """Take a record, and what was deleted with it, out of the recycle bin. Raises RecordError."""
    if not row["IsDeleted"]:
        raise RecordError("UNDELETE_FAILED", "Entity is not in the recycle bin")
    checks.refuse_taken(org, kind, row, row["Id"])
    found = _bring_back(org, kind, row, actor)
    for child, below in _cascade(org, kind, row):
        if below["IsDeleted"] and below["SystemModstamp"] == row["SystemModstamp"]:
            undelete(org, child, below, actor)
    return found


def refuse_deleted(row: Row) -> None:
    """Raises RecordError when the record lies in the recycle bin."""
    if row.get("IsDeleted"):
        raise RecordError("ENTITY_IS_DELETED", "entity is deleted", status=404)


def target(org: Org, kind: Object, text: str) -> Row:
    """The row of a kind that an id names, deleted or not. Raises RecordError."""
    full = ids.canonical(text)
    if full is None or not full.startswith(kind.prefix):
        raise RecordError("MALFORMED_ID", f"{kind.label} ID: id value of incorrect type: {text}", ("Id",))
    row = org.store[kind.name].rows.get(full)
    if row is None:
        raise RecordError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", status=404)
    return row


def _permit(kind: Object, right: str) -> None:
    if right not in kind.is_:
        raise guards.no_access()


def _refuse_read_only(draft: Draft, right: str) -> None:
    fields = draft.kind.fields
    names = [*draft.values, *draft.lookups]
    if refused := tuple(name for name in names if name not in fields or right not in fields[name].is_):
        raise RecordError(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Unable to create/update fields: {', '.join(refused)}. Please check the security settings of "
            "this field and verify that it is read/write for your profile or permission set.",
            refused,
        )


def _require(kind: Object, missing: Iterable[str]) -> None:
    if names := tuple(missing):
        raise RecordError(
            "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", names
        )


def _never_empty(found: Field) -> bool:
    return "nillable" not in found.is_ and found.type != "boolean"


def _with_lookups(org: Org, draft: Draft) -> dict[str, Any]:
    """The draft's values with parents looked up by their external ids."""
    given = dict(draft.values)
    for name, (parent, key, value) in draft.lookups.items():
        found = [row for row in matches(org, parent, key, value) if not row.get("IsDeleted")]
        if not found:
            text = f"Foreign key external ID: {value} not found for field {key.name} in entity {parent.name}"
            raise RecordError("INVALID_FIELD", text)
        given[name] = found[0]["Id"]
    return given


def matches(org: Org, kind: Object, key: Field, value: str | None) -> list[Row]:
    """The rows, deleted ones too, with that external id, e-mail or id; none for an empty value."""
    if not value:
        return []
    if key.type == "id":
        row = org.store[kind.name].rows.get(ids.canonical(value) or "")
        return [row] if row else []
    return org.store[kind.name].find(key.name, value)


def _defaults(kind: Object, actor: Actor) -> dict[str, Any]:
    """What a new record holds where nothing was sent."""
    return {**kind.defaults, "OwnerId": actor.user} if "OwnerId" in kind.fields else kind.defaults


def _save(org: Org, kind: Object, row: Row, changes: Mapping[str, Any], actor: Actor) -> Row:
    """Put the row with its changes, derived fields and stamps, if the admin's rules let it pass."""
    new = {name: value for name, value in {**row, **changes}.items() if value is not None}
    guards.refuse_locked(org, actor, kind, new)
    new = places.settle(org, kind, new, changes)
    if kind.name == "Lead" and actor.assigns and org.rules.assignment:
        new["OwnerId"] = org.queue
    old = org.store[kind.name].rows.get(row["Id"])
    saved = put_checked(org, kind, old, guards.flow_into(org, kind, old, new, actor), changes, actor)
    return _flow_on(org, kind, old, saved, actor) if org.rules.flows else saved


def put_checked(
    org: Org, kind: Object, old: Row | None, new: Row, sent: Mapping[str, Any], actor: Actor
) -> Row:
    """Put a row, filled in by the org, if rules let it pass. Raises RecordError."""
    filled = rules.apply(org, kind, old, new, sent)
    guards.refuse_invalid(org, kind, old, filled, actor)
    saved = put_stamped(org, kind, filled, actor)
    rules.follow(org, kind, saved)
    return person_accounts.follow(org, saved)


def _flow_on(org: Org, kind: Object, old: Row | None, saved: Row, actor: Actor) -> Row:
    """Let flows that start when the record is saved do their part: now, or later."""
    for flow in org.rules.flows:
        if not flow.due(kind.name, old, saved, person=actor.person):
            continue
        if flow.moment == "after":
            made = guards.flowed(kind, flow, saved)
            new = {name: value for name, value in {**saved, **made}.items() if value is not None}
            saved = put_checked(org, kind, saved, new, made, actor)
        elif flow.moment == "later":
            due = org.clock.now() + timedelta(seconds=flow.seconds)
            edit = LaterEdit(due=due, flow=flow, object=kind.name, id=saved["Id"], user=actor.user)
            org.store.when_done(partial(org.later.append, edit))
    return saved


def put_stamped(org: Org, kind: Object, row: Row, actor: Actor) -> Row:
    """Save a row as changed now by that user."""
    stamp = org.stamp()
    row |= {"LastModifiedDate": stamp, "LastModifiedById": actor.user, "SystemModstamp": stamp}
    org.store.put(kind.name, row)
    return row


def put_in_bin(org: Org, kind: Object, row: Row, actor: Actor) -> None:
    """Put a record alone into the recycle bin."""
    new = put_stamped(org, kind, {**row, "IsDeleted": True}, actor)
    rules.follow(org, kind, new)
    org.recycle_bin.append((new["SystemModstamp"], kind.name, new["Id"]))


def _bring_back(org: Org, kind: Object, row: Row, actor: Actor) -> Row:
    """Take a record alone out of the recycle bin; one that a merge had deleted is no longer part of it."""
    rest = {name: value for name, value in row.items() if name != "MasterRecordId"}
    new = put_stamped(org, kind, {**rest, "IsDeleted": False}, actor)
    rules.follow(org, kind, new)
    return new


def _cascade(org: Org, kind: Object, row: Row) -> list[tuple[Object, Row]]:
    """The children that are deleted and brought back with a record."""
    down: list[Child] = [child for child in kind.children if child.cascades]
    return [
        (org.schema[child.object], below)
        for child in down
        for below in org.store[child.object].find(child.field, row["Id"])
    ]
