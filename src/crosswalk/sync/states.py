"""The states of connections at one moment: what the doors show, and what notices are about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from crosswalk.core.state import Facts
from crosswalk.core.state_words import Condition, condition
from crosswalk.core.words import together
from crosswalk.store import brakes, models, schedules
from crosswalk.store.freshness import Freshness, freshness
from crosswalk.store.schedules import Kept


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How one connection stands."""

    facts: Facts
    freshness: Freshness

    def condition(self) -> Condition:
        """Return its state with a sentence and a next step, in the language that is spoken."""
        return condition(self.facts)

    @property
    def oldest_seconds(self) -> float:
        """The age of the oldest sighting that is not settled; 0 when all are."""
        return _age(self.facts.now, self.freshness.oldest_at) or 0.0

    def cursor_seconds(self) -> dict[tuple[str, str], float | None]:
        """Return, per system and feed, how long ago it was read to its end; None: never."""
        return {
            (each.system, each.feed): _age(self.facts.now, each.read_at) for each in self.freshness.cursors
        }


def standings(now: datetime, connections: Sequence[int] | None = None) -> list[Standing]:
    """Return how these connections stand, or all, by name; a handful of statements, however many there are."""
    kept = schedules.all_kept()
    braked = brakes.all_current()
    return [
        Standing(
            facts=_facts(each, now, kept.get(each.connection_id), braked.get(each.connection_id)),
            freshness=each,
        )
        for each in freshness(connections)
    ]


def standing(connection: models.Connection, now: datetime) -> Standing:
    """Return how one connection stands."""
    (found,) = standings(now, [connection.id])
    return found


def _facts(fresh: Freshness, now: datetime, kept: Kept | None, brake: brakes.Brake | None) -> Facts:
    return Facts(
        name=fresh.name,
        now=now,
        mapped=fresh.mapped,
        finished=fresh.finished,
        brake=None if brake is None else together("{code}: {reason}", code=brake.code, reason=brake.reason),
        brake_cure="" if brake is None else brake.cure,
        failure=fresh.failure,
        error=fresh.error,
        running_since=fresh.running_since,
        schedule=None if kept is None else kept.schedule,
        set_at=None if kept is None else kept.set_at,
        next_at=None if kept is None else kept.next_at,
        paused=kept is not None and kept.paused,
        halt=fresh.halt,
        one_way=fresh.one_way,
        waiting=fresh.waiting,
        oldest_at=fresh.oldest_at,
        read_at=min((each.read_at for each in fresh.cursors if each.read_at is not None), default=None),
        held=fresh.held,
        rejected=fresh.rejected,
        choices=fresh.choices,
    )


def _age(now: datetime, moment: datetime | None) -> float | None:
    return None if moment is None else max(0.0, (now - moment).total_seconds())
