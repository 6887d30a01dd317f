"""In which order work is done, and what of it stops first when a vendor's calls of the day run short."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from enum import IntEnum

import msgspec

CALLS_PERCENT = 50.0  # percent of an org's calls a day that a connection may use, unless it says otherwise
DAY = timedelta(hours=24)  # over which vendors count: the last 24 hours, not the calendar's day


class Lane(IntEnum):
    """A kind of work: the smaller, the sooner it is done, and the later it stops."""

    OPT_OUT = 0
    LIVE = 1  # what a person asked for
    SCHEDULED = 2
    RETRY = 3  # another try of what failed
    BACK_FILL = 4  # reading everything again, filling a field that is mapped anew


# The share of what a connection may use that is gone when a lane stops. Nothing stops an opt-out but the vendor.
STOPS_AT = {Lane.LIVE: 1.0, Lane.SCHEDULED: 0.95, Lane.RETRY: 0.85, Lane.BACK_FILL: 0.7}

_current: ContextVar[Lane] = ContextVar("lane", default=Lane.LIVE)


def current_lane() -> Lane:
    """Return the lane of the work that is being done."""
    return _current.get()


@contextmanager
def working_in(lane: Lane) -> Iterator[None]:
    """Let what is done inside belong to a lane."""
    before = _current.set(lane)
    try:
        yield
    finally:
        _current.reset(before)


class Meter(msgspec.Struct, kw_only=True):
    """How much of an org's calls of the last 24 hours is gone; without a `limit` the vendor counts none."""

    share: float  # percent of the limit that is ours
    ours: int = 0  # calls of this connection
    used: int | None = None  # calls of everybody, as the vendor says
    limit: int | None = None

    @property
    def cap(self) -> int | None:
        """How many calls this connection may make in 24 hours."""
        return None if self.limit is None else int(self.limit * self.share / 100)

    @property
    def left(self) -> int | None:
        """How many of them are left: what others have used up is not there for us."""
        if self.cap is None or self.limit is None:
            return None
        return max(0, min(self.cap - self.ours, self.limit - (self.used or 0)))

    @property
    def spent(self) -> float:
        """What share of the cap is gone, from 0 to 1."""
        if self.cap is None or self.left is None:
            return 0.0
        return 1.0 if self.cap <= 0 else 1.0 - self.left / self.cap

    def affords(self, lane: Lane) -> bool:
        """Tell whether work of a lane may go on."""
        return lane not in STOPS_AT or self.spent < STOPS_AT[lane]

    def stopped(self) -> list[Lane]:
        """Return the lanes that stop, those that come last first."""
        return [lane for lane in sorted(STOPS_AT, reverse=True) if not self.affords(lane)]


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """Where a connection's calls lead."""

    per_hour: float  # calls of the connection, by the last hours
    reached_in: timedelta | None  # until the cap at this pace; None: it is not reached
    per_run: float | None  # calls of a run, on average
    scheduled: float | None  # calls of a day's scheduled runs; None: runs start by hand


def forecast(meter: Meter, *, calls_an_hour: float, runs: int, starts: int | None) -> Forecast:
    """Work out where a pace leads, after so many `runs` in the last 24 hours and with so many `starts` in the next.

    What was called more than 24 hours ago does not count any more, so a steady pace may never reach the cap.
    """
    per_hour = calls_an_hour
    reached_in = None
    if meter.cap is not None and meter.left is not None and per_hour * DAY.total_seconds() / 3600 > meter.cap:
        reached_in = timedelta(hours=meter.left / per_hour)
    per_run = meter.ours / runs if runs else None
    scheduled = None if per_run is None or starts is None else per_run * starts
    return Forecast(per_hour=per_hour, reached_in=reached_in, per_run=per_run, scheduled=scheduled)
