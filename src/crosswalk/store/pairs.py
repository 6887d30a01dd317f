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


class LinkRow(msgspec.Struct, gc=False):
    """A link as match and merge use it; `is_new` marks one that is not in the database yet."""

    id: int
    object: str
    crm_id: str | None
    activecampaign_id: str | None
    key: str | None
    state: str
    is_primary: bool
    crm_shadow: bytes
    activecampaign_shadow: bytes
    crm_acked_at: datetime | None
    activecampaign_acked_at: datetime | None
    crm_unconfirmed: bytes
    activecampaign_unconfirmed: bytes
    selected: bool = True  # false while the CRM record is out of the selection
    is_new: bool = False

    def record_id(self, side: Side) -> str | None:
        """Return the id of the record on `side`."""
        return self.crm_id if side is Side.CRM else self.activecampaign_id

    def shadow(self, side: Side) -> bytes:
        """Return the packed shadow of `side`."""
        return self.crm_shadow if side is Side.CRM else self.activecampaign_shadow

    def acked_at(self, side: Side) -> datetime | None:
        """Return when our last write to `side` was acknowledged."""
        return self.crm_acked_at if side is Side.CRM else self.activecampaign_acked_at

    def unconfirmed(self, side: Side) -> bytes:
        """Return the packed fields of `side` that were sent and not read since."""
        return self.crm_unconfirmed if side is Side.CRM else self.activecampaign_unconfirmed


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
UNFIT_DEFAULT = "unfit_default"  # the kind of a hold that no record has
SEEN_COLUMNS = (
    "{0}.record_id, {0}.version, {0}.key, {0}.packed, {0}.times, {0}.stamp, {0}.created, {0}.requested_at"
)
LINK_COLUMNS = (
    "l.id, l.object, l.crm_id, l.activecampaign_id, l.key, l.state, l.is_primary, l.crm_shadow,"
    " l.activecampaign_shadow, l.crm_acked_at, l.activecampaign_acked_at, l.crm_unconfirmed,"
    " l.activecampaign_unconfirmed, l.selected"
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


def links_of(
    connection_id: int, activecampaign_tenant: int, keys: Iterable[str], contact_ids: Iterable[str]
) -> list[LinkRow]:
    """Return the links that are not closed and have one of these contacts, or one of these keys, oldest first.

    A link whose contact is known under another address by now does not count for its key.
    """
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT {LINK_COLUMNS} FROM link l WHERE l.connection_id = %(connection)s AND l.state <> 'closed'"
            " AND l.activecampaign_id = ANY(%(contacts)s)"
            f" UNION SELECT {LINK_COLUMNS} FROM link l WHERE l.connection_id = %(connection)s AND l.state <> 'closed'"
            " AND l.key = ANY(%(keys)s) AND NOT EXISTS (SELECT FROM directory d WHERE d.tenant_id = %(tenant)s"
            " AND d.object = 'contact' AND d.record_id = l.activecampaign_id AND (d.key <> l.key OR d.deleted))"
            " ORDER BY 1",
            {
                "connection": connection_id,
                "tenant": activecampaign_tenant,
                "keys": list(keys),
                "contacts": list(contact_ids),
            },
        )
        return [LinkRow(*row) for row in cursor.fetchall()]


def links_of_records(connection_id: int, crm_ids: Iterable[str]) -> dict[tuple[str, str], LinkRow]:
    """Return the links of CRM records that are not closed, by object and id."""
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT {LINK_COLUMNS} FROM link l"
            " WHERE l.connection_id = %s AND l.state <> 'closed' AND l.crm_id = ANY(%s)",
            [connection_id, list(crm_ids)],
        )
        links = [LinkRow(*row) for row in cursor.fetchall()]
        return {(link.object, str(link.crm_id)): link for link in links}


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


def links_by_id(link_ids: Iterable[int]) -> dict[int, LinkRow]:
    """Return links by id."""
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {LINK_COLUMNS} FROM link l WHERE l.id = ANY(%s)", [list(link_ids)])
        return {row[0]: LinkRow(*row) for row in cursor.fetchall()}


def link_of(connection_id: int, side: Side, record_id: str) -> list[LinkRow]:
    """Return the links of one record that are not closed, the primary first."""
    column = "crm_id" if side is Side.CRM else "activecampaign_id"
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT {LINK_COLUMNS} FROM link l WHERE l.connection_id = %s AND l.{column} = %s AND l.state <> 'closed'"
            " ORDER BY l.is_primary DESC, l.id",
            [connection_id, record_id],
        )
        return [LinkRow(*row) for row in cursor.fetchall()]


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


def unlinked(connection_id: int, contact_ids: Iterable[str]) -> list[str]:
    """Return those of the contacts that have no link, not even a closed one."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT c.id FROM unnest(%s::text[]) AS c (id) WHERE NOT EXISTS ("
            "SELECT 1 FROM link l WHERE l.connection_id = %s AND l.activecampaign_id = c.id)",
            [sorted(contact_ids), connection_id],
        )
        return [row[0] for row in cursor.fetchall()]


def _contacts(source: str, wanted: Iterable[str], connection_id: int) -> list[Seen]:
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT {SEEN_COLUMNS.format('a')} FROM {source} AND a.side = 'activecampaign'"
            " AND a.object = 'contact' AND NOT a.to_fetch AND NOT a.deleted",
            [list(wanted), connection_id],
        )
        return [Seen(*row) for row in cursor.fetchall()]


def new_link_ids(count: int) -> list[int]:
    """Reserve ids for new links."""
    if not count:
        return []
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('link', 'id')) FROM generate_series(1, %s)", [count]
        )
        return [row[0] for row in cursor.fetchall()]


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


class HoldRow(msgspec.Struct, gc=False):
    """A hold as merge uses it."""

    id: int
    link_id: int
    field: str
    kind: str
    values: bytes
    fingerprint: str
    chosen: bytes | None  # what a person chose for each side


def holds_of(link_ids: Iterable[int]) -> dict[int, dict[str, HoldRow]]:
    """Return the holds of these links, by link and CRM field (empty text: the whole record)."""
    found: dict[int, dict[str, HoldRow]] = defaultdict(dict)
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT id, link_id, field, kind, values, fingerprint, chosen FROM hold WHERE link_id = ANY(%s)",
            [list(link_ids)],
        )
        for row in cursor.fetchall():
            found[row[1]][row[2]] = HoldRow(*row)
    return found


class HeldLink(msgspec.Struct, frozen=True, gc=False):
    """A hold of a link, with the ids of the link's records; or of a default for new records, which has none."""

    id: int
    kind: str
    side: str
    object: str
    field: str
    values: bytes
    fingerprint: str
    crm_id: str | None
    activecampaign_id: str | None


def held(connection_id: int) -> list[HeldLink]:
    """Return all holds of a connection's links, and of its defaults for new records."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT h.id, h.kind, h.side, h.object, h.field, h.values, h.fingerprint, l.crm_id, l.activecampaign_id"
            " FROM hold h LEFT JOIN link l ON l.id = h.link_id WHERE h.connection_id = %s"
            " AND (h.link_id IS NOT NULL OR h.kind = %s)",
            [connection_id, UNFIT_DEFAULT],
        )
        return [HeldLink(*row) for row in cursor.fetchall()]


def forget_holds(hold_ids: Sequence[int]) -> None:
    """Remove holds of fields that are no longer mapped."""
    if hold_ids:
        with database.cursor() as cursor:
            cursor.execute("DELETE FROM hold WHERE id = ANY(%s)", [list(hold_ids)])
