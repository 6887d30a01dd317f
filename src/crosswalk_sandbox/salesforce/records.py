"""Single records: create, read, change, delete, by id and by external id.

Source: Salesforce REST, sObject Rows and sObject Rows by External ID.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from crosswalk_sandbox.salesforce import ids, saving
from crosswalk_sandbox.salesforce.answers import Answer, Call
from crosswalk_sandbox.salesforce.errors import ApiError, RecordError
from crosswalk_sandbox.salesforce.schema import Field, Object
from crosswalk_sandbox.salesforce.soql.projection import attributes
from crosswalk_sandbox.salesforce.store import Row
from crosswalk_sandbox.salesforce.values import moment

UPSERT_ANSWERS_200_FROM = 46.0


def refusing(handler: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
    """A handler whose refused record becomes the answer, with what it began taken back."""

    def handle(call: Call) -> Answer:
        try:
            with call.org.store.all_or_nothing():
                return handler(call)
        except RecordError as error:
            return Answer(status=error.status, content=[error.problem.single()])

    return handle


@refusing
def create(call: Call) -> Answer:
    """`POST /sobjects/{object}`."""
    draft = saving.read(call.org, call.kind, call.json(), call.body)
    row = saving.create(call.org, draft, call.actor)
    return _created(call, row, {"id": row["Id"], "success": True, "errors": []})


@refusing
def read(call: Call) -> Answer:
    """`GET /sobjects/{object}/{id}`."""
    row = _row(call, missing="NOT_FOUND")
    since = call.header_time("if-modified-since")
    if since is not None and _modified(row) <= since:
        return Answer(status=304)
    return Answer(content=shown(call, row, call.request.param("fields")))


@refusing
def update(call: Call) -> Answer:
    """`PATCH /sobjects/{object}/{id}`."""
    draft = saving.read(call.org, call.kind, call.json(), call.body)
    if draft.id is not None:
        raise ApiError("INVALID_FIELD", "The Id field should not be specified in the sobject data.")
    row = _row(call)
    _check_unmodified(call, row)
    saving.update(call.org, row, draft, call.actor)
    return Answer(status=204)


@refusing
def delete(call: Call) -> Answer:
    """`DELETE /sobjects/{object}/{id}`."""
    row = _row(call)
    _check_unmodified(call, row)
    saving.delete(call.org, call.kind, row, call.actor)
    return Answer(status=204)


@refusing
def read_by_key(call: Call) -> Answer:
    """`GET /sobjects/{object}/{field}/{value}`."""
    found = _by_key(call)
    if len(found) > 1:
        return _several(call, found)
    return Answer(content=shown(call, _only(found), call.request.param("fields")))


@refusing
def upsert(call: Call) -> Answer:
    """`PATCH /sobjects/{object}/{field}/{value}`."""
    key, found = key_field(call), _by_key(call)
    draft = saving.read(call.org, call.kind, call.json(), call.body)
    if key.name in draft.values or draft.id is not None:
        named = key.name if key.name in draft.values else "Id"
        raise ApiError("INVALID_FIELD", f"The {named} field should not be specified in the sobject data.")
    if len(found) > 1:
        return _several(call, found)
    if found:
        row = saving.update(call.org, found[0], draft, call.actor)
        if float(call.version) < UPSERT_ANSWERS_200_FROM:
            return Answer(status=204)
        return Answer(content=_upserted(row, created=False))
    if call.flag("updateOnly") or key.type == "id":
        _only(found)
    row = saving.create(call.org, with_key(draft, key, call.args["value"]), call.actor)
    return _created(call, row, _upserted(row, created=True))


@refusing
def delete_by_key(call: Call) -> Answer:
    """`DELETE /sobjects/{object}/{field}/{value}`."""
    found = _by_key(call)
    if len(found) > 1:
        return _several(call, found)
    saving.delete(call.org, call.kind, _only(found), call.actor)
    return Answer(status=204)


def key_field(call: Call) -> Field:
    """The external id, or other field for look-up, that the address names. Raises ApiError."""
    name = call.args["field"]
    field = call.kind.field(name)
    if field is None or not field.is_ & {"externalId", "idLookup"}:
        text = f"Provided external ID field does not exist or is not accessible: {name}"
        raise ApiError("NOT_FOUND", text)
    return field


def with_key(draft: saving.Draft, key: Field, value: str) -> saving.Draft:
    """The draft of a record that does not exist yet, with its external id."""
    return saving.Draft(
        kind=draft.kind,
        id=None,
        values={**draft.values, key.name: value.strip() or None},
        lookups=draft.lookups,
    )


def selected(call: Call, kind: Object, fields: str | None) -> list[Field]:
    """The fields that a comma-separated list names, Id among them, or all. Raises ApiError."""
    if fields is None:
        return list(kind.fields.values())
    found: dict[str, Field] = {}
    for name in [*fields.split(","), "Id"]:
        field = kind.field(name.strip())
        if field is None:
            raise ApiError("INVALID_FIELD", f"No such column '{name.strip()}' on sobject of type {kind.name}")
        found.setdefault(field.name, field)
    return list(found.values())


def shown(call: Call, row: Row, fields: str | None) -> dict[str, Any]:
    """A record as single-record reads show it."""
    kind = call.kind
    record: dict[str, Any] = {"attributes": attributes(call.org, call.version, row["Id"])}
    return record | {field.name: call.org.getter(field)(row) for field in selected(call, kind, fields)}


def _row(call: Call, missing: str | None = None) -> Row:
    """The row that the address names, not deleted. Raises ApiError or RecordError."""
    record_id = call.args["id"]
    if ids.canonical(record_id) is None:
        text = f"Provided external ID field does not exist or is not accessible: {record_id}"
        raise ApiError("NOT_FOUND", text)
    try:
        row = saving.target(call.org, call.kind, record_id)
    except RecordError as error:
        if missing and error.problem.code == "INVALID_CROSS_REFERENCE_KEY":
            raise ApiError(missing, "The requested resource does not exist") from None
        raise
    if not call.org.shows(row):
        raise ApiError("NOT_FOUND", "The requested resource does not exist")
    saving.refuse_deleted(row)
    return row


def _by_key(call: Call) -> list[Row]:
    key = key_field(call)
    found = saving.matches(call.org, call.kind, key, call.args["value"].strip())
    return [row for row in found if call.org.shows(row) and not row.get("IsDeleted")]


def _only(found: list[Row]) -> Row:
    if not found:
        raise ApiError("NOT_FOUND", "The requested resource does not exist")
    return found[0]


def _several(call: Call, found: list[Row]) -> Answer:
    """300: the addresses of all that match."""
    return Answer(status=300, content=[_address(call, row) for row in found])


def _address(call: Call, row: Row) -> str:
    return call.path(f"/sobjects/{call.kind.name}/{row['Id']}")


def _created(call: Call, row: Row, content: dict[str, Any]) -> Answer:
    return Answer(status=201, content=content, headers={"location": _address(call, row)})


def _upserted(row: Row, *, created: bool) -> dict[str, Any]:
    return {"id": row["Id"], "success": True, "errors": [], "created": created}


def _check_unmodified(call: Call, row: Row) -> None:
    """Refuse when the record changed after If-Unmodified-Since, which has whole seconds. Raises ApiError."""
    since = call.header_time("if-unmodified-since")
    if since is not None and _modified(row) > since:
        raise ApiError("PRECONDITION_FAILED", "The record has been modified since the given date")


def _modified(row: Row) -> datetime:
    return moment(row["LastModifiedDate"])
