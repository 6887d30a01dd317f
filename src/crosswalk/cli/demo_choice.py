"""Which fields a demo of somebody's exports syncs: the standard pairs that are there, and proposed ones that fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from crosswalk.convert import default_rule, missing_options, pairable, suggest
from crosswalk.core.mapping import FieldMapping, MappingFile, ObjectMapping, UpdateRule
from crosswalk.core.schema import Schema
from crosswalk.sync.mapping_check import named


def fitting(standard: MappingFile, crm: Mapping[str, Schema], contact: Schema) -> MappingFile:
    """Return the standard mapping without pairs that these schemas do not have, and with what they have beside."""
    objects = [_fitting(item, crm[item.object], contact) for item in standard.objects if item.object in crm]
    return replace(standard, objects=tuple(objects))


def _fitting(mapping: ObjectMapping, crm: Schema, contact: Schema) -> ObjectMapping:
    resolved = [
        replace(pair, crm=named(crm, pair.crm), activecampaign=named(contact, pair.activecampaign))
        for pair in mapping.fields
    ]
    kept = [_open(pair, crm) for pair in resolved if _fits(pair, crm, contact)]
    proposed = [each for each in suggest(crm, contact, kept).pairs if not each.missing]
    return replace(mapping, fields=(*kept, *(each.mapping for each in proposed)))


def _open(pair: FieldMapping, crm: Schema) -> FieldMapping:
    """Let a pair travel both ways where it can: what may not travel would count as different by value."""
    closed = pair.to_crm is UpdateRule.NEVER
    return replace(pair, to_crm=default_rule(crm.fields[pair.crm])) if closed else pair


def _fits(pair: FieldMapping, crm: Schema, contact: Schema) -> bool:
    """Tell whether both fields exist, may be paired, and no option of one is unknown to the other."""
    if pair.crm not in crm.fields or pair.activecampaign not in contact.fields:
        return False
    left, right = crm.fields[pair.crm], contact.fields[pair.activecampaign]
    return pairable(left, right) is None and not missing_options(left, right)
