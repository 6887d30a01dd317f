"""Record types: their rows, the type of a new record, and the picklist values that a type has.

Source: Salesforce object reference, RecordType; user interface API, picklist values of a record type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from zlib import crc32

from crosswalk_sandbox.salesforce.admin import RecordType
from crosswalk_sandbox.salesforce.answers import Answer, Call
from crosswalk_sandbox.salesforce.errors import ApiError, RecordError
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.schema import Field, Object

MASTER = "012000000000000AAA"
PICKLISTS = ("picklist", "multipicklist")


def by_id(org: Org, kind: Object) -> Iterator[tuple[str, RecordType]]:
    """The types of an object with their ids."""
    types = {each.called: each for each in org.rules.types if each.object == kind.name}
    for row in org.store["RecordType"].rows.values():
        if row["SobjectType"] == kind.name and row["DeveloperName"] in types:
            yield row["Id"], types[row["DeveloperName"]]


def default(org: Org, kind: Object) -> dict[str, str]:
    """The type that a new record gets where none was sent."""
    if "RecordTypeId" not in kind.fields:
        return {}
    found = [record_id for record_id, each in by_id(org, kind) if each.default]
    return {"RecordTypeId": found[0]} if found else {}


def of(org: Org, kind: Object, record_id: str | None) -> RecordType | None:
    """The type with that id, if the user may give it to a record."""
    found = dict(by_id(org, kind)).get(record_id or "")
    return found if found and found.active and found.available else None


def refuse(org: Org, kind: Object, type_id: str | None, sent: Mapping[str, Any]) -> None:
    """Raises RecordError for a type that the user does not have, and for values that the type has not."""
    if "RecordTypeId" not in kind.fields or type_id is None:
        return
    chosen = of(org, kind, type_id)
    if chosen is None and "RecordTypeId" in sent:
        text = f"Record Type ID: this ID value isn't valid for the user: {type_id}"
        raise RecordError("INVALID_CROSS_REFERENCE_KEY", text, ("RecordTypeId",))
    for name, listed in chosen.values.items() if chosen else ():
        field = kind.fields[name]
        if "restricted" not in field.is_:
            continue
        for value in str(sent.get(name) or "").split(";"):
            if value.strip() and value.strip() not in listed:
                text = f"{field.label}: bad value for restricted picklist field: {value.strip()}"
                raise RecordError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", text, (name,))


def infos(call: Call, kind: Object) -> list[dict[str, Any]]:
    """`recordTypeInfos` of describe: the master comes last."""
    types = [
        _info(call, kind, record_id, each.name, each.called, each)
        for record_id, each in by_id(call.org, kind)
    ]
    has_default = any(info["defaultRecordTypeMapping"] for info in types)
    master = RecordType(object=kind.name, name="Master", default=not has_default)
    return [*types, {**_info(call, kind, MASTER, "Master", "Master", master), "master": True}]


def _info(
    call: Call, kind: Object, record_id: str, name: str, developer_name: str, each: RecordType
) -> dict[str, Any]:
    return {
        "active": each.active,
        "available": each.active and each.available,
        "defaultRecordTypeMapping": each.default,
        "developerName": developer_name,
        "master": False,
        "name": name,
        "recordTypeId": record_id,
        "urls": {"layout": call.path(f"/sobjects/{kind.name}/describe/layouts/{record_id}")},
    }


def picklists(call: Call) -> Answer:
    """`GET /ui-api/object-info/{object}/picklist-values/{type}`: what a record of that type may hold."""
    kind = call.kind
    chosen = _asked(call, kind)
    fields = [field for field in kind.fields.values() if field.type in PICKLISTS]
    path = call.path(f"/ui-api/object-info/{kind.name}/picklist-values/{call.args['type']}")
    found = {field.name: _values(field, chosen, f"{path}/{field.name}") for field in fields}
    return Answer(content={"eTag": _tag(path), "picklistFieldValues": found, "url": path})


def _asked(call: Call, kind: Object) -> RecordType | None:
    """The type that the address names; None is the master. Raises ApiError."""
    if call.args["type"] in (MASTER, MASTER[:15]):
        return None
    row = call.org.row(call.args["type"])
    found = dict(by_id(call.org, kind)).get(row["Id"]) if row else None
    if found is None:
        raise ApiError("NOT_FOUND", "The requested resource does not exist")
    return found


def _values(field: Field, chosen: RecordType | None, path: str) -> dict[str, Any]:
    listed = chosen.values.get(field.name, field.values) if chosen else field.values
    values: list[dict[str, Any]] = [
        {"attributes": None, "label": value, "validFor": [], "value": value}
        for value in field.values
        if value in listed
    ]
    usual = next((value for value in values if value["value"] == field.default), None)
    return {"controllerValues": {}, "defaultValue": usual, "eTag": _tag(path), "url": path, "values": values}


def _tag(path: str) -> str:
    return f"{crc32(path.encode()):08x}"
