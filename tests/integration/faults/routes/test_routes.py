"""Every fault at every route that a run uses, for a moment and for long: no run loses, doubles or repeats anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import pytest
from tests.helpers.fault_routes import (
    ACTIVECAMPAIGN,
    CRMS,
    DYNAMICS,
    IMPORTED,
    NARROW,
    OPENING,
    READING,
    SALESFORCE,
    WRITING,
    Route,
)

from crosswalk.core.failures import FailureKind, SystemFailure

if TYPE_CHECKING:
    from tests.helpers.faulty import Faulty

LONG = 10_000  # requests: until the vendor is healed

# name → order
BRIEF: dict[str, dict[str, Any]] = {
    "throttled": {"kind": "throttle"},
    "429 for 5 s": {"kind": "status", "status": 429, "headers": {"retry-after": "5"}},
    "503": {"kind": "status", "status": 503},
    "503 for 5 s": {"kind": "status", "status": 503, "headers": {"retry-after": "5"}},
    "page": {"kind": "html", "status": 200},
    "dropped": {"kind": "drop"},
    "dropped after the effect": {"kind": "drop", "when": "after"},
    "cut after the effect": {"kind": "truncate", "when": "after"},
    "half a JSON after the effect": {"kind": "truncate", "when": "after", "clean": True},
    "too slow": {"kind": "delay", "seconds": 61, "when": "after"},
}
# what leaves a write in doubt, and how it may be refused
IN_DOUBT = (
    "throttled",
    "503 for 5 s",
    "page",
    "dropped after the effect",
    "half a JSON after the effect",
    "too slow",
)


# ActiveCampaign's own routes are played beside the first CRM alone where each has cases of its own.
BESIDE = {SALESFORCE: SALESFORCE, DYNAMICS: DYNAMICS, ACTIVECAMPAIGN: SALESFORCE}


def routes_of(crm: str, *tables: dict[str, tuple[Route, ...]]) -> list[Route]:
    """What a run with this CRM asks both systems for."""
    return [route for table in tables for system in (crm, ACTIVECAMPAIGN) for route in table[system]]


def each_of(*tables: dict[str, tuple[Route, ...]], more: tuple[Route, ...] = ()) -> Any:
    """One case per route, with a readable id."""
    found = [route for table in tables for routes in table.values() for route in routes] + list(more)
    cases = [pytest.param(BESIDE[route.system], route, id=str(route)) for route in found]
    return pytest.mark.parametrize(("crm", "route"), cases)


def work(faulty: Faulty, route: Route) -> None:
    """Work that makes the next run call `route`."""
    faulty.work(new=route.new, new_tag=route.new_tag, signed_out=route.signed_out)


@contextmanager
def called_for(route: Route) -> Iterator[None]:
    """Have a run call `route` even where little is to be read."""
    from tests.helpers.faulty import narrow

    with narrow() if route in NARROW else nullcontext():
        yield


def assert_clear(faulty: Faulty, route: Route, failure: SystemFailure) -> None:
    """The message names the vendor and the next step, and the run's row keeps it."""
    assert route.names in failure.message
    assert failure.cure
    assert not any(sign in failure.message + failure.cure for sign in ("<", "{", "Traceback", "Error("))
    run = faulty.last_run()
    assert (run.state, run.error) == ("failed", failure.message)
    assert run.ended_at is not None


@pytest.mark.parametrize("crm", CRMS)
@pytest.mark.parametrize("order", BRIEF.values(), ids=BRIEF)
def test_a_fault_of_a_moment_at_every_reading_route_stops_no_run(
    faulty: Faulty, crm: str, order: dict[str, Any]
) -> None:
    faulty.work(new=IMPORTED, new_tag=True, signed_out=True)
    for route in routes_of(crm, OPENING, READING):
        faulty.fail(route, **order)

    assert faulty.attempt() is None

    assert set(faulty.struck()) == {1}
    faulty.assert_nothing_lost()


@pytest.mark.parametrize("crm", [DYNAMICS])
@pytest.mark.parametrize("order", BRIEF.values(), ids=BRIEF)
def test_a_fault_of_a_moment_while_more_is_read_than_one_answer_holds_stops_no_run(
    faulty: Faulty, order: dict[str, Any]
) -> None:
    faulty.work(new=3)
    for route in NARROW:
        faulty.fail(route, **order)

    with called_for(NARROW[0]):
        assert faulty.attempt() is None

    assert set(faulty.struck()) == {1}
    faulty.assert_nothing_lost()


@pytest.mark.parametrize("order", [BRIEF[name] for name in IN_DOUBT], ids=IN_DOUBT)
@each_of(WRITING)
def test_a_fault_of_a_moment_at_a_writing_route_stops_no_run(
    faulty: Faulty, route: Route, order: dict[str, Any]
) -> None:
    work(faulty, route)
    faulty.fail(route, **order)

    assert faulty.attempt() is None

    assert faulty.struck() == [1]
    faulty.assert_nothing_lost()


DOWN: dict[str, Any] = {"kind": "status", "status": 503}
DROPPED: dict[str, Any] = {"kind": "drop", "when": "after"}
ANOTHER_SITE: dict[str, Any] = {"kind": "html", "status": 404}
THROTTLED: dict[str, Any] = {"kind": "status", "status": 429, "headers": {"retry-after": "150"}}
LASTING: dict[str, tuple[dict[str, Any], set[FailureKind]]] = {
    "down": (DOWN, {FailureKind.TRANSIENT}),
    # where a 404 is a possible answer of the vendor, a page with 404 may also be a passing trouble
    "another site": (ANOTHER_SITE, {FailureKind.PERMISSION, FailureKind.TRANSIENT}),
    "throttled for long": (THROTTLED, {FailureKind.QUOTA}),
}


@pytest.mark.parametrize(("order", "kinds"), LASTING.values(), ids=LASTING)
@each_of(OPENING, READING, more=NARROW)
def test_a_lasting_fault_ends_the_run_with_a_clear_message(
    faulty: Faulty, route: Route, order: dict[str, Any], kinds: set[FailureKind]
) -> None:
    work(faulty, route)
    faulty.fail(route, **order, times=LONG)

    with called_for(route):
        failure = faulty.attempt()

    assert failure is not None
    assert failure.kind in kinds
    assert_clear(faulty, route, failure)
    faulty.assert_nothing_lost()


@pytest.mark.parametrize(
    "order",
    [DOWN, DROPPED, ANOTHER_SITE, THROTTLED],
    ids=["down", "dropped after the effect", "another site", "throttled for long"],
)
@each_of(WRITING)
def test_a_lasting_fault_of_a_write_loses_and_doubles_nothing(
    faulty: Faulty, route: Route, order: dict[str, Any]
) -> None:
    work(faulty, route)
    faulty.fail(route, **order, times=LONG)

    failure = faulty.attempt()

    if failure is not None:
        assert_clear(faulty, route, failure)
    faulty.assert_nothing_lost()
