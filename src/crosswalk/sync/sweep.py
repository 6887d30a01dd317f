"""The sweep reads everything again, a bit in each run: what a feed may miss is found within a stated time.

It finds what changed without a stamp, records that are gone without a trail, and those that a feed left out. What it
finds enters as any sighting does; that a record is gone is believed when asking for it by id says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crosswalk.core import phases
from crosswalk.core.mapping import Side
from crosswalk.core.sweep import Place, Step, begun, charged, is_due, may_go_on, moved, round_takes
from crosswalk.store import feeds, leases, sweeps
from crosswalk.store.feeds import Reader
from crosswalk.store.models import Connection, Feed
from crosswalk.systems import RECORDS_A_CALL

from .context import CONTACT, Context, Progress
from .pull import pull_tagged

TAGGED = "tagged:"  # begins the names of the feeds of tags


def sweep(context: Context, *, whole: bool = False) -> int:
    """Read on where it is due, as far as the share goes; `whole`: one complete round of everything.

    Where a feed lost its place, a complete round is owed and read at once. Returns how many records were read. Several
    connections and processes share one sweep.
    """
    read = 0
    for (side, object), opened in context.opened.items():
        place = sweeps.read_place(opened.feed)
        due = share_of(opened.readers) and is_due(place, opened.feed.complete_at, context.clock.now())
        if whole or due or place.owed:
            read += _sweep(context, side, object, opened.readers, whole=whole or place.owed)
    return read


def share_of(readers: Sequence[Reader]) -> float:
    """Return the share of a tenant's calls that is for its sweep: the largest that a connection gives."""
    return max((reader.sweep_share for reader in readers), default=0.0)


def _sweep(context: Context, side: Side, object: str, readers: Sequence[Reader], *, whole: bool) -> int:
    tenant = context.tenants[side]
    with leases.lease(f"sweep {object}", tenant, wait=whole) as held:
        if not held:
            return 0  # somebody else is at it
        feed = feeds.open_feed(tenant, object)  # they may have moved it
        place = sweeps.read_place(feed)
        now = context.clock.now()
        if not (whole or is_due(place, feed.complete_at, now)):
            return 0
        rate = sweeps.rate(tenant, side, share_of(readers))
        place = begun(place, now, afresh=whole)
        total = sweeps.records(tenant).get(object, 0) if whole else None
        done = place.records
        read = 0
        while place.began is not None:
            place, number = _read_on(context, side, feed, readers, place, rate)
            read += number
            context.report(
                Progress(phase=phases.name(phases.SWEEP, side, object), done=done + read, total=total)
            )
            if not (whole or may_go_on(place, rate, context.clock.now())):
                break
        if place.began is None and side is Side.ACTIVECAMPAIGN:
            _read_tags(context, feed, place, rate)
        return read


def _read_tags(context: Context, feed: Feed, place: Place, rate: float) -> None:
    """Read again who carries the tags that are looked for: a tag that goes while another comes changes no total."""
    tags = [
        each.name.removeprefix(TAGGED)
        for each in sweeps.feeds_of(feed.tenant_id)
        if each.name.startswith(TAGGED)
    ]
    calls = sum(pull_tagged(context, tag, again=True) for tag in tags)
    if calls:
        sweeps.note_place(feed, charged(place, calls, rate))


def _read_on(
    context: Context, side: Side, feed: Feed, readers: Sequence[Reader], place: Place, rate: float
) -> tuple[Place, int]:
    """Read one range and store it with the place that follows it; return that, and how many records there were.

    Nobody reads the feed meanwhile: an answer that was asked for before a change is not to be stored after it.
    """
    object = feed.name
    only = [reader.selection for reader in readers if reader.selection is not None]
    with leases.lease(f"feed {object}", feed.tenant_id):
        found = context.systems[side].read_range(
            object, context.fields(side, object), place.after, only or None
        )
        absent = sweeps.absent(feed, side, place.after, found)
        calls = found.calls + len(absent) * found.calls_per_absent
        now = context.clock.now()
        following = moved(place, Step(upto=found.upto, records=len(found.records), calls=calls), rate, now)
        users = [reader.connection_id for reader in readers]
        sweeps.take_range(feed, side, context.connection_id, users, found, absent, following, now)
    return following, len(found.records)


def figures(connection: Connection) -> list[dict[str, Any]]:
    """Return how the sweep of each object stands: share, calls an hour, in what time everything is seen, last round."""
    objects = list(connection.mapping_set.order_by("object").values_list("object", flat=True))
    rows: list[dict[str, Any]] = []
    for side, tenant, names in (
        (Side.CRM, connection.crm, objects),
        (Side.ACTIVECAMPAIGN, connection.activecampaign, [CONTACT] if objects else []),
    ):
        known = sweeps.records(tenant.id)
        by_name = {feed.name: feed for feed in sweeps.feeds_of(tenant.id)}
        for object in names:
            share = share_of(feeds.readers_of(side, tenant.id, object))
            place = sweeps.read_place(by_name[object]) if object in by_name else Place()
            rate = sweeps.rate(tenant.id, side, share)
            takes = round_takes(place, known.get(object, 0), RECORDS_A_CALL[tenant.system], rate)
            rows.append(
                {
                    "system": tenant.system,
                    "object": object,
                    "share": share,
                    "calls_per_hour": rate,
                    "records": known.get(object, 0),
                    "round_seconds": None if takes is None else takes.total_seconds(),
                    "began_at": place.began,
                    "read": place.records,
                    "ended_at": place.ended,
                    "took_seconds": place.took if place.ended else None,
                }
            )
    return rows
