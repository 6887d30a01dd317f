"""When somebody is to be told about a connection: once per cause, and once when all is well again.

A cause begins when it is seen first. It is told when it lasts for a minute, so that what passes at once disturbs
nobody; and it is over when it was not seen for an hour, so that one which comes and goes is one cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from .state import STATES, Cause, Facts, State, cause_of

SETTLING = timedelta(minutes=1)
CALM = timedelta(hours=1)
RESTING = "resting"  # what a person stopped is neither told nor well again

_OF_A_PERSON = frozenset(
    {Cause.SIGN_IN_LOST, Cause.BRAKED, Cause.FAILED, Cause.NO_MAPPING, Cause.FIRST_SYNC, Cause.CHOICES}
)


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """A cause from when it was seen first until it is over."""

    topic: str
    began_at: datetime
    seen_at: datetime  # the last time
    told_at: datetime | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What one look at a connection comes to."""

    episodes: tuple[Episode, ...]  # as they stand now
    tell: Episode | None = None  # somebody is to be told of this one
    well_since: datetime | None = None  # somebody is to be told that all is well, since then


def topic_of(facts: Facts) -> str | None:
    """Return what to tell about a connection, None when all is well, or RESTING.

    A run at work is no answer: it says nothing about what was before it or will be after it. Nor is one direction that
    is switched off.
    """
    cause = cause_of(facts)
    if cause in {Cause.RUNNING, Cause.ONE_WAY}:
        lasting = msgspec.structs.replace(facts, running_since=None, one_way=False, finished=True)
        cause = cause_of(lasting)
    if STATES[cause] is State.PAUSED:
        return RESTING
    if STATES[cause] is State.BEHIND:
        return State.BEHIND.value
    return cause.value if cause in _OF_A_PERSON else None


def follow(episodes: Sequence[Episode], topic: str | None, now: datetime) -> Step:
    """Take in what is to be told about a connection at this moment; `episodes` are those that are not over."""
    if topic == RESTING:
        return Step(episodes=tuple(episodes))
    seen, tell = _seen(episodes, topic, now)
    over = [each for each in episodes if each.topic != topic and now - each.seen_at >= CALM]
    going = [each for each in episodes if each.topic != topic and each not in over]
    told = [each.seen_at for each in over if each.told_at is not None]
    last = told and not seen and not any(each.told_at is not None for each in going)
    return Step(episodes=(*going, *seen), tell=tell, well_since=max(told) if last else None)


def _seen(
    episodes: Sequence[Episode], topic: str | None, now: datetime
) -> tuple[tuple[Episode, ...], Episode | None]:
    """Return the episode of what is seen now, and the same when it is to be told."""
    if topic is None:
        return (), None
    fresh = Episode(topic=topic, began_at=now, seen_at=now)
    known = next((each for each in episodes if each.topic == topic and now - each.seen_at < CALM), fresh)
    known = msgspec.structs.replace(known, seen_at=now)
    if known.told_at is not None or now - known.began_at < SETTLING:
        return (known,), None
    known = msgspec.structs.replace(known, told_at=now)
    return (known,), known
