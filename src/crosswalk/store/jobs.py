"""Jobs for workers, as every process may store them: a run by its schedule, or what a person asked for."""

from __future__ import annotations

from contextlib import suppress

from django.db import connection as database
from django.db import transaction
from procrastinate import App
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued

RUN = "crosswalk.run"  # runs a connection by its schedule
TASK = "crosswalk.task"  # does what a person asked for
_SOONER = 1  # priority of what a person waits for
_HEARD = (
    "SELECT EXISTS (SELECT FROM procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute')"
)


def defer(connection_id: int, task: int | None = None) -> None:
    """Store a job that runs a connection, or does a task of it, unless one waits already: that does the same.

    Jobs of a connection are done one after the other.
    """
    lock = f"connection {connection_id}"
    app = App(connector=DjangoConnector())
    if task is None:
        job = app.configure_task(RUN, lock=lock, queueing_lock=lock)
        arguments = {"connection_id": connection_id}
    else:
        job = app.configure_task(TASK, lock=lock, queueing_lock=f"task {task}", priority=_SOONER)
        arguments = {"connection_id": connection_id, "task": task}
    with suppress(AlreadyEnqueued), transaction.atomic():
        job.defer(**arguments)


def worker_heard() -> bool:
    """Tell whether a worker showed within a minute that it lives."""
    with database.cursor() as cursor:
        cursor.execute(_HEARD)
        (heard,) = cursor.fetchone()
        return bool(heard)
