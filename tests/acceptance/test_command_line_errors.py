"""What goes wrong, and what people and programs are told: message, cure, exit code, and never a secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.conftest import database_named, own_name
from tests.helpers.command_line import Installation, Sandbox

ALL_COMMANDS = (
    ("connection", "list"),
    ("connection", "check"),
    ("mapping", "show", "acme"),
    ("plan",),
    ("sync",),
    ("status",),
    ("runs",),
    ("holds",),
    ("verify",),
)


def changed(sandbox: Sandbox, system: str, **values: str) -> str:
    return json.dumps({**sandbox.ready, system: {**sandbox.ready[system], **values}})


@pytest.mark.parametrize(
    ("system", "values"),
    [
        ("activecampaign", {"key": "wr0ng-s3cret"}),
        ("salesforce", {"client_secret": "wr0ng-s3cret"}),
    ],
)
def test_wrong_credentials_are_refused_with_an_exit_code_of_their_own(
    crosswalk: Installation, sandbox: Sandbox, system: str, values: dict[str, str]
) -> None:
    line = changed(sandbox, system, **values)
    done = crosswalk("connection", "add", "acme", "--credentials", "-", "--json", stdin=line)
    assert done.code == 4
    assert done.data["error"]["kind"] == "auth"
    assert done.data["error"]["exit_code"] == 4
    assert done.data["error"]["cure"]
    assert "wr0ng-s3cret" not in done.out + done.err
    assert crosswalk("connection", "list", "--json").data["connections"] == []


def test_a_sign_in_that_is_lost_later_is_told_by_sync_and_check(
    synced: Installation, sandbox: Sandbox
) -> None:
    sandbox.post("activecampaign", "faults", {"kind": "status", "status": 403, "times": 1000})
    run = synced("sync", "--json")
    assert (run.code, run.data["error"]["kind"]) == (4, "auth")
    check = synced("connection", "check", "--json")
    assert (check.code, check.data["ok"]) == (4, False)
    failed = [each for each in check.data["checks"] if not each["ok"]]
    assert [(each["side"], each["check"]) for each in failed] == [("activecampaign", "sign-in")]

    sandbox.delete("activecampaign", "faults")
    assert synced("connection", "check").code == 0
    assert synced("sync").code == 0


@pytest.mark.parametrize(
    ("system", "values", "words"),
    [
        ("activecampaign", {"url": "http://127.0.0.1:9"}, "127.0.0.1:9"),
        ("activecampaign", {"url": "http://acme.example.org"}, "https"),
        ("salesforce", {"login_url": "http://acme.example.org"}, "https"),
    ],
)
def test_an_address_that_is_wrong_or_not_secure_is_named(
    crosswalk: Installation, sandbox: Sandbox, system: str, values: dict[str, str], words: str
) -> None:
    line = changed(sandbox, system, **values)
    done = crosswalk("connection", "add", "acme", "--credentials", "-", stdin=line)
    assert done.code == 1
    assert words in done.err
    assert not any(secret in done.err for secret in sandbox.secrets)


def test_a_name_that_is_taken_is_refused(mapped: Installation, sandbox: Sandbox) -> None:
    done = mapped("connection", "add", "acme", "--credentials", "-", stdin=sandbox.line)
    assert done.code == 1
    assert "acme already" in done.err


def test_new_credentials_are_kept_under_the_same_name(mapped: Installation, sandbox: Sandbox) -> None:
    owner = sandbox.get("activecampaign", "dump")["user"][0]
    line = changed(sandbox, "activecampaign", key=owner["key"])
    assert mapped("connection", "add", "acme", "--credentials", "-", stdin=line).code == 0
    checks = mapped("connection", "check", "--json").data["checks"]
    assert any(owner["username"] in each["message"] for each in checks if each["check"] == "user")
    assert mapped("plan").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("plan",), "There is no connection yet."),
        (("mapping", "show", "nobody"), "There is no connection called nobody."),
        (("mapping", "set", "acme", "/nowhere/mapping.json"), "/nowhere/mapping.json"),
        (("connection", "add", "", "--credentials", "-"), "needs a name"),
        (("sync", "--plan", "1", "--approve"), "exclude each other"),
    ],
)
def test_what_cannot_be_done_is_told(crosswalk: Installation, arguments: tuple[str, ...], words: str) -> None:
    done = crosswalk(*arguments, "--json")
    assert done.code == 1
    assert words in done.data["error"]["message"]
    assert words in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("sink",),
        ("sync", "--aprove"),
        ("explain", "left", "1"),
        ("explain", "crm"),
        ("connection",),
        ("plan", "--limit", "many"),
        ("demo", "--limits", "none"),
    ],
)
def test_a_command_that_is_not_understood_is_an_error_and_no_difference(
    crosswalk: Installation, arguments: tuple[str, ...]
) -> None:
    done = crosswalk(*arguments, "--json")
    assert done.code == 1
    assert done.data["error"]["kind"] == "usage"
    assert "--help" in done.err


def test_a_plan_of_nobody_is_refused(synced: Installation) -> None:
    done = synced("sync", "--plan", "4711")
    assert done.code == 1
    assert "no plan 4711" in done.err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"crm": "Fone", "activecampaign": "phone"}, "no field Fone in crm"),
        ({"crm": "Phone", "activecampaign": "%FONE%"}, "no field %FONE% in activecampaign"),
        ({"crm": "Last_Meeting__c", "activecampaign": "BIRTHDAY"}, "cannot be paired"),
    ],
)
def test_a_mapping_that_fits_no_field_names_it_and_changes_nothing(
    mapped: Installation, change: dict[str, str], words: str
) -> None:
    before = mapped("mapping", "show", "acme", "--json").data
    pairs = [{"crm": "Email", "activecampaign": "email"}, change]
    wrong: dict[str, Any] = {"objects": [{"object": "lead", "fields": pairs}]}
    done = mapped("mapping", "set", "acme", "-", stdin=json.dumps(wrong))
    assert done.code == 1
    assert words in done.err
    assert mapped("mapping", "show", "acme", "--json").data == before


@pytest.mark.parametrize(
    "url", ["postgresql://me:s3cret@127.0.0.1:9/none?connect_timeout=3", "postgre://me:s3cret@host/none"]
)
def test_a_database_that_cannot_be_used_is_told_without_its_password(tmp_path: Path, url: str) -> None:
    crosswalk = Installation(home=tmp_path, database_url=url)
    done = crosswalk("status", "--json")
    assert (done.code, done.data["error"]["kind"]) == (1, "database")
    assert "s3cret" not in done.out + done.err
    assert "DATABASE_URL" in done.err


def test_a_lost_key_file_is_told(mapped: Installation) -> None:
    (mapped.home / "credentials.key").unlink()
    done = mapped("plan")
    assert done.code == 1
    assert "key file" in done.err


def test_tables_are_made_by_the_first_command(
    database_server: tuple[str, psycopg.Connection], tmp_path: Path
) -> None:
    url, server = database_server
    name = own_name("without_tables")
    server.execute(f"CREATE DATABASE {name}")
    try:
        crosswalk = Installation(home=tmp_path, database_url=database_named(url, name))
        assert crosswalk("connection", "list", "--json").data["connections"] == []
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_no_secret_is_ever_printed(synced: Installation, sandbox: Sandbox) -> None:
    for arguments in ALL_COMMANDS:
        done = synced(*arguments, "--verbose")
        assert done.code == 0, done.err
        assert not any(secret in done.out + done.err for secret in sandbox.secrets)


def test_the_key_that_opens_credentials_is_its_owners_alone(mapped: Installation) -> None:
    assert (mapped.home / "credentials.key").stat().st_mode & 0o777 == 0o600
