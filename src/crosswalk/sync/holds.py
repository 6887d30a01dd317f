"""Holds: what waits for a cure, and trying it again."""

from __future__ import annotations

from crosswalk.core.mapping import Side
from crosswalk.store import history, inbox

from .context import CONTACT, Context


def retry(context: Context) -> int:
    """Have everything held looked at again by the next run; return how many holds that concerns."""
    count = history.forget_fingerprints(context.connection_id)
    now = context.clock.now()
    for object, crm_id, contact_id in history.held_links(context.connection_id):
        if crm_id is not None:
            inbox.want(context.connection_id, Side.CRM, object, [crm_id], now)
        if contact_id is not None:
            inbox.want(context.connection_id, Side.ACTIVECAMPAIGN, CONTACT, [contact_id], now)
    return count
