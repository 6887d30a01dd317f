"""What happens to links: they close, open again, wait for contacts, and hand over what they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.db import transaction

from crosswalk.core.mapping import Side

from .inbox import want
from .pairs import address_digest

LIFTED = ", lifted"  # ends the reason of a closed link that keeps nobody from being made again
Closing = Callable[[Side, int], None]  # is told how many links are about to be closed as deleted on a side


def close(
    connection_id: int,
    link_ids: Sequence[int],
    reason: str,
    deleted_on: Side | None,
    now: datetime,
    *,
    joined: Mapping[int, int] | None = None,
) -> None:
    """Close links with everything that waits for them; `joined` are those that went into others, by id.

    A delete leaves a tombstone for every address of the link. What shared the contact of a closed primary is promoted;
    another contact with such an address may be the new partner, so both records are looked at.
    """
    if not link_ids:
        return
    into = [(joined or {}).get(link_id) for link_id in link_ids]
    with transaction.atomic(), database.cursor() as cursor:
        keys = _addresses(cursor, link_ids) if deleted_on is not None else []
        cursor.execute(
            "UPDATE link SET state = 'closed', closed_reason = %s, joined_id = j.went"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS j (id, went) WHERE link.id = j.id",
            [reason, list(link_ids), into],
        )
        cursor.execute("DELETE FROM outbox WHERE link_id = ANY(%s)", [list(link_ids)])
        cursor.execute("DELETE FROM hold WHERE link_id = ANY(%s)", [list(link_ids)])
        if deleted_on is not None:
            leave_tombstones(cursor, connection_id, deleted_on, keys, now)
        if deleted_on is Side.ACTIVECAMPAIGN:
            cursor.execute(_REST, [list(link_ids)])
            _look_at_successors(cursor, connection_id, link_ids, keys, now)
        promote(connection_id, now)


# CRM records whose contact was deleted take no part, unless another contact has their address.
_REST = """
    UPDATE directory d SET skipped = 'tombstone' FROM link l JOIN connection c ON c.id = l.connection_id
    WHERE l.id = ANY(%s) AND d.tenant_id = c.crm_id AND d.object = l.object AND d.record_id = l.crm_id
          AND d.skipped IS NULL AND NOT d.deleted AND d.successor IS NULL
