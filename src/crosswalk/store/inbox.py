"""What pull writes: the directory and the inbox, with the feed's cursor in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core.lanes import Lane
from crosswalk.core.mapping import Side
from crosswalk.core.system import Page, Record
from crosswalk.core.values import Value, pack, unpack

from . import consents
from .consents import Reading
from .feeds import move, under_way
from .models import Feed
from .staging import Stage

CONVERTED_INTO = "contact"  # what every converted record becomes
_PAGE = Stage(
    "stage_page",
    record_id="text",
    key="text",
    stamp="timestamptz",
    created="timestamptz",
    digest="bytea",
    deleted="bool",
    packed="bytea",
    times="bytea",
    successor="text",
    requested_at="timestamptz",
)

_NOTE_CHANGES = """
    INSERT INTO directory AS d (tenant_id, object, record_id, key, stamp, created, digest, deleted, successor)
    SELECT %(tenant)s, %(object)s, record_id, key, stamp, created, digest, deleted, successor FROM stage_page
    ON CONFLICT (tenant_id, object, record_id) DO UPDATE
    SET key = CASE WHEN excluded.deleted THEN d.key ELSE excluded.key END, stamp = excluded.stamp,
        created = excluded.created, digest = excluded.digest, deleted = excluded.deleted, skipped = NULL,
        successor = excluded.successor
    WHERE (d.stamp, d.digest, d.deleted, d.successor)
          IS DISTINCT FROM (excluded.stamp, excluded.digest, excluded.deleted, excluded.successor)
    RETURNING record_id
"""

_INTO_INBOX = """
    INSERT INTO inbox (connection_id, side, object, record_id, version, to_fetch, key, packed, times, stamp, created,
                       requested_at, edited_at, deleted, successor)
    SELECT c, %(side)s, %(object)s, p.record_id, nextval('inbox_version'), false, p.key, p.packed, p.times, p.stamp,
           p.created, p.requested_at, {edited_at}, p.deleted, p.successor
    FROM stage_page p {only_changed} CROSS JOIN unnest(%(connections)s::bigint[]) AS c
    ON CONFLICT (connection_id, side, object, record_id) DO UPDATE
    SET version = excluded.version, to_fetch = false, key = excluded.key, packed = excluded.packed,
        times = excluded.times, stamp = excluded.stamp, created = excluded.created,
        requested_at = excluded.requested_at, deleted = excluded.deleted, successor = excluded.successor,
        waits_since = coalesce(inbox.waits_since, inbox.requested_at),
        edited_at = coalesce(inbox.edited_at, excluded.edited_at), lane = {lane}
    WHERE inbox.requested_at <= excluded.requested_at
"""

_PULLED = f"WITH changed AS ({_NOTE_CHANGES}) " + _INTO_INBOX.format(
    only_changed="JOIN changed USING (record_id)",
    edited_at="CASE WHEN %(edits)s THEN p.stamp END",
    lane="least(inbox.lane, 2)",
)
_READ = _INTO_INBOX.format(only_changed="", edited_at="NULL", lane="inbox.lane")
_NOTE_GONE = """
    INSERT INTO directory (tenant_id, object, record_id, stamp, digest, deleted)
    SELECT %(tenant)s, %(object)s, id, %(requested_at)s, '', true FROM unnest(%(missing)s::text[]) AS id
    ON CONFLICT (tenant_id, object, record_id) DO UPDATE SET deleted = true
"""
_GONE = """
    INSERT INTO inbox (connection_id, side, object, record_id, version, to_fetch, requested_at, deleted)
    SELECT c, %(side)s, %(object)s, id, nextval('inbox_version'), false, %(requested_at)s, true
    FROM unnest(%(missing)s::text[]) AS id CROSS JOIN unnest(%(readers)s::bigint[]) AS c
    ON CONFLICT (connection_id, side, object, record_id) DO UPDATE
    SET version = excluded.version, to_fetch = false, deleted = true, requested_at = excluded.requested_at,
        waits_since = coalesce(inbox.waits_since, inbox.requested_at)
