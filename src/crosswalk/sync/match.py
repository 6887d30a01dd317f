"""Match joins sightings with links, finds partners through the directory, and says what merge shall look at.

Here are the sightings of CRM records; those of contacts are in `match_contacts`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from crosswalk.core import catalogue
from crosswalk.core.mapping import Direction, Side
from crosswalk.store import hold_rows, identity, link_rows, lives, pairs
from crosswalk.store.hold_rows import HoldNote
from crosswalk.store.holds import MatchChoice, match_choices
from crosswalk.store.link_rows import LinkRow
from crosswalk.store.lives import Name
from crosswalk.store.pairs import Hit, Seen, Sighted
from crosswalk.store.sightings import Leftover

from .context import CONTACT, OBJECTS, Context, ObjectPlan

# Why a record does not take part.
NOT_SELECTED, NO_EMAIL, TOMBSTONE, AMBIGUOUS, DIRECTION = (
    "not_selected",
    "no_email",
    "tombstone",
    "ambiguous",
    "direction",
)


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

    object: str
    pairs: list[Pair] = msgspec.field(default_factory=list)
    links: list[LinkRow] = msgspec.field(default_factory=list)  # to be stored, with nothing to merge
    leftovers: list[Leftover] = msgspec.field(default_factory=list)
    holds: list[HoldNote] = msgspec.field(default_factory=list)
    ended_holds: list[int] = msgspec.field(default_factory=list)
    wants: dict[tuple[Side, str], list[str]] = msgspec.field(default_factory=lambda: defaultdict(list))
    risen: list[int] = msgspec.field(default_factory=list)  # links that take part again, and may lead
    turns: dict[str, datetime | None] = msgspec.field(
        default_factory=dict
    )  # when time alone may select or drop

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


def join(matched: Matched, link: LinkRow, crm: Seen | None, contact: Seen | None) -> None:
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


def match_crm_page(context: Context, plan: ObjectPlan, rows: Sequence[Sighted]) -> Matched:
    """Match a page of one CRM object's sightings, in order of creation."""
    matched = Matched(object=plan.object)
    selector = context.selector(plan)
    strangers = []
    moved, renamed, outside = [], [], []
    for row in rows:
        link = row.link
        if selector.turns:
            matched.turns[row.seen.record_id] = selector.turns_at(row.seen)
        if not selector.takes_seen(row.seen, link):
            matched.leave(Side.CRM, plan.object, row.seen, NOT_SELECTED)
            outside += [link] if link is not None else []
        elif link is None:
            strangers.append(row.seen)
        elif not link.selected:
            _take_back(matched, row, link)
        elif link.state == "pending" and row.seen.key != link.key:
            renamed.append(link.id)  # before its contact was made: it may find another one
            strangers.append(row.seen)
        elif (row.siblings > 1 or not link.is_primary) and row.seen.key != link.key:
            moved.append(link.id)  # its sighting is matched anew in the next round
        else:
            _match_linked(matched, plan, row, link)
    renamed += [link.id for link in outside if link.activecampaign_id is None]
    _leave_out(matched, [link for link in outside if link.activecampaign_id is not None and link.selected])
    identity.forget_pending(context.connection_id, renamed)
    identity.close(context.connection_id, moved, "email_changed", None, context.clock.now())
    _match_strangers(context, plan, strangers, matched)
    return matched


def _leave_out(matched: Matched, links: Sequence[LinkRow]) -> None:
    """Links stay when their records leave the selection, with their shadows; what held their fields is over."""
    for link in links:
        link.selected = False
        matched.links.append(link)
    for holds in hold_rows.holds_of(link.id for link in links).values() if links else ():
        matched.ended_holds += [hold.id for hold in holds.values()]


def _take_back(matched: Matched, row: Sighted, link: LinkRow) -> None:
    """A record that takes part again is merged once its contact has been read anew: its edits were not kept."""
    link.selected = True
    matched.links.append(link)
    if not link.is_primary:
        matched.risen.append(link.id)
    if link.is_primary and link.activecampaign_id is not None:
        matched.want(Side.ACTIVECAMPAIGN, CONTACT, link.activecampaign_id)


def _match_linked(matched: Matched, plan: ObjectPlan, row: Sighted, link: LinkRow) -> None:
    if not link.is_primary:
        matched.leave(Side.CRM, plan.object, row.seen)
    elif link.activecampaign_id is None:
        matched.pairs.append(Pair(link=link, crm=row.seen, activecampaign=None, creates=Side.ACTIVECAMPAIGN))
    elif not row.other_waits:
        join(matched, link, row.seen, row.other)


