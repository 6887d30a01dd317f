"""A sync killed anywhere loses nothing and doubles nothing.

A real process is killed at every request it makes, before and after the request took effect, and before and after every
COMMIT, in an initial and in an incremental run over 300 CRM records. The next run has to bring both sides to exactly
the state that an undisturbed run leaves, judged on the raw dumps, and verify is clean.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from tests.conftest import database_named
from tests.helpers.kill_zygote import SYSTEMS

_numbers = itertools.count(1)
_FIELDS = {
    "Lead": ("Email", "FirstName", "LastName", "Phone", "Company", "HasOptedOutOfEmail"),
    "Contact": ("Email", "FirstName", "LastName", "Phone", "HasOptedOutOfEmail"),
    "contact": ("email", "firstName", "lastName", "phone", "lists"),
}


class Stage:
    """A prepared scenario, with a database of its own for each case."""

    def __init__(self, scenario: str, server_url: str, server: psycopg.Connection[Any]) -> None:
        self._server_url, self._server = server_url, server
        self._cases = 0
        self._template = f"kill_{scenario}_{next(_numbers)}_{id(self)}"
        server.execute(f"CREATE DATABASE {self._template} TEMPLATE migrated")
        command = [sys.executable, "-m", "tests.helpers.kill_zygote", scenario, self._url(self._template)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._hear() == {"ready": True}

    def _url(self, name: str) -> str:
        return database_named(self._server_url, name)

    def _hear(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def case(self, kill: dict[str, Any] | None) -> dict[str, Any]:
        """Kill one sync as told, run again, and return what became of it.

        Each fourth case runs once more, to see that nothing is left to do.
        """
        name = f"{self._template}_case"
        self._cases += 1
        order = {"database": self._url(name), "kill": kill, "again": self._cases % 4 == 1}
        self._server.execute(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        try:
            assert self._process.stdin is not None
            print(json.dumps(order), file=self._process.stdin, flush=True)
            return dict(self._hear())
        finally:
            self._server.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """End the process and remove the database."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        assert self._process.wait(timeout=30) == 0
        self._server.execute(f"DROP DATABASE {self._template} WITH (FORCE)")


@pytest.fixture
def stage(
    request: pytest.FixtureRequest, database_server: tuple[str, psycopg.Connection[Any]]
) -> Iterator[Stage]:
    """The scenario that the test is parametrised with."""
    stage = Stage(request.param, *database_server)
    yield stage
    stage.close()


def _people(dump: dict[str, dict[str, list[dict[str, Any]]]]) -> list[tuple[Any, ...]]:
    """Every live record of both sides with its mapped values, without ids and stamps."""
    found = []
    for system in dump.values():
        for name, fields in _FIELDS.items():
            for row in system.get(name, []):
                if row.get("IsDeleted") or row.get("deleted") == "1":
                    continue
                values = (str(row[field]) if field == "lists" else row[field] or None for field in fields)
                found.append((name, *values))
    return sorted(found, key=repr)


def _ended_before(outcome: dict[str, Any], kill: dict[str, Any]) -> bool:
    """Whether the run was through before it came to the place of the kill.

    A reading that guards a write is left out when the values are fresh: a slow undisturbed run makes a few more
    requests than a quick one.
    """
    first = outcome["first"]
    if outcome["killed"] or "commits" not in first:
        return False
    made = first["commits"] if "commit" in kill else first["requests"][kill["system"]]
    return int(made) < int(kill.get("commit") or kill["request"])


def _assert_recovered(
    outcome: dict[str, Any], undisturbed: list[tuple[Any, ...]], kill: dict[str, Any]
) -> None:
    assert outcome["killed"], f"the sync was not killed: {kill} {outcome['first']}"
    assert outcome["second"] == 0, f"the run after the crash failed: {kill}"
    assert outcome["state"] == "done", kill
    assert outcome["unexcused"] == 0, f"{kill}: {outcome['samples']}"
    assert outcome["last"] == {}, f"the third run still wrote: {kill} {outcome['last']}"
    assert outcome["waiting"] == 0, kill
    now = _people(outcome["dump"])
    differences = set(now) ^ set(undisturbed)
    assert len(now) == len(undisturbed), f"records doubled or lost: {kill}: {differences}"
    assert not differences, f"values lost: {kill}: {differences}"


@pytest.mark.parametrize("stage", ["initial", "incremental"], indirect=True)
def test_a_sync_killed_at_any_request_loses_and_doubles_nothing(stage: Stage) -> None:
    outcome = stage.case(None)
    undisturbed = _people(outcome["dump"])
    requests = outcome["first"]["requests"]
    assert min(requests.values()) > 3
    for system, when in itertools.product(SYSTEMS, ("before", "after")):
        for number in range(1, requests[system] + 1):
            kill = {"system": system, "request": number, "when": when}
            outcome = stage.case(kill)
            if _ended_before(outcome, kill):
                assert number > 3, kill
                break
            _assert_recovered(outcome, undisturbed, kill)


@pytest.mark.parametrize("stage", ["initial", "incremental"], indirect=True)
def test_a_sync_killed_at_any_commit_loses_and_doubles_nothing(stage: Stage) -> None:
    outcome = stage.case(None)
    undisturbed = _people(outcome["dump"])
    commits = outcome["first"]["commits"]
    assert commits > 20
    for number, when in itertools.product(range(1, commits + 1), ("before", "after")):
        kill = {"commit": number, "when": when}
        outcome = stage.case(kill)
        if _ended_before(outcome, kill):
            assert number > 20, kill
            break
        _assert_recovered(outcome, undisturbed, kill)


@pytest.mark.parametrize("stage", ["incremental"], indirect=True)
def test_the_undisturbed_run_carries_every_edit_to_the_other_side(stage: Stage) -> None:
    """What the kill tests compare with is itself right."""
    outcome = stage.case(None)
    contacts = {
        row["email"]: row for row in outcome["dump"]["activecampaign"]["contact"] if row["deleted"] != "1"
    }
    live = [
        row
        for name in ("Lead", "Contact")
        for row in outcome["dump"]["salesforce"][name]
        if not row["IsDeleted"]
    ]
    assert sum(row["FirstName"] is not None and row["FirstName"].startswith("Crm") for row in live) == 8
    assert sum(row["firstName"].startswith("Crm") for row in contacts.values()) == 8
    assert sum(row["LastName"].startswith("Contact") for row in live) == 8
    lists = {email.lower(): set(row["lists"].values()) for email, row in contacts.items()}
    boxes = {row["Email"].lower(): row["HasOptedOutOfEmail"] for row in live if row["Email"]}
    linked = boxes.keys() & lists.keys()
    assert {email for email in linked if boxes[email] and "1" in lists[email]} == set()
    assert {email for email in linked if not boxes[email] and lists[email] == {"2"}} == set()
    assert "moved@example.org" in contacts
    assert {f"new{number}@example.org" for number in range(3)} <= set(contacts)
    made = [row for row in live if row.get("Company") == "unknown"]
    assert len(made) == 2
    assert {row["Email"] for row in made} <= set(contacts)
