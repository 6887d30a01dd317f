"""A worker that is not heard of any more loses its sessions with the database, and its jobs go to others.

So a worker that was only stopped and goes on can store nothing; and since a write is stored as *sending* before its
call, it sends at most the one request that it had built already, which the new owner treats as in doubt.
"""

from __future__ import annotations

from django.db import connection as database
from django.db import transaction

from .queue import defer
from .settings import WORKER, WORKERS

_TAKE = """
    SELECT job.id, (job.args ->> 'connection_id')::int
    FROM procrastinate_jobs job LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
    WHERE job.status = 'doing'
      AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => %s))
    FOR UPDATE OF job SKIP LOCKED
"""
_END_SESSIONS = """
    SELECT pg_terminate_backend(session.pid)
    FROM pg_stat_activity session
    WHERE session.application_name LIKE %s AND session.application_name <> %s
      AND session.application_name IN (
        SELECT holder.application_name
        FROM pg_locks held JOIN pg_stat_activity holder ON holder.pid = held.pid
        WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 2
          AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND held.classid::bigint = hashtext('connection')::bigint & 4294967295 AND held.objid::bigint = %s)
"""
_GIVE_UP = "SELECT procrastinate_finish_job_v1(%s, 'failed', true)"


def rescue(silence: float) -> list[int]:
    """Give back jobs of workers that were silent for so many seconds; return the connections that go on elsewhere."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(_TAKE, [silence])
        found = cursor.fetchall()
        for job_id, connection_id in found:
            cursor.execute(_END_SESSIONS, [f"{WORKERS}%", WORKER, connection_id])
            cursor.execute(_GIVE_UP, [job_id])
            defer(connection_id)
    return [connection_id for _job, connection_id in found]
