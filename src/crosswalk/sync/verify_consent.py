"""Verify compares who may be mailed."""

from __future__ import annotations

from crosswalk.core.consent import Standing
from crosswalk.core.mapping import Side
from crosswalk.merge import consent_differs
from crosswalk.store import consent_links, inbox
from crosswalk.store.audit import AuditedLink
from crosswalk.store.consent_links import KnownLink

from .consent import with_consent
from .context import CONTACT, Context
from .verified import AFTER_CURSOR, CONSENT_DIFFERS, HELD, Tally, ids_of


def verify_consents(context: Context, links: list[AuditedLink], tally: Tally) -> None:
    """Compare who may be mailed; a difference is excused by evidence that a person made it, or while it travels."""
    objects = set(with_consent(context))
    differing = []
    for link in links:
        standings = _standings(link) if link.object in objects else None
        if standings is not None and consent_differs(*standings):
            differing.append((link, *standings))
        elif standings is not None:
            tally.equal()
    ids = [link.link_id for link, *_ in differing]
    explained, held = consent_links.excused(ids), consent_links.held(ids)
    known = consent_links.known(ids, context.tenants) if ids else {}
    for link, crm, contact in differing:
        excuse: str | None = None
        if link.link_id in held:
            excuse = HELD
        elif _travels(context, link, known.get(link.link_id), contact):
            excuse = AFTER_CURSOR
        elif link.link_id in explained:
            excuse = CONSENT_DIFFERS
        tally.differs(excuse, kind="consent", **ids_of(link), crm=crm.value, activecampaign=contact.value)


def _travels(context: Context, link: AuditedLink, known: KnownLink | None, contact: Standing) -> bool:
    """Tell whether a difference is news to us, or waits for a run.

    A list moves no stamp: the next run reads a contact that turned.
    """
    if known is None or known.due or (link.crm is not None and link.crm.unsettled):
        return True
    if known.activecampaign == contact.value or link.activecampaign_id is None:
        return False
    inbox.want(
        context.connection_id,
        Side.ACTIVECAMPAIGN,
        CONTACT,
        [link.activecampaign_id],
        context.clock.now(),
    )
    return True


def _standings(link: AuditedLink) -> tuple[Standing, Standing] | None:
    """Return what both records say, when both were read."""
    if link.crm is None or link.activecampaign is None:
        return None
    crm, contact = link.crm.standing, link.activecampaign.standing
    return None if crm is None or contact is None else (Standing(crm), Standing(contact))
