"""A connection has exactly one state, by one order of causes, and a sentence with a next step in every language."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswalk.core.failures import FailureKind
from crosswalk.core.language import LANGUAGES, speaking
from crosswalk.core.schedule import Cron, Daily, Every, Quiet, Schedule
from crosswalk.core.state import STATES, Cause, Facts, State, cause_of, state_of
from crosswalk.core.state_words import Condition, age, condition

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOURLY = Schedule(times=Every(minutes=60))
CALM = Facts(
    name="acme",
    now=NOW,
    schedule=HOURLY,
    set_at=NOW - timedelta(days=9),
    next_at=NOW + timedelta(minutes=30),
    read_at=NOW - timedelta(minutes=30),
)


def facts(**changes: object) -> Facts:
    return msgspec.structs.replace(CALM, **changes)


# What brings each cause about, the first in precedence first.
ORDER: dict[Cause, dict[str, object]] = {
    Cause.SIGN_IN_LOST: {"failure": FailureKind.AUTH, "error": "401"},
    Cause.BRAKED: {"brake": "CW-6012: too many", "brake_cure": "Look."},
    Cause.STOPPED: {"halt": "stopped"},
    Cause.RESTING: {"halt": "paused"},
    Cause.PAUSED: {"paused": True},
    Cause.FAILED: {"failure": FailureKind.PERMISSION, "error": "no right"},
    Cause.NO_MAPPING: {"mapped": False},
    Cause.FIRST_SYNC: {"finished": False},
    Cause.MISSED: {"next_at": NOW - timedelta(minutes=6)},
    Cause.UNSETTLED: {"oldest_at": NOW - timedelta(hours=3), "waiting": 7},
    Cause.UNREAD: {"read_at": NOW - timedelta(hours=3)},
    Cause.ONE_WAY: {"one_way": True},
    Cause.RUNNING: {"running_since": NOW - timedelta(minutes=1)},
    Cause.CHOICES: {"choices": 2, "held": 5},
    Cause.QUEUED: {"waiting": 7},
    Cause.SETTLED: {},
}


def test_the_seven_states_are_these() -> None:
    assert [state.value for state in State] == [
        "ok",
        "running",
        "behind",
        "waiting for you",
        "paused",
        "sign-in lost",
        "stopped by a brake",
    ]
    assert set(STATES.values()) == set(State)


@pytest.mark.parametrize("cause", Cause)
def test_each_cause_alone_decides(cause: Cause) -> None:
    found = facts(**ORDER[cause])
    assert cause_of(found) is cause
    assert state_of(found) is STATES[cause]


# What was never approved cannot miss a start, and there is one halt at a time; otherwise each cause hides the next.
PAIRS = [
    pair
    for pair in pairwise(ORDER)
    if pair not in {(Cause.FIRST_SYNC, Cause.MISSED), (Cause.STOPPED, Cause.RESTING)}
]


@pytest.mark.parametrize(("stronger", "weaker"), PAIRS)
def test_of_two_causes_the_stronger_decides(stronger: Cause, weaker: Cause) -> None:
    assert cause_of(facts(**{**ORDER[weaker], **ORDER[stronger]})) is stronger


def test_nothing_is_missed_before_the_first_sync_and_a_first_sync_at_work_is_not_waited_for() -> None:
    late = facts(finished=False, next_at=NOW - timedelta(days=1))
    assert cause_of(late) is Cause.FIRST_SYNC
    assert state_of(msgspec.structs.replace(late, running_since=NOW)) is State.RUNNING


def test_what_passes_by_itself_is_no_state_until_it_has_lasted() -> None:
    for kind in (FailureKind.TRANSIENT, FailureKind.QUOTA):
        assert state_of(facts(failure=kind)) is State.OK
        assert state_of(facts(failure=kind, read_at=NOW - timedelta(hours=3))) is State.BEHIND


def test_behind_is_what_two_starts_have_not_settled() -> None:
    set_at = CALM.set_at
    assert set_at is not None
    starts = {"schedule": HOURLY, "set_at": set_at}  # at every full hour
    seen = NOW - timedelta(hours=2, minutes=1)
    second = NOW - timedelta(hours=1)
    for late, state in ((4, State.OK), (6, State.BEHIND)):
        now = second + timedelta(minutes=late)
        told = facts(**starts, now=now, next_at=now, read_at=now, oldest_at=seen, waiting=1)
        assert state_of(told) is state


def test_quiet_hours_make_nothing_late() -> None:
    quiet = Schedule(times=Every(minutes=15), quiet=Quiet(start=time(22), end=time(6)))
    seen = datetime(2026, 3, 3, 21, 50, tzinfo=UTC)
    night = facts(schedule=quiet, oldest_at=seen, waiting=1, read_at=seen, next_at=seen + timedelta(days=1))
    for hour, minute, state in ((5, 59, State.OK), (6, 4, State.OK), (6, 25, State.BEHIND)):
        now = datetime(2026, 3, 4, hour, minute, tzinfo=UTC)
        assert state_of(msgspec.structs.replace(night, now=now)) is state


def test_nothing_is_behind_where_runs_start_by_hand() -> None:
    by_hand = facts(schedule=None, set_at=None, next_at=None, oldest_at=NOW - timedelta(days=99), waiting=3)
    assert state_of(by_hand) is State.OK
    assert "crosswalk sync --connection acme" in condition(by_hand).next_step


MOMENTS = st.none() | st.integers(-(10**7), 10**7).map(lambda seconds: NOW + timedelta(seconds=seconds))
ANY_FACTS = st.builds(
    Facts,
    name=st.just("acme"),
    now=st.just(NOW),
    mapped=st.booleans(),
    finished=st.booleans(),
    brake=st.none() | st.just("CW-6012: why {x}"),
    failure=st.none() | st.sampled_from(FailureKind),
    error=st.sampled_from(["", "it said {no}", "100 %"]),
    running_since=MOMENTS,
    schedule=st.none()
    | st.sampled_from(
        [
            HOURLY,
            Schedule(times=Daily(at=time(3)), zone="Europe/Berlin"),
            Schedule(times=Cron(text="5 * * * 1")),
        ]
    ),
    set_at=MOMENTS,
    next_at=MOMENTS,
    paused=st.booleans(),
    halt=st.sampled_from(["", "stopped", "paused"]),
    one_way=st.booleans(),
    waiting=st.integers(0, 10**6),
    oldest_at=MOMENTS,
    read_at=MOMENTS,
    choices=st.integers(0, 9),
)


@given(ANY_FACTS)
def test_whatever_the_facts_there_is_one_state_with_words(found: Facts) -> None:
    told = list(_in_every_language(found))
    assert {(each.state, each.cause) for each in told} == {(state_of(found), cause_of(found))}
    assert all(each.word and each.sentence for each in told)


@given(ANY_FACTS, st.sampled_from([Cause.SIGN_IN_LOST, Cause.BRAKED, Cause.PAUSED, Cause.FAILED]))
def test_what_stops_everything_is_told_unless_something_stronger_does(found: Facts, stopping: Cause) -> None:
    now = cause_of(msgspec.structs.replace(found, **ORDER[stopping]))
    order = list(ORDER)
    assert order.index(now) <= order.index(stopping)


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_its_own_words_in_every_language(cause: Cause) -> None:
    told = list(_in_every_language(facts(**ORDER[cause])))
    assert len({each.sentence for each in told}) == len(LANGUAGES)
    assert all(each.next_step for each in told)
    assert len({each.word for each in told}) == len(LANGUAGES) or told[0].word == "ok"


@pytest.mark.parametrize(
    ("passed", "text"), [(0, "0 min"), (59.9, "0 min"), (3600, "1 h 00 min"), (90_060, "25 h 01 min")]
)
def test_ages_are_told_in_hours_and_minutes(passed: float, text: str) -> None:
    assert age(timedelta(seconds=passed)) == text


def _in_every_language(found: Facts) -> Iterator[Condition]:
    for code in LANGUAGES:
        with speaking(code):
            yield condition(found)
