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
from crosswalk.core.words import again

from .brakes import BRAKE
from .leases import HOLDERS
from .sightings import LATENCY_BOUNDS

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
    rejected: int  # writes that a system declined
    choices: int  # holds on which a person is to decide
    cursors: Sequence[Cursor]
    latency: Latency


# What waits and what is held is counted in one pass each: a look at the inbox per connection would read it as often.
_STANDING = f"""
    WITH leased AS MATERIALIZED ({HOLDERS}),
    going AS (SELECT r.connection_id AS id, max(r.started_at) AS started_at
              FROM run r JOIN leased USING (connection_id) WHERE r.state = 'running' GROUP BY 1),
    seen AS (SELECT connection_id AS id, count(*) AS waiting, min(coalesce(waits_since, requested_at)) AS oldest_at
             FROM inbox WHERE %(all)s OR connection_id = ANY(%(connections)s::bigint[]) GROUP BY 1),
    told AS (SELECT connection_id AS id, min(intended_at) AS oldest_at
             FROM consent_write WHERE state <> 'refused' GROUP BY 1),
    holds AS (SELECT connection_id AS id, count(*) AS held, count(*) FILTER (WHERE kind = 'rejected') AS rejected,
                     count(*) FILTER (WHERE kind = ANY(%(choices)s) AND chosen IS NULL) AS choices
              FROM hold WHERE kind <> '{BRAKE}' GROUP BY 1)
    SELECT coalesce(last.failure, ''), coalesce(last.said, ''), c.id, c.name,
      EXISTS (SELECT FROM mapping m WHERE m.connection_id = c.id),
      EXISTS (SELECT FROM run r WHERE r.connection_id = c.id AND r.state = 'done'),
      NOT c.global_sync,
      coalesce((SELECT h.kind FROM halt h WHERE (h.connection_id IS NULL OR h.connection_id = c.id)
                AND h.kind <> 'cancelled' ORDER BY h.connection_id NULLS FIRST LIMIT 1), ''),
      coalesce(last.error, ''), going.started_at,
      coalesce(seen.waiting, 0), least(seen.oldest_at, told.oldest_at),
      coalesce(holds.held, 0), coalesce(holds.rejected, 0), coalesce(holds.choices, 0)
    FROM connection c
    LEFT JOIN LATERAL (SELECT failure, error, said FROM run r WHERE r.connection_id = c.id AND r.state <> 'running'
                       ORDER BY r.id DESC LIMIT 1) last ON true
    LEFT JOIN going ON going.id = c.id
    LEFT JOIN seen ON seen.id = c.id
    LEFT JOIN told ON told.id = c.id
    LEFT JOIN holds ON holds.id = c.id
    WHERE %(all)s OR c.id = ANY(%(connections)s::bigint[])
    ORDER BY c.name
"""
_COLUMNS = (  # of the statement above, behind its first two
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
    "rejected",
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
            **_named(said, row),
            failure=FailureKind(failure) if failure else None,
            cursors=cursors.get(row[0], []),
            latency=_histogram(took.get(row[0], {})),
        )
        for failure, said, *row in _rows(_STANDING, parameters)
    ]


def _named(said: str, row: Sequence[Any]) -> dict[str, Any]:
    found = dict(zip(_COLUMNS, row, strict=True))
    (found["error"],) = again(said, found["error"])
    return found


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
