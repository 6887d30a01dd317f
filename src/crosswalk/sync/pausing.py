"""While *Global synchronisation* is off, what would go to ActiveCampaign is held: one hold a link.

Pull and the other direction go on, and opt-outs travel as always. Shadows of held fields stay, so that the first run
after the switch is on again decides everything anew from both records as they are then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crosswalk.core import catalogue
from crosswalk.core.catalogue import Said
from crosswalk.core.mapping import Side
from crosswalk.core.values import pack, unpack
from crosswalk.merge import FieldPlan
from crosswalk.store import inbox
from crosswalk.store.hold_rows import HeldLink, HoldNote, HoldRow
from crosswalk.store.outcomes import Merged, Offer

from .context import CONTACT, Context
from .fields import PAUSED
from .offers import without

TARGET = Side.ACTIVECAMPAIGN


def is_paused(hold: HeldLink | HoldRow) -> bool:
    """Tell whether a hold stands for all that would go to ActiveCampaign over its link."""
    return hold.kind == PAUSED and not hold.field


def hold_paused(
    context: Context, merged: Sequence[Merged], holds: Mapping[int, Mapping[str, HoldRow]]
) -> None:
    """Take out of the outcomes what would go to ActiveCampaign while that is switched off, and hold it."""
    if context.switches.global_sync:
        return
    for item in merged:
        offer = next((each for each in item.offers if each.side is TARGET), None)
        if offer is not None:
            _hold(context, item, offer, holds.get(item.link.id, {}).get(""))


def _hold(context: Context, item: Merged, offer: Offer, standing: HoldRow | None) -> None:
    """A field that both sides were to get is held as a whole: its shadows cannot move for one of them."""
    fields = [
        each
        for each in context.objects[item.link.object].fields
        if each.mapping.activecampaign in offer.intended
    ]
    others = [each for each in item.offers if each is not offer]
    for field in fields:
        others = [without(each, field) for each in others]
    item.offers = [each for each in others if each.intended]
    _forget_shadows(
        item, [each for each in fields if each.mapping.crm in context.anew.get(item.link.object, ())]
    )
    if standing is not None and is_paused(standing):
        item.ended_holds = [number for number in item.ended_holds if number != standing.id]
    else:
        item.holds = [*item.holds, _note(item, said(context))]


def _forget_shadows(item: Merged, fields: Sequence[FieldPlan]) -> None:
    """What a person had decided anew is decided so when it may travel again: its shadows do not count."""
    if not fields:
        return
    for side in Side:
        names = {each.mapping.name(side) for each in fields}
        kept = {name: value for name, value in unpack(item.link.shadow(side)).items() if name not in names}
        setattr(item.link, f"{side.value}_shadow", pack(kept))
    item.changed = True


def said(context: Context) -> Said:
    """Say that nothing goes to ActiveCampaign, and what cures it."""
    return catalogue.say("global_sync_off", connection=context.name)


def _note(item: Merged, said: Said) -> HoldNote:
    return HoldNote(
        link_id=item.link.id,
        side=TARGET,
        object=item.link.object,
        record_id=item.link.crm_id or item.link.activecampaign_id or "",
        kind=PAUSED,
        code=said.code,
        reason=said.message,
        cure=said.cure,
    )


def resume(context: Context, standing: Sequence[HeldLink]) -> list[int]:
    """Have both records of paused links read, once nothing is switched off; return the holds that are over."""
    paused = [hold for hold in standing if is_paused(hold)]
    if not paused or not context.switches.global_sync:
        return []
    now = context.clock.now()
    for object in sorted({hold.object for hold in paused}):
        ids = [hold.crm_id for hold in paused if hold.object == object and hold.crm_id is not None]
        inbox.want(context.connection_id, Side.CRM, object, ids, now)
    contacts = {hold.activecampaign_id for hold in paused if hold.activecampaign_id is not None}
    inbox.want(context.connection_id, TARGET, CONTACT, sorted(contacts), now)
    return [hold.id for hold in paused]