"""


def _row(record: Record, object: str, requested_at: datetime) -> tuple[Any, ...]:
    packed = pack(record.values)
    digest = blake2b(packed, digest_size=8).digest()
    times = msgspec.json.encode(record.times) if record.times else None
    return (
        record.id,
        record.key,
        record.stamp,
        record.created,
        digest,
        record.deleted,
        None if record.deleted else packed,
        times,
        _successor(record, object),
        requested_at,
    )


def _successor(record: Record, object: str) -> str | None:
    """Return what a merged or converted record became: object and id, or an object alone where no id is told."""
    if record.master_id is not None:
        return f"{object} {record.master_id}"
    return None if record.converted_to is None else f"{CONVERTED_INTO} {record.converted_to}".strip()


def _stage(cursor: Any, read: Iterable[Reading], object: str) -> None:
    rows = {
        record.id: _row(record, object, requested_at) for requested_at, records in read for record in records
    }
    _PAGE.fill(cursor, rows.values())


def take_pages(
    feed: Feed, side: Side, connections: Sequence[int], object: str, pages: Sequence[Page], now: datetime
) -> int:
    """Store pages of a feed that follow each other, with the last one's cursor; return how many records were news.

    Records that the directory knows with the same stamp and values are skipped; the others become sightings of every
    connection that uses the feed.
    """
    read = [(page.requested_at, page.records) for page in pages if page.records]
    with transaction.atomic(), database.cursor() as cursor:
        edits = feed.complete_at is not None and not under_way(feed)
        news = take_news(cursor, feed.tenant_id, side, connections, object, read, edits=edits)
        feed.cursor = pages[-1].cursor
        if pages[-1].last:
            feed.read_at = now
            feed.complete_at = feed.complete_at or now
        move(feed)
    return news


def take_news(
    cursor: Any,
    tenant_id: int,
    side: Side,
    connections: Sequence[int],
    object: str,
    read: Sequence[Reading],
    *,
    edits: bool = False,
) -> int:
    """Note in the directory what was read, inside a transaction; what it did not know becomes sightings.

    Returns how many records that were. Where news are `edits`, the time until they are written on the other side is
    measured from their stamps; a complete reading shows records that nobody edited.
    """
    if not read:
        return 0
    _stage(cursor, read, object)
    parameters: dict[str, Any] = {
        "tenant": tenant_id,
        "object": object,
        "side": side.value,
        "connections": list(connections),
        "edits": edits,
    }
    cursor.execute(_PULLED, parameters)
    news: int = cursor.rowcount
    consents.take(cursor, tenant_id, side, object, read)
    return news


def take_tagged(
    feed: Feed,
    tag: str,
    connections: Sequence[int],
    record_ids: Sequence[str],
    cursor_text: str,
    now: datetime,
) -> None:
    """Replace the set of records that carry `tag`; newly tagged ones become sightings to to_fetch."""
    parameters: dict[str, Any] = {"tenant": feed.tenant_id, "tag": tag, "ids": list(record_ids)}
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(
            "DELETE FROM tagged WHERE tenant_id = %(tenant)s AND tag = %(tag)s AND record_id <> ALL(%(ids)s::text[])",
            parameters,
        )
        cursor.execute(
            "INSERT INTO tagged (tenant_id, tag, record_id)"
            " SELECT %(tenant)s, %(tag)s, id FROM unnest(%(ids)s::text[]) AS id"
            " ON CONFLICT DO NOTHING RETURNING record_id",
            parameters,
        )
        fresh = [row[0] for row in cursor.fetchall()]
        for connection_id in connections:
            want(connection_id, Side.ACTIVECAMPAIGN, "contact", fresh, now)
        feed.cursor = cursor_text
        feed.read_at = now
        move(feed)


def take_read(
    tenant_id: int,
    side: Side,
    connection_id: int,
    readers: Sequence[int],
    object: str,
    records: Sequence[Record],
    missing: Sequence[str],
    requested_at: datetime,
) -> None:
    """Store what was read by id or e-mail: values for the sighting, whatever the directory knew before.

    `readers` are all connections that use the feed of these records: what is news to the directory is theirs too.
    """
    parameters: dict[str, Any] = {
        "tenant": tenant_id,
        "object": object,
        "side": side.value,
        "connections": [connection_id],
        "others": [number for number in readers if number != connection_id],
        "readers": list({connection_id, *readers}),
        "requested_at": requested_at,
        "missing": list(missing),
        "edits": False,
    }
    with transaction.atomic(), database.cursor() as cursor:
        if records:
            read = [(requested_at, records)]
            _stage(cursor, read, object)
            cursor.execute(_PULLED, {**parameters, "connections": parameters["others"]})
            cursor.execute(_READ, parameters)
            consents.take(cursor, tenant_id, side, object, read)
        if missing:
            cursor.execute(_NOTE_GONE, parameters)
            cursor.execute(_GONE, parameters)


def want(
    connection_id: int,
    side: Side,
    object: str,
    record_ids: Sequence[str],
    now: datetime,
    lane: Lane = Lane.SCHEDULED,
) -> None:
    """Add sightings without values: pull will to_fetch them by id. Values already seen are not overwritten.

    A sighting that waits already keeps its lane, unless this one is more urgent.
    """
    if not record_ids:
        return
    with database.cursor() as cursor:
        cursor.execute(
            "INSERT INTO inbox"
            " (connection_id, side, object, record_id, version, to_fetch, requested_at, deleted, lane)"
            " SELECT %s, %s, %s, id, nextval('inbox_version'), true, %s, false, %s FROM unnest(%s::text[]) AS id"
            " ON CONFLICT (connection_id, side, object, record_id) DO UPDATE"
            " SET to_fetch = true, version = excluded.version, lane = least(inbox.lane, excluded.lane)",
            [connection_id, side.value, object, now, lane, list(record_ids)],
        )


def values_of(connection_id: int, side: Side, object: str, record_id: str | None) -> dict[str, Value]:
    """Return the values that wait to be looked at of one record; empty: none do."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT packed FROM inbox WHERE connection_id = %s AND side = %s AND object = %s AND record_id = %s",
            [connection_id, side.value, object, record_id],
        )
        row = cursor.fetchone()
    return unpack(row[0]) if row else {}


