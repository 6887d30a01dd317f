"""A backup brings back the whole installation, and sync goes on from it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.helpers.command_line import Installation, Sandbox


@pytest.fixture
def anew(database_url: str, tmp_path: Path) -> Installation:
    """Another machine, where nothing is stored yet."""
    return Installation(home=tmp_path / "anew", database_url=database_url)


@pytest.fixture
def passphrase(tmp_path: Path) -> str:
    file = tmp_path / "passphrase"
    file.write_text("correct horse\n", encoding="utf-8")
    return f"--passphrase-file={file}"


def test_after_a_loss_sync_goes_on_from_the_backup(
    synced: Installation, sandbox: Sandbox, anew: Installation, tmp_path: Path, passphrase: str
) -> None:
    assert synced("schedule", "set", "acme", "--every", "12h").code == 0
    assert synced.database_url is not None
    with psycopg.connect(synced.database_url) as database:
        database.execute(
            "INSERT INTO task (connection_id, kind, asked_by, asked_at, state, code, message, cure)"
            " SELECT id, 'run', 'maria', now(), 'waiting', '', '', '' FROM connection"
        )
    file = tmp_path / "backup"
    taken = synced("backup", str(file), passphrase, "--json")
    assert taken.code == 0, taken.err
    assert taken.data["encrypted"] is True
    assert not any(secret.encode() in file.read_bytes() for secret in sandbox.secrets)

    # What the vendors' systems hold goes on after the backup, by people and by our own sync.
    edited, *others = sandbox.leads()
    sandbox.edit("salesforce", "Lead", edited["Id"], FirstName="Before the loss")
    new = {
        "op": "create",
        "object": "Lead",
        "values": {"LastName": "New", "Company": "C", "Email": "n@example.org"},
    }
    sandbox.post("salesforce", "person", new)
    assert synced("sync", "--approve").code == 0
    shutil.rmtree(synced.home)
    sandbox.edit("salesforce", "Lead", others[0]["Id"], FirstName="After the loss")
    contacts = sandbox.get("activecampaign", "dump")["contact"]

    assert anew("restore", str(file)).code == 1  # without the passphrase
    restored = anew("restore", str(file), passphrase, "--json")
    assert restored.code == 0, restored.err
    assert restored.data["paused"] == ["acme"]
    assert anew("schedule", "show", "acme", "--json").data["schedule"]["paused"] is True
    assert anew.database_url is not None
    with psycopg.connect(anew.database_url) as database:
        asked = database.execute("SELECT state, message FROM task").fetchall()
    assert asked == [("failed", "Crosswalk was restored from a backup before this was done.")]

    went_on = anew("sync", "--json")
    assert went_on.code == 0, went_on.err
    assert went_on.data["counts"] == {
        "activecampaign update": 1
    }  # what our own sync had brought is not sent again
    after = sandbox.get("activecampaign", "dump")["contact"]
    assert sorted(each["id"] for each in after) == sorted(each["id"] for each in contacts)
    assert anew("verify").code == 0
    assert anew("sync", "--json").data["counts"] == {}


def without_ages(found: Any) -> Any:
    """What was found, but for what grows while one looks."""
    if isinstance(found, list):
        return [without_ages(each) for each in found]
    if isinstance(found, dict):
        return {name: without_ages(each) for name, each in found.items() if not name.endswith("seconds")}
    return found


def test_a_restored_installation_is_equal_at_once(
    synced: Installation, anew: Installation, tmp_path: Path
) -> None:
    taken = synced("backup", str(tmp_path / "backup"))
    assert "not encrypted" in taken.err
    assert anew("restore", str(tmp_path / "backup")).code == 0

    shown = [without_ages(each("status", "--json").data["connections"]) for each in (synced, anew)]
    assert shown[0] == shown[1]
    assert anew("verify").code == 0
    assert (anew.home / "credentials.key").read_bytes() == (synced.home / "credentials.key").read_bytes()


def test_what_is_there_is_lost_only_when_that_is_said(
    mapped: Installation, anew: Installation, tmp_path: Path
) -> None:
    file, damaged = tmp_path / "backup", tmp_path / "damaged"
    assert anew("backup", str(file)).code == 0  # of an empty installation
    damaged.write_bytes(file.read_bytes()[:-1])
    key = (mapped.home / "credentials.key").read_bytes()

    assert mapped("restore", str(file), "--check", "--json").data["rows"]["connection"] == 0
    assert mapped("restore", str(damaged), "--check").code == 1
    assert "--replace" in mapped("restore", str(file)).err
    assert "damaged" in mapped("restore", str(damaged), "--replace").err
    assert mapped.database_url is not None
    with psycopg.connect(mapped.database_url):
        assert "Stop workers" in mapped("restore", str(file), "--replace").err
    assert len(mapped("connection", "list", "--json").data["connections"]) == 1
    assert (mapped.home / "credentials.key").read_bytes() == key

    (mapped.home / "credentials.key").write_bytes(b"broken")
    assert mapped("restore", str(file), "--replace").code == 0
    assert mapped("connection", "list", "--json").data["connections"] == []
