"""Opt-outs travel first in every run, to and from every link; nothing holds them back.

What was read is in the table of consents, where pull put it. Here the links whose side turned are decided, the writes
are intended, sent and receipted. A receipt has the links of its record looked at once more, so that an opt-out reaches
the person's other records in the same run, and so that shadows move by what the sides hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter

import msgspec

from crosswalk.core.consent import Standing
from crosswalk.core.lanes import Lane, working_in
from crosswalk.core.mapping import Side
from crosswalk.core.schema import OPT_OUT
from crosswalk.merge import (
    ConsentAction,
    ConsentCase,
    ConsentDecision,
    decide_consent,
    shared_standing,
)
from crosswalk.store import consent_links, consents
from crosswalk.store.consent_links import DueLink, Evidence, Intent, Moved, SideConsent
from crosswalk.store.link_rows import LinkRow

from .consent_writes import recover, write_all
from .context import CONTACT, Context

PAGE = 2000  # links that are decided at once, with the others of their contacts
LOOKS = 5  # an opt-out needs three: to the contact, to its other records, and to settle


def recover_consents(context: Context) -> None:
    """Settle what an earlier run left between intent and receipt; what was refused is tried again."""
    if context.settings.consent:
        with working_in(Lane.OPT_OUT):
            recover(context)


def carry_consents(context: Context) -> None:
    """Bring every opt-out to the other side, until nothing new is to be written."""
    objects = with_consent(context)
    with working_in(Lane.OPT_OUT):
        for _look in range(LOOKS):
            if not objects or not _decide_all(context, objects):
                return
            write_all(context)


def plan_consents(context: Context) -> None:
    """Intend what a run would write first; what that brings about at further records is not foreseen."""
    if objects := with_consent(context):
        _decide_all(context, objects)


def with_consent(context: Context) -> list[str]:
    """Return the objects whose consent can be read and travels."""
    if not context.settings.consent:
        return []
    return [plan.object for plan in context.objects.values() if plan.schemas[Side.CRM].opt_out is not None]


def opted_out(context: Context, links: Sequence[LinkRow]) -> set[str]:
    """Return which of these links' contacts are opted out: what is made of them in the CRM says so from the start."""
    ids = [link.activecampaign_id for link in links if link.activecampaign_id is not None]
    if not ids or not context.settings.consent:
        return set()
    return consents.opted_out(context.tenants[Side.ACTIVECAMPAIGN], CONTACT, ids)


def _decide_all(context: Context, objects: Sequence[str]) -> int:
    """Decide all links that must be looked at; return how many writes are newly intended."""
    intended = 0
    after = 0
    while ids := consent_links.due_ids(context.connection_id, after, PAGE):
        after = ids[-1]
        page = consent_links.due(context.connection_id, context.tenants, objects, ids)
        if _read_needed(context, page):
            page = consent_links.due(context.connection_id, context.tenants, objects, ids)
        settled = _Settled()
        for _contact_id, links in groupby(page, attrgetter("activecampaign_id")):
            _decide_contact(context, list(links), settled)
        intended += consent_links.settle(
            context.connection_id, settled.moved, settled.evidence, settled.intents, context.clock.now()
        )
    return intended


def _read_needed(context: Context, page: Iterable[DueLink]) -> bool:
    """Read what an opt-out waits for and is not known well enough; tell whether there was any."""
    needed: dict[tuple[Side, str], set[str]] = {}
    for link in page:
        for side in Side:
            if _is_unknown(link, side) or _is_stale(link, side):
                object, record_id = link.record(side)
                needed.setdefault((side, object), set()).add(record_id)
    for (side, object), ids in needed.items():
        fetched = context.systems[side].fetch(object, sorted(ids), [OPT_OUT])
        consents.take_read(context.tenants[side], side, object, fetched.records, fetched.requested_at)
    return bool(needed)