def wanted(connection_id: int, side: Side, object: str, limit: int) -> list[str]:
    """Return ids whose values are to be fetched: those that wait longest, in order."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT record_id FROM inbox WHERE connection_id = %s AND side = %s AND object = %s AND to_fetch"
            " ORDER BY version LIMIT %s",
            [connection_id, side.value, object, limit],
        )
        return sorted(row[0] for row in cursor.fetchall())


def wants_anything(connection_id: int) -> bool:
    """Tell whether the values of any record are to be fetched."""
    with database.cursor() as cursor:
        cursor.execute("SELECT FROM inbox WHERE connection_id = %s AND to_fetch LIMIT 1", [connection_id])
        return cursor.fetchone() is not None


def _count(cursor: Any) -> int:
    (count,) = cursor.fetchone()
    return int(count)


def waiting(connection_id: int) -> int:
    """Return how many sightings are not settled."""
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM inbox WHERE connection_id = %s", [connection_id])
        return _count(cursor)


def seen_since(tenant_id: int, object: str, moment: datetime) -> int:
    """Return how many live records of the directory have a stamp later than `moment`."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM directory WHERE tenant_id = %s AND object = %s AND stamp > %s AND NOT deleted",
            [tenant_id, object, moment],
        )
        return _count(cursor)
