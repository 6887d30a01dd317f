"""What became of records, as sightings tell it: deleted, merged into another, converted; and the links it concerns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core.mapping import Side

from .identity import Closing, close, drop_open_work, leave_tombstones, promote
from .inbox import want
from .link_rows import LINK_COLUMNS, LinkRow, write_links
from .pairs import SEEN_COLUMNS, Seen
from .sightings import Leftover, settle_sightings

CONVERTED = "converted"  # why a converted record does not take part


class Name(NamedTuple):
    """A CRM record: object and id."""

    object: str
    record_id: str


class Event(msgspec.Struct, frozen=True, gc=False):
    """A sighting that says what became of a record."""

    side: str
    object: str
    record_id: str
    version: int
    deleted: bool
    successor: str | None  # object and id of what it became
    key: str | None

    @property
    def name(self) -> Name:
        """The record."""
        return Name(self.object, self.record_id)

    @property
    def became(self) -> Name | None:
        """The record that this one became, as far as it is told; without an id it is not."""
        return _name(self.successor)


class Fate(msgspec.Struct, frozen=True, gc=False):
    """What the directory knows of a record."""

    deleted: bool
    became: Name | None


class LinkedRecord(msgspec.Struct, gc=False):
    """A CRM record's link, and what waits for it."""

    link: LinkRow
    in_flight: bool  # a write is on its way, whose receipt comes first
    held: bool


def _name(successor: str | None) -> Name | None:
    if successor is None:
        return None
    object, _, record_id = successor.partition(" ")
    return Name(object, record_id)


# The few sightings are cut before the directory is joined, by look-ups: see `pairs`.
_EVENTS = """
    SELECT i.side, i.object, i.record_id, i.version, i.deleted, d.successor, d.key
    FROM (SELECT * FROM inbox WHERE connection_id = %(connection)s AND NOT to_fetch
          AND (deleted OR successor IS NOT NULL) AND version > %(after)s ORDER BY version LIMIT %(limit)s) i
    LEFT JOIN LATERAL (SELECT successor, key FROM directory
                       WHERE tenant_id = CASE i.side WHEN 'crm' THEN %(crm)s ELSE %(activecampaign)s END
                       AND object = i.object AND record_id = i.record_id OFFSET 0) d ON true
    ORDER BY i.version
"""


def events(connection_id: int, tenant_ids: Mapping[Side, int], after: int, limit: int) -> list[Event]:
    """Return the next sightings of records that were deleted, merged or converted, in order of their versions."""
    parameters: dict[str, Any] = {
        "connection": connection_id,
        "after": after,
        "limit": limit,
        **{side.value: tenant_ids[side] for side in Side},
    }
    with database.cursor() as cursor:
        cursor.execute(_EVENTS, parameters)
        return [Event(*row) for row in cursor.fetchall()]


def _columns(names: Iterable[Name]) -> list[list[str]]:
    some = list(names)
    return [[name.object for name in some], [name.record_id for name in some]]


def fates(tenant_id: int, names: Collection[Name]) -> dict[Name, Fate]:
    """Return what the directory knows of these records."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT d.object, d.record_id, d.deleted, d.successor FROM unnest(%s::text[], %s::text[]) AS n (object, id)"
            " JOIN directory d ON d.tenant_id = %s AND d.object = n.object AND d.record_id = n.id",
            [*_columns(names), tenant_id],
        )
        return {
            Name(object, record_id): Fate(deleted, _name(successor))
            for object, record_id, deleted, successor in cursor.fetchall()
        }


def linked(connection_id: int, names: Collection[Name]) -> dict[Name, LinkedRecord]:
    """Return the links of these CRM records.

    Where a record was believed to be deleted before it was known what became of it, that is its closed link.
    """
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT ON (l.object, l.crm_id) {LINK_COLUMNS},"
            " EXISTS (SELECT FROM outbox o WHERE o.link_id = l.id AND o.state <> 'intended'),"
            " EXISTS (SELECT FROM hold h WHERE h.link_id = l.id)"
            " FROM unnest(%s::text[], %s::text[]) AS n (object, id)"
            " JOIN link l ON l.connection_id = %s AND l.crm_id = n.id AND l.object = n.object"
            " WHERE l.state <> 'closed' OR (l.closed_reason = 'deleted_crm' AND l.activecampaign_id IS NOT NULL)"
            " ORDER BY l.object, l.crm_id, l.state = 'closed', l.id DESC",
            [*_columns(names), connection_id],
        )
        found = [LinkedRecord(LinkRow(*row[:-2]), *row[-2:]) for row in cursor.fetchall()]
    return {Name(each.link.object, str(each.link.crm_id)): each for each in found}


def seen(connection_id: int, names: Collection[Name]) -> dict[Name, Seen]:
    """Return the usable sightings of these CRM records."""
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT i.object, {SEEN_COLUMNS.format('i')} FROM unnest(%s::text[], %s::text[]) AS n (object, id)"
            " JOIN inbox i ON i.connection_id = %s AND i.side = 'crm' AND i.object = n.object AND i.record_id = n.id"
            " WHERE NOT i.to_fetch AND NOT i.deleted",
            [*_columns(names), connection_id],
        )
        return {Name(row[0], row[1]): Seen(*row[1:]) for row in cursor.fetchall()}


def read(connection_id: int, names: Collection[Name]) -> dict[Name, bool]:
    """Return which of these CRM records have a sighting, and whether it says that they are what they were."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT i.object, i.record_id, NOT i.to_fetch AND NOT i.deleted AND i.successor IS NULL"
            " FROM unnest(%s::text[], %s::text[]) AS n (object, id)"
            " JOIN inbox i ON i.connection_id = %s AND i.side = 'crm' AND i.object = n.object AND i.record_id = n.id",
            [*_columns(names), connection_id],
        )
        return {Name(object, record_id): ready for object, record_id, ready in cursor.fetchall()}


