"""A braked run says so, shows where it stands, and is released by one command."""

from __future__ import annotations

import json

from tests.helpers.command_line import Installation, Sandbox


def braked(synced: Installation, sandbox: Sandbox) -> None:
    """Four leads were edited, and two changes are allowed."""
    mapping = synced("mapping", "show", "acme", "--json").data
    mapping["settings"]["brakes"]["changes"] = {"number": 2, "percent": 0}
    assert synced("mapping", "set", "acme", "-", stdin=json.dumps(mapping)).code == 0
    for lead in sandbox.leads()[:4]:
        sandbox.edit("salesforce", "Lead", lead["Id"], Phone="+1 202 555 0101")


def test_a_braked_run_is_shown_with_its_next_step_and_released(
    synced: Installation, sandbox: Sandbox
) -> None:
    braked(synced, sandbox)
    before = sandbox.writes()

    stopped = synced("sync", "--json")

    assert (stopped.code, stopped.data["state"]) == (3, "braked")
    assert "4 records would be created or changed" in stopped.data["message"]
    assert "crosswalk sync --plan ID" in stopped.data["cure"]
    assert sandbox.writes() == before
    (shown,) = synced("status", "--json").data["connections"]
    assert (shown["brake"]["code"], shown["last_run"]["state"]) == ("CW-6012", "braked")
    assert "crosswalk plan" in synced("status").out

    released = synced("sync", "--approve", "--json")
    assert (released.code, sum(released.data["counts"].values())) == (0, 4)
    (shown,) = synced("status", "--json").data["connections"]
    assert (shown["brake"], shown["held"]) == (None, 0)


def test_approval_given_in_advance_releases_nothing(synced: Installation, sandbox: Sandbox) -> None:
    braked(synced, sandbox)
    stopped = synced("sync", "--approve")
    assert stopped.code == 3
    assert "CW-6012" in stopped.err
