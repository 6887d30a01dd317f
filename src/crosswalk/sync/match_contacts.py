"""Match of contacts: those with a link, those whose CRM record waits for one, those who may become CRM records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from crosswalk.core import catalogue
from crosswalk.core.mapping import CreationRule, Direction, Side
from crosswalk.store import identity, link_rows, pairs
from crosswalk.store.hold_rows import HoldNote
from crosswalk.store.link_rows import LinkRow
from crosswalk.store.pairs import Hit, Seen, Sighted

from .context import CONTACT, OBJECTS, Context, ObjectPlan
from .match import DIRECTION, TOMBSTONE, Matched, Pair, join, new_link
from .pull import take_read

_MAY_LINK = (None, TOMBSTONE, DIRECTION)  # reasons that a contact of that address takes away


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A contact that may become a CRM record; `link` is there when that was held before."""

    seen: Seen
    link: LinkRow | None


def match_contact_page(context: Context, rows: Sequence[Sighted]) -> Matched:
    """Match a page of contacts that no CRM record's sighting has taken along."""
    matched = Matched(object=CONTACT)
    strangers = []
    candidates = []
    for row in rows:
        if row.link is None:
            strangers.append(row.seen)
        elif row.link.crm_id is None:
            candidates.append(Candidate(row.seen, row.link))
        elif not row.other_waits:  # else the CRM record's own sighting takes this one along
            _match_linked(context, matched, row, row.link)
    candidates += _match_free(context, strangers, matched)
    _create_in_crm(context, candidates, matched)
    return matched


def _match_linked(context: Context, matched: Matched, row: Sighted, link: LinkRow) -> None:
    plan = context.objects.get(link.object)
    if plan is None or not link.selected or not plan.mapping.selection.may_take(row.crm_created):
        matched.leave(Side.ACTIVECAMPAIGN, CONTACT, row.seen)
    else:
        join(matched, link, None, row.seen)


def _match_free(context: Context, strangers: Sequence[Seen], matched: Matched) -> list[Candidate]:
    """Find the CRM records of contacts without a link; return the contacts that have none which takes part."""
    if not strangers:
        return []
    hits_by_key = _crm_hits(context, strangers)
    linked = link_rows.links_of_records(
        context.connection_id, {hit.record_id for hits in hits_by_key.values() for hit in hits}
    )
    candidates = []
    for seen in strangers:
        hits = hits_by_key.get(seen.key or "", [])
        links = [link for hit in hits if (link := linked.get((hit.object, hit.record_id))) is not None]
        free = [hit for hit in hits if hit.skipped in _MAY_LINK and (hit.object, hit.record_id) not in linked]
        if free:  # their sightings will find this one in the inbox
            _want_unseen(matched, free)
        elif seen.key is None or links:
            _ask_for_rivals(matched, seen, links)
            matched.leave(Side.ACTIVECAMPAIGN, CONTACT, seen)
        else:
            candidates.append(Candidate(seen, None))
    return candidates


def _crm_hits(context: Context, contacts: Iterable[Seen]) -> dict[str, list[Hit]]:
    keys = {seen.key for seen in contacts if seen.key}
    tenant = context.tenants[Side.CRM]
    return pairs.hits(context.connection_id, tenant, Side.CRM, list(context.objects), keys)


def _want_unseen(matched: Matched, hits: Iterable[Hit]) -> None:
    for hit in hits:
        if not hit.waits and hit.seen is None:
            matched.want(Side.CRM, hit.object, hit.record_id)


def _ask_for_rivals(matched: Matched, seen: Seen, links: Iterable[LinkRow]) -> None:
    """Another contact is linked under this one's address: it is gone or renamed, and we have not heard of it."""
    for link in links:
        if link.key == seen.key and link.activecampaign_id not in (None, seen.record_id):
            matched.want(Side.ACTIVECAMPAIGN, CONTACT, str(link.activecampaign_id))


# --- creations in the CRM ----------------------------------------------------------------------------------------


def _create_in_crm(context: Context, candidates: Sequence[Candidate], matched: Matched) -> None:
    if not candidates:
        return
    plan = context.objects.get(context.settings.creation_object)
    permitted = _permitted(context, plan, candidates)
    outside = set(_crm_hits(context, [each.seen for each in candidates if each.link is None]))
    asked = [each.seen for each in candidates if each.seen.record_id in permitted]
    found, strange = _look_up(context, [seen for seen in asked if seen.key not in outside])
    outside |= strange
    fresh = iter(link_rows.new_link_ids(len(asked)))
    given_up = []
    for candidate in candidates:
        seen = candidate.seen
        if plan is None or seen.record_id not in permitted:
            given_up += [candidate.link.id] if candidate.link else []
            matched.leave(Side.ACTIVECAMPAIGN, CONTACT, seen)
        elif seen.key in outside:
            matched.holds.append(_not_selected(plan, seen))
            matched.leave(Side.ACTIVECAMPAIGN, CONTACT, seen)
        elif seen.key not in found:  # else the record just found becomes a sighting and takes this one along
            link = candidate.link or new_link(plan.object, next(fresh), seen.key)
            link.activecampaign_id = seen.record_id
            matched.pairs.append(Pair(link=link, crm=None, activecampaign=seen, creates=Side.CRM))
    identity.forget_pending(context.connection_id, given_up)


def _permitted(context: Context, plan: ObjectPlan | None, candidates: Sequence[Candidate]) -> set[str]:
    """Return the contacts that the creation rule lets become CRM records."""
    settings = context.settings
    ids = {each.seen.record_id for each in candidates}
    if settings.creation is CreationRule.NEVER or plan is None:
        return set()
    if plan.mapping.direction is Direction.TO_ACTIVECAMPAIGN:
        return set()
    if settings.creation is CreationRule.TAGGED:
        ids = pairs.tagged(context.tenants[Side.ACTIVECAMPAIGN], settings.creation_tag, ids)
    contacts = [each.seen for each in candidates if each.seen.record_id in ids]
    ids -= pairs.closed_contacts(context.connection_id, contacts)
    deleted = pairs.tombstones(context.connection_id, Side.CRM, {seen.key for seen in contacts if seen.key})
    older = {
        seen.record_id
        for seen in contacts
        if seen.key in deleted and (seen.created is None or seen.created <= deleted[seen.key])
    }
    return ids - older


def _look_up(context: Context, candidates: Sequence[Seen]) -> tuple[set[str], set[str]]:
    """Look e-mails up in every person object of the CRM before anything is created there.

    Returns the addresses of records that take part, which become sightings, and those of records that do not.
    """
    keys = [seen.key for seen in candidates if seen.key]
    selected: set[str] = set()
    others: set[str] = set()
    for object in OBJECTS if keys else ():
        plan = context.objects.get(object)
        asked_at = context.clock.now()
        fields = context.fields(Side.CRM, object) if plan else []
        found = context.systems[Side.CRM].find(object, keys, fields)
        records = [record for record in found if record.converted_to is None]  # its contact stands for it
        if plan is not None:
            take_read(context, Side.CRM, object, records, [], asked_at)
        selector = context.selector(plan) if plan else None
        for record in records:
            takes = selector is not None and selector.takes(record.created, record.values)
            (selected if takes else others).add(record.key or "")
    return selected, others - selected


def _not_selected(plan: ObjectPlan, seen: Seen) -> HoldNote:
    said = catalogue.say("outside_selection", email=seen.key)
    return HoldNote(
        link_id=None,
        side=Side.CRM,
        object=plan.object,
        record_id=seen.record_id,
        kind="rejected",
        code=said.code,
        reason=said.message,
        cure=said.cure,
    )
