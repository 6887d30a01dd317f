"""Runs and plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
import psycopg
import structlog
from django.db import InterfaceError, OperationalError
from django.db import connection as database

from crosswalk.core.failures import SystemFailure
from crosswalk.core.words import again, kept

from .brakes import BRAKE
from .journal import KEPT
from .models import Run

STOPPED = "stopped"  # state of a run that a person stopped
INTERRUPTED = "interrupted"  # and of one whose process ended, or whom the database let down
DATABASE_TROUBLE = (
    OperationalError,
    InterfaceError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)  # it is away, ended our session, or had to choose between two who wait for each other
_GROWING = ("directory", "inbox", "link", "outbox", "hold")
_QUEUES = ("inbox", "outbox")  # filled and emptied by every run
_LARGE = 4 << 20  # bytes of a queue that are worth giving back


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A run under way."""

    id: int
    connection_id: int
    journal_from: int  # the journal's last row from before it: the run's own rows come later


def start(connection_id: int, kind: str, now: datetime) -> Running:
    """Begin a run; runs of this connection that died without an end are marked as interrupted.

    The task that asked for it learns its number. Until it ends, log lines carry its id and that of the connection.
    """
    with database.cursor() as cursor:
        cursor.execute(
            "WITH dead AS (UPDATE run SET state = 'interrupted', ended_at = %s"
            " WHERE connection_id = %s AND state = 'running')"
            ", made AS (INSERT INTO run (connection_id, kind, state, started_at, counts, error)"
            " VALUES (%s, %s, 'running', %s, '{}', '') RETURNING id)"
            ", asked AS (UPDATE task SET run_id = made.id FROM made"
            " WHERE connection_id = %s AND task.kind = 'run' AND task.state = 'running')"
            " SELECT id, coalesce((SELECT max(id) FROM journal), 0), set_config('synchronous_commit', 'off', true)"
            " FROM made",
            [now, connection_id, connection_id, kind, now, connection_id],
        )
        number, journal_from, _ = cursor.fetchone()
    structlog.contextvars.bind_contextvars(connection=connection_id, run=number)
    return Running(id=number, connection_id=connection_id, journal_from=journal_from)


def end(
    run: Running,
    state: str,
    counts: Mapping[str, int],
    now: datetime,
    error: str = "",
    failure: str = "",
    cure: str = "",
) -> None:
    """Close a run's row; when that is stored, so is all that the run wrote.

    `failure` is the kind of what failed. What braked an earlier run is over when one is done, and who cancelled this
    one did not mean the next.
    """
    with database.cursor() as cursor:
        cursor.execute(
            "WITH released AS (DELETE FROM hold WHERE connection_id = %s AND object = '' AND record_id = ''"
            " AND kind = %s AND %s = 'done'),"
            " meant AS (DELETE FROM halt WHERE connection_id = %s AND kind = 'cancelled' AND task_id IS NULL)"
            " UPDATE run SET state = %s, counts = %s, ended_at = %s, error = %s,"
            " failure = %s, said = %s WHERE id = %s RETURNING set_config('synchronous_commit', %s, true)",
            [
                run.connection_id,
                BRAKE,
                state,
                run.connection_id,
                state,
                msgspec.json.encode(counts).decode(),
                now,
                error,
                failure,
                kept(error, cure),
                run.id,
                "on" if counts else "off",
            ],
        )
    structlog.contextvars.unbind_contextvars("connection", "run")


def interrupt(run_id: int, now: datetime) -> None:
    """A run died without an end, if it had none, and is not begun anew."""
    Run.objects.filter(id=run_id, state="running").update(state=INTERRUPTED, ended_at=now)


def note_failure(connection_id: int, kind: str, now: datetime, failure: SystemFailure) -> None:
    """Keep a run that ended before it could begin."""
    Run.objects.create(
        connection_id=connection_id,
        kind=kind,
        state="failed",
        started_at=now,
        ended_at=now,
        error=failure.message,
        failure=failure.kind.value,
        said=kept(failure.message, failure.cure),
    )


def said_of(run: Run) -> tuple[str, str]:
    """Return why a run did not come to a good end and what to do next, in the reader's language; "" if not kept."""
    error, cure = again(run.said, run.error, "")
    return error, cure


def ended_so(state: str, connection_ids: Sequence[int]) -> list[int]:
    """Return those of the connections whose last run ended in a state."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT connection_id FROM (SELECT DISTINCT ON (connection_id) connection_id, state FROM run"
            " WHERE connection_id = ANY(%s) ORDER BY connection_id, id DESC) last WHERE state = %s",
            [list(connection_ids), state],
        )
        return [number for (number,) in cursor.fetchall()]


def finished_before(connection_id: int, *, since: datetime | None = None) -> bool:
    """Tell whether a run was ever finished, or since a moment; until the first one somebody must approve a plan."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM run WHERE connection_id = %s AND state = 'done'"
            " AND ended_at >= coalesce(%s, '-infinity'::timestamptz))",
            [connection_id, since],
        )
        (found,) = cursor.fetchone()
        return bool(found)


def failed_in_a_row(connection_id: int, kind: str) -> int:
    """Return how many runs of a kind have failed since one of the connection's ended in another way."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM run WHERE connection_id = %s AND kind = %s AND state = 'failed' AND id > coalesce("
            "(SELECT max(id) FROM run WHERE connection_id = %s AND state <> 'failed'), 0)",
            [connection_id, kind, connection_id],
        )
        (number,) = cursor.fetchone()
        return int(number)


def number_since(connection_id: int, moment: datetime) -> int:
    """Return how many runs of a connection began since a moment."""
    return Run.objects.filter(connection_id=connection_id, started_at__gt=moment).count()


def journalled(run: Running) -> dict[str, int]:
    """Return how many writes of a run are receipted, as `side op` → count."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT side, op, count(*) FROM journal WHERE id > %s AND run_id = %s AND op <> %s"
            " GROUP BY 1, 2 ORDER BY 1, 2",
            [run.journal_from, run.id, KEPT],
        )
        return {f"{side} {op}": count for side, op, count in cursor.fetchall()}


def analyse_grown() -> None:
    """Refresh the planner's figures of tables that doubled since: without them it may take the wrong index.

    What another run refreshes just now is left to it: a plan's transaction would wait with locks that the other wants.
    """
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE oid = ANY(%s::regclass[])"
            " AND pg_relation_size(oid) > 2 * relpages::bigint * current_setting('block_size')::int + 65536",
            [list(_GROWING)],
        )
        if grown := [name for (name,) in cursor.fetchall()]:
            cursor.execute(f"ANALYZE (SKIP_LOCKED) {', '.join(grown)}")


def tidy() -> None:
    """Give back the room of what went through the queues: each look at them would pass it again."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE oid = ANY(%s::regclass[]) AND pg_relation_size(oid) > %s",
            [list(_QUEUES), _LARGE],
        )
        if large := [name for (name,) in cursor.fetchall()]:
            cursor.execute(f"VACUUM (SKIP_LOCKED) {', '.join(large)}")
