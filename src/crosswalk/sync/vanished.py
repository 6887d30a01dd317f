"""A contact whose field was deleted looks like one whose field is empty: what would be emptied is looked at twice."""

from __future__ import annotations

from collections.abc import Iterable

from crosswalk.core.catalogue import CATALOGUE
from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.mapping import Side
from crosswalk.core.words import keepable as _
from crosswalk.store.outcomes import Merged

from .context import CONTACT, Context


def require_fields(context: Context, merged: Iterable[Merged]) -> None:
    """Ask whether all mapped contact fields still exist, before an empty one empties a field of the CRM or is held.

    Raises SystemFailure(MAPPING) naming a field that is gone, upon which the run goes on without it. One call, and only
    where something is to be emptied.
    """
    if not any(_empties(item) for item in merged):
        return
    known = context.systems[Side.ACTIVECAMPAIGN].describe(CONTACT).fields
    for plan in context.objects.values():
        for field in plan.fields:
            name = field.mapping.activecampaign
            if name not in known:
                raise _gone(field.activecampaign.label, name, field.crm.label)


def _empties(item: Merged) -> bool:
    return any(offer.side is Side.CRM and None in offer.source.values() for offer in item.offers) or any(
        hold.side is Side.ACTIVECAMPAIGN and hold.code == CATALOGUE["emptied"].code for hold in item.holds
    )


def _gone(label: str, name: str, partner: str) -> SystemFailure:
    return SystemFailure(
        FailureKind.MAPPING,
        _("ActiveCampaign has no contact field {label} ({name}) any more. {partner} was not emptied.").format(
            label=label, name=name, partner=partner
        ),
        cure=_("Take the field out of the mapping, or map the one that took its place."),
        code="field_gone",
    )
