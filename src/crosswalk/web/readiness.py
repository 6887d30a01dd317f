"""Whether this installation can do its work: database, tables, workers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import structlog
from django.db import Error
from django.db import connection as database
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

SILENCE = 60.0  # seconds; a worker shows that it lives at least every 15
_HEARD = (
    "SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s) LIMIT 1"
)

log = structlog.get_logger()


def findings() -> dict[str, str]:
    """Return what each check found: empty text where all is well, else what is wrong, without details.

    What a check needs and an earlier one missed is not asked for.
    """
    found: dict[str, str] = {}
    for name, check, wrong in _CHECKS:
        try:
            found[name] = "" if check() else wrong
        except Error as error:
            log.warning("not ready", check=name, error=str(error).strip())
            database.close()
            found[name] = wrong
        if found[name] and name != "worker":
            break
    return found


def _answers() -> bool:
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def _migrated() -> bool:
    return _known_migrations() <= set(MigrationRecorder(database).applied_migrations())


@cache
def _known_migrations() -> set[tuple[str, str]]:
    """Name the migrations that this code has."""
    return set(MigrationLoader(None).disk_migrations or ())


def _worker_heard() -> bool:
    with database.cursor() as cursor:
        cursor.execute(_HEARD, [SILENCE])
        return cursor.fetchone() is not None


_CHECKS: tuple[tuple[str, Callable[[], bool], str], ...] = (
    ("database", _answers, "The database cannot be reached."),
    ("migrations", _migrated, "The database's tables are not up to date."),
    ("worker", _worker_heard, "No worker was heard of for a minute."),
)
