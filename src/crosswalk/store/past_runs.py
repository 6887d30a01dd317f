"""Runs and their writes for lists that are read page by page, newest runs and first writes first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection as database

from .journal import KEPT
from .models import Run, Task

_SLACK = timedelta(minutes=1)  # by which clocks of machines that write the journal may differ
# The journal grows in time's order: the last row from before a moment is found without reading the others.
_BEFORE = """
    WITH RECURSIVE search (low, high) AS (
        SELECT coalesce(min(id), 1) - 1, coalesce(max(id), 0) FROM journal
        UNION ALL
        SELECT CASE WHEN probe.at < %(moment)s THEN probe.id ELSE low END,
               CASE WHEN probe.at < %(moment)s THEN high ELSE (low + high) / 2 END
        FROM search LEFT JOIN LATERAL (
            SELECT id, at FROM journal WHERE id > (low + high) / 2 AND id <= high ORDER BY id LIMIT 1) probe ON true
        WHERE low < high)
    SELECT max(low) FROM search
"""
_WRITES = """
    SELECT j.id, j.side, j.op, j.record_id, j.fields, j.at, l.object, l.key
    FROM journal j LEFT JOIN link l ON l.id = j.link_id
    WHERE j.run_id = %(run)s AND j.op <> %(kept)s AND j.id > %(after)s AND j.id <= %(last)s
    ORDER BY j.id LIMIT %(size)s
"""


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """One write of a run."""

    id: int
    side: str
    op: str
    record_id: str
    fields: dict[str, list[Any]]  # before, after, reason
    at: datetime
    object: str | None  # the CRM's; None: its link is gone
    key: str | None


def page(
    connection_id: int, *, state: str = "", wrote: bool = False, before: int | None = None, size: int
) -> Sequence[Run]:
    """Return the newest runs, of a state, that wrote something, from before a run, as far as that is asked for."""
    found = Run.objects.filter(connection_id=connection_id)
    if state:
        found = found.filter(state=state)
    if wrote:
        found = found.exclude(counts={})
    if before is not None:
        found = found.filter(id__lt=before)
    return list(found.order_by("-id")[:size])


def tasks_of(runs: Sequence[Run]) -> dict[int, Task]:
    """Return the tasks in which people asked for these runs, by run."""
    found = Task.objects.filter(run_id__in=[run.id for run in runs], kind="run").order_by("id")
    return {task.run_id: task for task in found if task.run_id is not None}


def writes_of(run: Run, *, after: int = 0, size: int) -> list[Written]:
    """Return the writes of a run that come after one of them."""
    last = _journal_before(run.ended_at + _SLACK) if run.ended_at is not None else 1 << 62
    parameters: dict[str, Any] = {"run": run.id, "kept": KEPT, "last": last, "size": size}
    with database.cursor() as cursor:
        cursor.execute(_WRITES, {**parameters, "after": max(after, _journal_before(run.started_at - _SLACK))})
        return [
            Written(
                id=number,
                side=side,
                op=op,
                record_id=record,
                fields=msgspec.json.decode(fields),
                at=at,
                object=object,
                key=key,
            )
            for number, side, op, record, fields, at, object, key in cursor.fetchall()
        ]


def _journal_before(moment: datetime) -> int:
    with database.cursor() as cursor:
        cursor.execute(_BEFORE, {"moment": moment})
        (number,) = cursor.fetchone()
        return int(number)
