"""What the sweep stores: ranges that were read again, what they lack, and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core.lanes import Lane
from crosswalk.core.mapping import Side
from crosswalk.core.sweep import Place, calls_per_hour
from crosswalk.core.system import Range

from . import inbox, models
from .models import Feed

_DENSE = 10_000  # ids that a range may span to be asked for one by one, which an index serves
_place = msgspec.json.Decoder(Place)

# What takes no part is not read by ranges, unless it is linked.
_ALIVE = """
    SELECT d.record_id FROM directory d WHERE d.tenant_id = %(tenant)s AND d.object = %(object)s AND NOT d.deleted
    AND (d.skipped IS DISTINCT FROM 'not_selected' OR EXISTS (
        SELECT FROM connection k JOIN link l ON l.connection_id = k.id AND l.{side}_id = d.record_id
        AND l.state <> 'closed' WHERE k.{side}_id = %(tenant)s))
"""
_AMONG = " AND d.record_id = ANY(%(ids)s)"
_NUMBERED = (
    " AND d.record_id::bigint > %(after)s::bigint"
    " AND (%(upto)s::bigint IS NULL OR d.record_id::bigint <= %(upto)s::bigint)"
)
_CODES = 'd.record_id COLLATE "C"'
_BY_CODES = f" AND {_CODES} > %(after)s AND (%(upto)s::text IS NULL OR {_CODES} <= %(upto)s)"

_DATED = (
    " AND d.created > %(after)s::timestamptz"
    " AND (%(upto)s::timestamptz IS NULL OR d.created <= %(upto)s::timestamptz)"
)


def read_place(feed: Feed) -> Place:
    """Return where the sweep of a feed's records stands."""
    return _place.decode(feed.sweep) if feed.sweep else Place()


def take_range(
    feed: Feed,
    side: Side,
    connection_id: int,
    readers: Sequence[int],
    found: Range,
    absent: Sequence[str],
    place: Place,
    now: datetime,
) -> int:
    """Store a range with the place that follows it; return how many records were news.

    Those `absent` become sightings without values: they are believed gone when asking for them alone says so.
    """
    with transaction.atomic(), database.cursor() as cursor:
        read = [(found.requested_at, found.records)] if found.records else []
        news = inbox.take_news(cursor, feed.tenant_id, side, readers, feed.name, read)
        inbox.want(connection_id, side, feed.name, absent, now, Lane.BACK_FILL)
        note_place(feed, place)
    return news


def note_place(feed: Feed, place: Place) -> None:
    """Store where a sweep stands."""
    feed.sweep = msgspec.json.encode(place).decode()
    with database.cursor() as cursor:
        cursor.execute("UPDATE feed SET sweep = %s WHERE id = %s", [feed.sweep, feed.id])


def absent(feed: Feed, side: Side, after: str, found: Range) -> list[str]:
    """Return the ids that the directory has alive between `after` and the end of a range, and that this lacks."""
    seen = {record.id for record in found.records}
    parameters: dict[str, Any] = {"tenant": feed.tenant_id, "object": feed.name}
    gaps = _gaps(after, found, seen)
    if gaps is not None:
        parameters["ids"] = gaps
        among = _AMONG
    else:
        among, first = _order(found)
        parameters |= {"after": after or first, "upto": found.upto}
    if gaps == []:
        return []
    with database.cursor() as cursor:
        cursor.execute(_ALIVE.format(side=side.value) + among, parameters)
        return [record_id for (record_id,) in cursor.fetchall() if record_id not in seen]


def _order(found: Range) -> tuple[str, str]:
    """Return the condition by which a range lies between two places, and what lies before all of them."""
    if found.dated:
        return _DATED, "-infinity"
    return (_NUMBERED, "0") if found.numbered else (_BY_CODES, "")


def owe_round(feed: Feed) -> None:
    """Have everything compared in the next run: its feed lost its place and does not tell what is gone."""
    note_place(feed, msgspec.structs.replace(read_place(feed), owed=True))


def _gaps(after: str, found: Range, seen: set[str]) -> list[str] | None:
    """Return the numbers of a narrow range that are not in it; None where it is wide, open or not numbered."""
    if not found.numbered or found.upto is None:
        return None
    first, last = int(after or 0) + 1, int(found.upto)
    if last - first > _DENSE:
        return None
    return [number for number in map(str, range(first, last)) if number not in seen]


def rate(tenant_id: int, side: Side, share: float) -> float:
    """Return how many calls an hour the sweep of each of a tenant's objects may make."""
    objects = 1
    with database.cursor() as cursor:
        if side is Side.CRM:
            cursor.execute(
                "SELECT count(DISTINCT m.object) FROM mapping m JOIN connection c ON c.id = m.connection_id"
                " WHERE c.crm_id = %s",
                [tenant_id],
            )
            (objects,) = cursor.fetchone()
        cursor.execute("SELECT per_second, limit_today FROM budget WHERE tenant_id = %s", [tenant_id])
        told = cursor.fetchone() or (None, None)
    return share * calls_per_hour(*told) / max(1, objects)


def records(tenant_id: int) -> dict[str, int]:
    """Return how many live records of each object of a tenant are known."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT object, count(*) FROM directory WHERE tenant_id = %s AND NOT deleted GROUP BY object"
            " ORDER BY object",
            [tenant_id],
        )
        return dict(cursor.fetchall())


def feeds_of(tenant_id: int) -> list[Feed]:
    """Return the feeds of a tenant."""
    return list(models.Feed.objects.filter(tenant_id=tenant_id).order_by("name"))