def _match_strangers(context: Context, plan: ObjectPlan, strangers: Sequence[Seen], matched: Matched) -> None:
    """Find partners for CRM records without a link, or create one; a record that is back has its own again."""
    ids = [seen.record_id for seen in strangers]
    back = identity.reopen(context.connection_id, plan.object, ids, context.clock.now())
    for contact_id in back.values():
        matched.want(Side.ACTIVECAMPAIGN, CONTACT, contact_id)
    strangers = [seen for seen in strangers if seen.record_id not in back] if back else strangers
    for seen in strangers:
        if seen.key is None:
            matched.leave(Side.CRM, plan.object, seen, NO_EMAIL)
    keyed = [seen for seen in strangers if seen.key is not None]
    if not keyed:
        return
    keys = {seen.key for seen in keyed if seen.key}
    around = _Around(context, keys)
    outranked = _look_at_outranked(context, plan, around, matched)
    choices = _choices(context, plan, keyed, around)
    fresh = iter(link_rows.new_link_ids(len(keyed)))
    for seen in keyed:
        assert seen.key is not None
        if seen.key in around.moving or seen.key in outranked:
            continue  # a contact is about to give this address up or to take it: a round later all is clear
        candidates = _meant(around.partners.get(seen.key, []), choices.get(seen.record_id))
        if candidates is None:
            matched.leave(Side.CRM, plan.object, seen, AMBIGUOUS)
        elif len(candidates) > 1:
            _doubt(matched, plan, seen, candidates)
        elif candidates:
            siblings = around.siblings(seen.key, candidates[0])
            _link_stranger(context, matched, plan, seen, candidates[0], siblings, fresh)
        elif seen.key in around.erased:
            matched.leave(Side.CRM, plan.object, seen, TOMBSTONE)
        elif plan.mapping.direction is Direction.TO_CRM:
            matched.leave(Side.CRM, plan.object, seen, DIRECTION)
        else:
            _link_stranger(context, matched, plan, seen, None, around.links[seen.key], fresh)


class _Around:
    """What is known of the addresses of some CRM records without a link."""

    def __init__(self, context: Context, keys: set[str]) -> None:
        connection, tenant = context.connection_id, context.tenants[Side.ACTIVECAMPAIGN]
        self.moving = pairs.moving_keys(connection, keys)
        self.partners = pairs.hits(connection, tenant, Side.ACTIVECAMPAIGN, [CONTACT], keys)
        self.erased = pairs.tombstones(connection, Side.ACTIVECAMPAIGN, keys)
        contacts = {hit.record_id: key for key, found in self.partners.items() for hit in found}
        self.links: dict[str, list[LinkRow]] = defaultdict(list)
        for link in link_rows.links_of(connection, tenant, keys, contacts):
            key = contacts.get(link.activecampaign_id or "", link.key)
            if key is not None:
                self.links[key].append(link)

    def siblings(self, key: str, contact: Hit) -> list[LinkRow]:
        """Return the links that share a contact; where others have its address too, theirs are not among them."""
        links = self.links[key]
        if len(self.partners[key]) > 1:
            links = [link for link in links if link.activecampaign_id == contact.record_id]
        return links


def _look_at_outranked(context: Context, plan: ObjectPlan, around: _Around, matched: Matched) -> set[str]:
    """Return the addresses under which a record of a lower class leads that was not read just now.

    It may have been converted into the very record that is about to take its place: then its link goes there, with
    all that it knows.
    """
    leading = {
        Name(link.object, link.crm_id): key
        for key, links in around.links.items()
        for link in links
        if link.is_primary and link.selected and link.crm_id is not None and _outranks(plan, link)
    }
    if not leading:
        return set()
    read = lives.read(context.connection_id, leading)
    for name in leading.keys() - read.keys():
        matched.want(Side.CRM, name.object, name.record_id)
    for hit in [hit for name, key in leading.items() if not read.get(name) for hit in around.partners[key]]:
        if hit.seen is None and not hit.waits:
            matched.want(Side.ACTIVECAMPAIGN, CONTACT, hit.record_id)
    return {key for name, key in leading.items() if not read.get(name)}


