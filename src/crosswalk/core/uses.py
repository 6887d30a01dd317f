"""What a mapping needs of each side, for the set-up checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .mapping import CreationRule, FieldMapping, MappingFile, ObjectMapping, Side, UpdateRule
from .system import ObjectUse

_CONTACT = "contact"  # what ActiveCampaign has


def uses_of(mapping: MappingFile) -> Mapping[Side, Sequence[ObjectUse]]:
    """Return per side what is read, written and created; empty for a connection without a mapping."""
    consent = mapping.settings.consent
    crm = [
        _use(item.object, [item], Side.CRM, creates=_creates(mapping, item), consent=consent)
        for item in mapping.objects
    ]
    contact = _use(_CONTACT, mapping.objects, Side.ACTIVECAMPAIGN, creates=True, consent=consent)
    return {Side.CRM: crm, Side.ACTIVECAMPAIGN: [contact] if mapping.objects else []}


def _creates(mapping: MappingFile, item: ObjectMapping) -> bool:
    settings = mapping.settings
    return settings.creation is not CreationRule.NEVER and settings.creation_object == item.object


def _use(
    object: str, items: Sequence[ObjectMapping], side: Side, *, creates: bool, consent: bool
) -> ObjectUse:
    pairs = [(item, pair) for item in items for pair in item.fields]
    return ObjectUse(
        object=object,
        reads=sorted({name for item in items for name in item.read(side)}),
        writes=sorted({pair.name(side) for item, pair in pairs if _writes(item, pair, side)}),
        creates=creates,
        consent=consent,
    )


def _writes(item: ObjectMapping, pair: FieldMapping, side: Side) -> bool:
    return item.direction.allows(side) and pair.rule(side) is not UpdateRule.NEVER
