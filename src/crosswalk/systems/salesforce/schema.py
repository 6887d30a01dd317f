"""What the org's objects and fields are, as the integration user sees them.

Source: Salesforce REST API, sObject Describe. A field that the user may not read is absent from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from ...core.failures import FailureKind, SystemFailure
from ...core.schema import OPT_OUT, Field, Nature, Option, Schema, Standard
from ...core.values import NUMBER_KINDS, Kind
from ...core.words import keepable as _
from ..answers import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class SObject:
    """One of our objects in Salesforce's terms."""

    object: str  # our name
    name: str  # Salesforce's name
    prefix: str  # what its record ids begin with
    email: str  # the field that holds the match key
    opt_out: str = "HasOptedOutOfEmail"  # the box; field-level security often hides it


OBJECTS = {
    sobject.object: sobject
    for sobject in (
        SObject(object="lead", name="Lead", prefix="00Q", email="Email"),
        SObject(object="contact", name="Contact", prefix="003", email="Email"),
    )
}

STANDARD = {Standard.FIRST_NAME: "FirstName", Standard.LAST_NAME: "LastName", Standard.PHONE: "Phone"}

KINDS = {
    "string": Kind.TEXT,
    "textarea": Kind.TEXT,
    "encryptedstring": Kind.TEXT,
    "email": Kind.EMAIL,
    "phone": Kind.PHONE,
    "url": Kind.URL,
    "boolean": Kind.BOOLEAN,
    "int": Kind.NUMBER,
    "long": Kind.NUMBER,
    "double": Kind.NUMBER,
    "currency": Kind.CURRENCY,
    "percent": Kind.PERCENT,
    "date": Kind.DATE,
    "datetime": Kind.DATETIME,
    "time": Kind.TIME,
    "picklist": Kind.CHOICE,
    "combobox": Kind.CHOICE,
    "multipicklist": Kind.CHOICES,
    "reference": Kind.REFERENCE,
    "id": Kind.REFERENCE,
}
FLAG = "ActiveCampaign_Sync_Status__c"
_SHORT_TEXT = 255  # a textarea of more characters is a long text area
_WHOLE_NUMBERS = frozenset({"int", "long"})


class _PicklistValue(msgspec.Struct, frozen=True):
    value: str
    label: str | None = None
    active: bool = True


class _Field(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    type: str
    label: str = ""
    length: int = 0
    digits: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    createable: bool = False
    updateable: bool = False
    defaulted_on_create: bool = False
    filterable: bool = True
    calculated: bool = False
    calculated_formula: str | None = None
    auto_number: bool = False
    html_formatted: bool = False
    restricted_picklist: bool = False
    picklist_values: list[_PicklistValue] = []


class _Describe(msgspec.Struct, frozen=True):
    fields: list[_Field]
    queryable: bool = True
    createable: bool = True
    updateable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """An object's schema and what the user may do with its records."""

    sobject: SObject
    schema: Schema
    queryable: bool
    createable: bool
    updateable: bool

    def known(self, fields: Iterable[str]) -> list[str]:
        """Return `fields` as a list. Raises SystemFailure(MAPPING) naming the first that does not exist."""
        names = list(fields)
        for name in [self.sobject.email, *names]:
            if name not in self.schema.fields and name != OPT_OUT:
                raise field_gone(self.sobject, name)
        return names


def sobject_of(name: str) -> SObject:
    """Return the definition of one of our objects. Raises SystemFailure(MAPPING) for any other name."""
    if name not in OBJECTS:
        raise SystemFailure(
            FailureKind.MAPPING,
            _("Salesforce has no object for {object}.").format(object=name),
            cure=_("Use one of: {objects}.").format(objects=", ".join(OBJECTS)),
        )
    return OBJECTS[name]


def field_gone(sobject: SObject, field: str) -> SystemFailure:
    """Say that a field does not exist, or not for us."""
    return SystemFailure(
        FailureKind.MAPPING,
        _(
            "{object} has no field {field} (any more), or Salesforce hides it from the integration user."
        ).format(object=sobject.name, field=field),
        cure=_("Remove {field} from the mapping, or give the integration user read access to it.").format(
            field=field
        ),
        code="INVALID_FIELD",
    )


def read_describe(sobject: SObject, answer: Answer) -> Described:
    """Decode an sObject Describe answer."""
    raw = answer.decode(_Describe)
    return Described(
        sobject=sobject,
        schema=Schema(
            object=sobject.object,
            fields={field.name: _field(field) for field in raw.fields},
            email=sobject.email,
            standard=STANDARD,
            flag=_flag(raw.fields),
            opt_out=sobject.opt_out if any(field.name == sobject.opt_out for field in raw.fields) else None,
        ),
        queryable=raw.queryable,
        createable=raw.createable,
        updateable=raw.updateable,
    )


def _flag(fields: Sequence[_Field]) -> str | None:
    """Return the sync status of ActiveCampaign's package, with whatever namespace it is installed."""
    return next((each.name for each in fields if each.name.endswith(FLAG)), None)


def _field(raw: _Field) -> Field:
    kind = _kind(raw)
    number = kind in NUMBER_KINDS
    return Field(
        name=raw.name,
        label=raw.label or raw.name,
        kind=kind,
        vendor_type=raw.type,
        options=_options(raw.picklist_values),
        restricted=raw.restricted_picklist,
        length=raw.length or None,
        precision=(raw.digits or raw.precision or None) if number else None,
        scale=_scale(raw) if number else None,
        required=_required(raw),
        creatable=raw.createable,
        writable=raw.updateable,
        readable_by_filter=raw.filterable,
        nature=_nature(raw),
    )


def _nature(raw: _Field) -> Nature:
    """A roll-up summary is calculated without a formula. Source: sObject Describe, special markers of fields."""
    if raw.calculated:
        return Nature.FORMULA if raw.calculated_formula else Nature.SUMMARY
    if raw.auto_number:
        return Nature.AUTO_NUMBER
    if raw.html_formatted:
        return Nature.RICH_TEXT
    return Nature.ENCRYPTED if raw.type == "encryptedstring" else Nature.PLAIN


def _kind(raw: _Field) -> Kind:
    if raw.type == "textarea" and raw.length > _SHORT_TEXT:
        return Kind.LONG_TEXT
    return KINDS.get(raw.type, Kind.OTHER)


def _scale(raw: _Field) -> int | None:
    """Digits right of the point; unknown when describe leaves the precision out too."""
    if raw.type in _WHOLE_NUMBERS:
        return 0
    return raw.scale if raw.precision else None


def _required(raw: _Field) -> bool:
    """Tell whether a create needs a value; a checkbox is never empty, so it is never missing."""
    needed = not raw.nillable and raw.createable and not raw.defaulted_on_create
    return needed and raw.type != "boolean"


def _options(raw: Sequence[_PicklistValue]) -> tuple[Option, ...]:
    return tuple(Option(value=item.value, label=item.label or item.value) for item in raw if item.active)
