"""A tenant's call budget in PostgreSQL, shared by all processes: its pace, and what is used of the day's calls.

Where the vendor sets a pace, every call takes the next free slot: whoever asks waits behind all others, so those that
share an account take turns, and a slot that nobody uses any more is simply over. Where it sets none, a process is given
leave to call for a moment (`LEASE`), and asks again after it: a pause that another one met reaches everybody by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import inf
from threading import Lock
from typing import Any

import msgspec
from django.db import connection as database

from crosswalk.core.clock import Clock
from crosswalk.core.lanes import CALLS_PERCENT, DAY, Meter, current_lane
from crosswalk.core.system import Paused, Short

from .commits import apart

_UNPACED = 1000.0  # calls per second from which pacing is left out
_GAP = 1.02  # of the vendor's least gap: calls do not arrive as evenly as they leave, and a refused one costs more
LONGEST_WAIT = timedelta(minutes=1)  # a call that would have to wait longer is not made
LEASE = timedelta(seconds=1)  # for which a process may go on without asking, where no pace is set
LEASED_CALLS = 100
_STORE_AFTER = 20  # calls that are counted here before they are stored
_STORE_EVERY = timedelta(seconds=10)
_KEPT = 2 * DAY  # how long counts are kept

# Others who use the account show by a refusal: then we leave them a fifth of the pace, more if that is not enough, and
# take it back within minutes.
_LEFT = 0.8
_LEAST = 0.5
_RETURNS = 0.05 / 60  # of the pace, a second
_YIELDED_ONCE = timedelta(seconds=5)  # what is refused meanwhile says nothing new
_ROOM = f"least(1, room + coalesce(extract(epoch FROM %(now)s - yielded_at), 0) * {_RETURNS})"
_PACE = f"per_second * {_ROOM}"
_YIELD = f"""
    UPDATE budget SET room = greatest({_LEAST}, {_LEFT} * {_ROOM}), yielded_at = %(now)s
    WHERE tenant_id = %(tenant)s AND (yielded_at IS NULL OR yielded_at < %(before)s)
"""
_IS_PACED = f"coalesce(per_second, {_UNPACED}) < {_UNPACED}"
_SLOT = f"""
    UPDATE budget SET next_slot = greatest(next_slot, %(now)s)
        + CASE WHEN {_IS_PACED} THEN interval '1 second' * {_GAP} / ({_PACE}) ELSE interval '0' END
    WHERE tenant_id = %(tenant)s AND next_slot <= %(longest)s
    RETURNING next_slot, CASE WHEN {_IS_PACED} THEN {_GAP} / ({_PACE}) ELSE 0 END,
        set_config('synchronous_commit', 'off', true)
"""
_OPEN = """
    WITH made AS (INSERT INTO budget (tenant_id, next_slot, per_second, room) VALUES (%(tenant)s, %(now)s, %(pace)s, 1)
                  ON CONFLICT (tenant_id) DO NOTHING)
    SELECT b.per_second, b.used_today, b.limit_today, CASE WHEN b.limit_today IS NULL THEN 0 ELSE
           (SELECT coalesce(sum(calls), 0) FROM call_count
            WHERE connection_id = %(connection)s AND tenant_id = %(tenant)s AND hour > %(since)s) END
    FROM budget b WHERE b.tenant_id = %(tenant)s
"""
_COUNT = """
    WITH old AS (DELETE FROM call_count WHERE connection_id = ANY(%(connections)s) AND hour < %(old)s),
    told AS (UPDATE budget SET used_today = t.used, limit_today = t.most, used_at = t.at
             FROM unnest(%(tenants)s::bigint[], %(used)s::int[], %(limits)s::int[], %(told)s::timestamptz[])
                  AS t (tenant_id, used, most, at)
             WHERE budget.tenant_id = t.tenant_id AND t.at IS NOT NULL)
    INSERT INTO call_count (connection_id, tenant_id, hour, calls)
    SELECT connection_id, tenant_id, %(hour)s, calls
    FROM unnest(%(connections)s::bigint[], %(tenants)s::bigint[], %(calls)s::int[])
         AS c (connection_id, tenant_id, calls)
    ON CONFLICT (connection_id, tenant_id, hour) DO UPDATE SET calls = call_count.calls + excluded.calls
    RETURNING set_config('synchronous_commit', 'off', true)
