"""The state of a connection: one of seven, judged from facts by one pure function.

Causes are looked for in the order of `_ORDER`, and the first that applies decides. So a connection that may not sign in
is never called behind, although it is: what a person has to do about it is told, not what follows from it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from .failures import FailureKind
from .schedule import Schedule, next_start

GRACE = timedelta(minutes=5)  # how late a start, or what it should have done, may be
_PASSING = frozenset({FailureKind.TRANSIENT, FailureKind.QUOTA})  # end without anybody's help


class State(StrEnum):
    """How a connection stands, in the words of every door."""

    OK = "ok"
    RUNNING = "running"
    BEHIND = "behind"
    WAITING = "waiting for you"
    PAUSED = "paused"
    SIGN_IN_LOST = "sign-in lost"
    BRAKED = "stopped by a brake"


class Cause(StrEnum):
    """Why a connection is in its state."""

    SIGN_IN_LOST = "sign_in_lost"  # the last run was refused
    BRAKED = "braked"  # the last run was stopped before it wrote too much
    STOPPED = "stopped"  # everything was
    RESTING = "resting"  # the connection's runs
    PAUSED = "paused"  # the schedule rests
    FAILED = "failed"  # the last run failed, and the next will unless somebody does something
    NO_MAPPING = "no_mapping"
    FIRST_SYNC = "first_sync"  # its plan must be approved
    MISSED = "missed"  # a start was due, and nothing started
    UNSETTLED = "unsettled"  # two starts have not settled what was seen
    UNREAD = "unread"  # two starts have not read a feed to its end
    ONE_WAY = "one_way"  # global synchronisation is off
    RUNNING = "running"
    CHOICES = "choices"  # a person is to choose: conflicts on `ask`, ambiguous matches
    QUEUED = "queued"  # something waits for the next run
    SETTLED = "settled"


STATES = {
    Cause.SIGN_IN_LOST: State.SIGN_IN_LOST,
    Cause.BRAKED: State.BRAKED,
    Cause.STOPPED: State.PAUSED,
    Cause.RESTING: State.PAUSED,
    Cause.PAUSED: State.PAUSED,
    Cause.FAILED: State.WAITING,
    Cause.NO_MAPPING: State.WAITING,
    Cause.FIRST_SYNC: State.WAITING,
    Cause.MISSED: State.BEHIND,
    Cause.UNSETTLED: State.BEHIND,
    Cause.UNREAD: State.BEHIND,
    Cause.ONE_WAY: State.PAUSED,
    Cause.RUNNING: State.RUNNING,
    Cause.CHOICES: State.WAITING,
    Cause.QUEUED: State.OK,
    Cause.SETTLED: State.OK,
}


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to know of a connection at one moment."""

    name: str
    now: datetime
    mapped: bool = True
    finished: bool = True  # a run was ever finished: until then a plan must be approved
    brake: str | None = None  # why the last run was braked, with the code
    brake_cure: str = ""
    failure: FailureKind | None = None  # of the last run that ended
    error: str = ""
    running_since: datetime | None = None
    schedule: Schedule | None = None
    set_at: datetime | None = None  # of the schedule
    next_at: datetime | None = None  # in the past while a start is due that nobody has taken
    paused: bool = False  # the schedule
    halt: str = ""  # stopped: everything, paused: the connection's runs; by a person
    one_way: bool = False  # nothing but opt-outs goes to ActiveCampaign
    waiting: int = 0  # sightings that are not settled
    oldest_at: datetime | None = None  # when the oldest of them was seen first
    read_at: datetime | None = None  # when the feed that was read longest ago was read to its end
    held: int = 0
    rejected: int = 0  # of these, writes that a system declined
    choices: int = 0  # holds on which a person is to decide


def cause_of(facts: Facts) -> Cause:
    """Return why a connection is in its state: the first cause, in the order of precedence, that applies."""
    return next((cause for cause, applies in _ORDER if applies(facts)), Cause.SETTLED)


def state_of(facts: Facts) -> State:
    """Return the one state of a connection."""
    return STATES[cause_of(facts)]


def _lasting_failure(facts: Facts) -> bool:
    return facts.failure is not None and facts.failure not in _PASSING


def _missed(facts: Facts) -> bool:
    return facts.schedule is not None and facts.next_at is not None and facts.now > facts.next_at + GRACE


def _outlasted(facts: Facts, moment: datetime | None) -> bool:
    """Tell whether two starts since a moment should have done what is not done yet."""
    if facts.schedule is None or facts.set_at is None or moment is None:
        return False
    first = next_start(facts.schedule, facts.set_at, moment)
    return facts.now > next_start(facts.schedule, facts.set_at, first) + GRACE


_ORDER: tuple[tuple[Cause, Callable[[Facts], bool]], ...] = (
    (Cause.SIGN_IN_LOST, lambda facts: facts.failure is FailureKind.AUTH),
    (Cause.BRAKED, lambda facts: facts.brake is not None),
    (Cause.STOPPED, lambda facts: facts.halt == "stopped"),
    (Cause.RESTING, lambda facts: facts.halt == "paused"),
    (Cause.PAUSED, lambda facts: facts.paused),
    (Cause.FAILED, _lasting_failure),
    (Cause.NO_MAPPING, lambda facts: not facts.mapped),
    (Cause.FIRST_SYNC, lambda facts: not facts.finished and facts.running_since is None),
    (Cause.MISSED, lambda facts: facts.finished and _missed(facts)),
    (Cause.UNSETTLED, lambda facts: facts.finished and _outlasted(facts, facts.oldest_at)),
    (Cause.UNREAD, lambda facts: facts.finished and _outlasted(facts, facts.read_at)),
    (Cause.ONE_WAY, lambda facts: facts.one_way),
    (Cause.RUNNING, lambda facts: facts.running_since is not None),
    (Cause.CHOICES, lambda facts: facts.choices > 0),
    (Cause.QUEUED, lambda facts: facts.waiting > 0),
)
