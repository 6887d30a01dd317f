"""What a selection changes without an edit of a record: crossings of time, and readings with other criteria."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection as database
from django.db import transaction

from crosswalk.core.mapping import Side

from . import feeds
from .inbox import want
from .models import Feed


def note(connection_id: int, object: str, turns: Mapping[str, datetime | None]) -> None:
    """Remember for each record when to look at it again; None: never."""
    if not turns:
        return
    with transaction.atomic(), database.cursor() as cursor:
        never = [record_id for record_id, at in turns.items() if at is None]
        cursor.execute(
            "DELETE FROM crossing WHERE connection_id = %s AND object = %s AND record_id = ANY(%s)",
            [connection_id, object, never],
        )
        cursor.execute(
            "INSERT INTO crossing (connection_id, object, record_id, at)"
            " SELECT %s, %s, t.* FROM unnest(%s::text[], %s::timestamptz[]) AS t (record_id, at)"
            " ON CONFLICT (connection_id, object, record_id) DO UPDATE SET at = excluded.at",
            [connection_id, object, *_columns(turns)],
        )


def _columns(turns: Mapping[str, datetime | None]) -> tuple[list[str], list[datetime]]:
    known = {record_id: at for record_id, at in turns.items() if at is not None}
    return list(known), list(known.values())


def take_due(connection_id: int, tenant_id: int, object: str, crm_now: datetime, now: datetime) -> int:
    """Have the records looked at whose time has come; return how many. `crm_now` is the CRM's time, `now` ours."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(
            "DELETE FROM crossing WHERE connection_id = %s AND object = %s AND at <= %s RETURNING record_id",
            [connection_id, object, crm_now],
        )
        due = [record_id for (record_id,) in cursor.fetchall()]
        if due:
            cursor.execute(
                "UPDATE directory SET skipped = NULL WHERE tenant_id = %s AND object = %s"
                " AND record_id = ANY(%s) AND skipped = 'not_selected'",
                [tenant_id, object, due],
            )
            want(connection_id, Side.CRM, object, due, now)
    return len(due)


# Linked records that a complete reading did not show, and other ones.
_UNSHOWN = """
    SELECT l.id, l.crm_id FROM link l JOIN directory d ON d.object = l.object AND d.record_id = l.crm_id
    WHERE l.connection_id = %s AND l.object = %s AND d.tenant_id = %s AND l.state <> 'closed' AND l.selected
          AND d.digest = '' AND NOT d.deleted
"""
_UNSHOWN_STRANGERS = """
    UPDATE directory SET skipped = 'not_selected'
    WHERE tenant_id = %s AND object = %s AND digest = '' AND skipped IS NOT NULL AND NOT deleted
"""


def close_reading(feed: Feed, readers: Sequence[feeds.Reader], now: datetime) -> None:
    """After a complete reading of a CRM's feed, judge the linked records that it did not show: they may be out.

    Where their values decide, they are read by id; a selection that asks for none has just told.
    """
    with transaction.atomic(), database.cursor() as cursor:
        for reader in feeds.reading_for(feed, readers):
            cursor.execute(_UNSHOWN, [reader.connection_id, feed.name, feed.tenant_id])
            links = dict(cursor.fetchall())
            if reader.selection is not None and reader.selection.asked is not None:
                want(reader.connection_id, Side.CRM, feed.name, list(links.values()), now)
            else:
                cursor.execute("UPDATE link SET selected = false WHERE id = ANY(%s)", [list(links)])
                cursor.execute("DELETE FROM hold WHERE link_id = ANY(%s)", [list(links)])
        cursor.execute(_UNSHOWN_STRANGERS, [feed.tenant_id, feed.name])
        feeds.end_reading(feed)
