"""Leases: the sole right of one process to read a feed or run a connection. They end with their holder's session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime

from django.db import connection as database

_CONNECTION = "connection"
# Who runs, or plans, which connection at the moment: a statement of its own, or part of one.
HOLDERS = f"""
    SELECT objid::bigint AS connection_id, pid FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND objsubid = 2
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid::bigint = hashtext('{_CONNECTION}')::bigint & 4294967295
"""


@contextmanager
def lease(name: str, number: int, *, wait: bool = True) -> Iterator[datetime | None]:
    """Hold the lease `name` of a row; another process waits for it (or gets None). It ends with its holder.

    Yields since when it is held, by the database's clock.
    """
    with database.cursor() as cursor:
        call = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
        cursor.execute(f"SELECT {call}(hashtext(%s), %s), clock_timestamp()", [name, number])
        answer, now = cursor.fetchone()
    since = now if wait or answer else None
    try:
        yield since
    finally:
        if since is not None:
            with database.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtext(%s), %s)", [name, number])


def of_connection(connection_id: int) -> AbstractContextManager[datetime | None]:
    """Hold the right to run a connection; None while somebody else does."""
    return lease(_CONNECTION, connection_id, wait=False)


def under_way() -> set[int]:
    """Return the connections that run, or are planned, at the moment."""
    with database.cursor() as cursor:
        cursor.execute(HOLDERS)
        return {number for number, _pid in cursor.fetchall()}


def end_session() -> None:
    """Close this thread's session with the database, and with it its leases."""
    database.close()
