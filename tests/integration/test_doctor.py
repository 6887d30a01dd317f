"""What the doctor says of a database, a key, hosts, a disk and zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from crosswalk.sync.doctor import Finding

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("django_database")


def states(findings: list[Finding]) -> dict[str, str]:
    return {finding.check: finding.state.value for finding in findings}


def test_a_new_database_is_well() -> None:
    from crosswalk.store.server import look
    from crosswalk.sync.doctor import look_at_database

    found = look()
    assert abs(found.clock_difference) < 1
    assert states(look_at_database(found)) == dict.fromkeys(("database", "tables", "encoding", "clock"), "ok")


@pytest.mark.parametrize(
    ("change", "check", "state"),
    [
        ({"number": 140_012}, "database", "fail"),
        ({"missing": ["store 0099_more"]}, "tables", "warn"),
        ({"unknown": ["store 0099_more"]}, "tables", "fail"),
        ({"encoding": "LATIN1"}, "encoding", "fail"),
        ({"clock_difference": -6.0}, "clock", "warn"),
        ({"clock_difference": 301.0}, "clock", "fail"),
    ],
)
def test_what_is_wrong_with_a_database_is_told_with_its_cure(
    change: dict[str, Any], check: str, state: str
) -> None:
    import msgspec

    from crosswalk.store.server import look
    from crosswalk.sync.doctor import look_at_database

    found = look_at_database(msgspec.structs.replace(look(), **change))
    (wrong,) = [each for each in found if each.state != "ok"]
    assert (wrong.check, wrong.state) == (check, state)
    assert wrong.cure


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """The key of an installation with one account."""
    from crosswalk.store import models
    from crosswalk.store.vault import Vault

    path = tmp_path / "key"
    sealed = Vault.at(path).seal({"url": "https://a.example", "key": "k"}, "tenant activecampaign a")
    models.Tenant.objects.create(system="activecampaign", identity="a", credentials=sealed, created_at=NOW)
    return path


def test_a_key_is_looked_at_with_all_that_it_opens(key_file: Path) -> None:
    from crosswalk.store.vault import new_key, read_keys, write_keys
    from crosswalk.sync.doctor import look_at_key, look_at_secrets

    assert (look_at_key(key_file).state, look_at_secrets(key_file).state) == ("ok", "ok")

    write_keys(key_file, [new_key(), *read_keys(key_file)])
    assert (look_at_key(key_file).state, look_at_secrets(key_file).state) == ("warn", "ok")
    key_file.chmod(0o640)
    assert look_at_key(key_file).state == "fail"
    write_keys(key_file, [new_key()])
    assert (look_at_key(key_file).state, look_at_secrets(key_file).state) == ("ok", "fail")
    key_file.unlink()
    assert (look_at_key(key_file).state, look_at_secrets(key_file).state) == ("fail", "fail")


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ({}, {"tls": "ok"}),
        ({"clock_difference": 4.0}, {"tls": "ok", "clock": "ok"}),
        ({"clock_difference": -30.0}, {"tls": "ok", "clock": "warn"}),
        ({"clock_difference": 600.0}, {"tls": "ok", "clock": "fail"}),
        ({"expires_at": NOW + timedelta(days=3)}, {"tls": "warn"}),
        ({"trouble": "ConnectError"}, {"tls": "fail"}),
        ({"trouble": "certificate has expired", "untrusted": True}, {"tls": "fail"}),
    ],
)
def test_connected_hosts_alone_are_looked_at(
    key_file: Path, seen: dict[str, Any], expected: dict[str, str]
) -> None:
    from crosswalk.store.vault import Vault
    from crosswalk.sync.doctor import look_outside
    from crosswalk.systems.probe import Probe

    called = []

    def prober(address: str) -> Probe:
        called.append(address)
        whole = {
            "encrypted": True,
            "version": "TLSv1.3",
            "issuer": "CN=X",
            "expires_at": NOW + timedelta(days=90),
        }
        return Probe(address=address, **{**whole, **seen})

    found = look_outside(Vault.at(key_file), NOW, prober)
    assert called == ["https://a.example/api/3"]
    assert states(found) == expected
    assert all(bool(each.cure) == (each.state != "ok") for each in found)


def test_no_host_is_called_while_everything_is_stopped(key_file: Path) -> None:
    from crosswalk.store import models
    from crosswalk.store.vault import Vault
    from crosswalk.sync.doctor import look_outside

    models.Halt.objects.create(kind="stopped", since=NOW)
    (told,) = look_outside(Vault.at(key_file), NOW, lambda _address: pytest.fail("a call went out"))
    assert told.state == "warn"
    assert "crosswalk start" in told.cure


def test_a_full_disk_and_an_unknown_zone_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from collections import namedtuple

    from crosswalk.sync import doctor

    usage = namedtuple("usage", "free")
    for free, state in ((4 << 30, "ok"), (1 << 30, "warn"), (1 << 20, "fail")):
        monkeypatch.setattr("shutil.disk_usage", lambda _folder, free=free: usage(free))
        assert doctor.look_at_disk("home", tmp_path / "not" / "there").state == state

    for zone, state in (("Europe/Madrid", "ok"), ("CET-1CEST", "ok"), ("Europe/Madird", "warn"), ("", "ok")):
        monkeypatch.setenv("TZ", zone)
        assert [each.state for each in doctor.look_at_zones({})] == [state], zone
    monkeypatch.delenv("TZ")
    assert states(doctor.look_at_zones({"acme": "Mars/Base"})) == {"time zone": "fail"}
