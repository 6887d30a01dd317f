"""Match joins sightings with links, finds partners through the directory, and says what merge shall look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from crosswalk.core.mapping import CreationRule, Side
from crosswalk.store import identity, pairs
from crosswalk.store.outcomes import HoldNote, Leftover
from crosswalk.store.pairs import Hit, LinkRow, Seen, Sighted

from .context import CONTACT, Context, ObjectPlan
from .pull import take_read

NOT_SELECTED, NO_EMAIL, TOMBSTONE, AMBIGUOUS = "not_selected", "no_email", "tombstone", "ambiguous"


class Pair(msgspec.Struct, kw_only=True, gc=False):
    """A link with what is known of both records. With `creates` set, that side's record does not exist yet."""

    link: LinkRow
    crm: Seen | None
    activecampaign: Seen | None
    creates: Side | None = None

    def seen(self, side: Side) -> Seen | None:
        """Return the sighting of one side."""
        return self.crm if side is Side.CRM else self.activecampaign


class Matched(msgspec.Struct, kw_only=True):
    """What one page of sightings comes to."""

    pairs: list[Pair] = msgspec.field(default_factory=list)
    links: list[LinkRow] = msgspec.field(default_factory=list)  # to be stored, with nothing to merge
    leftovers: list[Leftover] = msgspec.field(default_factory=list)
    holds: list[HoldNote] = msgspec.field(default_factory=list)
    wants: dict[tuple[Side, str], list[str]] = msgspec.field(default_factory=lambda: defaultdict(list))

    def want(self, side: Side, object: str, record_id: str) -> None:
        """Ask for a record's values; what needs them waits in the inbox."""
        self.wants[side, object].append(record_id)

    def leave(self, side: Side, object: str, seen: Seen, skipped: str | None = None) -> None:
        """Settle a sighting without a merge."""
        self.leftovers.append(
            Leftover(
                side=side, object=object, record_id=seen.record_id, version=seen.version, skipped=skipped
            )
        )


def _stale(link: LinkRow, side: Side, seen: Seen) -> bool:
    """Tell whether the values were asked for before our last write to that record was acknowledged."""
    acked_at = link.acked_at(side)
    return acked_at is not None and seen.requested_at < acked_at


def _join(matched: Matched, link: LinkRow, crm: Seen | None, contact: Seen | None) -> None:
    """Pair both sides of an open link, or ask for what is missing."""
    seen_by_side = {Side.CRM: crm, Side.ACTIVECAMPAIGN: contact}
    complete = True
    for side, seen in seen_by_side.items():
        record_id = link.record_id(side)
        unusable = _stale(link, side, seen) if seen is not None else not link.shadow(side)
        if unusable and record_id is not None:
            matched.want(side, link.object if side is Side.CRM else CONTACT, record_id)
            complete = False
    if complete:
        matched.pairs.append(Pair(link=link, crm=crm, activecampaign=contact))


# --- sightings of CRM records ------------------------------------------------------------------------------------


def match_crm_page(context: Context, plan: ObjectPlan, rows: Sequence[Sighted]) -> Matched:
    """Match a page of one CRM object's sightings, in order of creation."""
    matched = Matched()
    strangers = []
    moved = []
    for row in rows:
        if not plan.mapping.selection.takes(row.seen.created):
            matched.leave(Side.CRM, plan.object, row.seen, NOT_SELECTED)
        elif row.link is None:
            strangers.append(row.seen)
        elif row.siblings > 1 and row.seen.key and row.seen.key != row.link.key:
            moved.append(row.link.id)  # its sighting is matched anew in the next round
        else:
            _match_linked_crm(matched, plan, row, row.link)
    identity.close(context.connection_id, moved, "email_changed", None, context.clock.now())
    _match_strangers(context, plan, strangers, matched)
    return matched


def _match_linked_crm(matched: Matched, plan: ObjectPlan, row: Sighted, link: LinkRow) -> None:
    if not link.is_primary:
        matched.leave(Side.CRM, plan.object, row.seen)
    elif link.activecampaign_id is None:
        matched.pairs.append(Pair(link=link, crm=row.seen, activecampaign=None, creates=Side.ACTIVECAMPAIGN))
    elif not row.other_waits:
        _join(matched, link, row.seen, row.other)


