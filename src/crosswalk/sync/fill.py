"""The first half of a round: match and merge everything that waits, page by page, into the outbox."""

from __future__ import annotations

from collections.abc import Sequence

from crosswalk.core.mapping import Side
from crosswalk.store import identity, inbox, pairs
from crosswalk.store.outcomes import Merged, commit_merged
from crosswalk.store.pairs import Sighted

from . import pull
from .context import CONTACT, Context, ObjectPlan, Progress
from .match import Matched, match_contact_page, match_crm_page
from .merging import merge_pair

PAGE = 2000


def fill_outbox(context: Context) -> None:
    """Fill the outbox from all waiting inbox rows; each page commits its shadows, holds and offers."""
    now = context.clock.now()
    identity.apply_deletes(context.connection_id, now)
    identity.adopt_contacts(context.connection_id, context.tenants[Side.ACTIVECAMPAIGN], now)
    if pull.fetch_wanted(context):
        identity.apply_deletes(context.connection_id, now)
    for plan in context.objects.values():
        _fill_from_crm(context, plan)
    _fill_from_contacts(context)


def _fill_from_crm(context: Context, plan: ObjectPlan) -> None:
    done = 0
    after = None
    while rows := pairs.crm_page(context.connection_id, plan.object, after, PAGE):
        _store(context, match_crm_page(context, plan, _free(rows)))
        after = rows[-1]
        done += len(rows)
        context.report(Progress(phase=f"compare {plan.object}", done=done))


def _fill_from_contacts(context: Context) -> None:
    done = 0
    after = ""
    while rows := pairs.contact_page(context.connection_id, context.tenants[Side.CRM], after, PAGE):
        _store(context, match_contact_page(context, _free(rows)))
        after = rows[-1].seen.record_id
        done += len(rows)
        context.report(Progress(phase=f"compare {CONTACT}", done=done))


def _free(rows: Sequence[Sighted]) -> list[Sighted]:
    """Leave sightings of links with an open write for the round after its receipt."""
    return [row for row in rows if not row.writing]


def _store(context: Context, matched: Matched) -> None:
    """Merge and commit one matched page."""
    merged = _merge(context, matched)
    for item in merged:
        record_id = item.link.record_id(item.unread) if item.unread else None
        if item.unread is not None and record_id is not None:
            matched.want(item.unread, item.link.object if item.unread is Side.CRM else CONTACT, record_id)
    merged += [Merged(link=link, changed=True) for link in matched.links]
    commit_merged(
        context.connection_id, context.tenants, merged, matched.leftovers, matched.holds, context.clock.now()
    )
    for (side, object), record_ids in matched.wants.items():
        inbox.want(context.connection_id, side, object, record_ids, context.clock.now())


def _merge(context: Context, matched: Matched) -> list[Merged]:
    holds = pairs.holds_of(pair.link.id for pair in matched.pairs)
    nothing: dict[str, pairs.HoldRow] = {}
    return [
        merge_pair(context, context.objects[pair.link.object], pair, holds.get(pair.link.id, nothing))
        for pair in matched.pairs
    ]