"""
_METER = """
    SELECT b.per_second, b.used_today, b.limit_today, b.used_at,
           coalesce(sum(c.calls) FILTER (WHERE c.connection_id = %(connection)s), 0), coalesce(sum(c.calls), 0)
    FROM budget b LEFT JOIN call_count c ON c.tenant_id = b.tenant_id AND c.hour > %(since)s
    WHERE b.tenant_id = %(tenant)s GROUP BY b.tenant_id
"""


class TenantBudget:
    """Hands out slots, counts the calls of one connection, and says when its share of the day's is gone.

    `per_second` is where the pacer starts; None: the vendor has no such limit. Without a `connection_id` nothing is
    counted, and only the vendor says when it is enough. Safe in several threads. A plan, whose transaction is undone,
    neither takes its calls back nor keeps others waiting.
    """

    def __init__(
        self,
        tenant_id: int,
        clock: Clock,
        *,
        per_second: float | None,
        connection_id: int | None = None,
        share: float = CALLS_PERCENT,
    ) -> None:
        self.tenant_id = tenant_id
        self.connection_id = connection_id
        self._clock = clock
        self._per_second = per_second
        self._lock = Lock()
        self.made = 0  # calls since this budget was opened
        self._counted = 0  # calls that are not stored yet
        self._stored_at = now = clock.now()
        self._leased_until = now
        self._leased = 0  # calls of the lease that are left
        self._told_at: datetime | None = (
            None  # when the vendor told the figures of the day, unless that is stored
        )
        self.meter = Meter(share=share)
        parameters: dict[str, Any] = {
            "tenant": tenant_id,
            "connection": connection_id,
            "now": now,
            "pace": per_second,
            "since": now - DAY,
        }
        with database.cursor() as cursor:
            cursor.execute(_OPEN, parameters)
            if row := cursor.fetchone():
                self._per_second, self.meter.used, self.meter.limit, self.meter.ours = row

    def wait(self) -> None:
        """Return when the next call may go. Raises Paused when that is far away, Short when our share is gone."""
        if self.connection_id is not None and not self.meter.affords(current_lane()):
            raise Short(self.meter)
        now = self._clock.now()
        with self._lock:
            leased = self._leased > 0 and now < self._leased_until
            if leased:
                self._leased -= 1
        if not leased:
            self._take_slot(now)
        self._count(now)

    def _take_slot(self, now: datetime) -> None:
        """Take the next free slot and wait for it. Raises Paused, and takes none, when it is far away."""
        parameters: dict[str, Any] = {"now": now, "tenant": self.tenant_id, "longest": now + LONGEST_WAIT}
        with apart() as cursor:
            # A slot that a crash of the server forgets does no harm: the commit need not wait for the disk.
            cursor.execute(_SLOT, parameters)
            slot = cursor.fetchone()
        if slot is None:
            raise Paused(self._rest(now))
        next_slot, gap, _ = slot
        if not gap:
            self._leased, self._leased_until = LEASED_CALLS, now + LEASE
        pause = (next_slot - now).total_seconds() - float(gap)
        if pause > 0:
            self._leased = 0  # whoever had to wait asks again
            self._clock.sleep(pause)

    def _rest(self, now: datetime) -> float:
        """Return for how many seconds no call may go."""
        with apart() as cursor:
            cursor.execute("SELECT next_slot FROM budget WHERE tenant_id = %s", [self.tenant_id])
            (next_slot,) = cursor.fetchone()
        rest: timedelta = next_slot - now
        return rest.total_seconds()

    def _count(self, now: datetime) -> None:
        self.made += 1
        if self.connection_id is None:
            return
        with self._lock:
            self._counted += 1
            self.meter.ours += 1
            due = self._counted >= _STORE_AFTER or now - self._stored_at >= _STORE_EVERY
        if due:
            store_counts([self], now)

    def counted(self, now: datetime) -> tuple[int, datetime | None]:
        """Return what is to be stored: how many calls, and when the vendor told the figures of the day."""
        with self._lock:
            found = self._counted, self._told_at
            self._counted, self._told_at, self._stored_at = 0, None, now
            return found

    def learn(
        self,
        *,
        per_second: float | None = None,
        pause: float | None = None,
        crowded: bool = False,
        used_today: int | None = None,
        limit_today: int | None = None,
    ) -> None:
        """Keep what an answer said; figures of the day are stored with the counts."""
        changes: dict[str, Any] = {}
        now = self._clock.now()
        pace = None if per_second == inf else per_second
        if per_second is not None and pace != self._per_second:
            self._per_second = changes["per_second = %s"] = pace
        if pause is not None:  # a short one never ends a long one
            changes["next_slot = greatest(next_slot, %s)"] = now + timedelta(seconds=pause)
        if crowded and self._per_second is not None:
            self._yield(now)
        if used_today is not None and limit_today is not None:
            self.meter.used, self.meter.limit, self._told_at = used_today, limit_today, now
        if changes:
            self._leased = 0
            with apart() as cursor:
                cursor.execute(
                    f"UPDATE budget SET {', '.join(changes)} WHERE tenant_id = %s",
                    [*changes.values(), self.tenant_id],
                )

    def _yield(self, now: datetime) -> None:
        """Leave others of the account a part of its pace for a while."""
        with apart() as cursor:
            cursor.execute(_YIELD, {"now": now, "tenant": self.tenant_id, "before": now - _YIELDED_ONCE})


def store_counts(budgets: Iterable[TenantBudget], now: datetime) -> None:
    """Store the calls that were counted since, of the budgets of one process."""
    rows = [
        (each.connection_id, each.tenant_id, calls, each.meter.used, each.meter.limit, told)
        for each in budgets
        for calls, told in (each.counted(now),)
        if each.connection_id is not None and calls
    ]
    if not rows:
        return
    names = ("connections", "tenants", "calls", "used", "limits", "told")
    parameters: dict[str, Any] = {
        **{name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)},
        "hour": now.replace(minute=0, second=0, microsecond=0),
        "old": now - _KEPT,
    }
    with apart() as cursor:
        cursor.execute(_COUNT, parameters)


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a tenant's calls of the last 24 hours."""

    meter: Meter
    per_second: float | None
    tenant_calls: int  # of all our connections
    told_at: datetime | None  # when the vendor said how much is used

    @property
    def others(self) -> int | None:
        """Calls of other tools, as far as they can be told apart."""
        return None if self.meter.used is None else max(0, self.meter.used - self.tenant_calls)


