"""When a run that failed is tried again: soon at first, then at growing distances, until it comes through.

So a vendor that is away for a minute costs a minute, also with a daily schedule, and one that is away for a day is not
asked every minute. Refused credentials are no more often tried than the schedule says, and soon but a few times a day:
vendors lock out who keeps trying, and somebody who signs in again starts a run at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.lanes import Lane
from crosswalk.store import budget, connections, runs, schedules
from crosswalk.store.models import Connection

_SOON = (timedelta(minutes=1), timedelta(minutes=15))
# what may pass by itself: the first pause and the longest
_PAUSES = {
    FailureKind.TRANSIENT: _SOON,
    FailureKind.QUOTA: _SOON,
    FailureKind.AUTH: (timedelta(minutes=15), timedelta(hours=6)),
}
_AFTER_ANOTHER = timedelta(minutes=1)
_OUR_OWN = "quota_share"  # opt-outs travel on as scheduled


def pause_after(failures: int, kind: FailureKind = FailureKind.TRANSIENT) -> timedelta:
    """Return how long to wait after so many failures in a row, the last of a kind that may pass."""
    first, longest = _PAUSES[kind]
    doubled: int = 2 ** min(failures - 1, 10)
    return min(longest, first * doubled)


def try_again(connection: Connection, failure: SystemFailure, kind: str, now: datetime) -> None:
    """Have a run that failed tried again, where that may help.

    It is not tried before the vendor said, and while our share of its calls runs short not before the schedule says.
    """
    kept = schedules.of(connection)
    if kept is None or failure.kind not in _PAUSES or failure.entry == _OUR_OWN:
        return
    pause = pause_after(max(1, runs.failed_in_a_row(connection.id, kind)), failure.kind)
    until = now + max(pause, timedelta(seconds=failure.retry_after or 0))
    if failure.kind is FailureKind.AUTH or not _affordable(connection, now):
        until = max(until, kept.next_at)
    schedules.put_off(connection, until)


def start_after(connection: Connection, now: datetime) -> None:
    """Have a start made up for that found another run under way: that one may have read before what this is for."""
    kept = schedules.of(connection)
    if kept is not None:
        schedules.put_off(connection, min(kept.next_at, now + _AFTER_ANOTHER))


def _affordable(connection: Connection, now: datetime) -> bool:
    share = connections.settings_of(connection).crm_calls_percent
    return budget.usage(connection.id, connection.crm_id, share, now).meter.affords(Lane.RETRY)
