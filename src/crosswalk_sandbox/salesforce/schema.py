"""The org's objects and their fields, read from the table beside this module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources
from types import MappingProxyType
from typing import Any

import msgspec

from crosswalk_sandbox.salesforce import ids

NUMERIC = frozenset({"double", "currency", "percent", "int"})
UNGROUPED = frozenset({"double", "currency", "percent", "datetime"})
COMPOUND = frozenset({"address", "location"})  # put together from other fields
LONGEST_PLAIN_TEXT = 255


class FieldRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A field as the table has it; see Field for what the words mean."""

    name: str
    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    is_: str = msgspec.field(name="is", default="")
    to: tuple[str, ...] = ()
    relationship: str | None = None
    compound: str | None = None
    default: Any = None
    formula: str | None = None
    values: tuple[str, ...] = ()


class ObjectRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An object as the table has it."""

    label: str
    plural: str
    prefix: str
    is_: str = msgspec.field(name="is")
    children: dict[str, tuple[str, str, bool]]
    fields: tuple[FieldRow, ...]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of an object."""

    object: str
    name: str
    label: str
    type: str  # as describe names it: string, email, currency, picklist, reference, ...
    length: int  # most characters of text
    precision: int  # most digits of a number, those after the point included
    scale: int  # digits after the point
    # createable, updateable, nillable, defaulted, idLookup, externalId, unique, restricted, autoNumber, html
    is_: frozenset[str]
    to: tuple[str, ...]  # objects that a reference may point to
    relationship: str | None  # the name under which SOQL follows a reference
    compound: str | None  # the compound field that this one is a part of
    default: Any  # of a new record
    formula: str | None
    values: tuple[str, ...]  # of a picklist, in its order

    @property
    def custom(self) -> bool:
        return self.name.endswith(("__c", "__s", "__pc"))

    @property
    def calculated(self) -> bool:
        return self.formula is not None

    @property
    def computed(self) -> bool:
        """Whether rows hold nothing for it: its value is made when it is read."""
        return self.calculated or self.type in COMPOUND or "autoNumber" in self.is_

    @property
    def long_text(self) -> bool:
        return self.type == "textarea" and self.length > LONGEST_PLAIN_TEXT

    @property
    def filterable(self) -> bool:
        return not self.long_text and self.type not in COMPOUND and self.type != "encryptedstring"

    @property
    def sortable(self) -> bool:
        return self.filterable and self.type != "multipicklist"

    @property
    def groupable(self) -> bool:
        return self.sortable and not self.calculated and self.type not in UNGROUPED

    @property
    def aggregatable(self) -> bool:
        return self.sortable and self.type != "boolean"

    @property
    def permissionable(self) -> bool:
        """Whether permission sets may hide it or make it read-only."""
        return bool(self.is_ & {"createable", "updateable"}) and not self.required

    @property
    def required(self) -> bool:
        """Without a value no record can be created, nor may it be emptied."""
        return "createable" in self.is_ and not self.is_ & {"nillable", "defaulted"}


@dataclass(frozen=True, kw_only=True)
class Child:
    """A relationship from this object down to its children."""

    name: str
    object: str
    field: str
    cascades: bool  # deleting the parent deletes the children


