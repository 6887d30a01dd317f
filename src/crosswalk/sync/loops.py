"""A field that our writes carry to and fro is held: two automations, or two syncs, fight over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from crosswalk.core import catalogue
from crosswalk.core.mapping import Side
from crosswalk.core.system import Op
from crosswalk.core.values import Value
from crosswalk.merge import FieldPlan, Reason, Written, fingerprint, times_set_back
from crosswalk.store import history
from crosswalk.store.history import PastWrite
from crosswalk.store.hold_rows import HoldNote, HoldRow
from crosswalk.store.link_rows import LinkRow
from crosswalk.store.outcomes import Merged, Offer

from .context import Context
from .offers import without

LOOP = "loop"  # the kind of hold
WINDOW = timedelta(hours=1)
TIMES = 3  # so often a field may be set back within the window

Holds = Mapping[int, Mapping[str, HoldRow]]  # by link and CRM field


def hold_loops(context: Context, merged: Sequence[Merged], holds: Holds) -> None:
    """Take out of the offers what would set a field back once too often, and hold it.

    One statement, and only where a link that was written within the last hour is to be written again. Fields that are
    decided anew because a person asked for it are left alone.
    """
    since = context.clock.now() - WINDOW
    suspects = {item.link.id: item for item in merged if item.offers and _written(item.link, since)}
    if not suspects or context.anew:
        return
    for link_id, past in history.updates_since(list(suspects), since, at_least=TIMES + 1).items():
        item = suspects[link_id]
        for field in context.objects[item.link.object].fields:
            times = _times(field, item.offers, past)
            if times > TIMES and not _released(field, item.offers, holds.get(link_id, {})):
                _hold(item, field, times)


def _written(link: LinkRow, since: datetime) -> bool:
    return any(moment is not None and moment > since for moment in (link.acked_at(side) for side in Side))


def _times(field: FieldPlan, offers: Sequence[Offer], past: Sequence[PastWrite]) -> int:
    """Return how often the field was set back, with the write that is to be made; 0 when there is none."""
    coming = [
        Written(offer.side, offer.expected.get(name), offer.intended[name])
        for offer in offers
        if offer.op is Op.UPDATE and (name := field.mapping.name(offer.side)) in offer.intended
    ]
    return times_set_back(field, [*_writes(field, past), *coming]) if coming else 0


def _writes(field: FieldPlan, past: Sequence[PastWrite]) -> Iterator[Written]:
    for side, fields in past:
        entry = fields.get(field.mapping.name(side))
        if entry is not None:
            yield Written(side, entry[0], entry[1])


def _released(field: FieldPlan, offers: Sequence[Offer], holds: Mapping[str, HoldRow]) -> bool:
    """Tell whether a person chose this value, or had it tried again."""
    hold = holds.get(field.mapping.crm)
    retried = hold is not None and hold.kind == LOOP and not hold.fingerprint
    reasons = {offer.reasons.get(field.mapping.name(offer.side)) for offer in offers}
    return retried or Reason.CHOSEN.value in reasons


def _hold(item: Merged, field: FieldPlan, times: int) -> None:
    values = {side.value: _value(field, side, item.offers) for side in Side}
    target = next(offer.side for offer in item.offers if field.mapping.name(offer.side) in offer.intended)
    said = catalogue.say("loop", field=field.route(target).field.label, count=times)
    note = HoldNote(
        link_id=item.link.id,
        side=target,
        object=item.link.object,
        record_id=item.link.crm_id or item.link.activecampaign_id or "",
        field=field.mapping.crm,
        kind=LOOP,
        code=said.code,
        reason=said.message,
        cure=said.cure,
        values=values,
        fingerprint=fingerprint(field, values[Side.CRM.value], values[Side.ACTIVECAMPAIGN.value]),
    )
    item.holds = [*item.holds, note]
    item.offers = [offer for each in item.offers if (offer := without(each, field)).intended]


def _value(field: FieldPlan, side: Side, offers: Sequence[Offer]) -> Value:
    """Return what a side holds now: the one to be written as it is expected, the other as it was taken from."""
    name = field.mapping.name(side)
    for offer in offers:
        if offer.side is side and name in offer.intended:
            return offer.expected.get(name)
    return next((offer.source[name] for offer in offers if name in offer.source), None)
