"""Due schedules become jobs, one a connection at a time."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from crosswalk.store import halts, schedules
from crosswalk.store.jobs import defer


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