"""


def _addresses(cursor: Any, link_ids: Sequence[int]) -> list[str]:
    """Return every address under which the records of these links are or were to be known."""
    cursor.execute(
        "SELECT l.key FROM link l WHERE l.id = ANY(%(links)s) AND l.key IS NOT NULL"
        " UNION SELECT d.key FROM link l JOIN connection c ON c.id = l.connection_id JOIN directory d"
        " ON (d.tenant_id, d.object, d.record_id) = (c.crm_id, l.object, l.crm_id)"
        " OR (d.tenant_id, d.object, d.record_id) = (c.activecampaign_id, 'contact', l.activecampaign_id)"
        " WHERE l.id = ANY(%(links)s) AND d.key IS NOT NULL"
        " UNION SELECT o.key FROM outbox o WHERE o.link_id = ANY(%(links)s) AND o.key IS NOT NULL",
        {"links": list(link_ids)},
    )
    return [row[0] for row in cursor.fetchall()]


def leave_tombstones(cursor: Any, connection_id: int, side: Side, keys: Sequence[str], now: datetime) -> None:
    """Remember hashed addresses of what was deleted on a side."""
    cursor.execute(
        "INSERT INTO tombstone (connection_id, side, digest, at) SELECT %s, %s, d, %s FROM unnest(%s::bytea[]) AS d"
        " ON CONFLICT (connection_id, side, digest) DO UPDATE SET at = excluded.at",
        [connection_id, side.value, now, [address_digest(key) for key in keys]],
    )


def _look_at_successors(
    cursor: Any, connection_id: int, link_ids: Sequence[int], keys: Sequence[str], now: datetime
) -> None:
    cursor.execute(
        "SELECT l.object, l.crm_id, d.record_id FROM link l JOIN connection c ON c.id = l.connection_id"
        " JOIN directory d ON d.tenant_id = c.activecampaign_id AND d.object = 'contact' AND d.key = ANY(%s)"
        " AND NOT d.deleted AND d.record_id <> l.activecampaign_id WHERE l.id = ANY(%s)",
        [list(keys), list(link_ids)],
    )
    for object, crm_id, contact_id in cursor.fetchall():
        want(connection_id, Side.CRM, object, [crm_id] if crm_id else [], now)
        want(connection_id, Side.ACTIVECAMPAIGN, "contact", [contact_id], now)


def forget_pending(connection_id: int, link_ids: Sequence[int]) -> None:
    """Remove links whose second record was never made, with their holds: their records are matched as strangers."""
    if not link_ids:
        return
    with transaction.atomic(), database.cursor() as cursor:
        for table, column in (("outbox", "link_id"), ("hold", "link_id"), ("link", "id")):
            cursor.execute(
                f"DELETE FROM {table} WHERE connection_id = %s AND {column} = ANY(%s)",
                [connection_id, list(link_ids)],
            )


def adopt_contacts(connection_id: int, activecampaign_tenant_id: int, now: datetime) -> int:
    """Give links that wait for a contact the one that has appeared with their key; return how many.

    Links with an open write are left to its receipt. Of several contacts that the directory knows by one key, the one
    that changed last has the address now: the others gave it up before.
    """
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(
            "UPDATE link SET activecampaign_id = d.record_id, state = 'open', is_primary = link.is_primary"
            " AND NOT EXISTS (SELECT 1 FROM link p WHERE p.connection_id = link.connection_id AND p.is_primary"
            " AND p.activecampaign_id = d.record_id AND p.state <> 'closed') FROM directory d"
            " WHERE link.connection_id = %s AND link.state = 'pending' AND link.activecampaign_id IS NULL"
            " AND d.tenant_id = %s AND d.object = 'contact' AND d.key = link.key AND NOT d.deleted"
            " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.link_id = link.id)"
            " AND NOT EXISTS (SELECT 1 FROM directory n WHERE n.tenant_id = d.tenant_id AND n.object = d.object"
            " AND n.key = d.key AND NOT n.deleted AND (n.stamp, n.record_id) > (d.stamp, d.record_id))"
            " RETURNING link.object, link.crm_id, link.activecampaign_id, link.is_primary",
            [connection_id, activecampaign_tenant_id],
        )
        rows = cursor.fetchall()
        for object, crm_id, contact_id, is_primary in rows:
            if is_primary:
                want(connection_id, Side.CRM, object, [crm_id], now)
                want(connection_id, Side.ACTIVECAMPAIGN, "contact", [contact_id], now)
        return len(rows)


# A primary that left the selection makes room for one that is in it.
_STAND_BACK = """
    UPDATE link p SET is_primary = false
    WHERE p.connection_id = %(connection)s AND NOT p.selected AND p.is_primary AND p.state <> 'closed'
          AND EXISTS (SELECT FROM link s WHERE s.connection_id = p.connection_id AND s.selected AND s.state <> 'closed'
                      AND s.activecampaign_id = p.activecampaign_id)
"""
# So does one of a lower class, when a sibling's record became a contact.
_GIVE_WAY = """
    UPDATE link p SET is_primary = false
    FROM link s WHERE s.id = ANY(%(risen)s) AND s.object = 'contact' AND s.selected AND NOT s.is_primary
          AND p.connection_id = %(connection)s AND p.activecampaign_id = s.activecampaign_id
          AND p.state <> 'closed' AND p.is_primary AND p.object <> 'contact'
    RETURNING p.id
"""
# What the contact held passes over from the last primary; the CRM's shadow starts empty: a first link.
_PROMOTE = """
    WITH heirs AS (
        SELECT DISTINCT ON (coalesce(l.activecampaign_id, 'key ' || l.key)) l.id, l.activecampaign_id
        FROM link l JOIN connection c ON c.id = l.connection_id
        LEFT JOIN directory d ON d.tenant_id = c.crm_id AND d.object = l.object AND d.record_id = l.crm_id
        WHERE l.connection_id = %(connection)s AND l.state <> 'closed' AND l.selected AND NOT l.is_primary
              AND NOT EXISTS (SELECT 1 FROM link p WHERE p.connection_id = l.connection_id AND p.state <> 'closed'
                  AND p.is_primary AND (p.activecampaign_id = l.activecampaign_id
                                        OR (l.activecampaign_id IS NULL AND p.key = l.key)))
        ORDER BY coalesce(l.activecampaign_id, 'key ' || l.key), l.object <> 'contact', d.created, l.crm_id
    ), given AS (
        SELECT h.id, f.* FROM heirs h LEFT JOIN LATERAL (
            SELECT activecampaign_shadow AS shadow, activecampaign_acked_at AS acked_at,
                   activecampaign_unconfirmed AS unconfirmed
            FROM link WHERE connection_id = %(connection)s AND activecampaign_id = h.activecampaign_id AND id <> h.id
                      AND activecampaign_shadow <> ''
            ORDER BY is_primary DESC, activecampaign_acked_at DESC NULLS LAST, id DESC LIMIT 1) f ON true
    )
    UPDATE link SET is_primary = true, crm_shadow = '', activecampaign_shadow = coalesce(g.shadow, ''),
        crm_unconfirmed = '', activecampaign_unconfirmed = coalesce(g.unconfirmed, ''),
        activecampaign_acked_at = g.acked_at
    FROM given g WHERE link.id = g.id RETURNING link.object, link.crm_id, link.activecampaign_id