def close_deleted(
    connection_id: int,
    tenant_ids: Mapping[Side, int],
    deleted: Sequence[Event],
    now: datetime,
    closing: Closing,
) -> None:
    """Close the links of deleted records and settle their sightings; records without a link leave a tombstone too.

    `closing` is asked before; what it raises undoes everything.
    """
    for side in Side:
        gone = [event for event in deleted if event.side == side.value]
        if not gone:
            continue
        with transaction.atomic(), database.cursor() as cursor:
            _settle(cursor, connection_id, tenant_ids, gone)
            leave_tombstones(
                cursor, connection_id, side, sorted({each.key for each in gone if each.key}), now
            )
            cursor.execute(
                "SELECT l.id FROM link l JOIN unnest(%s::text[], %s::text[]) AS g (object, record_id)"
                f" ON l.{side.value}_id = g.record_id {'AND l.object = g.object' if side is Side.CRM else ''}"
                " WHERE l.connection_id = %s AND l.state <> 'closed'",
                [*_columns(event.name for event in gone), connection_id],
            )
            link_ids = [row[0] for row in cursor.fetchall()]
            closing(side, len(link_ids))
            close(connection_id, link_ids, f"deleted_{side.value}", side, now)


class Moves(msgspec.Struct, kw_only=True):
    """What becomes of the links of merged and converted records."""

    moved: list[LinkRow] = msgspec.field(default_factory=list)  # with the record they have now
    opened: list[int] = msgspec.field(default_factory=list)  # those among them that were closed
    unheld: list[LinkRow] = msgspec.field(
        default_factory=list
    )  # those whose holds knew of the contact's values
    closed: dict[str, dict[int, int | None]] = msgspec.field(
        default_factory=dict
    )  # reason → link → joined link
    settled: list[Event] = msgspec.field(default_factory=list)


def commit(connection_id: int, tenant_ids: Mapping[Side, int], moves: Moves, now: datetime) -> None:
    """Store moved and closed links, and settle what told of it, in one transaction."""
    with transaction.atomic(), database.cursor() as cursor:
        for reason, links in moves.closed.items():
            joined = {link_id: into for link_id, into in links.items() if into is not None}
            side = Side.CRM if reason == "deleted_crm" else None
            close(connection_id, list(links), reason, side, now, joined=joined)
        _move(cursor, connection_id, tenant_ids, moves, now)
        _settle(cursor, connection_id, tenant_ids, moves.settled)


def _move(
    cursor: Any, connection_id: int, tenant_ids: Mapping[Side, int], moves: Moves, now: datetime
) -> None:
    if not moves.moved:
        return
    ids = [link.id for link in moves.moved]
    drop_open_work(cursor, ids)
    write_links(cursor, connection_id, moves.moved, now)
    cursor.execute("UPDATE link SET closed_reason = NULL WHERE id = ANY(%s)", [moves.opened])
    cursor.execute(
        "UPDATE link_consent d SET due = nextval('inbox_version'),"
        " crm = CASE WHEN c.standing = d.crm THEN d.crm END"
        " FROM link l LEFT JOIN consent c ON c.tenant_id = %s AND c.object = l.object AND c.record_id = l.crm_id"
        " WHERE d.link_id = l.id AND l.id = ANY(%s)",
        [tenant_ids[Side.CRM], ids],
    )
    promote(connection_id, now, risen=ids)
    read = [link for link in moves.moved if link.id in moves.opened] + moves.unheld
    contacts = sorted({link.activecampaign_id for link in read if link.activecampaign_id is not None})
    want(connection_id, Side.ACTIVECAMPAIGN, "contact", contacts, now)


def _settle(
    cursor: Any, connection_id: int, tenant_ids: Mapping[Side, int], settled: Sequence[Event]
) -> None:
    leftovers = [
        Leftover(
            side=Side(event.side),
            object=event.object,
            record_id=event.record_id,
            version=event.version,
            skipped=None if event.deleted else CONVERTED,
        )
        for event in settled
    ]
    settle_sightings(cursor, connection_id, tenant_ids, leftovers)
