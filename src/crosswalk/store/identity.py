"""What happens to records, applied to their links: deletes, contacts that appear, primaries that are gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.db import transaction

from crosswalk.core.mapping import Side

from .inbox import want
from .pairs import address_digest


def close(
    connection_id: int, link_ids: Sequence[int], reason: str, deleted_on: Side | None, now: datetime
) -> None:
    """Close links with everything that waits for them.

    A delete leaves a tombstone for every address of the link. What shared the contact of a closed primary is promoted;
    another contact with such an address may be the new partner, so both records are looked at.
    """
    if not link_ids:
        return
    with transaction.atomic(), database.cursor() as cursor:
        keys = _addresses(cursor, link_ids)
        cursor.execute(
            "UPDATE link SET state = 'closed', closed_reason = %s WHERE id = ANY(%s)",
            [reason, list(link_ids)],
        )
        cursor.execute("DELETE FROM outbox WHERE link_id = ANY(%s)", [list(link_ids)])
        cursor.execute("DELETE FROM hold WHERE link_id = ANY(%s)", [list(link_ids)])
        if deleted_on is not None:
            _leave_tombstones(cursor, connection_id, deleted_on, keys, now)
        if deleted_on is Side.ACTIVECAMPAIGN:
            _look_at_successors(cursor, connection_id, link_ids, keys, now)
        promote(connection_id, now)


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


def _leave_tombstones(
    cursor: Any, connection_id: int, side: Side, keys: Sequence[str], now: datetime
) -> None:
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


def apply_deletes(connection_id: int, now: datetime) -> int:
    """Close the links of records that were seen deleted, and settle those sightings; return how many links closed.

    Records without a link leave a tombstone as well.
    """
    closed = 0
    for side in Side:
        with transaction.atomic(), database.cursor() as cursor:
            cursor.execute(
                "DELETE FROM inbox WHERE connection_id = %s AND side = %s AND deleted AND NOT to_fetch"
                " RETURNING object, record_id",
                [connection_id, side.value],
            )
            gone = cursor.fetchall()
            if not gone:
                continue
            cursor.execute(
                "SELECT DISTINCT d.key FROM connection c JOIN directory d"
                f" ON d.tenant_id = c.{side.value}_id JOIN unnest(%s::text[], %s::text[]) AS g (object, record_id)"
                " ON d.object = g.object AND d.record_id = g.record_id WHERE c.id = %s AND d.key IS NOT NULL",
                [[row[0] for row in gone], [row[1] for row in gone], connection_id],
            )
            _leave_tombstones(cursor, connection_id, side, [row[0] for row in cursor.fetchall()], now)
            cursor.execute(
                f"SELECT l.id FROM link l JOIN unnest(%s::text[], %s::text[]) AS g (object, record_id)"
                f" ON l.{side.value}_id = g.record_id {'AND l.object = g.object' if side is Side.CRM else ''}"
                " WHERE l.connection_id = %s AND l.state <> 'closed'",
                [[row[0] for row in gone], [row[1] for row in gone], connection_id],
            )
            link_ids = [row[0] for row in cursor.fetchall()]
            close(connection_id, link_ids, f"deleted_{side.value}", side, now)
            closed += len(link_ids)
    return closed


def adopt_contacts(connection_id: int, activecampaign_tenant_id: int, now: datetime) -> int:
    """Give links that wait for a contact the one that has appeared with their key; return how many.

    Links with an open write are left to its receipt.
    """
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(
            "UPDATE link SET activecampaign_id = d.record_id, state = 'open', is_primary = link.is_primary"
            " AND NOT EXISTS (SELECT 1 FROM link p WHERE p.connection_id = link.connection_id AND p.is_primary"
            " AND p.activecampaign_id = d.record_id AND p.state <> 'closed') FROM directory d"
            " WHERE link.connection_id = %s AND link.state = 'pending' AND link.activecampaign_id IS NULL"
            " AND d.tenant_id = %s AND d.object = 'contact' AND d.key = link.key AND NOT d.deleted"
            " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.link_id = link.id)"
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


def promote(connection_id: int, now: datetime) -> None:
    """Where a shared contact lost its primary link, make the next one primary: a first link, both sides read anew."""
    with database.cursor() as cursor:
        cursor.execute(_STAND_BACK, {"connection": connection_id})
        cursor.execute(
            "WITH heirs AS (SELECT DISTINCT ON (coalesce(l.activecampaign_id, 'key ' || l.key)) l.id"
            " FROM link l JOIN connection c ON c.id = l.connection_id"
            " LEFT JOIN directory d ON d.tenant_id = c.crm_id AND d.object = l.object AND d.record_id = l.crm_id"
            " WHERE l.connection_id = %s AND l.state <> 'closed' AND l.selected AND NOT l.is_primary AND NOT EXISTS ("
            " SELECT 1 FROM link p WHERE p.connection_id = l.connection_id AND p.state <> 'closed' AND p.is_primary"
            " AND (p.activecampaign_id = l.activecampaign_id OR (l.activecampaign_id IS NULL AND p.key = l.key)))"
            " ORDER BY coalesce(l.activecampaign_id, 'key ' || l.key), l.object <> 'contact', d.created, l.crm_id)"
            " UPDATE link SET is_primary = true, crm_shadow = '', activecampaign_shadow = '' FROM heirs"
            " WHERE link.id = heirs.id RETURNING link.object, link.crm_id, link.activecampaign_id",
            [connection_id],
        )
        for object, crm_id, contact_id in cursor.fetchall():
            want(connection_id, Side.CRM, object, [crm_id], now)
            want(connection_id, Side.ACTIVECAMPAIGN, "contact", [contact_id] if contact_id else [], now)