@dataclass(frozen=True, kw_only=True)
class Object:
    """One sObject."""

    name: str
    label: str
    plural: str
    prefix: str
    is_: frozenset[str]  # what may be done: createable, updateable, deletable, ...
    fields: dict[str, Field]
    children: tuple[Child, ...]

    def field(self, name: str) -> Field | None:
        """The field of that name, whatever its case."""
        return self._by_lower_name.get(name.lower())

    def reference(self, relationship: str) -> Field | None:
        """The reference field that SOQL follows under that name, whatever its case."""
        return self._by_relationship.get(relationship.lower())

    def child(self, name: str) -> Child | None:
        return next((child for child in self.children if child.name.lower() == name.lower()), None)

    @property
    def recycles(self) -> bool:
        """Whether deleted records of it lie in the recycle bin."""
        return "IsDeleted" in self.fields

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The fields without which no record can be created."""
        return tuple(field.name for field in self.fields.values() if field.required)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """What a new record holds where nothing was sent: nothing ticked, and the fields' own defaults."""
        filled = {field.name: field.default for field in self.fields.values() if field.default is not None}
        return {name: False for name in self.unticked if name != "IsDeleted"} | filled

    @cached_property
    def unticked(self) -> dict[str, bool]:
        """All booleans of a row with nothing filled in."""
        return {field.name: False for field in self.fields.values() if field.type == "boolean"}

    @cached_property
    def _by_lower_name(self) -> dict[str, Field]:
        return {name.lower(): field for name, field in self.fields.items()}

    @cached_property
    def _by_relationship(self) -> dict[str, Field]:
        return {field.relationship.lower(): field for field in self.fields.values() if field.relationship}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What field-level security lets a user do with a field."""

    reads: bool
    edits: bool


EVERYTHING = Grant(reads=True, edits=True)
READABLE = "queryable"  # without this right the object is not there
RIGHTS = (READABLE, "createable", "updateable", "deletable")


class Schema:
    """All objects of the org."""

    def __init__(self, objects: dict[str, Object]) -> None:
        self._objects = objects
        self._by_lower_name = {name.lower(): each for name, each in objects.items()}
        self._by_prefix = {each.prefix: each for each in objects.values()}

    def __iter__(self) -> Iterator[Object]:
        return iter(self._objects.values())

    def __getitem__(self, name: str) -> Object:
        return self._objects[name]

    def seen_with(
        self, grants: Mapping[tuple[str, str], Grant], withheld: Mapping[str, frozenset[str]]
    ) -> Schema:
        """The schema as a user sees it: fields as granted, objects without the rights withheld."""
        seen = {each.name: _seen(each, grants, withheld.get(each.name, frozenset())) for each in self}
        return Schema({name: each for name, each in seen.items() if READABLE not in withheld.get(name, ())})

    def with_fields(self, added: Mapping[str, Mapping[str, Field]]) -> Schema:
        """The schema with more fields, by object and name, or others under the same names."""
        return Schema({
            each.name: replace(each, fields={**each.fields, **added.get(each.name, {})}) for each in self
        })  # fmt: skip

    def with_object(self, added: Object) -> Schema:
        """The schema with one object more."""
        return Schema({each.name: each for each in (*self, added)})

    def find(self, name: str) -> Object | None:
        """The object of that name, whatever its case."""
        return self._by_lower_name.get(name.lower())

    def of_id(self, text: str) -> Object | None:
        """The object whose records have ids like this one."""
        return self._by_prefix.get(text[:3]) if ids.canonical(text) else None


def _seen(kind: Object, grants: Mapping[tuple[str, str], Grant], withheld: frozenset[str]) -> Object:
    fields = {}
    for name, field in kind.fields.items():
        grant = grants.get((kind.name, name), EVERYTHING)
        if grant.reads:
            writable = field.is_ if grant.edits else field.is_ - {"createable", "updateable"}
            fields[name] = replace(field, is_=writable)
    return replace(kind, fields=fields, is_=kind.is_ - withheld)


def load(added: Mapping[str, Sequence[FieldRow]] = MappingProxyType({})) -> Schema:
    """Read the table of objects; `added` are fields beyond it, by object."""
    text = resources.files(__package__).joinpath("objects.json").read_bytes()
    rows = msgspec.json.decode(text, type=dict[str, ObjectRow])
    return Schema({name: _object(name, row, added.get(name, ())) for name, row in rows.items()})


def _object(name: str, row: ObjectRow, added: Sequence[FieldRow]) -> Object:
    children = tuple(
        Child(name=child, object=object_name, field=field, cascades=cascades)
        for child, (object_name, field, cascades) in row.children.items()
    )
    return Object(
        name=name,
        label=row.label,
        plural=row.plural,
        prefix=row.prefix,
        is_=frozenset(row.is_.split()),
        fields={field.name: _field(name, field) for field in (*row.fields, *added)},
        children=children,
    )


def _field(object_name: str, row: FieldRow) -> Field:
    return Field(
        object=object_name,
        name=row.name,
        label=row.label,
        type=row.type,
        length=row.length,
        precision=row.precision,
        scale=row.scale,
        is_=frozenset(row.is_.split()),
        to=row.to,
        relationship=row.relationship,
        compound=row.compound,
        default=row.default,
        formula=row.formula,
        values=row.values,
    )
