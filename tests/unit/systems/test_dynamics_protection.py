"""What an environment says is left of its service protection limits sets the pace before it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf

import pytest
from tests.helpers.systems import FreeBudget

from crosswalk.systems.answers import Answer
from crosswalk.systems.dynamics.protection import Protection

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def answer(takes: float, **left: str) -> Answer:
    """An answer after so many seconds, with what is `left` of requests and of work."""
    headers = {f"x-ms-ratelimit-{name}-remaining-xrm-requests": number for name, number in left.items()}
    return Answer(
        vendor="Dynamics 365",
        path="/contacts",
        status=200,
        headers=headers,
        body=b"{}",
        requested_at=NOON,
        received_at=NOON + timedelta(seconds=takes),
    )


def paces(*answers: Answer) -> list[float]:
    budget = FreeBudget()
    protection = Protection()
    for each in answers:
        protection.learn(each, budget)
    return [told["per_second"] for told in budget.learned]


@pytest.mark.parametrize(
    ("takes", "burst", "time", "pace"),
    [
        (0.1, "5999", "1,199.90", [inf]),
        (0.1, "3000", "300.00", []),  # neither short nor rested: as it was
        (0.1, "1199", "1,100.00", [16.0]),
        (0.1, "5000", "239.00", [32.0]),
        (2.0, "5000", "239.00", [1.6]),
        (2.0, "100", "0.00", [1.6]),
        (0.0, "5000", "0.00", [64.0]),
    ],
)
def test_what_runs_short_sets_the_pace(takes: float, burst: str, time: str, pace: list[float]) -> None:
    assert paces(answer(takes, burst=burst, time=time)) == pace


def test_the_pace_goes_by_how_long_calls_take_lately() -> None:
    short = {"burst": "5000", "time": "100.00"}
    told = paces(*[answer(0.2, **short)] * 3, *[answer(2.2, **short)] * 20)
    assert told[0] == 16.0
    assert told == sorted(told, reverse=True)
    assert told[-1] == pytest.approx(3.2 / 2.2, abs=0.1)


@pytest.mark.parametrize("left", [{}, {"burst": "many", "time": "1"}, {"burst": "1"}])
def test_without_both_figures_nothing_is_concluded(left: dict[str, str]) -> None:
    assert paces(answer(0.1, **left)) == []
