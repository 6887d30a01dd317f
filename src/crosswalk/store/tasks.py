"""What people ask of workers: a task is a row that they can watch, and a job in the queue.

A task is begun by the worker that has its job, and whatever that worker says of it counts as long as nobody took the
task over: `started_at` tells them apart.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core import catalogue
from crosswalk.core.catalogue import Said
from crosswalk.core.words import again, kept

from . import acts, halts
from .jobs import TASK, defer
from .models import Connection, Run, Task

PLAN, RUN = "plan", "run"
WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
OPEN = (WAITING, RUNNING)
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('task'), %s)"
_BEGIN = """
    UPDATE task SET state = 'running', started_at = %s WHERE id = %s AND state = 'waiting'
    RETURNING id, connection_id, kind, plan_id, run_id, records, asked_at, started_at
"""
# A job that failed is gone: the database let its worker down, or an older worker did not know what to do with it.
_LOST = f"""
    SELECT id, connection_id FROM task WHERE state IN ('waiting', 'running') AND NOT EXISTS (
        SELECT FROM procrastinate_jobs job WHERE job.task_name = '{TASK}' AND job.status IN ('todo', 'doing')
          AND (job.args ->> 'task')::bigint = task.id)
    FOR UPDATE SKIP LOCKED
"""


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """A task that this process does."""

    id: int
    connection_id: int
    kind: str
    plan_id: int | None
    run_id: int | None  # of the run that was begun for it already
    records: int | None
    asked_at: datetime
    started_at: datetime


def ask(
    connection: Connection, kind: str, *, plan: int | None = None, records: int | None = None, now: datetime
) -> int:
    """Store that the acting person asks for a plan, or a run, and the job that does it; return the task's number.

    `plan` releases the run, of which at most `records` records are written. Who asks for the same while it waits gets
    the task that waits.
    """
    with transaction.atomic():
        with database.cursor() as cursor:
            cursor.execute(_ONE_AT_A_TIME, [connection.id])
        same = Task.objects.filter(connection=connection, kind=kind, records=records, state=WAITING)
        waiting = same.filter(plan_id=plan).order_by("id").first()
        if waiting is not None:
            return waiting.id
        task = Task.objects.create(
            connection=connection,
            kind=kind,
            plan_id=plan,
            records=records,
            asked_by=acts.actor(),
            asked_at=now,
        )
        defer(connection.id, task.id)
        acts.note(_act(kind, plan), connection, plan=plan, records=records)
        return task.id


def _act(kind: str, plan: int | None) -> str:
    if kind == PLAN:
        return "plan.asked"
    return "run.asked" if plan is None else "plan.applied"


def begin(number: int, now: datetime) -> Begun | None:
    """Begin a task that waits; None: there is nothing to do about it any more."""
    with database.cursor() as cursor:
        cursor.execute(_BEGIN, [now, number])
        row = cursor.fetchone()
        names = [column.name for column in cursor.description or ()]
    return None if row is None else Begun(**dict(zip(names, row, strict=True)))


def end(task: Begun, now: datetime, *, plan_id: int | None = None, run_id: int | None = None) -> None:
    """A task is done: it became a plan, or a run."""
    became = {"plan_id": plan_id} if plan_id is not None else {"run_id": run_id}
    _close(task, state=DONE, ended_at=now, **became)


def fail(task: Begun, now: datetime, said: Said) -> None:
    """A task cannot be done."""
    _close(task, state=FAILED, ended_at=now, **_columns(said))


def _columns(said: Said) -> dict[str, str]:
    return {**said._asdict(), "said": kept(said.message, said.cure)}


def said_of(task: Task) -> Said:
    """Return why a task failed, in the reader's language."""
    return Said(task.code, *again(task.said, task.message, task.cure))


def put_back(task: Begun) -> None:
    """Let another worker do a task that this one could not end; see `find_lost`."""
    _close(task, state=WAITING, started_at=None)


def _close(task: Begun, **changes: Any) -> None:
    Task.objects.filter(id=task.id, state=RUNNING, started_at=task.started_at).update(**changes)


def take_from(number: int) -> None:
    """Take a task from a worker that is not heard of any more: nothing that one says of it counts from now on."""
    Task.objects.filter(id=number, state=RUNNING).update(state=WAITING, started_at=None)


def find_lost() -> list[int]:
    """Store a job again for each task that has none and did not end; return their connections."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(_LOST)
        found = cursor.fetchall()
        for number, connection_id in found:
            take_from(number)
            defer(connection_id, number)
    return [connection_id for _number, connection_id in found]


def is_done(task: Begun) -> bool:
    """Tell whether the run that was begun for a task came to its end before its worker could say so."""
    return (
        task.run_id is not None and Run.objects.filter(id=task.run_id, state__in=("done", "tried")).exists()
    )


def cancel(connection: Connection, now: datetime) -> bool:
    """Withdraw what waits, and have what is under way stop before its next call; False when there is nothing."""
    said = catalogue.say("cancelled", connection=connection.name)
    with transaction.atomic():
        waiting = Task.objects.filter(connection=connection, state=WAITING)
        withdrawn = waiting.update(state=FAILED, ended_at=now, **_columns(said))
        begun = Task.objects.filter(connection=connection, state=RUNNING).order_by("id").last()
        # It may hold no lease yet, but looks before each call.
        if halts.cancel(connection, now, task=None if begun is None else begun.id):
            return True
        if withdrawn:
            acts.note("run.cancelled", connection)
        return bool(withdrawn)


def of(connection: Connection, number: int) -> Task | None:
    """Return a task of a connection."""
    return Task.objects.filter(connection=connection, id=number).first()


def latest(connection: Connection, kind: str | None = None) -> Task | None:
    """Return what was asked for last."""
    found = Task.objects.filter(connection=connection)
    return (found if kind is None else found.filter(kind=kind)).order_by("-id").first()


def open_of(connection: Connection) -> Task | None:
    """Return the task that is being done, or the next one."""
    return Task.objects.filter(connection=connection, state__in=OPEN).order_by("state", "id").first()
