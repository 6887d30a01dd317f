"""Holds: what waits for a cure, and trying it again."""

from __future__ import annotations

from crosswalk.core.mapping import Side
from crosswalk.core.values import unpack
from crosswalk.merge import UNKNOWN, fingerprint
from crosswalk.store import history, inbox, pairs
from crosswalk.store.pairs import HeldLink

from .context import CONTACT, Context


def retry(context: Context) -> int:
    """Have everything held looked at again by the next run; return how many holds that concerns."""
    count = history.forget_fingerprints(context.connection_id)
    for object, crm_id, contact_id in history.held_links(context.connection_id):
        _look_at(context, object, crm_id, contact_id)
    return count


def look_at_changed(context: Context) -> None:
    """Have looked at again what is held under a mapping or definition of its field that is not today's."""
    gone = []
    for held in pairs.held(context.connection_id):
        plan = context.objects.get(held.object)
        if plan is None or held.field == plan.schemas[Side.CRM].opt_out:
            continue  # a refused opt-out is tried again by every run
        today = _mark_today(context, held)
        if today is None:
            gone.append(held.id)
        elif not held.fingerprint.startswith(today):
            _look_at(context, held.object, held.crm_id, held.activecampaign_id)
    pairs.forget_holds(gone)


def _mark_today(context: Context, held: HeldLink) -> str | None:
    """Return how a hold's fingerprint would begin today; None when its field is no longer mapped."""
    plan = context.objects[held.object]
    if not held.field:
        return plan.creation_marks[Side(held.side)]
    field = next((each for each in plan.fields if each.mapping.crm == held.field), None)
    if field is None:
        return None
    values = unpack(held.values)
    return fingerprint(
        field, values.get(Side.CRM.value, UNKNOWN), values.get(Side.ACTIVECAMPAIGN.value, UNKNOWN)
    )


def _look_at(context: Context, object: str, crm_id: str | None, contact_id: str | None) -> None:
    now = context.clock.now()
    if crm_id is not None:
        inbox.want(context.connection_id, Side.CRM, object, [crm_id], now)
    if contact_id is not None:
        inbox.want(context.connection_id, Side.ACTIVECAMPAIGN, CONTACT, [contact_id], now)