"""


def promote(connection_id: int, now: datetime, risen: Sequence[int] = ()) -> None:
    """Give every shared contact the primary it should have: a first link, both records read anew.

    `risen` are links whose CRM record is of a higher class than before, or takes part again.
    """
    with database.cursor() as cursor:
        cursor.execute(_STAND_BACK, {"connection": connection_id})
        if risen:
            cursor.execute(_GIVE_WAY, {"connection": connection_id, "risen": list(risen)})
            drop_open_work(cursor, [row[0] for row in cursor.fetchall()])
        cursor.execute(_PROMOTE, {"connection": connection_id})
        for object, crm_id, contact_id in cursor.fetchall():
            want(connection_id, Side.CRM, object, [crm_id], now)
            want(connection_id, Side.ACTIVECAMPAIGN, "contact", [contact_id] if contact_id else [], now)


def drop_open_work(cursor: Any, link_ids: Sequence[int]) -> None:
    """Forget the holds of these links, and the writes that nobody tried to send."""
    cursor.execute("DELETE FROM outbox WHERE link_id = ANY(%s) AND state = 'intended'", [list(link_ids)])
    cursor.execute("DELETE FROM hold WHERE link_id = ANY(%s)", [list(link_ids)])


_REOPEN = """
    WITH last AS (
        SELECT DISTINCT ON (crm_id) id, activecampaign_id, is_primary FROM link
        WHERE connection_id = %(connection)s AND object = %(object)s AND crm_id = ANY(%(ids)s) AND state = 'closed'
              AND closed_reason = 'deleted_crm' AND activecampaign_id IS NOT NULL
        ORDER BY crm_id, id DESC
    ), placed AS (
        SELECT id, row_number() OVER (PARTITION BY activecampaign_id ORDER BY is_primary DESC, id) = 1
            AND NOT EXISTS (SELECT FROM link p WHERE p.connection_id = %(connection)s AND p.state <> 'closed'
                            AND p.is_primary AND p.activecampaign_id = last.activecampaign_id) AS leads
        FROM last
    )
    UPDATE link SET state = 'open', closed_reason = NULL, selected = true, is_primary = placed.leads
    FROM placed WHERE link.id = placed.id RETURNING link.id, link.crm_id, link.activecampaign_id
"""


def reopen(connection_id: int, object: str, crm_ids: Sequence[str], now: datetime) -> dict[str, str]:
    """Open the links again that were closed because these CRM records were deleted; return the contacts' ids by theirs.

    Their tombstones in the CRM are lifted; the contacts are to be read by whoever calls this.
    """
    if not crm_ids:
        return {}
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(_REOPEN, {"connection": connection_id, "object": object, "ids": list(crm_ids)})
        rows = cursor.fetchall()
        if rows:
            ids = [row[0] for row in rows]
            lift_tombstones(cursor, connection_id, [Side.CRM], _addresses(cursor, ids))
            cursor.execute(
                "UPDATE link_consent SET due = nextval('inbox_version') WHERE link_id = ANY(%s)", [ids]
            )
            promote(connection_id, now, risen=ids)
        return {crm_id: contact_id for _, crm_id, contact_id in rows}


def lift_tombstones(cursor: Any, connection_id: int, sides: Sequence[Side], keys: Sequence[str]) -> int:
    """Forget that records with these addresses were deleted on these sides; return how many tombstones went."""
    cursor.execute(
        "DELETE FROM tombstone WHERE connection_id = %s AND side = ANY(%s) AND digest = ANY(%s)",
        [connection_id, [side.value for side in sides], [address_digest(key) for key in keys]],
    )
    return int(cursor.rowcount)
