"""sObject Collections: up to 200 records in a call, each with a result of its own.

Source: Salesforce REST, sObject Collections.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from crosswalk_sandbox.salesforce import ids, operations, records, saving
from crosswalk_sandbox.salesforce.answers import Answer, Call
from crosswalk_sandbox.salesforce.errors import ApiError, Problem
from crosswalk_sandbox.salesforce.operations import Step, attempt, failure, step
from crosswalk_sandbox.salesforce.saving import Draft
from crosswalk_sandbox.salesforce.schema import Object
from crosswalk_sandbox.salesforce.soql.columns import NO_OBJECT

MOST_RECORDS = 200
MOST_CHUNKS = 10
ROLLED_BACK = Problem(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


class _RolledBackError(Exception):
    """A record failed where all had to succeed."""


def create(call: Call) -> Answer:
    """`POST /composite/sobjects`."""
    sent = _sent(call)
    drafts = [_draft(call, _kind(call, record), record) for record in sent["records"]]
    steps = [step(operations.create, call.org, call.actor, draft) for draft in drafts]
    return _saved(call, steps, all_or_none=sent.get("allOrNone", False))


def update(call: Call) -> Answer:
    """`PATCH /composite/sobjects`."""
    sent = _sent(call)
    drafts = [_draft(call, _kind(call, record), record) for record in sent["records"]]
    twice = operations.repeated(ids.canonical(draft.id or "") for draft in drafts)
    steps = [
        step(operations.update, call.org, call.actor, draft, again)
        for draft, again in zip(drafts, twice, strict=True)
    ]
    return _saved(call, steps, all_or_none=sent.get("allOrNone", False))


def upsert(call: Call) -> Answer:
    """`PATCH /composite/sobjects/{object}/{field}`: one object, no record ids."""
    key, sent = records.key_field(call), _sent(call)
    for record in sent["records"]:
        if _kind(call, record) is not call.kind:
            raise ApiError("INVALID_TYPE", f"All records must be of type {call.kind.name}")
    drafts = [_draft(call, call.kind, record) for record in sent["records"]]
    twice = operations.repeated(_folded(draft.values.get(key.name)) for draft in drafts)
    steps = [
        step(operations.upsert, call.org, call.actor, draft, key, again)
        for draft, again in zip(drafts, twice, strict=True)
    ]
    return _saved(call, steps, all_or_none=sent.get("allOrNone", False))


def delete(call: Call) -> Answer:
    """`DELETE /composite/sobjects?ids=`."""
    wanted = _ids(call.request.param("ids"))
    twice = operations.repeated(ids.canonical(record_id) for record_id in wanted)
    steps = [
        step(operations.delete, call.org, call.actor, record_id, again)
        for record_id, again in zip(wanted, twice, strict=True)
    ]
    return _saved(call, steps, all_or_none=call.flag("allOrNone"))


def retrieve(call: Call) -> Answer:
    """`GET /composite/sobjects/{object}?ids=&fields=`."""
    return _retrieved(call, _ids(call.request.param("ids")), call.request.param("fields"))


def retrieve_posted(call: Call) -> Answer:
    """`POST /composite/sobjects/{object}` with ids and fields."""
    sent = call.json()
    wanted, fields = sent.get("ids") or [], sent.get("fields") or []
    if not _texts(wanted) or not _texts(fields) or set(sent) != {"ids", "fields"}:
        raise ApiError("JSON_PARSER_ERROR", "The body takes ids and fields, both lists of text")
    return _retrieved(call, _counted(wanted), ",".join(fields))


def size(sent: object) -> int | None:
    """How many records a collection's body carries; None when it is no collection."""
    found = (sent.get("records") or sent.get("ids")) if isinstance(sent, dict) else None
    return len(found) if isinstance(found, list) else None


def _texts(found: object) -> bool:
    return isinstance(found, list) and bool(found) and all(isinstance(each, str) for each in found)


def _sent(call: Call) -> dict[str, Any]:
    """The body of a save, well formed. Raises ApiError."""
    sent = call.json()
    for name in sent:
        if name not in ("allOrNone", "records"):
            raise ApiError("JSON_PARSER_ERROR", f'Unrecognized field "{name}", not marked as ignorable')
    found = sent.get("records")
    if not isinstance(found, list) or not found or not all(isinstance(each, dict) for each in found):
        raise ApiError("JSON_PARSER_ERROR", "The body needs records, a list of objects")
    if not isinstance(sent.get("allOrNone", False), bool):
        raise ApiError("JSON_PARSER_ERROR", "allOrNone is true or false")
    _counted(found)
    chunks = sum(1 for _ in groupby(_type_name(record) for record in found))
    if chunks > MOST_CHUNKS:
        text = f"Cannot have more than {MOST_CHUNKS} chunks in a single operation. "
        raise ApiError("INVALID_INPUT", text + "Please rearrange the data to reduce chunking.")
    return sent


def _counted(found: list[Any]) -> list[Any]:
    if len(found) > MOST_RECORDS:
        text = f"record limit reached. cannot submit more than {MOST_RECORDS} records into this call"
        raise ApiError("EXCEEDED_ID_LIMIT", text)
    return found


def _type_name(record: dict[str, Any]) -> str:
    attributes = record.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(name, str) or not name:
        raise ApiError("INVALID_INPUT", "Every record needs attributes with a type")
    return name.lower()


def _kind(call: Call, record: dict[str, Any]) -> Object:
    name = _type_name(record)
    kind = call.org.visible.find(name)
    if kind is None:
        raise ApiError("INVALID_TYPE", NO_OBJECT.format(name=record["attributes"]["type"]))
    return kind


def _draft(call: Call, kind: Object, record: dict[str, Any]) -> Draft:
    return saving.read(call.org, kind, record, call.body)


def _folded(value: Any) -> str | None:
    return value.lower() if isinstance(value, str) else None


def _saved(call: Call, steps: list[Step], *, all_or_none: bool) -> Answer:
    """Save record by record; where all must succeed and one fails, take all back."""
    store = call.org.store
    try:
        with store.all_or_nothing():
            results = [attempt(store, each) for each in steps]
            if all_or_none and not all(result["success"] for result in results):
                raise _RolledBackError
    except _RolledBackError:
        results = [failure(ROLLED_BACK) if result["success"] else result for result in results]
    return Answer(content=results)


def _ids(found: str | None) -> list[str]:
    """The ids of a comma-separated parameter. Raises ApiError."""
    wanted = [record_id.strip() for record_id in (found or "").split(",") if record_id.strip()]
    if not wanted:
        raise ApiError("MISSING_ARGUMENT", "The ids parameter is required")
    return _counted(wanted)


def _retrieved(call: Call, wanted: list[str], fields: str | None) -> Answer:
    if not fields:
        raise ApiError("MISSING_ARGUMENT", "The fields parameter is required")
    records.selected(call, call.kind, fields)
    return Answer(content=[_found(call, record_id, fields) for record_id in wanted])


def _found(call: Call, record_id: str, fields: str) -> dict[str, Any] | None:
    row = call.org.store[call.kind.name].rows.get(ids.canonical(record_id) or "")
    seen = row is not None and call.org.shows(row) and not row.get("IsDeleted")
    return records.shown(call, row, fields) if row and seen else None