def _match_strangers(context: Context, plan: ObjectPlan, strangers: Sequence[Seen], matched: Matched) -> None:
    """Find partners for CRM records without a link, or create one."""
    keyed = []
    for seen in strangers:
        if seen.key is None:
            matched.leave(Side.CRM, plan.object, seen, NO_EMAIL)
        else:
            keyed.append(seen)
    if not keyed:
        return
    keys = {seen.key for seen in keyed if seen.key}
    tenant = context.tenants[Side.ACTIVECAMPAIGN]
    partners = pairs.hits(context.connection_id, tenant, Side.ACTIVECAMPAIGN, [CONTACT], keys)
    erased = pairs.tombstones(context.connection_id, Side.ACTIVECAMPAIGN, keys)
    known = _links_by_key(context, keys, partners)
    fresh = iter(pairs.new_link_ids(len(keyed)))
    for seen in keyed:
        assert seen.key is not None
        candidates = partners.get(seen.key, [])
        if len(candidates) > 1:
            matched.holds.append(_ambiguous(plan, seen, candidates))
            matched.leave(Side.CRM, plan.object, seen, AMBIGUOUS)
        elif not candidates and seen.key in erased:
            matched.leave(Side.CRM, plan.object, seen, TOMBSTONE)
        else:
            partner = candidates[0] if candidates else None
            _link_stranger(matched, plan, seen, partner, known[seen.key], fresh)


def _links_by_key(
    context: Context, keys: Iterable[str], partners: dict[str, list[Hit]]
) -> dict[str, list[LinkRow]]:
    contact_keys = {hit.record_id: key for key, found in partners.items() for hit in found}
    known: dict[str, list[LinkRow]] = defaultdict(list)
    for link in pairs.links_of(context.connection_id, keys, contact_keys):
        key = contact_keys.get(link.activecampaign_id or "", link.key)
        if key is not None:
            known[key].append(link)
    return known


def _link_stranger(
    matched: Matched,
    plan: ObjectPlan,
    seen: Seen,
    partner: Hit | None,
    siblings: list[LinkRow],
    fresh: Iterator[int],
) -> None:
    waiting = next((link for link in siblings if link.crm_id is None and link.object == plan.object), None)
    if waiting is not None:  # the record that this contact was about to create exists already
        siblings.remove(waiting)
    link = _new_link(plan.object, waiting.id if waiting else next(fresh), seen.key)
    link.crm_id = seen.record_id
    link.activecampaign_id = partner.record_id if partner else None
    link.state = "open" if partner else "pending"
    link.is_primary = not any(other.is_primary for other in siblings)
    siblings.append(link)
    if not link.is_primary:
        matched.links.append(link)
        matched.leave(Side.CRM, plan.object, seen)
    elif partner is None:
        matched.pairs.append(Pair(link=link, crm=seen, activecampaign=None, creates=Side.ACTIVECAMPAIGN))
    elif partner.seen is not None:
        matched.pairs.append(Pair(link=link, crm=seen, activecampaign=partner.seen))
    else:
        matched.links.append(link)
        if not partner.waits:
            matched.want(Side.ACTIVECAMPAIGN, CONTACT, partner.record_id)


def _new_link(object: str, link_id: int, key: str | None) -> LinkRow:
    return LinkRow(
        link_id, object, None, None, key, "pending", True, b"", b"", None, None, b"", b"", is_new=True
    )


def _ambiguous(plan: ObjectPlan, seen: Seen, candidates: Sequence[Hit]) -> HoldNote:
    return HoldNote(
        link_id=None,
        side=Side.ACTIVECAMPAIGN,
        object=plan.object,
        record_id=seen.record_id,
        kind="ambiguous",
        reason=f"{len(candidates)} contacts have the e-mail {seen.key}.",
        cure="Merge or correct the contacts in ActiveCampaign.",
        values={"candidates": tuple(sorted(hit.record_id for hit in candidates))},
    )


# --- sightings of contacts ---------------------------------------------------------------------------------------


def match_contact_page(context: Context, rows: Sequence[Sighted]) -> Matched:
    """Match a page of contacts that no CRM record's sighting has taken along."""
    matched = Matched()
    strangers = []
    for row in rows:
        if row.link is None:
            strangers.append(row.seen)
        elif not row.other_waits:  # else the CRM record's own sighting takes this one along
            _match_linked_contact(context, matched, row, row.link)
    _match_free_contacts(context, strangers, matched)
    return matched


