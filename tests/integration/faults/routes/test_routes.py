"""Every fault at every route that a run uses, for a moment and for long: no run loses, doubles or repeats anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crosswalk.core.failures import FailureKind, SystemFailure

if TYPE_CHECKING:
    from tests.helpers.faulty import Faulty

SALESFORCE, ACTIVECAMPAIGN = "salesforce", "activecampaign"
VENDORS = {SALESFORCE: "Salesforce", ACTIVECAMPAIGN: "ActiveCampaign"}
LONG = 10_000  # requests: until the vendor is healed

OPENING = (
    (SALESFORCE, "POST /services/oauth2/token"),
    (SALESFORCE, "GET /sobjects/{object}/describe"),
    (ACTIVECAMPAIGN, "GET /fields"),
)
READING = (
    (SALESFORCE, "GET /queryAll"),
    (SALESFORCE, "GET /query"),
    (SALESFORCE, "POST /composite/sobjects/{object}"),
    (ACTIVECAMPAIGN, "GET /contacts"),
    (ACTIVECAMPAIGN, "GET /contacts/{id}"),
    (ACTIVECAMPAIGN, "GET /tags"),
    (ACTIVECAMPAIGN, "GET /import/bulk_import"),
    (ACTIVECAMPAIGN, "GET /import/info"),
)
WRITING = (
    (SALESFORCE, "PATCH /composite/sobjects"),
    (SALESFORCE, "POST /composite/sobjects"),
    (ACTIVECAMPAIGN, "PUT /contacts/{id}"),
    (ACTIVECAMPAIGN, "POST /contacts"),
    (ACTIVECAMPAIGN, "POST /import/bulk_import"),
)

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


def named(routes: tuple[tuple[str, str], ...]) -> Any:
    """One case per route, with a readable id."""
    return pytest.mark.parametrize(
        ("system", "route"), routes, ids=[f"{VENDORS[system]} {route}" for system, route in routes]
    )


def work(faulty: Faulty, route: str) -> None:
    """Work that makes the next run call `route`."""
    faulty.work(
        new=11 if "import" in route else 1, new_tag=route == "GET /tags", signed_out=route.endswith("/token")
    )


def assert_clear(faulty: Faulty, system: str, failure: SystemFailure) -> None:
    """The message names the vendor and the next step, and the run's row keeps it."""
    assert VENDORS[system] in failure.message
    assert failure.cure
    assert not any(sign in failure.message + failure.cure for sign in ("<", "{", "Traceback", "Error("))
    run = faulty.last_run()
    assert (run.state, run.error) == ("failed", failure.message)
    assert run.ended_at is not None


@pytest.mark.parametrize("order", BRIEF.values(), ids=BRIEF)
def test_a_fault_of_a_moment_at_every_reading_route_stops_no_run(
    faulty: Faulty, order: dict[str, Any]
) -> None:
    faulty.work(new=11, new_tag=True, signed_out=True)
    for system, route in (*OPENING, *READING):
        faulty.fail(system, route, **order)

    assert faulty.attempt() is None

    assert set(faulty.struck()) == {1}
    faulty.assert_nothing_lost()


@pytest.mark.parametrize("order", [BRIEF[name] for name in IN_DOUBT], ids=IN_DOUBT)
@named(WRITING)
def test_a_fault_of_a_moment_at_a_writing_route_stops_no_run(
    faulty: Faulty, system: str, route: str, order: dict[str, Any]
) -> None:
    work(faulty, route)
    faulty.fail(system, route, **order)

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
@named((*OPENING, *READING))
def test_a_lasting_fault_ends_the_run_with_a_clear_message(
    faulty: Faulty, system: str, route: str, order: dict[str, Any], kinds: set[FailureKind]
) -> None:
    work(faulty, route)
    faulty.fail(system, route, **order, times=LONG)

    failure = faulty.attempt()

    assert failure is not None
    assert failure.kind in kinds
    assert_clear(faulty, system, failure)
    faulty.assert_nothing_lost()


@pytest.mark.parametrize(
    "order",
    [DOWN, DROPPED, ANOTHER_SITE, THROTTLED],
    ids=["down", "dropped after the effect", "another site", "throttled for long"],
)
@named(WRITING)
def test_a_lasting_fault_of_a_write_loses_and_doubles_nothing(
    faulty: Faulty, system: str, route: str, order: dict[str, Any]
) -> None:
    work(faulty, route)
    faulty.fail(system, route, **order, times=LONG)

    failure = faulty.attempt()

    if failure is not None:
        assert_clear(faulty, system, failure)
    faulty.assert_nothing_lost()
