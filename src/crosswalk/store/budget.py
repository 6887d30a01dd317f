"""A tenant's call budget: one row in PostgreSQL, shared by all processes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database

from crosswalk.core.clock import Clock
from crosswalk.core.system import Paused

_UNPACED = 1000.0  # calls per second from which pacing is left out
_GAP = 1.02  # of the vendor's least gap: calls do not arrive as evenly as they leave, and a refused one costs more
_LEARNED = {"next_slot": "next_slot = greatest(next_slot, %s)"}  # a short pause never ends a long one
LONGEST_WAIT = timedelta(minutes=1)  # a call that would have to wait longer is not made


class TenantBudget:
    """Hands out slots with a minimum gap; what the vendor's answers say moves the gap."""

    def __init__(self, tenant_id: int, clock: Clock, *, per_second: float | None) -> None:
        """`per_second` is where the pacer starts; None: the vendor has no such limit."""
        self._tenant_id = tenant_id
        self._clock = clock
        self._per_second = per_second
        self._day: dict[str, int] = {}  # figures of the day, not stored yet
        with database.cursor() as cursor:
            cursor.execute(
                "INSERT INTO budget (tenant_id, next_slot, per_second) VALUES (%s, %s, %s)"
                " ON CONFLICT (tenant_id) DO NOTHING",
                [tenant_id, clock.now(), per_second],
            )

    def wait(self) -> None:
        """Take the next free slot and wait for it. Raises Paused, and takes none, when it is far away."""
        now = self._clock.now()
        day = "".join(f", {name} = {number:d}" for name, number in self._day.items())
        with database.cursor() as cursor:
            # A slot that a crash of the server forgets does no harm: the commit need not wait for the disk.
            cursor.execute(
                "UPDATE budget SET next_slot = greatest(next_slot, %s)"
                " + CASE WHEN coalesce(per_second, %s) >= %s THEN interval '0'"
                f" ELSE interval '1 second' * {_GAP} / per_second END{day}"
                " WHERE tenant_id = %s AND next_slot <= %s RETURNING next_slot,"
                f" CASE WHEN coalesce(per_second, %s) >= %s THEN 0 ELSE {_GAP} / per_second END,"
                " set_config('synchronous_commit', 'off', true)",
                [now, _UNPACED, _UNPACED, self._tenant_id, now + LONGEST_WAIT, _UNPACED, _UNPACED],
            )
            slot = cursor.fetchone()
        if slot is None:
            raise Paused(self._rest(now))
        self._day = {}
        next_slot, gap, _ = slot
        pause = (next_slot - now).total_seconds() - float(gap)
        if pause > 0:
            self._clock.sleep(pause)

    def _rest(self, now: datetime) -> float:
        """Return for how many seconds no call may go."""
        with database.cursor() as cursor:
            cursor.execute("SELECT next_slot FROM budget WHERE tenant_id = %s", [self._tenant_id])
            (next_slot,) = cursor.fetchone()
        rest: timedelta = next_slot - now
        return rest.total_seconds()

    def learn(
        self,
        *,
        per_second: float | None = None,
        pause: float | None = None,
        used_today: int | None = None,
        limit_today: int | None = None,
    ) -> None:
        """Keep what an answer said; figures of the day are stored with the next slot."""
        changes: dict[str, Any] = {}
        if per_second is not None and per_second != self._per_second:
            self._per_second = changes["per_second"] = per_second
        if pause is not None:
            changes["next_slot"] = self._clock.now() + timedelta(seconds=pause)
        if used_today is not None:
            self._day["used_today"] = used_today
        if limit_today is not None:
            self._day["limit_today"] = limit_today
        if changes:
            columns = ", ".join(_LEARNED.get(name, f"{name} = %s") for name in changes)
            with database.cursor() as cursor:
                cursor.execute(
                    f"UPDATE budget SET {columns} WHERE tenant_id = %s", [*changes.values(), self._tenant_id]
                )
