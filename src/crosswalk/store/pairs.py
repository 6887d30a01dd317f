"""What match reads: pages of the inbox joined with links, and partners through the directory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from operator import attrgetter
from typing import Any

import msgspec
from django.db import connection as database

from crosswalk.core.mapping import Side

from .link_rows import LINK_COLUMNS, LinkRow


class Seen(msgspec.Struct, frozen=True, gc=False):
    """A sighting with values, as the inbox keeps it."""

    record_id: str
    version: int
    key: str | None
    packed: bytes
    times: bytes | None
    stamp: datetime
    created: datetime | None
    requested_at: datetime


class Sighted(msgspec.Struct, gc=False):
    """One inbox row with its link and what waits on the other side."""

    seen: Seen
    link: LinkRow | None
    other: Seen | None  # the linked record's own sighting, with values
    other_waits: bool  # the linked record has a sighting that cannot be used yet
    siblings: int  # open links that share the ActiveCampaign contact, this one included
    crm_created: datetime | None  # the CRM record's creation, for the selection
    writing: bool  # the link has an open write, whose receipt comes first


class Hit(msgspec.Struct, gc=False):
    """A directory record with a wanted key."""

    key: str
    object: str
    record_id: str
    seen: Seen | None
    waits: bool  # has a sighting that cannot be used yet
    skipped: str | None


ANY_LANE = 100
SEEN_COLUMNS = (
    "{0}.record_id, {0}.version, {0}.key, {0}.packed, {0}.times, {0}.stamp, {0}.created, {0}.requested_at"
)
_SEEN_WIDTH, _LINK_WIDTH = 8, 14
_SIBLINGS = (
    "(SELECT count(*) FROM link s WHERE s.connection_id = l.connection_id"
    " AND s.activecampaign_id = l.activecampaign_id AND s.state <> 'closed')"
)
# One look by index for each row: as EXISTS it would be a scan of the whole outbox for each page.
_WRITING = "coalesce((SELECT true FROM outbox o WHERE o.link_id = l.id LIMIT 1), false)"
_ONLY = " AND record_id = ANY(%(only)s)"  # of a page that is to show some records alone
# A page is cut before anything is joined to it, and joins are look-ups by index (OFFSET 0 keeps the planner from
# anything else): without fresh statistics, as in a first load, it would scan whole tables for each row of the page.
_CRM_PAGE = f"""
    SELECT {SEEN_COLUMNS.format("i")}, {LINK_COLUMNS}, {SEEN_COLUMNS.format("a")},
           coalesce(a.to_fetch OR a.deleted, false), {_SIBLINGS}, i.created, {_WRITING}
    FROM (SELECT * FROM inbox
          WHERE connection_id = %(connection)s AND side = 'crm' AND object = %(object)s AND NOT to_fetch
                AND NOT deleted AND successor IS NULL AND lane < %(before)s
                AND (coalesce(created, '-infinity'), record_id) > (%(moment)s, %(record_id)s){{only}}
          ORDER BY coalesce(created, '-infinity'), record_id LIMIT %(limit)s) i
    LEFT JOIN LATERAL (SELECT * FROM link WHERE connection_id = i.connection_id AND object = i.object
                       AND crm_id = i.record_id AND state <> 'closed' OFFSET 0) l ON true
    LEFT JOIN LATERAL (SELECT * FROM inbox WHERE connection_id = i.connection_id AND side = 'activecampaign'
                       AND object = 'contact' AND record_id = l.activecampaign_id OFFSET 0) a ON true
    ORDER BY coalesce(i.created, '-infinity'), i.record_id
"""
_CONTACT_PAGE = f"""
    SELECT {SEEN_COLUMNS.format("a")}, {LINK_COLUMNS}, {SEEN_COLUMNS.format("i")}, i.record_id IS NOT NULL,
           {_SIBLINGS}, d.created, {_WRITING}
    FROM (SELECT * FROM inbox
          WHERE connection_id = %(connection)s AND side = 'activecampaign' AND object = 'contact' AND NOT to_fetch
                AND NOT deleted AND lane < %(before)s AND record_id > %(record_id)s{{only}}
          ORDER BY record_id LIMIT %(limit)s) a
    LEFT JOIN LATERAL (SELECT * FROM link WHERE connection_id = a.connection_id AND activecampaign_id = a.record_id
                       AND state <> 'closed' AND is_primary OFFSET 0) l ON true
    LEFT JOIN LATERAL (SELECT * FROM inbox WHERE connection_id = a.connection_id AND side = 'crm'
                       AND object = l.object AND record_id = l.crm_id OFFSET 0) i ON true
    LEFT JOIN LATERAL (SELECT created FROM directory WHERE tenant_id = %(tenant)s AND object = l.object
                       AND record_id = l.crm_id OFFSET 0) d ON true
    ORDER BY a.record_id
