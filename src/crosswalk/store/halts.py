"""Halts: while one stands, no call goes out.

*Stopped* is the whole installation, *paused* are the runs of a connection, until somebody lets them go on; *cancelled*
is the run of a connection that is under way.
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
_FIRST = (
    "SELECT halt.kind, halt.since, coalesce(connection.name, '') FROM halt LEFT JOIN connection"
    " ON connection.id = halt.connection_id WHERE halt.connection_id IS NULL OR halt.connection_id = %s"
    " ORDER BY halt.connection_id NULLS FIRST LIMIT 1"
)


def standing(connection_id: int | None = None) -> Halted | None:
    """Return what keeps a connection's runs from calling; without one, what keeps all from it."""
    with database.cursor() as cursor:
        cursor.execute(_FIRST, [connection_id])
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
    """Looks for halts of a connection's runs, or of all alone, every two seconds; both systems share it."""

    def __init__(self, connection_id: int | None, clock: Clock) -> None:
        """Look for the first time. Raises Halted."""
        self._connection_id = connection_id
        self._clock = clock
        self._look(clock.now())

    def look(self) -> None:
        """Look again if it is time. Raises Halted."""
        now = self._clock.now()
        if now - self._looked_at >= EVERY:
            self._look(now)

    def _look(self, now: datetime) -> None:
        if halted := standing(self._connection_id):
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


def cancel(connection: Connection, now: datetime) -> bool:
    """Have the run under way stop before its next call; False when there is none."""
    if connection.id not in leases.under_way():
        return False
    with transaction.atomic():
        Halt.objects.get_or_create(connection=connection, defaults={"kind": "cancelled", "since": now})
        acts.note("run.cancelled", connection)
    return True


def uncancel(connection_id: int) -> None:
    """The run that was cancelled has ended: the next one is not meant."""
    Halt.objects.filter(connection=connection_id, kind="cancelled").delete()
