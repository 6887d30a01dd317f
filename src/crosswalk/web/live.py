"""What is going on in a connection just now, as pages show it while it lasts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from crosswalk.core.pace import duration
from crosswalk.store import jobs, leases, progress, tasks
from crosswalk.store.models import Connection, Task
from crosswalk.store.progress import Seen

from . import run_words as words
from .alerts import Alert


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A run or plan that is under way, or waits to be; rendered by `web/runs/live.html`."""

    title: str
    phase: str
    seen: Seen | None  # None: nothing to count yet
    pace: str  # how fast, and how long it still takes
    began_at: datetime | None
    stopping: str  # what happens when somebody stops it
    task: Task | None
    alert: Alert | None  # why it does not go on


def live(connection: Connection) -> Live | None:
    """Return what is under way in a connection, or waits to be; None: nothing."""
    task = tasks.open_of(connection)
    works = connection.id in leases.under_way()
    if task is None and not works:
        return None
    if task is not None and task.state == tasks.WAITING and not works:
        return _waiting(task)
    return _at_work(connection, task, progress.of(connection.id) if works else None)


def _waiting(task: Task) -> Live:
    return Live(
        title=_("Waits for a worker"),
        phase=_("A worker begins in a few seconds."),
        seen=None,
        pace="",
        began_at=None,
        stopping=_stopping(task.kind, by_task=True),
        task=task,
        alert=None if jobs.worker_heard() else no_worker(),
    )


def _at_work(connection: Connection, task: Task | None, seen: Seen | None) -> Live:
    mine = task if task is not None and task.state == tasks.RUNNING else None
    kind = seen.kind if seen is not None else mine.kind if mine is not None else tasks.RUN
    return Live(
        title=_("A plan is being made") if kind == tasks.PLAN else _("A run is at work"),
        phase=words.phase(connection, seen.phase)
        if seen is not None
        else _("Signing in and looking for changes"),
        seen=seen,
        pace=_pace(seen) if seen is not None else "",
        began_at=seen.began_at if seen is not None else mine.started_at if mine is not None else None,
        stopping=_stopping(kind, by_task=mine is not None),
        task=task,
        alert=None,
    )


def _stopping(kind: str, *, by_task: bool) -> str:
    """Say what happens when somebody stops it; who made a plan on the command line is told there."""
    if kind == tasks.RUN:
        return _(
            "It stops before its next call. What was written stays, and the next run goes on from there."
        )
    if by_task:
        return _("It stops before its next call. A plan writes nothing.")
    return _(
        "It stops before its next call, and says so on the command line where it is made. A plan writes nothing."
    )


def _pace(seen: Seen) -> str:
    """Say how fast a phase goes, and when it ends."""
    if seen.rate is None:
        return ""
    rate = _("{rate} a second").format(rate=f"{seen.rate:.0f}" if seen.rate >= 10 else f"{seen.rate:.1f}")
    if seen.left is None:
        return rate
    return rate + ", " + _("about {time} left").format(time=duration(seen.left))


def no_worker() -> Alert:
    """Return that nobody does what is asked for."""
    return Alert(
        colour="warning",
        icon="triangle-alert",
        message=_("No worker is at work, so this has to wait."),
        cure=_(
            "An administrator starts one: crosswalk worker (crosswalk serve has one of its own). It goes on by itself."
        ),
    )