"""
_HITS = f"""
    SELECT d.key, d.object, d.record_id, coalesce(i.to_fetch OR i.deleted, false), d.skipped, {SEEN_COLUMNS.format("i")}
    FROM directory d
    LEFT JOIN LATERAL (SELECT * FROM inbox WHERE connection_id = %(connection)s AND side = %(side)s
                       AND object = d.object AND record_id = d.record_id OFFSET 0) i ON true
    WHERE d.tenant_id = %(tenant)s AND d.key = ANY(%(keys)s) AND d.object = ANY(%(objects)s) AND NOT d.deleted
          AND d.successor IS NULL
"""


def _seen(row: Sequence[Any]) -> Seen | None:
    return None if row[0] is None or row[3] is None else Seen(*row)


def _link(row: Sequence[Any]) -> LinkRow | None:
    return None if row[0] is None else LinkRow(*row)


def _sighted(row: Sequence[Any]) -> Sighted:
    link_end = _SEEN_WIDTH + _LINK_WIDTH
    other_end = link_end + _SEEN_WIDTH
    waits, siblings, created, writing = row[other_end:]
    return Sighted(
        seen=Seen(*row[:_SEEN_WIDTH]),
        link=_link(row[_SEEN_WIDTH:link_end]),
        other=None if waits else _seen(row[link_end:other_end]),
        other_waits=waits,
        siblings=siblings,
        crm_created=created,
        writing=writing,
    )


def _page(statement: str, parameters: Mapping[str, Any], only: Sequence[str] | None) -> list[Sighted]:
    """Return a page of sightings, of these records alone where they are given."""
    some = {} if only is None else {"only": list(only)}
    with database.cursor() as cursor:
        cursor.execute(statement.format(only=_ONLY if some else ""), {**parameters, **some})
        return [_sighted(row) for row in cursor.fetchall()]


def crm_page(
    connection_id: int,
    object: str,
    after: Sighted | None,
    limit: int,
    before: int,
    only: Sequence[str] | None,
) -> list[Sighted]:
    """Return the next sightings of a CRM object in order of creation, those of lanes more urgent than `before`.

    With `only`, those of these records.
    """
    parameters: dict[str, Any] = {
        "connection": connection_id,
        "object": object,
        "moment": (after.seen.created if after else None) or "-infinity",
        "record_id": after.seen.record_id if after else "",
        "before": before,
        "limit": limit,
    }
    return _page(_CRM_PAGE, parameters, only)


def contact_page(
    connection_id: int,
    crm_tenant_id: int,
    after: str,
    limit: int,
    before: int,
    only: Sequence[str] | None,
) -> list[Sighted]:
    """Return the next sightings of contacts, with their primary link, in order of their ids' text; as `crm_page`."""
    parameters: dict[str, Any] = {
        "connection": connection_id,
        "tenant": crm_tenant_id,
        "record_id": after,
        "before": before,
        "limit": limit,
    }
    return _page(_CONTACT_PAGE, parameters, only)


def hits(
    connection_id: int, tenant_id: int, side: Side, objects: Sequence[str], keys: Iterable[str]
) -> dict[str, list[Hit]]:
    """Return the live directory records with these keys, by key; several of one key in order of their ids."""
    parameters: dict[str, Any] = {
        "connection": connection_id,
        "tenant": tenant_id,
        "side": side.value,
        "objects": list(objects),
        "keys": list(keys),
    }
    found: dict[str, list[Hit]] = defaultdict(list)
    with database.cursor() as cursor:
        cursor.execute(_HITS, parameters)
        for key, object, record_id, waits, skipped, *seen in cursor.fetchall():
            hit = Hit(key, object, record_id, None if waits else _seen(seen), waits, skipped)
            found[key].append(hit)
    for several in found.values():
        if len(several) > 1:
            several.sort(key=attrgetter("object", "record_id"))
    return found


