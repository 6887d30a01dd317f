"""A worker that is not heard of any more loses its sessions with the database, and its jobs go to others.

So does a run that hangs in a worker that lives, but it alone. So a worker that was only stopped and goes on can store
nothing; and since a write is stored as *sending* before its call, it sends at most the one request that it had built
already, which the new owner treats as in doubt.
"""

from __future__ import annotations

from django.db import connection as database
from django.db import transaction

from crosswalk.store import tasks
from crosswalk.store.jobs import defer
from crosswalk.store.leases import HOLDERS

from .settings import WORKER, WORKERS

_TAKE = """
    SELECT job.id, (job.args ->> 'connection_id')::int, (job.args ->> 'task')::bigint
    FROM procrastinate_jobs job LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
    WHERE job.status = 'doing'
      AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => %s))
    FOR UPDATE OF job SKIP LOCKED
"""
# Each statement of a run renews its session's mark; its lease belongs to that session. Who holds no lease yet hangs
# while it opens the systems.
_TAKE_HUNG = f"""
    SELECT job.id, (job.args ->> 'connection_id')::int, (job.args ->> 'task')::bigint, holder.pid
    FROM procrastinate_jobs job LEFT JOIN (
        SELECT held.connection_id, session.pid,
            CASE WHEN session.state = 'active' AND session.wait_event_type IS DISTINCT FROM 'Client' THEN now()
                ELSE session.state_change END AS heard_at
        FROM ({HOLDERS}) held JOIN pg_stat_activity session USING (pid)
    ) holder ON holder.connection_id = (job.args ->> 'connection_id')::int
    WHERE job.status = 'doing' AND now() - make_interval(secs => %s) > coalesce(
        holder.heard_at,
        (SELECT max(event.at) FROM procrastinate_events event
         WHERE event.job_id = job.id AND event.type = 'started'))
    FOR UPDATE OF job SKIP LOCKED
"""
_END_SESSION = "SELECT pg_terminate_backend(%s)"
_END_SESSIONS = f"""
    SELECT pg_terminate_backend(session.pid)
    FROM pg_stat_activity session
    WHERE session.application_name LIKE %s AND session.application_name <> %s
      AND session.application_name IN (
        SELECT holder.application_name
        FROM ({HOLDERS}) held JOIN pg_stat_activity holder USING (pid) WHERE held.connection_id = %s)
"""
_GIVE_UP = "SELECT procrastinate_finish_job_v1(%s, 'failed', true)"


def rescue(silence: float) -> list[int]:
    """Give back jobs of workers that were silent for so many seconds; return the connections that go on elsewhere."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(_TAKE, [silence])
        found = cursor.fetchall()
        for job_id, connection_id, task in found:
            cursor.execute(_END_SESSIONS, [f"{WORKERS}%", WORKER, connection_id])
            cursor.execute(_GIVE_UP, [job_id])
            _hand_over(connection_id, task)
    return [connection_id for _job, connection_id, _task in found]


def give_up(silence: float) -> list[int]:
    """Give back jobs whose runs asked the database nothing for so many seconds; return their connections.

    Whatever such a run waits for, it can store nothing any more when it wakes up.
    """
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(_TAKE_HUNG, [silence])
        found = cursor.fetchall()
        for job_id, connection_id, task, session in found:
            cursor.execute(_END_SESSION, [session])
            cursor.execute(_GIVE_UP, [job_id])
            _hand_over(connection_id, task)
    return [connection_id for _job, connection_id, _task, _session in found]


def _hand_over(connection_id: int, task: int | None) -> None:
    if task is not None:
        tasks.take_from(task)
    defer(connection_id, task)
