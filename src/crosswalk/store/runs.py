"""Runs and plans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core.values import unpack

from . import consent_writes
from .brakes import BRAKE
from .consent_writes import ConsentWrite
from .consents import read_detail
from .models import Hold, Link, Plan, PlanRow, Run
from .outcomes import KEPT

_CHANGES = (
    "SELECT side, object, op, count(*) FROM outbox WHERE connection_id = %s AND state = 'intended'"
    " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)

_GROWING = ("directory", "inbox", "link", "outbox", "hold")
_QUEUES = ("inbox", "outbox")  # filled and emptied by every run
_LARGE = 1 << 20  # bytes of a queue that are worth giving back


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A run under way."""

    id: int
    connection_id: int
    journal_from: int  # the journal's last row from before it: the run's own rows come later


def start(connection_id: int, kind: str, now: datetime) -> Running:
    """Begin a run; runs of this connection that died without an end are marked as interrupted."""
    with database.cursor() as cursor:
        cursor.execute(
            "WITH dead AS (UPDATE run SET state = 'interrupted', ended_at = %s"
            " WHERE connection_id = %s AND state = 'running')"
            " INSERT INTO run (connection_id, kind, state, started_at, counts, error)"
            " VALUES (%s, %s, 'running', %s, '{}', '') RETURNING id,"
            " coalesce((SELECT max(id) FROM journal), 0), set_config('synchronous_commit', 'off', true)",
            [now, connection_id, connection_id, kind, now],
        )
        number, journal_from, _ = cursor.fetchone()
    return Running(id=number, connection_id=connection_id, journal_from=journal_from)


def end(run: Running, state: str, counts: Mapping[str, int], now: datetime, error: str = "") -> None:
    """Close a run's row; when that is stored, so is all that the run wrote.

    What braked an earlier run is over when one is done.
    """
    with database.cursor() as cursor:
        cursor.execute(
            "WITH released AS (DELETE FROM hold WHERE connection_id = %s AND object = '' AND record_id = ''"
            " AND kind = %s AND %s = 'done') UPDATE run SET state = %s, counts = %s, ended_at = %s, error = %s"
            " WHERE id = %s RETURNING set_config('synchronous_commit', %s, true)",
            [
                run.connection_id,
                BRAKE,
                state,
                state,
                msgspec.json.encode(counts).decode(),
                now,
                error,
                run.id,
                "on" if counts else "off",
            ],
        )


def note_failure(connection_id: int, kind: str, now: datetime, error: str) -> None:
    """Keep a run that ended before it could begin."""
    Run.objects.create(
        connection_id=connection_id, kind=kind, state="failed", started_at=now, ended_at=now, error=error
    )


def finished_before(connection_id: int) -> bool:
    """Tell whether any run of this connection was ever finished: until then a plan must be approved."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM run WHERE connection_id = %s AND state = 'done')", [connection_id]
        )
        (found,) = cursor.fetchone()
        return bool(found)


def journalled(run: Running) -> dict[str, int]:
    """Return how many writes of a run are receipted, as `side op` → count."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT side, op, count(*) FROM journal WHERE id > %s AND run_id = %s AND op <> %s"
            " GROUP BY 1, 2 ORDER BY 1, 2",
            [run.journal_from, run.id, KEPT],
        )
        return {f"{side} {op}": count for side, op, count in cursor.fetchall()}


@contextmanager
def rehearsal() -> Iterator[None]:
    """Everything written to the database inside is undone at the end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def rehearsed(connection_id: int, before: Mapping[str, int]) -> tuple[dict[str, int], list[tuple[Any, ...]]]:
    """Return a plan's counts and its rows, read inside the rehearsal.

    `before` are the figures of `standing` from before it.
    """
    counts: Counter[str] = Counter()
    with database.cursor() as cursor:
        cursor.execute(_CHANGES, [connection_id])
        for side, object, op, number in cursor.fetchall():
            counts[f"{op} {side} {object}"] += number
        cursor.execute(
            "SELECT side, object, op, record_id, key, expected, intended, reasons FROM outbox"
            " WHERE connection_id = %s AND state = 'intended' ORDER BY id",
            [connection_id],
        )
        rows = [_plan_row(*row) for row in cursor.fetchall()]
    for write in consent_writes.writes(connection_id, consent_writes.INTENDED):
        counts[f"{write.action} {write.side} {write.object}"] += 1
        rows.append(_consent_row(write))
    for *_, fields in rows:
        for _before, _after, reason in fields.values():
            if reason == "first_link" and _before is not None:
                counts["first-link overwrite"] += 1
    for name, number in standing(connection_id).items():
        if number != before.get(name, 0):
            counts[name] = number - before.get(name, 0)
    return dict(counts), rows


def _plan_row(
    side: str,
    object: str,
    op: str,
    record_id: str | None,
    key: str | None,
    expected: bytes,
    intended: bytes,
    why: bytes,
) -> tuple[Any, ...]:
    before, reasons = unpack(expected), msgspec.json.decode(why)
    fields = {
        name: (before.get(name), value, reasons.get(name, "")) for name, value in unpack(intended).items()
    }
    return side, object, op, record_id, key, fields


def _consent_row(write: ConsentWrite) -> tuple[Any, ...]:
    before = {place.where: place.state for place in read_detail(write.before).places}
    fields = {where: (state, write.action, write.reason) for where, state in before.items()}
    return write.side, write.object, write.action, write.record_id, None, fields


def standing(connection_id: int) -> dict[str, int]:
    """Return how many links and holds there are."""
    links = Link.objects.filter(connection_id=connection_id).exclude(state="closed")
    return {
        "links": links.filter(state="open").count(),
        "held": Hold.objects.filter(connection_id=connection_id).count(),
    }


def save_plan(
    connection_id: int,
    counts: Mapping[str, int],
    rows: list[tuple[Any, ...]],
    now: datetime,
    applied: Mapping[str, Sequence[str]] | None = None,
) -> Plan:
    """Keep a plan with one row per write, and the CRM fields that its run decides anew for all links, by object."""
    plan = Plan.objects.create(
        connection_id=connection_id,
        created_at=now,
        counts=dict(counts),
        applied={object: list(fields) for object, fields in (applied or {}).items()},
    )
    PlanRow.objects.bulk_create(
        [
            PlanRow(
                plan=plan,
                side=side,
                object=object,
                op=op,
                record_id=record_id,
                key=key,
                fields=msgspec.json.encode(fields),
            )
            for side, object, op, record_id, key, fields in rows
        ],
        batch_size=2000,
    )
    return plan


def analyse_grown() -> None:
    """Refresh the planner's figures of tables that doubled since: without them it may take the wrong index."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE oid = ANY(%s::regclass[])"
            " AND pg_relation_size(oid) > 2 * relpages::bigint * current_setting('block_size')::int + 65536",
            [list(_GROWING)],
        )
        if grown := [name for (name,) in cursor.fetchall()]:
            cursor.execute(f"ANALYZE {', '.join(grown)}")


def tidy() -> None:
    """Give back the room of what went through the queues: each look at them would pass it again."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE oid = ANY(%s::regclass[]) AND pg_relation_size(oid) > %s",
            [list(_QUEUES), _LARGE],
        )
        if large := [name for (name,) in cursor.fetchall()]:
            cursor.execute(f"VACUUM (SKIP_LOCKED) {', '.join(large)}")