# What waits is found by its address alone, all else is asked afterwards: the planner believes that a queue is empty
# which was empty a moment ago, and would walk through all of it for each address.
_MOVING = """
    SELECT l.key FROM link l CROSS JOIN LATERAL (
        SELECT key FROM inbox WHERE connection_id = l.connection_id AND side = 'crm' AND object = l.object
        AND record_id = l.crm_id AND NOT to_fetch AND NOT deleted OFFSET 0) i
    WHERE l.connection_id = %(connection)s AND l.key = ANY(%(keys)s) AND {sole} AND i.key <> l.key
    UNION ALL
    SELECT i.key FROM unnest(%(keys)s::text[]) AS k (key) CROSS JOIN LATERAL (
        SELECT * FROM inbox WHERE key = k.key AND NOT to_fetch AND NOT deleted OFFSET 0) i CROSS JOIN LATERAL (
        SELECT * FROM link WHERE connection_id = i.connection_id AND object = i.object AND crm_id = i.record_id
        AND state = 'open' OFFSET 0) l
    WHERE i.connection_id = %(connection)s AND i.side = 'crm' AND {sole} AND i.key <> l.key
""".format(
    sole="l.state = 'open' AND l.is_primary AND NOT EXISTS (SELECT FROM link s WHERE s.connection_id = l.connection_id"
    " AND s.activecampaign_id = l.activecampaign_id AND s.state <> 'closed' AND s.id <> l.id)"
)


def moving_keys(connection_id: int, keys: Iterable[str]) -> set[str]:
    """Return which of these addresses a linked CRM record that waits is about to give up or to take."""
    with database.cursor() as cursor:
        cursor.execute(_MOVING, {"connection": connection_id, "keys": list(keys)})
        return {row[0] for row in cursor.fetchall()}


def contacts_seen(connection_id: int, contact_ids: Iterable[str]) -> dict[str, Seen]:
    """Return the usable sightings of these contacts, by id."""
    found = _contacts(
        "inbox a WHERE a.record_id = ANY(%s) AND a.connection_id = %s", contact_ids, connection_id
    )
    return {seen.record_id: seen for seen in found}


def contacts_seen_by_key(connection_id: int, keys: Iterable[str]) -> dict[str, Seen]:
    """Return the usable sightings of contacts with these e-mails, by key; of several the latest, which has it now."""
    of_key = (
        "SELECT * FROM inbox WHERE key = k.key AND NOT to_fetch AND NOT deleted OFFSET 0"  # as in `_MOVING`
    )
    source = f"unnest(%s::text[]) AS k (key) CROSS JOIN LATERAL ({of_key}) a WHERE a.connection_id = %s"
    found = _contacts(source, set(keys), connection_id)
    return {seen.key: seen for seen in sorted(found, key=attrgetter("stamp", "record_id")) if seen.key}


def _contacts(source: str, wanted: Iterable[str], connection_id: int) -> list[Seen]:
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT {SEEN_COLUMNS.format('a')} FROM {source} AND a.side = 'activecampaign'"
            " AND a.object = 'contact' AND NOT a.to_fetch AND NOT a.deleted",
            [list(wanted), connection_id],
        )
        return [Seen(*row) for row in cursor.fetchall()]


def address_digest(key: str) -> bytes:
    """Return the hash under which a deleted person's address is remembered."""
    return blake2b(key.encode(), digest_size=16, person=b"tombstone").digest()


def tombstones(connection_id: int, side: Side, keys: Iterable[str]) -> dict[str, datetime]:
    """Return which of these keys belong to records deleted on `side`, and when."""
    by_digest = {address_digest(key): key for key in keys}
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT digest, at FROM tombstone WHERE connection_id = %s AND side = %s AND digest = ANY(%s)",
            [connection_id, side.value, list(by_digest)],
        )
        return {by_digest[bytes(digest)]: at for digest, at in cursor.fetchall()}


def closed_contacts(connection_id: int, contacts: Sequence[Seen]) -> set[str]:
    """Return which of these contacts once had a link.

    A link that was closed while its contact was being made never learned the contact's id: the address stands for it.
    """
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT c.id FROM unnest(%s::text[], %s::text[]) AS c (id, key) WHERE EXISTS (SELECT FROM link l"
            " WHERE l.connection_id = %s AND l.state = 'closed' AND l.closed_reason NOT LIKE '%%, lifted'"
            " AND (l.activecampaign_id = c.id"
            " OR (l.activecampaign_id IS NULL AND l.key = c.key)))",
            [[seen.record_id for seen in contacts], [seen.key for seen in contacts], connection_id],
        )
        return {row[0] for row in cursor.fetchall()}


def tagged(tenant_id: int, tag: str, contact_ids: Iterable[str]) -> set[str]:
    """Return which of these contacts carry the tag."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT record_id FROM tagged WHERE tenant_id = %s AND tag = %s AND record_id = ANY(%s)",
            [tenant_id, tag, list(contact_ids)],
        )
        return {row[0] for row in cursor.fetchall()}
