"""The sandbox's own time: everything that depends on time asks a Clock, never the machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import msgspec


def machine_time() -> datetime:
    """The machine's time, aware, in UTC: the one place where the sandbox reads it."""
    return datetime.now(UTC)


class SavedClock(msgspec.Struct, frozen=True, kw_only=True):
    """A clock as it is kept: one that stands goes on from `now`, one that runs keeps its `offset`."""

    now: datetime
    offset: float  # seconds
    frozen: bool


class Clock:
    """A clock that runs with its source, shifted by an offset, or stands still.

    Each system has a clock of its own, so that two vendors' times can differ as they do in life.
    """

    def __init__(self, source: Callable[[], datetime] = machine_time, *, frozen: bool = False) -> None:
        self._source = source
        self._frozen_at_start = frozen
        self.start = source()
        self.reset()

    @classmethod
    def standing(cls, at: datetime) -> Clock:
        """A clock that stands still at `at` (aware) and moves only when it is told to."""
        return cls(lambda: at, frozen=True)

    def reset(self) -> None:
        """Back to how the clock was made: no offset, running or standing as at first."""
        self._offset = timedelta()
        self._stands_at: datetime | None = self._source() if self._frozen_at_start else None

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        return self._stands_at if self._stands_at is not None else self._source() + self._offset

    def advance(self, seconds: float) -> None:
        """Move forward (or back, when negative), running or standing."""
        self.set(self.now() + timedelta(seconds=seconds))

    def set(self, at: datetime) -> None:
        """Make it `at` (aware) now; a running clock runs on from there."""
        at = at.astimezone(UTC)
        if self._stands_at is not None:
            self._stands_at = at
        self._offset = at - self._source()

    def freeze(self, frozen: bool) -> None:
        """Stop the clock where it is, or let it run on from there."""
        now = self.now()
        self._stands_at = now if frozen else None
        self._offset = now - self._source()

    @contextmanager
    def held(self, at: datetime | None = None) -> Iterator[None]:
        """Let it stand still inside, now or at another time, so that all that is done there has one stamp."""
        stood, self._stands_at = self._stands_at, at or self.now()
        try:
            yield
        finally:
            self._stands_at = stood

    @property
    def frozen(self) -> bool:
        return self._stands_at is not None

    @property
    def offset(self) -> float:
        """Seconds between this clock and its source."""
        return (self.now() - self._source()).total_seconds()

    def saved(self) -> SavedClock:
        """The clock, to be kept."""
        return SavedClock(now=self.now(), offset=self.offset, frozen=self.frozen)

    def restore(self, saved: SavedClock) -> None:
        """Go on from what was kept; for a clock that runs, time went on meanwhile."""
        self._stands_at = saved.now.astimezone(UTC) if saved.frozen else None
        shift = saved.now - self._source() if saved.frozen else timedelta(seconds=saved.offset)
        self._offset = shift
