"""Halts: while one stands, no call goes out.

*Stopped* is the whole installation, *paused* are the runs of a connection, until somebody lets them go on; *cancelled*
is what is under way in a connection at that moment, run or plan: whoever has the connection's lease then, and the task
that a worker does then. Whatever comes later is not meant, even if the cancellation is still there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core import catalogue
from crosswalk.core.clock import Clock
from crosswalk.core.failures import Halted
from crosswalk.core.system import Budget

from . import acts, leases
from .models import Connection, Halt, Schedule
from .runs import STOPPED, ended_so

EVERY = timedelta(seconds=2)  # between two looks: the last call goes out soon after a halt
_FIRST = """
    SELECT found.kind, found.since, coalesce(connection.name, '') FROM (
        SELECT kind, since, connection_id, 1 AS place FROM halt WHERE connection_id IS NULL
        UNION ALL
        SELECT kind, since, connection_id, 2 FROM halt
        WHERE connection_id = %(connection)s AND kind = 'paused' AND %(pause)s
        UNION ALL
        SELECT 'cancelled', since, connection_id, 3 FROM halt
        WHERE connection_id = %(connection)s AND (task_id = %(task)s::bigint
          OR coalesce(meant_at, CASE kind WHEN 'cancelled' THEN since END) >= %(leased)s::timestamptz)
    ) found LEFT JOIN connection ON connection.id = found.connection_id ORDER BY place LIMIT 1
"""
_CANCEL = """
    INSERT INTO halt (connection_id, kind, since, meant_at, task_id)
    VALUES (%s, 'cancelled', %s, clock_timestamp(), %s)
    ON CONFLICT (connection_id) DO UPDATE SET meant_at = excluded.meant_at, task_id = excluded.task_id
"""


class Heeds(msgspec.Struct, frozen=True, kw_only=True):
    """What ends some work of a connection, beside the halts of everything and its own cancellation."""

    pause: bool = False
    task: int | None = None  # that it is done for


def standing(
    connection_id: int | None = None, heeds: Heeds | None = None, leased_at: datetime | None = None
) -> Halted | None:
    """Return what keeps work of a connection from calling; without one, what keeps all from it.

    `leased_at` is since when the work has the connection's lease, by the database's clock; it may have none yet.
    """
    heeds = heeds or Heeds()
    place = {"connection": connection_id, "pause": heeds.pause, "task": heeds.task, "leased": leased_at}
    with database.cursor() as cursor:
        cursor.execute(_FIRST, place)
        row = cursor.fetchone()
    if row is None:
        return None
    kind, since, name = row
    said = catalogue.say(kind, connection=name, since=f"{since:%Y-%m-%d %H:%M:%S} UTC")
    return Halted(kind, said.message, cure=said.cure)


class Stopped(msgspec.Struct, frozen=True, kw_only=True):
    """Everything is stopped."""

    since: datetime
    person: str  # empty: not known


_STOPPED = """
    SELECT h.since, coalesce((SELECT a.person FROM act a WHERE a.what = 'all.stopped'
                              AND a.at >= h.since - make_interval(secs => %s) ORDER BY a.id DESC LIMIT 1), '')
    FROM halt h WHERE h.connection_id IS NULL
"""


def stopped() -> Stopped | None:
    """Tell since when and by whom everything is stopped; None when it is not."""
    with database.cursor() as cursor:
        cursor.execute(_STOPPED, [EVERY.total_seconds()])
        row = cursor.fetchone()
    return None if row is None else Stopped(since=row[0], person=row[1])


class Watch:
    """Looks for halts of work of a connection, or of all alone, every two seconds; both systems share it."""

    def __init__(self, connection_id: int | None, clock: Clock, heeds: Heeds | None = None) -> None:
        """Look for the first time. Raises Halted."""
        self.leased_at: datetime | None = None  # since when the connection's lease is held; None: it is not
        self._connection_id = connection_id
        self._heeds = heeds
        self._clock = clock
        self._look(clock.now())

    def look(self) -> None:
        """Look again if it is time. Raises Halted."""
        now = self._clock.now()
        if now - self._looked_at >= EVERY:
            self._look(now)

    def _look(self, now: datetime) -> None:
        if halted := standing(self._connection_id, self._heeds, self.leased_at):
            raise halted
        self._looked_at = now


class Watched:
    """A budget that gives no slot while a halt stands. Implements `core.system.Budget`."""

    def __init__(self, budget: Budget, watch: Watch) -> None:
        self._budget = budget
        self._watch = watch
        self.learn = budget.learn

    def wait(self) -> None:
        """Wait for a slot, which may take its time, then look. Raises Halted, and what the budget raises."""
        self._budget.wait()
        self._watch.look()


def stop(now: datetime) -> None:
    """Let no call go out any more."""
    with transaction.atomic():
        if not Halt.objects.filter(connection=None).exists():
            Halt.objects.create(connection=None, kind="stopped", since=now)
            acts.note("all.stopped")


def start(now: datetime) -> bool:
    """Let calls go out again; connections whose runs were stopped are due. False when all was going on."""
    with transaction.atomic():
        lifted, _ = Halt.objects.filter(connection=None).delete()
        if lifted:
            _make_due(Schedule.objects.values_list("connection_id", flat=True), now)
            acts.note("all.started")
        return bool(lifted)


def pause(connection: Connection, now: datetime) -> None:
    """Let a connection's runs rest; one that is under way stops."""
    with transaction.atomic():
        Halt.objects.update_or_create(connection=connection, defaults={"kind": "paused", "since": now})
        acts.note("runs.paused", connection)


def resume(connection: Connection, now: datetime) -> bool:
    """Let a connection's runs go on; it is due if one was stopped. False when it was not paused."""
    with transaction.atomic():
        lifted, _ = Halt.objects.filter(connection=connection, kind="paused").delete()
        if lifted:
            _make_due([connection.id], now)
            acts.note("runs.resumed", connection)
        return bool(lifted)


def is_paused(connection: Connection) -> bool:
    """Tell whether a connection's runs rest."""
    return Halt.objects.filter(connection=connection, kind="paused").exists()


def _make_due(connection_ids: Iterable[int], now: datetime) -> None:
    stopped = ended_so(STOPPED, list(connection_ids))
    Schedule.objects.filter(connection__in=stopped, next_at__gt=now).update(next_at=now)


def cancel(connection: Connection, now: datetime, *, task: int | None = None) -> bool:
    """Have what is under way stop before its next call, run or plan, and a task; False when there is neither."""
    if task is None and connection.id not in leases.under_way():
        return False
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(_CANCEL, [connection.id, now, task])
        acts.note("run.cancelled", connection)
    return True


def uncancel(connection_id: int) -> None:
    """Remove the cancellation of what has the connection's lease, before the lease ends."""
    Halt.objects.filter(connection=connection_id, kind="cancelled", task_id=None).delete()


def uncancel_task(number: int) -> None:
    """Remove the cancellation of a task that has ended."""
    Halt.objects.filter(task_id=number, kind="cancelled").delete()