def usage(connection_id: int, tenant_id: int, share: float, now: datetime) -> Usage:
    """Return what is known of the calls of a connection's tenant."""
    parameters: dict[str, Any] = {"connection": connection_id, "tenant": tenant_id, "since": now - DAY}
    with database.cursor() as cursor:
        cursor.execute(_METER, parameters)
        pace, used, limit, told_at, ours, all_ours = cursor.fetchone() or (None, None, None, None, 0, 0)
    return Usage(
        meter=Meter(share=share, ours=ours, used=used, limit=limit),
        per_second=pace,
        tenant_calls=all_ours,
        told_at=told_at,
    )


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a connection's calls to one of its systems, of the last 24 hours."""

    connection_id: int
    connection: str
    system: str
    identity: str
    settings: dict[str, Any]  # the connection's
    ours: int
    used: int | None
    limit: int | None


_SHARED = """
    SELECT c.id AS connection_id, c.name AS connection, t.system, t.identity, c.settings::text,
           coalesce(sum(k.calls), 0)::int AS ours, b.used_today, b.limit_today
    FROM connection c JOIN tenant t ON t.id IN (c.crm_id, c.activecampaign_id)
    LEFT JOIN budget b ON b.tenant_id = t.id
    LEFT JOIN call_count k ON k.connection_id = c.id AND k.tenant_id = t.id AND k.hour > %s
    GROUP BY c.id, t.id, b.tenant_id ORDER BY c.name, t.system
"""


def shared(now: datetime) -> Sequence[Shared]:
    """Return what all connections call, one statement however many there are."""
    with database.cursor() as cursor:
        cursor.execute(_SHARED, [now - DAY])
        return [
            Shared(
                connection_id=number,
                connection=name,
                system=system,
                identity=identity,
                settings=msgspec.json.decode(settings),
                ours=ours,
                used=used,
                limit=limit,
            )
            for number, name, system, identity, settings, ours, used, limit in cursor.fetchall()
        ]


def calls_by_hour(connection_id: int, tenant_id: int, since: datetime) -> Sequence[tuple[datetime, int]]:
    """Return the calls of a connection to a tenant, by the hour in which they began, oldest first."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT hour, calls FROM call_count WHERE connection_id = %s AND tenant_id = %s AND hour > %s"
            " ORDER BY hour",
            [connection_id, tenant_id, since],
        )
        return [(hour, calls) for hour, calls in cursor.fetchall()]