def _choices(
    context: Context, plan: ObjectPlan, strangers: Sequence[Seen], around: _Around
) -> dict[str, MatchChoice]:
    """Return what a person said about those records that have several candidates."""
    doubtful = [seen.record_id for seen in strangers if len(around.partners.get(seen.key or "", ())) > 1]
    return match_choices(context.connection_id, plan.object, doubtful) if doubtful else {}


def _meant(candidates: list[Hit], choice: MatchChoice | None) -> list[Hit] | None:
    """Return the candidates that a person's choice leaves; None when it is none of them."""
    if choice is None or len(candidates) < 2:
        return candidates
    if choice.contact_id is None:
        known = set(choice.candidates)
        return None if all(hit.record_id in known for hit in candidates) else candidates
    return [hit for hit in candidates if hit.record_id == choice.contact_id] or candidates


def _doubt(matched: Matched, plan: ObjectPlan, seen: Seen, candidates: Sequence[Hit]) -> None:
    """Of several contacts with one address, those not read just now may be gone; else nobody guesses."""
    unread = [hit for hit in candidates if hit.seen is None]
    for hit in unread:
        if not hit.waits:
            matched.want(Side.ACTIVECAMPAIGN, CONTACT, hit.record_id)
    if not unread:
        matched.holds.append(_ambiguous(plan, seen, candidates))
        matched.leave(Side.CRM, plan.object, seen, AMBIGUOUS)


def _link_stranger(
    context: Context,
    matched: Matched,
    plan: ObjectPlan,
    seen: Seen,
    partner: Hit | None,
    siblings: list[LinkRow],
    fresh: Iterator[int],
) -> None:
    link = new_link(plan.object, next(fresh), seen.key)
    link.crm_id = seen.record_id
    link.activecampaign_id = partner.record_id if partner else None
    link.state = "open" if partner else "pending"
    _replace_creation(context, link, siblings)
    former = next((other for other in siblings if other.is_primary), None)
    if former is not None and (not former.selected or _outranks(plan, former)):
        _take_over(matched, link, former)
    link.is_primary = former is None or not former.is_primary
    siblings.append(link)
    if not link.is_primary:
        matched.links.append(link)
        matched.leave(Side.CRM, plan.object, seen)
    elif partner is None:
        matched.pairs.append(Pair(link=link, crm=seen, activecampaign=None, creates=Side.ACTIVECAMPAIGN))
    elif partner.seen is not None and not _stale(link, Side.ACTIVECAMPAIGN, partner.seen):
        matched.pairs.append(Pair(link=link, crm=seen, activecampaign=partner.seen))
    else:
        matched.links.append(link)
        if not partner.waits:
            matched.want(Side.ACTIVECAMPAIGN, CONTACT, partner.record_id)


def _replace_creation(context: Context, link: LinkRow, siblings: list[LinkRow]) -> None:
    """The CRM record that a contact was about to become exists already, perhaps as another object."""
    for other in [each for each in siblings if each.crm_id is None]:
        siblings.remove(other)
        if other.object == link.object:
            link.id = other.id
        else:
            identity.forget_pending(context.connection_id, [other.id])


def _outranks(plan: ObjectPlan, former: LinkRow) -> bool:
    return OBJECTS.index(plan.object) < OBJECTS.index(former.object)


def _take_over(matched: Matched, link: LinkRow, former: LinkRow) -> None:
    """A record of a higher class becomes the primary; what the contact held passes over to its link."""
    former.is_primary = False
    link.activecampaign_shadow = former.activecampaign_shadow
    link.activecampaign_acked_at = former.activecampaign_acked_at
    link.activecampaign_unconfirmed = former.activecampaign_unconfirmed
    matched.links.append(former)
    matched.ended_holds += [hold.id for hold in hold_rows.holds_of([former.id]).get(former.id, {}).values()]


def new_link(object: str, link_id: int, key: str | None) -> LinkRow:
    """Return a pending link with nothing known of either side."""
    return LinkRow(
        link_id, object, None, None, key, "pending", True, b"", b"", None, None, b"", b"", is_new=True
    )


def _ambiguous(plan: ObjectPlan, seen: Seen, candidates: Sequence[Hit]) -> HoldNote:
    said = catalogue.say("ambiguous", count=len(candidates), email=seen.key)
    return HoldNote(
        link_id=None,
        side=Side.ACTIVECAMPAIGN,
        object=plan.object,
        record_id=seen.record_id,
        kind="ambiguous",
        code=said.code,
        reason=said.message,
        cure=said.cure,
        values={"candidates": tuple(sorted(hit.record_id for hit in candidates))},
    )
