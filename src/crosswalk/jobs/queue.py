"""Jobs in the queue: due schedules become jobs, one a connection at a time."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.db import transaction
from procrastinate import App
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.exceptions import AlreadyEnqueued

from crosswalk.store import halts, schedules

RUN = "crosswalk.run"  # the task that runs a connection


def start_due(now: datetime) -> list[int]:
    """Turn the schedules that are due into jobs, and return their connections.

    A start is taken and its job stored in one transaction, however many workers ask at once. While all is stopped,
    none is.
    """
    if halts.standing():
        return []
    with transaction.atomic():
        due = schedules.take_due(now)
        for connection_id in due:
            defer(connection_id)
    return due


def defer(connection_id: int) -> None:
    """Store a job that runs a connection, unless one waits already: that does the same."""
    name = f"connection {connection_id}"
    job = App(connector=DjangoConnector()).configure_task(RUN, lock=name, queueing_lock=name)
    with suppress(AlreadyEnqueued), transaction.atomic():
        job.defer(connection_id=connection_id)
