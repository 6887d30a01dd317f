"""Connecting Dynamics 365, checking what it allows, and letting go: on real processes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.helpers.certificates import certificate_pem, key_pem, private_key
from tests.helpers.command_line import Installation, Sandbox, running_sandbox


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with running_sandbox(5, "dynamics") as sandbox:
        yield sandbox


@pytest.fixture
def both(served: Sandbox) -> Sandbox:
    for system in served.ready:
        served.post(system, "reset")
    return served


def environment(both: Sandbox, **more: str | None) -> str:
    """Credentials, with some of the environment's changed or left out."""
    given = {**both.ready["dynamics"], "access_token": None, **more}
    kept = {name: value for name, value in given.items() if value is not None}
    return json.dumps({"activecampaign": both.ready["activecampaign"], "dynamics": kept})


def checks(done: Any) -> dict[str, bool]:
    return {each["check"]: each["ok"] for each in done.data["checks"] if each["side"] == "crm"}


def test_the_ready_line_of_the_sandbox_opens_both_and_all_checks_pass(
    both: Sandbox, crosswalk: Installation
) -> None:
    added = crosswalk("connection", "add", "acme", "--credentials", "-", stdin=both.line)
    assert added.code == 0, added.err

    found = crosswalk("connection", "check", "acme", "--json")

    assert found.code == 0, found.out
    assert {"sign-in", "application user", "contact change tracking", "lead opt-out"} <= checks(found).keys()
    assert not any(secret in added.out + found.out for secret in both.secrets)

    jobs = crosswalk("schedule", "jobs", "acme", "--json")
    assert (jobs.code, jobs.data["jobs"]) == (0, None)
    assert "System Jobs" in " ".join(crosswalk("schedule", "jobs", "acme").err.split())


def test_a_certificate_and_its_key_are_read_from_files_beside_the_credentials(
    both: Sandbox, crosswalk: Installation, tmp_path: Path
) -> None:
    key = private_key()
    both.post("dynamics", "apps", {"certificate": certificate_pem(key)})
    (tmp_path / "key.pem").write_text(key_pem(key))
    (tmp_path / "cert.pem").write_text(certificate_pem(key))
    given = environment(both, client_secret=None, private_key_file="key.pem", certificate_file="cert.pem")
    (tmp_path / "credentials.json").write_text(given)

    added = crosswalk("connection", "add", "acme", "--credentials", str(tmp_path / "credentials.json"))

    assert added.code == 0, added.err
    (tmp_path / "key.pem").unlink()
    assert crosswalk("connection", "check", "acme", "--json").code == 0


def test_a_wrong_secret_stores_nothing_and_says_where_to_make_one(
    both: Sandbox, crosswalk: Installation
) -> None:
    refused = crosswalk(
        "connection", "add", "acme", "--credentials", "-", stdin=environment(both, client_secret="wrong")
    )

    assert refused.code == 4
    assert "AADSTS7000215" in refused.err
    assert "Certificates & secrets" in refused.err
    assert crosswalk("connection", "list", "--json").data["connections"] == []


def test_what_is_let_go_says_what_only_a_person_can_end(both: Sandbox, crosswalk: Installation) -> None:
    crosswalk("connection", "add", "acme", "--credentials", "-", stdin=both.line)

    removed = crosswalk("connection", "remove", "acme", "--yes", "--json")

    access = {each["system"]: each for each in removed.data["access"]}
    assert not access["dynamics"]["ended"]
    assert "Certificates & secrets" in access["dynamics"]["message"]


def test_a_person_signs_in_by_browser_for_an_app_that_has_no_secret(
    both: Sandbox, crosswalk: Installation, with_browser: Callable[..., dict[str, str]]
) -> None:
    both.post(
        "dynamics", "apps", {"public_redirect_uris": ["http://localhost/callback"], "redirect_uris": []}
    )
    arguments = ("connection", "add", "acme", "--credentials", "-", "--port", "0")

    added = crosswalk(*arguments, stdin=environment(both, client_secret=None), **with_browser())

    assert added.code == 0, added.err
    found = crosswalk("connection", "check", "acme", "--json")
    assert found.code == 0, found.out
    assert "refresh_token" not in added.out + added.err + found.out