def _is_unknown(link: DueLink, side: Side) -> bool:
    """Tell whether a side was never read while the other is opted out, as that of a record just made.

    Without an opt-out there is no hurry: the feed is about to show it.
    """
    return link.side(side).standing is None and link.side(side.other).standing == Standing.OUT.value


def _is_stale(link: DueLink, side: Side) -> bool:
    """Tell whether a contact was last read before its box was found checked, and on no list then.

    It may have joined one since, before the box was checked: that is no new subscription.
    """
    if side is Side.CRM or link.crm.read_at is None or link.activecampaign.read_at is None:
        return False
    news = link.crm.standing == Standing.OUT.value and link.crm_shadow != Standing.OUT.value
    active = link.activecampaign.standing == Standing.IN.value
    return news and not active and link.activecampaign.read_at < link.crm.read_at


class _Settled(msgspec.Struct):
    """What one page of links comes to."""

    moved: list[Moved] = msgspec.field(default_factory=list)
    evidence: list[Evidence] = msgspec.field(default_factory=list)
    intents: list[Intent] = msgspec.field(default_factory=list)


def _decide_contact(context: Context, links: Sequence[DueLink], settled: _Settled) -> None:
    """Decide all links of one contact together."""
    boxes = [_standing(link.crm.standing) for link in links]
    contact = shared_standing(_standing(links[0].activecampaign.standing), boxes)
    for link, box in zip(links, boxes, strict=True):
        case = ConsentCase(box, contact, _standing(link.crm_shadow), _contact_shadow(link))
        decision = decide_consent(case, uncheck=context.settings.uncheck_opt_out)
        if decision.target is Side.CRM and link.moves:
            continue  # nothing is written to what the record was
        if decision.target is not None:
            settled.intents.append(_intent(link, decision))
        elif box is not None and contact is not None and (decision.settled or link.due is not None):
            settled.moved.append(Moved(link=link, crm=box.value, activecampaign=contact.value))
            settled.evidence += _evidence(link, {Side.CRM: box, Side.ACTIVECAMPAIGN: contact})


def _contact_shadow(link: DueLink) -> Standing | None:
    """Return how a link's contact was settled; where we unchecked the box since, it was active then."""
    lifted = link.crm.ours and (link.crm_shadow, link.crm.standing) == (
        Standing.OUT.value,
        Standing.NONE.value,
    )
    return Standing.IN if lifted else _standing(link.activecampaign_shadow)


def _standing(text: str | None) -> Standing | None:
    return None if text is None else Standing(text)


def _intent(link: DueLink, decision: ConsentDecision) -> Intent:
    assert decision.target is not None
    object, record_id = link.record(decision.target)
    return Intent(
        link_id=link.id,
        side=decision.target,
        object=object,
        record_id=record_id,
        action=(decision.action or ConsentAction.OPT_OUT).value,
        reason=decision.reason.value,
        before=link.side(decision.target).detail or b"",
    )


def _evidence(link: DueLink, now: dict[Side, Standing]) -> list[Evidence]:
    """Return what is to be kept of a settled link: what turned, and both sides of a first link with an opt-out.

    What we wrote comes last: what it was written for went before.
    """
    first = link.crm_shadow is None or link.activecampaign_shadow is None
    if first:
        turned = list(Side) if Standing.OUT in now.values() else []
    else:
        turned = [side for side in Side if now[side].value != link.shadow(side)]
    turned.sort(key=lambda side: bool(link.side(side).ours))
    return [
        Evidence(
            link_id=link.id,
            side=side,
            standing=now[side].value,
            kind=_kind(link.side(side), now[side], first=first),
            detail=link.side(side).detail or b"",
        )
        for side in turned
    ]


def _kind(side: SideConsent, now: Standing, *, first: bool) -> str:
    if side.standing != now.value:
        return "shared"  # the contact is on no list: another record of the person spoke
    if side.ours:
        return "written"
    return "first_link" if first else "changed"
