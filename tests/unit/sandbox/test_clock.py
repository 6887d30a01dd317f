from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from crosswalk_sandbox.clock import Clock

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Ticking:
    """A source that a test moves."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def test_it_runs_with_its_source() -> None:
    source = Ticking()
    clock = Clock(source)
    source.now += timedelta(seconds=3)
    assert clock.now() == NOON + timedelta(seconds=3)


def test_advancing_shifts_a_running_clock() -> None:
    source = Ticking()
    clock = Clock(source)
    clock.advance(60)
    source.now += timedelta(seconds=1)
    assert clock.now() == NOON + timedelta(seconds=61)
    assert clock.offset == 60


def test_set_takes_times_of_any_zone() -> None:
    clock = Clock(Ticking())
    clock.set(datetime(2026, 3, 2, 8, 0, tzinfo=timezone(timedelta(hours=-6))))
    assert clock.now() == datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
    assert clock.now().tzinfo is UTC


def test_a_frozen_clock_moves_only_when_told() -> None:
    source = Ticking()
    clock = Clock(source)
    clock.freeze(True)
    source.now += timedelta(hours=1)
    assert clock.now() == NOON
    clock.advance(5)
    assert clock.now() == NOON + timedelta(seconds=5)


def test_a_thawed_clock_runs_on_from_where_it_stood() -> None:
    source = Ticking()
    clock = Clock(source)
    clock.freeze(True)
    source.now += timedelta(hours=1)
    clock.freeze(False)
    source.now += timedelta(seconds=2)
    assert clock.now() == NOON + timedelta(seconds=2)


def test_reset_returns_to_how_it_was_made() -> None:
    source = Ticking()
    running, standing = Clock(source), Clock.standing(NOON)
    for clock in (running, standing):
        clock.advance(100)
        clock.freeze(not clock.frozen)
        clock.reset()
    assert (running.now(), running.frozen) == (source.now, False)
    assert (standing.now(), standing.frozen) == (NOON, True)
