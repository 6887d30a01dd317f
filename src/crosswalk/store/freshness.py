"""How fresh connections are: what waits since when, how far feeds are read, how long edits take, what runs came to.

All figures are of many connections at once. Of each, only rows that wait are looked at, never links or the journal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection as database

from crosswalk.core.failures import FailureKind

from .brakes import BRAKE
from .outcomes import LATENCY_BOUNDS

_CHOICES = ["conflict", "ambiguous"]  # kinds of holds on which a person decides


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """How far one feed is read."""

    system: str
    feed: str
    read_at: datetime | None  # when it was read to its end last


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """How long edits took until they were written on the other side."""

    count: int
    seconds: float  # all together
    buckets: dict[float, int]  # seconds → how many took at most so long; the last bound is infinite

    def within(self, share: float) -> float | None:
        """Return the bound within which that share of all edits was written; None without any."""
        reached = (bound for bound, count in self.buckets.items() if count >= share * self.count)
        return next(reached, None) if self.count else None


class Freshness(msgspec.Struct, frozen=True, kw_only=True):
    """What the database says of one connection."""

    connection_id: int
    name: str
    mapped: bool
    finished: bool  # a run was ever finished
    failure: FailureKind | None  # of the last run that ended
    error: str
    running_since: datetime | None  # of a run whose process holds the connection's lease
    waiting: int  # sightings that are not settled
    oldest_at: datetime | None  # when the oldest of them, or of the opt-outs to be written, was seen first
    halt: str  # stopped: everything, paused: the connection's runs; empty: neither
    one_way: bool  # global synchronisation is off
    held: int
    choices: int  # holds on which a person is to decide
    cursors: Sequence[Cursor]
    latency: Latency


_STANDING = f"""
    SELECT coalesce(last.failure, ''), c.id, c.name,
      EXISTS (SELECT FROM mapping m WHERE m.connection_id = c.id),
      EXISTS (SELECT FROM run r WHERE r.connection_id = c.id AND r.state = 'done'),
      NOT c.global_sync,
      coalesce((SELECT h.kind FROM halt h WHERE (h.connection_id IS NULL OR h.connection_id = c.id)
                AND h.kind <> 'cancelled' ORDER BY h.connection_id NULLS FIRST LIMIT 1), ''),
      coalesce(last.error, ''), going.started_at,
      seen.waiting, least(seen.oldest_at, told.oldest_at), holds.held, holds.choices
    FROM connection c
    LEFT JOIN LATERAL (SELECT failure, error FROM run r WHERE r.connection_id = c.id AND r.state <> 'running'
                       ORDER BY r.id DESC LIMIT 1) last ON true
    LEFT JOIN LATERAL (
        SELECT started_at FROM run r WHERE r.connection_id = c.id AND r.state = 'running' AND EXISTS (
            SELECT FROM pg_locks held WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 2
            AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND held.classid::bigint = hashtext('connection')::bigint & 4294967295 AND held.objid::bigint = c.id)
        ORDER BY r.id DESC LIMIT 1) going ON true
    CROSS JOIN LATERAL (SELECT count(*) AS waiting, min(coalesce(i.waits_since, i.requested_at)) AS oldest_at
                        FROM inbox i WHERE i.connection_id = c.id) seen
    CROSS JOIN LATERAL (SELECT min(w.intended_at) AS oldest_at FROM consent_write w
                        WHERE w.connection_id = c.id AND w.state <> 'refused') told
    CROSS JOIN LATERAL (SELECT count(*) AS held,
                               count(*) FILTER (WHERE h.kind = ANY(%(choices)s) AND h.chosen IS NULL) AS choices
                        FROM hold h WHERE h.connection_id = c.id AND h.kind <> '{BRAKE}') holds
    WHERE %(all)s OR c.id = ANY(%(connections)s::bigint[])
    ORDER BY c.name
"""
_COLUMNS = (  # of the statement above, behind its first
    "connection_id",
    "name",
    "mapped",
    "finished",
    "one_way",
    "halt",
    "error",
    "running_since",
    "waiting",
    "oldest_at",
    "held",
    "choices",
)
_CURSORS = """
    SELECT c.id, t.system, f.name, f.read_at
    FROM connection c
    JOIN feed f ON (f.tenant_id = c.activecampaign_id AND f.name = 'contact') OR (f.tenant_id = c.crm_id
      AND EXISTS (SELECT FROM mapping m WHERE m.connection_id = c.id AND m.object = f.name))
    JOIN tenant t ON t.id = f.tenant_id
    WHERE %(all)s OR c.id = ANY(%(connections)s::bigint[])
    ORDER BY t.system, f.name
"""
_LATENCY = """
    SELECT connection_id, bound, count, seconds FROM latency
    WHERE %(all)s OR connection_id = ANY(%(connections)s::bigint[])
"""


def freshness(connections: Sequence[int] | None = None) -> list[Freshness]:
    """Return how fresh these connections are, or all, by name: three statements, however many there are."""
    parameters = {"all": connections is None, "connections": list(connections or ()), "choices": _CHOICES}
    cursors: dict[int, list[Cursor]] = {}
    for number, system, feed, read_at in _rows(_CURSORS, parameters):
        cursors.setdefault(number, []).append(Cursor(system=system, feed=feed, read_at=read_at))
    took: dict[int, dict[float, tuple[int, float]]] = {}
    for number, bound, count, seconds in _rows(_LATENCY, parameters):
        took.setdefault(number, {})[bound] = (count, seconds)
    return [
        Freshness(
            **dict(zip(_COLUMNS, row, strict=True)),
            failure=FailureKind(failure) if failure else None,
            cursors=cursors.get(row[0], []),
            latency=_histogram(took.get(row[0], {})),
        )
        for failure, *row in _rows(_STANDING, parameters)
    ]


def _rows(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def _histogram(took: dict[float, tuple[int, float]]) -> Latency:
    """Count up, as histograms are read: each bucket with those before it."""
    total, buckets = 0, {}
    for bound in sorted({*LATENCY_BOUNDS, float("inf"), *took}):
        total += took.get(bound, (0, 0.0))[0]
        buckets[bound] = total
    return Latency(count=total, seconds=sum(seconds for _, seconds in took.values()), buckets=buckets)
