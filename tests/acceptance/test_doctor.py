"""`crosswalk doctor`, as people and programs run it."""

from __future__ import annotations

from tests.helpers.command_line import Installation, Sandbox


def test_a_sound_installation_is_well_and_a_wrong_key_is_not(mapped: Installation, sandbox: Sandbox) -> None:
    done = mapped("doctor", "--json")
    assert done.code == 0, done.out
    checks = {(each["check"], each["about"]): each["state"] for each in done.data["checks"]}
    hosts = {sandbox.ready["activecampaign"]["url"] + "/", sandbox.ready["salesforce"]["instance_url"] + "/"}
    assert {about for check, about in checks if check == "clock"} >= hosts
    assert set(checks.values()) <= {"ok", "warn"}  # the disk of this machine may be nearly full
    assert sandbox.writes() == ["HEAD /", "HEAD /"]
    assert not any(secret in done.out + done.err for secret in sandbox.secrets)

    (mapped.home / "credentials.key").chmod(0o644)
    done = mapped("doctor")
    assert done.code == 1
    assert "chmod 600" in done.out


def test_a_database_that_is_away_does_not_end_the_other_checks(crosswalk: Installation) -> None:
    done = crosswalk(
        "doctor", "--json", DATABASE_URL="postgresql://me:s3cret@127.0.0.1:9/none?connect_timeout=3"
    )
    assert done.code == 1
    states = {each["check"]: each["state"] for each in done.data["checks"]}
    assert states["database"] == "fail"
    assert states["time zone"] == "ok"
    assert "s3cret" not in done.out + done.err


def test_the_doctor_speaks_german_and_spanish(crosswalk: Installation) -> None:
    assert "Die Tabellen sind die dieser Version." in crosswalk.program("doctor", LANGUAGE="de").out
    assert "Las tablas son las de esta versión." in crosswalk.program("doctor", LANGUAGE="es").out
