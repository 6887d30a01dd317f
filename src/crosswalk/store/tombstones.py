"""Tombstones as people use them: who rests because of one, and how it is lifted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core.mapping import Side

from . import acts, models
from .identity import LIFTED, lift_tombstones
from .inbox import want
from .pairs import tombstones


class Resting(msgspec.Struct, frozen=True, kw_only=True):
    """A record that is not made on the other side again, since its counterpart was deleted there."""

    side: str  # where it is
    object: str
    record_id: str
    email: str
    deleted_at: datetime | None  # when the counterpart was found deleted


class Lifted(msgspec.Struct, frozen=True, kw_only=True):
    """What lifting came to."""

    tombstones: int
    records: int  # that the next run looks at


# CRM records whose contact was deleted; contacts whose CRM record was.
_RESTING_RECORDS = """
    SELECT 'crm', object, record_id, key FROM directory
    WHERE tenant_id = %s AND skipped = 'tombstone' AND NOT deleted AND key IS NOT NULL ORDER BY 4, 3
"""
_RESTING_CONTACTS = """
    SELECT DISTINCT 'activecampaign', 'contact', d.record_id, d.key FROM link l
    JOIN directory d ON d.tenant_id = %s AND d.object = 'contact' AND d.record_id = l.activecampaign_id
    WHERE l.connection_id = %s AND l.state = 'closed' AND l.closed_reason = 'deleted_crm' AND NOT d.deleted
          AND d.key IS NOT NULL AND NOT EXISTS (
              SELECT FROM link o WHERE o.connection_id = l.connection_id AND o.state <> 'closed'
              AND o.activecampaign_id = l.activecampaign_id)
    ORDER BY 4, 3
"""


def resting(connection: models.Connection) -> list[Resting]:
    """Return the records that rest because what they were linked with was deleted."""
    with database.cursor() as cursor:
        cursor.execute(_RESTING_RECORDS, [connection.crm_id])
        rows = cursor.fetchall()
        cursor.execute(_RESTING_CONTACTS, [connection.activecampaign_id, connection.id])
        rows += cursor.fetchall()
    known = {side: tombstones(connection.id, side.other, _keys(rows, side)) for side in Side}
    return [
        Resting(side=row[0], object=row[1], record_id=row[2], email=row[3], deleted_at=at)
        for row in rows
        if (at := known[Side(row[0])].get(row[3])) is not None
    ]


def _keys(rows: Sequence[tuple[Any, ...]], side: Side) -> set[str]:
    return {row[3] for row in rows if row[0] == side.value}


def lift(connection: models.Connection, keys: Sequence[str], now: datetime) -> Lifted:
    """Forget that records with these addresses were deleted on either side; the living are looked at again.

    Links that were closed no longer keep their contacts from becoming CRM records.
    """
    tenants = {Side.CRM: connection.crm_id, Side.ACTIVECAMPAIGN: connection.activecampaign_id}
    with transaction.atomic(), database.cursor() as cursor:
        lifted = lift_tombstones(cursor, connection.id, list(Side), keys)
        records = sum(_look_at(cursor, connection.id, side, tenants[side], keys, now) for side in Side)
        cursor.execute(
            "UPDATE link SET closed_reason = closed_reason || %s WHERE connection_id = %s AND state = 'closed'"
            " AND closed_reason NOT LIKE '%%' || %s AND (key = ANY(%s) OR activecampaign_id IN ("
            " SELECT record_id FROM directory WHERE tenant_id = %s AND object = 'contact' AND key = ANY(%s)))",
            [LIFTED, connection.id, LIFTED, list(keys), connection.activecampaign_id, list(keys)],
        )
        if lifted:
            acts.note("tombstones.lifted", connection, addresses=list(keys))
    return Lifted(tombstones=lifted, records=records)


def _look_at(
    cursor: Any, connection_id: int, side: Side, tenant_id: int, keys: Sequence[str], now: datetime
) -> int:
    """Have the unlinked living records with these addresses read by the next run; return how many."""
    cursor.execute(
        "UPDATE directory d SET skipped = NULL WHERE d.tenant_id = %s AND d.key = ANY(%s) AND NOT d.deleted"
        " AND d.successor IS NULL AND (%s OR EXISTS (SELECT FROM mapping m WHERE m.connection_id = %s"
        f" AND m.object = d.object)) AND NOT EXISTS (SELECT FROM link l WHERE l.connection_id = %s"
        f" AND l.{side.value}_id = d.record_id AND l.state <> 'closed') RETURNING d.object, d.record_id",
        [tenant_id, list(keys), side is Side.ACTIVECAMPAIGN, connection_id, connection_id],
    )
    found = cursor.fetchall()
    for object in {row[0] for row in found}:
        want(connection_id, side, object, [row[1] for row in found if row[0] == object], now)
    return len(found)
