"""What a mapping needs of each side, for the set-up checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .mapping import CreationRule, FieldMapping, MappingFile, ObjectMapping, Side, UpdateRule
from .system import ObjectUse

_CONTACT = "contact"  # what ActiveCampaign has


def uses_of(mapping: MappingFile) -> Mapping[Side, Sequence[ObjectUse]]:
    """Return per side what is read, written and created; empty for a connection without a mapping."""
    crm = [_use(item.object, [item], Side.CRM, creates=_creates(mapping, item)) for item in mapping.objects]
    contact = [_use(_CONTACT, mapping.objects, Side.ACTIVECAMPAIGN, creates=True)] if mapping.objects else []
    return {Side.CRM: crm, Side.ACTIVECAMPAIGN: contact}


def _creates(mapping: MappingFile, item: ObjectMapping) -> bool:
    settings = mapping.settings
    return settings.creation is not CreationRule.NEVER and settings.creation_object == item.object


def _use(object: str, items: Sequence[ObjectMapping], side: Side, *, creates: bool) -> ObjectUse:
    pairs = [(item, pair) for item in items for pair in item.fields]
    asked = {name for item in items for name in _asked(item)} if side is Side.CRM else set()
    return ObjectUse(
        object=object,
        reads=sorted({pair.name(side) for _item, pair in pairs} | asked),
        writes=sorted({pair.name(side) for item, pair in pairs if _writes(item, pair, side)}),
        creates=creates,
    )


def _asked(item: ObjectMapping) -> Sequence[str]:
    """Return the fields that the selection looks at."""
    return [row.field for row in item.selection.asked.rows] if item.selection.asked else []


def _writes(item: ObjectMapping, pair: FieldMapping, side: Side) -> bool:
    return item.direction.allows(side) and pair.rule(side) is not UpdateRule.NEVER
