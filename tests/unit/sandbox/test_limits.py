from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crosswalk_sandbox.limits import Limits, Window

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "enforced", "widened"), [("real", True, 5), ("off", False, 5), ("x20", True, 100)]
)
def test_limits_are_real_off_or_a_factor(text: str, enforced: bool, widened: int) -> None:
    limits = Limits.parse(text)
    assert (limits.enforced, limits.widened(5)) == (enforced, widened)


@pytest.mark.parametrize("text", ["", "x", "x0", "x-1", "x1.5", "20", "OFF"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="limits must be"):
        Limits.parse(text)


def test_a_window_lets_through_no_more_than_its_limit_in_any_stretch_of_its_length() -> None:
    window = Window(limit=3, seconds=1)
    times = [NOON + timedelta(milliseconds=100 * tick) for tick in range(40)]
    passed = [at for at in times if window.take(at)]
    for at in passed:
        assert sum(at <= other < at + timedelta(seconds=1) for other in passed) <= 3
    assert len(passed) == 12


def test_a_window_says_what_is_left_and_how_long_to_wait() -> None:
    window = Window(limit=2, seconds=60)
    assert window.remaining(NOON) == 2
    assert window.wait(NOON) == 1
    window.take(NOON)
    window.take(NOON + timedelta(seconds=10))
    assert window.remaining(NOON + timedelta(seconds=10)) == 0
    assert window.wait(NOON + timedelta(seconds=20.5)) == 40
    assert window.remaining(NOON + timedelta(seconds=60)) == 1


def test_a_clock_that_was_set_back_does_not_block_a_window() -> None:
    window = Window(limit=1, seconds=1)
    assert window.take(NOON)
    assert window.take(NOON - timedelta(days=1))
