"""What people look at: journal, holds, runs, figures of a connection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection as database

from crosswalk.core.keeping import EXPLAINED
from crosswalk.core.mapping import Side
from crosswalk.core.values import Value
from crosswalk.core.words import again

from . import brakes, consent_links, models
from .journal import KEPT
from .runs import said_of


def _dicts(sql: str, parameters: list[Any]) -> list[dict[str, Any]]:
    with database.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def directory_rows(tenant_id: int, record_id: str) -> list[dict[str, Any]]:
    """Return what a tenant's feeds showed of a record."""
    return _dicts(
        "SELECT object, key, stamp, created, deleted, skipped, successor FROM directory"
        " WHERE tenant_id = %s AND record_id = %s ORDER BY object",
        [tenant_id, record_id],
    )


def hold_reasons(link_id: int) -> dict[str, str]:
    """Return why fields of a link are held, with the code, by CRM field (empty text: the whole record)."""
    found = models.Hold.objects.filter(link_id=link_id)
    return {hold.field: f"{hold.code}: {again(hold.said, hold.reason)[0]}" for hold in found}


_INTO = "SELECT %s::bigint AS id"
_INTO_AND_JOINED = f"{_INTO} UNION SELECT l.id FROM link l JOIN into_it i ON l.joined_id = i.id"


def journal_of(link_id: int, limit: int = EXPLAINED, *, joined: bool = False) -> list[dict[str, Any]]:
    """Return the last writes of a link, newest first: run, side, op, record, fields (before, after, reason), time.

    With `joined`, those of links that went into it are among them, as a merge or a conversion makes them do.
    """
    rows = _dicts(
        f"WITH RECURSIVE into_it AS ({_INTO_AND_JOINED if joined else _INTO})"
        " SELECT run_id AS run, side, op, record_id, fields, at FROM journal"
        # + 0: by the index of links, not backwards through everybody's writes until enough are found
        " WHERE link_id = ANY(ARRAY(SELECT id FROM into_it)) ORDER BY journal.id + 0 DESC LIMIT %s",
        [link_id, limit],
    )
    return [{**row, "fields": msgspec.json.decode(row["fields"])} for row in rows]


def closed_links(connection_id: int, side: Side, record_id: str) -> list[dict[str, Any]]:
    """Return the links of a record that closed last, newest first: id, object, both ids and why."""
    return _dicts(
        "SELECT id, object, crm_id, activecampaign_id, is_primary, closed_reason FROM link WHERE connection_id = %s"
        f" AND {side.value}_id = %s AND state = 'closed' ORDER BY id DESC LIMIT 3",
        [connection_id, record_id],
    )


PastWrite = tuple[Side, dict[str, tuple[Value, Value, str]]]  # side, and per field before, after, reason
_SIDES = {side.value: side for side in Side}
_past = msgspec.json.Decoder(dict[str, tuple[Value, Value, str]])


def updates_since(link_ids: Sequence[int], since: datetime, *, at_least: int) -> dict[int, list[PastWrite]]:
    """Return the changes we made since a moment to links that we changed so often, oldest first, by link."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT link_id, array_agg(side ORDER BY id), array_agg(fields ORDER BY id) FROM journal"
            " WHERE link_id = ANY(%s) AND at > %s AND op = 'update' GROUP BY 1 HAVING count(*) >= %s",
            [list(link_ids), since, at_least],
        )
        return {
            link_id: [
                (_SIDES[side], _past.decode(fields)) for side, fields in zip(sides, packed, strict=True)
            ]
            for link_id, sides, packed in cursor.fetchall()
        }


def kept_forms(link_ids: Sequence[int]) -> dict[tuple[int, Side, str], tuple[Value, Value]]:
    """Return what the journal says of values that vendors keep differently: link, side, field → last sent, kept."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT link_id, side, fields FROM journal WHERE link_id = ANY(%s) AND op = %s ORDER BY id",
            [list(link_ids), KEPT],
        )
        return {
            (link_id, Side(side), name): (sent, kept)
            for link_id, side, fields in cursor.fetchall()
            for name, (sent, kept, _) in _past.decode(fields).items()
        }


def paused_fields(connection_id: int) -> list[dict[str, Any]]:
    """Return the field mappings that rest, as the last run found them."""
    rows = _dicts(
        "SELECT object, field, side, code, reason, cure, held_at, said FROM hold WHERE connection_id = %s"
        " AND kind = 'paused' ORDER BY object, field",
        [connection_id],
    )
    for row in rows:
        row["reason"], row["cure"] = again(row.pop("said"), row["reason"], row["cure"])
    return rows


# Links are wide rows: all are counted in an index, and those that are not open in an index of their own.
_LINKS = """
    SELECT 'all', NULL, count(*) FROM link WHERE connection_id = %(connection)s
    UNION ALL
    SELECT state, closed_reason, count(*) FROM link WHERE connection_id = %(connection)s AND state <> 'open'
    GROUP BY 1, 2 ORDER BY 1, 2
"""


def links(connection_id: int) -> dict[str, Any]:
    """Return how many links of a connection there are: open, pending, closed and why."""
    with database.cursor() as cursor:
        cursor.execute(_LINKS, {"connection": connection_id})
        found = cursor.fetchall()
    states = Counter[str]()
    for state, _reason, count in found:
        states[state] += count
    return {
        "links": states["all"] - states["pending"] - states["closed"],
        "links_pending": states["pending"],
        "links_closed": states["closed"],
        "closed_reasons": {reason: count for state, reason, count in found if state == "closed"},
    }


def skipped(crm_id: int) -> dict[str, int]:
    """Return how many records of a CRM take no part, by the reason."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT skipped, count(*) FROM directory WHERE tenant_id = %s AND skipped IS NOT NULL AND NOT deleted"
            " GROUP BY 1 ORDER BY 1",
            [crm_id],
        )
        return dict(cursor.fetchall())


def figures(connection: models.Connection) -> dict[str, Any]:
    """Return what `status` shows of a connection: links, what waits, what is held, who does not take part, calls."""
    brake = brakes.current(connection.id)
    last = models.Run.objects.filter(connection=connection).order_by("-id").first()
    feeds = models.Feed.objects.filter(tenant_id__in=[connection.crm_id, connection.activecampaign_id])
    return {
        **links(connection.id),
        "waiting": models.Inbox.objects.filter(connection=connection).count(),
        "unreceipted": models.Outbox.objects.filter(connection=connection).count(),
        "held": models.Hold.objects.filter(connection=connection).count(),
        "paused_fields": paused_fields(connection.id),
        "skipped": skipped(connection.crm_id),
        "consent": consent_links.figures(connection.id),
        "brake": None if brake is None else msgspec.structs.asdict(brake),
        "read_at": {
            f"{feed.tenant.system} {feed.name}": feed.read_at for feed in feeds.select_related("tenant")
        },
        "last_run": None if last is None else run_facts(last),
        "quota": list(
            models.Budget.objects.filter(
                tenant_id__in=[connection.crm_id, connection.activecampaign_id]
            ).values("tenant__system", "per_second", "used_today", "limit_today")
        ),
    }


def run_facts(run: models.Run) -> dict[str, Any]:
    """Return what a list of runs shows."""
    return {
        "id": run.id,
        "kind": run.kind,
        "state": run.state,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "counts": run.counts,
        "error": said_of(run)[0],
    }


def runs(connection: models.Connection, limit: int = 20) -> list[dict[str, Any]]:
    """Return the last runs of a connection, newest first."""
    return [
        run_facts(run) for run in models.Run.objects.filter(connection=connection).order_by("-id")[:limit]
    ]
