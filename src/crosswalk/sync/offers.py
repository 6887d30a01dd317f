"""Taking single fields out of what was offered."""

from __future__ import annotations

from crosswalk.core.values import Values
from crosswalk.merge import FieldPlan
from crosswalk.store.outcomes import Offer


def without(offer: Offer, field: FieldPlan) -> Offer:
    """Return an offer without one field; the offer itself where it has nothing for it."""
    name, source = field.mapping.name(offer.side), field.mapping.name(offer.side.other)
    if name not in offer.intended:
        return offer
    return Offer(
        side=offer.side,
        object=offer.object,
        op=offer.op,
        record_id=offer.record_id,
        key=offer.key,
        expected=_but(offer.expected, name),
        intended=_but(offer.intended, name),
        source=_but(offer.source, source),
        reasons={each: reason for each, reason in offer.reasons.items() if each != name},
        read_at=offer.read_at,
    )


def _but(values: Values, name: str) -> Values:
    return {each: value for each, value in values.items() if each != name}