def _match_linked_contact(context: Context, matched: Matched, row: Sighted, link: LinkRow) -> None:
    plan = context.objects.get(link.object)
    if plan is None or not (link.crm_id is None or plan.mapping.selection.takes(row.crm_created)):
        matched.leave(Side.ACTIVECAMPAIGN, CONTACT, row.seen)
    elif link.crm_id is None:
        matched.pairs.append(Pair(link=link, crm=None, activecampaign=row.seen, creates=Side.CRM))
    else:
        _join(matched, link, None, row.seen)


def _match_free_contacts(context: Context, strangers: Sequence[Seen], matched: Matched) -> None:
    """Contacts without a link: an unlinked CRM partner is asked for; else the creation rule decides."""
    if not strangers:
        return
    keys = {seen.key for seen in strangers if seen.key}
    tenant = context.tenants[Side.CRM]
    partners = pairs.hits(context.connection_id, tenant, Side.CRM, list(context.objects), keys)
    linked = {
        (link.object, link.crm_id) for link in pairs.links_of(context.connection_id, keys, []) if link.crm_id
    }
    candidates = []
    for seen in strangers:
        hits = partners.get(seen.key or "", [])
        free = [
            hit
            for hit in hits
            if hit.skipped in (None, TOMBSTONE) and (hit.object, hit.record_id) not in linked
        ]
        for hit in free:
            if not hit.waits and hit.seen is None:
                matched.want(Side.CRM, hit.object, hit.record_id)
        if free:
            continue  # the CRM record's sighting will find this one in the inbox
        if seen.key and not hits:
            candidates.append(seen)
        else:
            matched.leave(Side.ACTIVECAMPAIGN, CONTACT, seen)
    _create_in_crm(context, candidates, matched)


def _create_in_crm(context: Context, candidates: Sequence[Seen], matched: Matched) -> None:
    permitted = _permitted(context, candidates)
    plan = context.objects.get(context.settings.creation_object)
    found = _look_up(context, [seen for seen in candidates if seen.record_id in permitted])
    wanted = [seen for seen in candidates if seen.record_id in permitted and seen.key not in found]
    fresh = iter(pairs.new_link_ids(len(wanted)))
    for seen in candidates:
        if seen.record_id not in permitted or plan is None:
            matched.leave(Side.ACTIVECAMPAIGN, CONTACT, seen)
        elif seen.key not in found:  # else the record just found becomes a sighting and takes this one along
            link = _new_link(plan.object, next(fresh), seen.key)
            link.activecampaign_id = seen.record_id
            matched.pairs.append(Pair(link=link, crm=None, activecampaign=seen, creates=Side.CRM))


def _permitted(context: Context, candidates: Sequence[Seen]) -> set[str]:
    """Return the contacts that the creation rule lets become CRM records."""
    settings = context.settings
    ids = {seen.record_id for seen in candidates}
    if settings.creation is CreationRule.NEVER or not ids:
        return set()
    if settings.creation is CreationRule.TAGGED:
        ids = pairs.tagged(context.tenants[Side.ACTIVECAMPAIGN], settings.creation_tag, ids)
    ids -= pairs.closed_contacts(context.connection_id, ids)
    deleted = pairs.tombstones(context.connection_id, Side.CRM, {seen.key for seen in candidates if seen.key})
    older = {
        seen.record_id
        for seen in candidates
        if seen.key in deleted and (seen.created is None or seen.created <= deleted[seen.key])
    }
    return ids - older


def _look_up(context: Context, candidates: Sequence[Seen]) -> set[str]:
    """Look the e-mails up in every person object of the CRM before anything is created there."""
    keys = [seen.key for seen in candidates if seen.key]
    found: set[str] = set()
    if not keys:
        return found
    system = context.systems[Side.CRM]
    for plan in context.objects.values():
        asked_at = context.clock.now()
        records = system.find(plan.object, keys, context.fields(Side.CRM, plan.object))
        take_read(context, Side.CRM, plan.object, records, [], asked_at)
        found |= {record.key for record in records if record.key}
    return found
