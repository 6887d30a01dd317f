"""How far the run or plan of a connection has come that is under way, for whoever looks from elsewhere.

It is written in a session of its own, because a plan works in a transaction that is undone, and at most once a second;
nothing is written of what ends within the first. Nothing depends on it: when it cannot be written, work goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import msgspec
import psycopg
import structlog
from django.db import connection as database

from crosswalk.core.clock import Clock

from . import leases
from .models import Progress

EVERY = 1.0  # seconds between two writings, and before the first
# Whoever holds the connection's row may wait for what the run holds: that must not wait for this.
_PATIENCE = "SET lock_timeout = '500ms'; SET statement_timeout = '2s'; SET synchronous_commit = off"
# What a run has left that was taken over by another, or died, is not in the way of the next.
_WRITE = """
    INSERT INTO progress (connection_id, kind, began_at, phase, phase_at, done, total, calls, seen_at)
    VALUES (%(connection)s, %(kind)s, %(began)s, %(phase)s, %(phase_at)s, %(done)s, %(total)s, %(calls)s, %(now)s)
    ON CONFLICT (connection_id) DO UPDATE SET kind = excluded.kind, began_at = excluded.began_at,
        phase = excluded.phase, phase_at = excluded.phase_at, done = excluded.done, total = excluded.total,
        calls = excluded.calls, seen_at = excluded.seen_at
    WHERE progress.began_at <= excluded.began_at OR progress.seen_at < excluded.seen_at - interval '1 minute'
"""
_REMOVE = "DELETE FROM progress WHERE connection_id = %s AND began_at = %s"

log = structlog.get_logger()


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """How far work had come when it was seen last."""

    kind: str  # plan | run
    began_at: datetime
    phase: str  # see `core.phases`
    phase_at: datetime
    done: int
    total: int | None
    calls: int
    seen_at: datetime

    @property
    def rate(self) -> float | None:
        """How many a second, in this phase; None: too early to tell."""
        seconds = (self.seen_at - self.phase_at).total_seconds()
        return self.done / seconds if seconds >= 1 and self.done else None

    @property
    def left(self) -> float | None:
        """In how many seconds this phase may end; None: nobody knows."""
        if self.rate is None or self.total is None or self.total < self.done:
            return None
        return (self.total - self.done) / self.rate


def of(connection_id: int) -> Seen | None:
    """Return how far a connection's run or plan has come; None where none is under way, or none for long enough."""
    row = Progress.objects.filter(connection_id=connection_id).first()
    if row is None or connection_id not in leases.under_way():
        return None
    return Seen(**{name: getattr(row, name) for name in Seen.__struct_fields__})


class Keeper:
    """Keeps how far one run or plan has come."""

    def __init__(
        self,
        connection_id: int,
        kind: str,
        clock: Clock,
        calls: Callable[[], int],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`calls` tells how many calls were made since it began; `now` measures the time between two writings."""
        self._clock = clock
        self._calls = calls
        self._now = now
        self._last = now()
        self._known = {"connection": connection_id, "kind": kind, "began": clock.now()}
        self._phase, self._phase_at, self._before = "", self._known["began"], 0
        self._own: psycopg.Connection | None = None
        self._broken = False

    def note(self, phase: str, done: int, total: int | None) -> None:
        """Take how far a phase has come."""
        if phase != self._phase or done < self._before:
            self._phase, self._phase_at = phase, self._clock.now()
        self._before = done
        if self._broken or self._now() - self._last < EVERY:
            return
        self._last = self._now()
        self._write(done, total)

    def _write(self, done: int, total: int | None) -> None:
        told = {"phase": self._phase, "phase_at": self._phase_at, "done": done, "total": total}
        try:
            if self._own is None:
                self._own = psycopg.connect(**database.get_connection_params(), autocommit=True)
                self._own.execute(_PATIENCE, prepare=False)
            self._own.execute(
                _WRITE, {**self._known, **told, "calls": self._calls(), "now": self._clock.now()}
            )
        except (psycopg.errors.LockNotAvailable, psycopg.errors.QueryCanceled):
            return  # the next time
        except psycopg.Error as error:
            self._broken = True
            log.warning("progress cannot be kept", error=str(error).strip())

    def end(self) -> None:
        """It has come to its end, one way or another."""
        if self._own is None:
            return
        with suppress(psycopg.Error):
            self._own.execute(_REMOVE, [self._known["connection"], self._known["began"]])
        with suppress(psycopg.Error):
            self._own.close()
