"""The first half of a round: match and merge everything that waits, page by page, into the outbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crosswalk.core import phases
from crosswalk.core.lanes import Lane
from crosswalk.core.mapping import Side
from crosswalk.store import hold_rows, identity, inbox, pairs, runs, selection
from crosswalk.store.outcomes import Merged, commit_merged
from crosswalk.store.pairs import ANY_LANE, Sighted

from . import pull
from .consent import opted_out
from .context import CONTACT, Context, ObjectPlan, Progress
from .creating import merge_creation
from .hidden import distrust_empty
from .lives import follow
from .loops import hold_loops
from .match import Matched, Pair, match_crm_page
from .match_contacts import match_contact_page
from .merging import merge_pair
from .pausing import hold_paused
from .vanished import require_fields

PAGE = 2000
Only = Mapping[tuple[Side, str], Sequence[str]]  # side and object → ids of the records that are looked at


def fill_outbox(context: Context, before: int = ANY_LANE, only: Only | None = None) -> None:
    """Fill the outbox from all waiting inbox rows, those of lanes more urgent than `before`, or of `only` some records.

    Each page commits its shadows, holds and offers.
    """
    now = context.clock.now()
    follow(context)
    identity.adopt_contacts(context.connection_id, context.tenants[Side.ACTIVECAMPAIGN], now)
    while pull.fetch_wanted(context) and follow(context):
        pass  # what shared a closed link's contact or address is read as well
    for plan in context.objects.values():
        _fill_from_crm(context, plan, before, None if only is None else only.get((Side.CRM, plan.object), ()))
    contacts = None if only is None else only.get((Side.ACTIVECAMPAIGN, CONTACT), ())
    _fill_from_contacts(context, before, contacts)
    identity.promote(context.connection_id, now)


def _fill_from_crm(context: Context, plan: ObjectPlan, before: int, only: Sequence[str] | None) -> None:
    done = 0
    after = None
    while rows := pairs.crm_page(context.connection_id, plan.object, after, PAGE, before, only):
        _store(context, match_crm_page(context, plan, _free(rows)))
        after = rows[-1]
        done += len(rows)
        context.report(Progress(phase=phases.name(phases.COMPARE, plan.object), done=done))


def _fill_from_contacts(context: Context, before: int, only: Sequence[str] | None) -> None:
    done = 0
    after = ""
    crm = context.tenants[Side.CRM]
    while rows := pairs.contact_page(context.connection_id, crm, after, PAGE, before, only):
        _store(context, match_contact_page(context, _free(rows)))
        after = rows[-1].seen.record_id
        done += len(rows)
        context.report(Progress(phase=phases.name(phases.COMPARE, CONTACT), done=done))


def _free(rows: Sequence[Sighted]) -> list[Sighted]:
    """Leave sightings of links with an open write for the round after its receipt."""
    return [row for row in rows if not row.writing]


def _store(context: Context, matched: Matched) -> None:
    """Merge and commit one matched page."""
    distrust_empty(context, matched)
    merged = _merge(context, matched)
    require_fields(context, merged)
    for item in merged:
        record_id = item.link.record_id(item.unread) if item.unread else None
        if item.unread is not None and record_id is not None:
            matched.want(item.unread, item.link.object if item.unread is Side.CRM else CONTACT, record_id)
    merged += [Merged(link=link, changed=True, ended_holds=matched.ended_holds) for link in matched.links]
    selection.note(context.connection_id, matched.object, matched.turns)
    commit_merged(
        context.connection_id,
        context.tenants,
        merged,
        matched.leftovers,
        matched.holds,
        context.clock.now(),
        context.run_id,
    )
    if matched.risen:
        identity.promote(context.connection_id, context.clock.now(), matched.risen)
    runs.analyse_grown()
    for (side, object), record_ids in matched.wants.items():
        # For the sake of their partners, whose lane decides.
        inbox.want(context.connection_id, side, object, record_ids, context.clock.now(), Lane.BACK_FILL)


def _merge(context: Context, matched: Matched) -> list[Merged]:
    holds = hold_rows.holds_of(pair.link.id for pair in matched.pairs)
    nothing: dict[str, hold_rows.HoldRow] = {}
    out = opted_out(context, [pair.link for pair in matched.pairs if pair.creates is Side.CRM])
    merged = [_merge_one(context, pair, holds.get(pair.link.id, nothing), out) for pair in matched.pairs]
    hold_loops(context, merged, holds)
    hold_paused(context, merged, holds)
    return merged


def _merge_one(context: Context, pair: Pair, holds: Mapping[str, hold_rows.HoldRow], out: set[str]) -> Merged:
    plan = context.objects[pair.link.object]
    if pair.creates is not None:
        checked = pair.link.activecampaign_id in out
        return merge_creation(context, plan, pair, pair.creates, holds, checked=checked)
    return merge_pair(context, plan, pair, holds)
