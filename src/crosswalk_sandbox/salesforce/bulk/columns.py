"""The columns of an ingest file: what each cell of a row means for the record.

Source: Salesforce Bulk API 2.0, Prepare CSV Files and Relationship Fields in a Header Row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from crosswalk_sandbox.salesforce import values
from crosswalk_sandbox.salesforce.bulk.delimited import FileError
from crosswalk_sandbox.salesforce.errors import RecordError
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.saving import Draft
from crosswalk_sandbox.salesforce.schema import Field, Object

EMPTIES = "#N/A"  # the cell that empties a field; an empty cell says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """A column that names a parent by its external id, such as `Account.Legacy_Key__c`."""

    reference: Field
    kind: Object
    key: Field


Column = Field | Parent | None  # None is the record's own id


@dataclass(slots=True)
class _Sent:
    id: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    lookups: dict[str, tuple[Object, Field, Any]] = field(default_factory=dict)


class Header:
    """The columns of a file of records of one object."""

    def __init__(self, org: Org, kind: Object, names: Sequence[str]) -> None:
        """Raises FileError for a name that is no column of the object, and for one that comes twice."""
        self.kind = kind
        self._columns = [_column(org, kind, name) for name in names]
        for number, name in enumerate(names):
            if name.lower() in (other.lower() for other in names[:number]):
                raise FileError(f"InvalidBatch : Duplicate field name : {name}")

    @property
    def only_ids(self) -> bool:
        return self._columns == [None]

    def draft(self, cells: Sequence[str]) -> Draft:
        """The record of a row. Raises RecordError for a value of the wrong kind."""
        sent = _Sent()
        for column, cell in zip(self._columns, cells, strict=True):
            if cell:
                _take(sent, column, cell)
        return Draft(kind=self.kind, id=sent.id, values=sent.values, lookups=sent.lookups)


def _take(sent: _Sent, column: Column, cell: str) -> None:
    if column is None:
        sent.id = cell
    elif isinstance(column, Field):
        sent.values[column.name] = _value(column, cell)
    elif cell == EMPTIES:
        sent.values[column.reference.name] = None
    else:
        sent.lookups[column.reference.name] = (column.kind, column.key, _value(column.key, cell))


def _value(column: Field, cell: str) -> Any:
    if cell == EMPTIES:
        return None
    try:
        return values.read(column, cell)
    except values.WrongKindError:
        text = f"{column.label}: value not of required type: {cell}"
        raise RecordError("INVALID_TYPE_ON_FIELD_IN_RECORD", text, (column.name,)) from None


def _column(org: Org, kind: Object, name: str) -> Column:
    """What a header's name stands for. Raises FileError."""
    if name.lower() == "id":
        return None
    found = _parent(org, kind, name) if "." in name else kind.field(name)
    if found is None:
        raise FileError(f"InvalidBatch : Field name not found : {name}")
    return found


def _parent(org: Org, kind: Object, name: str) -> Parent | None:
    """`Relationship.Key__c`, or `Object:Relationship.Key__c` where there are several objects."""
    path, _, key_name = name.rpartition(".")
    object_name, typed, relationship = path.rpartition(":")
    reference = kind.reference(relationship)
    if reference is None:
        return None
    if typed and len(reference.to) == 1:
        raise FileError(f"InvalidBatch : type is not needed for non polymorphic foreign key : {name}")
    above = org.visible.find(object_name if typed else reference.to[0])
    if above is None or above.name not in reference.to or (not typed and len(reference.to) > 1):
        return None
    key = above.field(key_name)
    if key is None or not key.is_ & {"externalId", "idLookup"}:
        return None
    return Parent(reference=reference, kind=above, key=key)
