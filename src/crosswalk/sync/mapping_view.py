"""What can be said about a mapping's fields: lists of both sides' fields, and proposed pairs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from crosswalk.convert import PAIRS, Suggestions, kind_words, pairable, suggest, types_for
from crosswalk.core.mapping import FieldMapping, MappingFile, ObjectMapping, Side
from crosswalk.core.schema import Field, Schema
from crosswalk.core.values import Kind

from .mapping_edit import Schemas


def suggestions(schemas: Schemas, mapping: MappingFile) -> dict[str, Suggestions]:
    """Propose pairs for every object of `schemas`, beside those it has."""
    have = {item.object: item.fields for item in mapping.objects}
    return {
        object: suggest(crm, schemas.contact, have.get(object, ())) for object, crm in schemas.crm.items()
    }


def with_suggestions(mapping: MappingFile, found: Mapping[str, Suggestions]) -> MappingFile:
    """Return the mapping file as it would be with all proposed pairs."""
    by_object = {item.object: item for item in mapping.objects}
    for object, proposed in found.items():
        before = by_object.get(object, ObjectMapping(object=object))
        pairs = tuple(each.mapping for each in proposed.pairs)
        if before.fields or pairs:
            by_object[object] = replace(before, fields=(*before.fields, *pairs))
    return replace(mapping, objects=tuple(by_object.values()))


def field_facts(
    crm: Schema, contact: Schema, pairs: Iterable[FieldMapping]
) -> dict[str, list[dict[str, Any]]]:
    """Return what there is to know of each field, by side: type, required, partner, what it may be paired with."""
    partners = {
        Side.CRM: {pair.crm: pair.activecampaign for pair in pairs},
        Side.ACTIVECAMPAIGN: {pair.activecampaign: pair.crm for pair in pairs},
    }
    fitting = {
        left.name: [right.name for right in contact.fields.values() if pairable(left, right) is None]
        for left in crm.fields.values()
    }
    ours = [
        _facts(field, partners[Side.CRM], fitting[field.name], types_for(field))
        for field in crm.fields.values()
    ]
    theirs = [
        _facts(
            field,
            partners[Side.ACTIVECAMPAIGN],
            [name for name, others in fitting.items() if field.name in others],
            _types_with(field),
        )
        for field in contact.fields.values()
    ]
    return {Side.CRM.value: ours, Side.ACTIVECAMPAIGN.value: theirs}


def _facts(field: Field, partners: Mapping[str, str], fields: list[str], types: str) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": field.label,
        "type": kind_words(field),
        "required": field.required,
        "writable": field.writable or field.creatable,
        "options": [option.value for option in field.options],
        "mapped_to": partners.get(field.name),
        "types": types,
        "fields": fields,
    }


def _types_with(activecampaign: Field) -> str:
    """The CRM types that an ActiveCampaign field may be paired with."""
    kinds = [kind for kind, others in PAIRS.items() if activecampaign.kind in others]
    return ", ".join(kind_words(_bare(kind)) for kind in kinds)


def _bare(kind: Kind) -> Field:
    return Field(name="", label="", kind=kind, vendor_type="")
