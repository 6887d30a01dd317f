"""The values of a record as they are saved: each checked for itself, references and unique values in the org."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crosswalk_sandbox.salesforce import values
from crosswalk_sandbox.salesforce.errors import RecordError
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.schema import Field, Object


def values_of(org: Org, kind: Object, given: Mapping[str, Any], record_id: str | None) -> dict[str, Any]:
    """The values as they are saved. Raises RecordError at the first that is refused."""
    checked = {name: values.check(kind.fields[name], value) for name, value in given.items()}
    for name, value in checked.items():
        if value is not None and kind.fields[name].type == "reference":
            _check_reference(org, kind.fields[name], value)
    refuse_taken(org, kind, checked, record_id)
    return checked


def _check_reference(org: Org, reference: Field, record_id: str) -> None:
    kind = org.schema.of_id(record_id)
    if kind is not None and kind.name not in reference.to:
        text = f"{reference.label}: id value of incorrect type: {record_id}"
        raise RecordError("MALFORMED_ID", text, (reference.name,))
    row = org.row(record_id)
    if row is None and reference.name == "RecordTypeId":
        return
    if row is None:
        raise RecordError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", (reference.name,))
    if row.get("IsDeleted"):
        raise RecordError("ENTITY_IS_DELETED", "entity is deleted", (reference.name,))
    if reference.name == "OwnerId" and row.get("IsActive") is False:
        text = "operation performed with inactive user"
        raise RecordError("INACTIVE_OWNER_OR_USER", text, (reference.name,))


def refuse_taken(org: Org, kind: Object, checked: Mapping[str, Any], record_id: str | None) -> None:
    """Raises RecordError when another record, not deleted, has a value that only one may have."""
    for name, value in checked.items():
        if value is None or "unique" not in kind.fields[name].is_:
            continue
        for other in org.store[kind.name].find(name, value):
            if other["Id"] != record_id and not other["IsDeleted"]:
                text = f"duplicate value found: {name} duplicates value on record with id: {other['Id'][:15]}"
                raise RecordError("DUPLICATE_VALUE", text)
