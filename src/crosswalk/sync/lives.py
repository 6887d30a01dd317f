"""Follows what became of records: links close with deleted ones, and go with merged and converted ones.

A link that moves keeps its journal and what its contact held. What the CRM held is carried over for every field of the
new record that is paired with the same contact field and is not empty; an empty one starts without, so that the filled
side is offered to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import msgspec
from django.db import transaction

from crosswalk.core.mapping import Side
from crosswalk.core.values import Value, pack, unpack
from crosswalk.store import identity, inbox, lives
from crosswalk.store.link_rows import LinkRow
from crosswalk.store.lives import Event, Fate, LinkedRecord, Moves, Name
from crosswalk.store.pairs import Seen

from .context import Context, ObjectPlan

_PAGE = 2000
_DELETED = "deleted_crm"


class _End(msgspec.Struct, frozen=True):
    """What a record became in the end."""

    name: Name  # without an id: that is not told
    deleted: bool
    hops: int


def follow(context: Context) -> bool:
    """Apply what became of records to their links, before anything is matched; tell whether anything was settled.

    A link whose write is on its way waits for the receipt; a link that is to move waits for its new record's values,
    which are asked for.
    """
    pages = _pages(context)
    first = next(pages, None)
    if first is None:
        return False
    settled = False
    with transaction.atomic():  # a brake stops all of it
        for events in chain([first], pages):
            became = [event for event in events if _has_successor(event)]
            settled |= _close_deleted(context, events)
            settled |= bool(became) and _follow_successors(context, became)
    return settled


def follow_deletes(context: Context) -> None:
    """Apply no more than deletes: while writes are being sent, no link goes from one record to another."""
    for events in _pages(context):
        _close_deleted(context, events)


def _pages(context: Context) -> Iterator[list[Event]]:
    after = 0
    while events := lives.events(context.connection_id, context.tenants, after, _PAGE):
        after = events[-1].version
        yield events


def _has_successor(event: Event) -> bool:
    return event.side == Side.CRM.value and event.became is not None


def _close_deleted(context: Context, events: Sequence[Event]) -> bool:
    deleted = [event for event in events if event.deleted and not _has_successor(event)]
    now = context.clock.now()
    lives.close_deleted(context.connection_id, context.tenants, deleted, now, context.closing)
    return bool(deleted)


def _follow_successors(context: Context, events: Sequence[Event]) -> bool:
    links = lives.linked(context.connection_id, {event.name for event in events})
    moves = Moves(settled=[event for event in events if event.name not in links])
    concerned = [event for event in events if event.name in links]
    if concerned:
        _Following(context, links, _ends(context, concerned), moves).take(concerned)
    context.closing(Side.CRM, len(moves.closed.get(_DELETED, ())))
    lives.commit(context.connection_id, context.tenants, moves, context.clock.now())
    return bool(moves.settled)


def _ends(context: Context, events: Sequence[Event]) -> dict[Name, _End]:
    """Follow each record to what it became in the end, through records that were merged or converted themselves."""
    ends = {event.name: _End(event.became, False, 1) for event in events if event.became is not None}
    known: dict[Name, Fate] = {}
    while unknown := {end.name for end in ends.values() if end.name.record_id and end.name not in known}:
        found = lives.fates(context.tenants[Side.CRM], unknown)
        known |= {name: found.get(name, Fate(False, None)) for name in unknown}
        ends = {name: _along(end, known, name) for name, end in ends.items()}
    return ends


def _along(end: _End, known: Mapping[Name, Fate], start: Name) -> _End:
    passed = {start}
    while (fate := known.get(end.name)) is not None and end.name not in passed:
        passed.add(end.name)
        if fate.became is None:
            return _End(end.name, fate.deleted, end.hops)
        end = _End(fate.became, False, end.hops + 1)
    return end


class _Following:
    """Decides about the links of merged and converted records."""

    def __init__(
        self,
        context: Context,
        links: Mapping[Name, LinkedRecord],
        ends: Mapping[Name, _End],
        moves: Moves,
    ) -> None:
        self._context = context
        self._links = links
        self._ends = ends
        self._moves = moves
        targets = {end.name for end in ends.values()}
        self._seen = lives.seen(context.connection_id, targets)
        self._there: dict[Name, LinkRow] = {
            name: each.link
            for name, each in lives.linked(context.connection_id, targets).items()
            if each.link.state != "closed"
        }

    def take(self, events: Sequence[Event]) -> None:
        """Decide about every event; the nearest record goes first, of several the primary, then the smallest id."""

        def order(event: Event) -> tuple[int, bool, Name]:
            return self._ends[event.name].hops, not self._links[event.name].link.is_primary, event.name

        for event in sorted(events, key=order):
            linked = self._links[event.name]
            if linked.in_flight:
                continue
            if self._take(linked, self._ends[event.name]):
                self._moves.settled.append(event)

    def _take(self, linked: LinkedRecord, end: _End) -> bool:
        """Decide about one link; tell whether that was possible."""
        link = linked.link
        how = "merged" if end.name.object == link.object else "converted"
        if (
            link.activecampaign_id is None
        ):  # its contact was not made yet: the new record is matched as a stranger
            identity.forget_pending(self._context.connection_id, [link.id])
            return True
        if end.name in self._there:
            self._close(link, how, self._there[end.name].id)
            return True
        plan = self._context.objects.get(end.name.object)
        if not end.name.record_id:
            self._close(link, how)
        elif plan is None:
            self._close(link, f"{how}_not_mapped")
        elif end.deleted:
            self._close(link, _DELETED)
        else:
            return self._move_if_selected(linked, end.name, plan, how)
        return True

    def _move_if_selected(self, linked: LinkedRecord, name: Name, plan: ObjectPlan, how: str) -> bool:
        link, seen = linked.link, self._seen.get(name)
        if seen is None:
            now = self._context.clock.now()
            inbox.want(self._context.connection_id, Side.CRM, name.object, [name.record_id], now)
            return False
        if not self._context.selector(plan).takes_seen(seen, link):
            self._close(link, f"{how}_not_selected")
            return True
        link.crm_shadow = self._carried(link, plan, seen)
        if link.state == "closed":
            link.state = "open"
            self._moves.opened.append(link.id)
        link.object, link.crm_id = name
        link.crm_acked_at, link.crm_unconfirmed = None, b""
        self._moves.moved.append(link)
        self._moves.unheld += [link] if linked.held else []
        self._there[name] = link
        return True

    def _carried(self, link: LinkRow, plan: ObjectPlan, seen: Seen) -> bytes:
        """Return the shadow of the new CRM record."""
        former = self._context.objects.get(link.object)
        if former is None or not link.crm_shadow:
            return b""
        shadow, values = unpack(link.crm_shadow), unpack(seen.packed)
        before = {field.mapping.activecampaign: field for field in former.fields}
        carried: dict[str, Value] = {}
        for field in plan.fields:
            pair, name = before.get(field.mapping.activecampaign), field.mapping.crm
            if pair is None or pair.mapping.crm not in shadow or values.get(name) is None:
                continue
            held = shadow[pair.mapping.crm]
            if held is None or type(held) is type(values[name]):  # else it would look like an edit
                carried[name] = held
        return pack(carried)

    def _close(self, link: LinkRow, reason: str, joined: int | None = None) -> None:
        if link.state != "closed" or joined is not None:
            self._moves.closed.setdefault(reason, {})[link.id] = joined
