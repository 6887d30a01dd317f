"""Signing in, again, otherwise, and letting go: on real processes, with somebody who plays the browser."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.helpers.certificates import certificate_pem, key_pem, private_key
from tests.helpers.command_line import Done, Installation, Sandbox

HERE = Path(__file__).parents[2]
MAPPING = str(HERE / "src" / "crosswalk" / "cli" / "demo_mapping.json")
ADA, BRUNO = "ada.lindqvist@org.example", "bruno.costa@org.example"
DEAD = 3 * 3600  # seconds without a call that no access token survives

WithBrowser = Callable[..., dict[str, str]]


@pytest.fixture
def port(sandbox: Sandbox) -> int:
    """A free port, whose callback address the app has; the app needs no secret."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    callback = f"http://localhost:{port}/callback"
    settings = {
        "callback_urls": [callback],
        "rotation": True,
        "pkce_required": True,
        "secret_required": False,
    }
    sandbox.post("salesforce", "apps", settings)
    return port


def app_only(sandbox: Sandbox, **more: str) -> str:
    """Credentials that only name an app."""
    org = {name: sandbox.ready["salesforce"][name] for name in ("login_url", "client_id")}
    return json.dumps({"activecampaign": sandbox.ready["activecampaign"], "salesforce": {**org, **more}})


def user_of(crosswalk: Installation) -> str:
    check = crosswalk("connection", "check", "--json")
    assert check.code == 0, check.out
    return next(str(each["message"]) for each in check.data["checks"] if each["check"] == "user")


@pytest.fixture
def signed_in(
    crosswalk: Installation, sandbox: Sandbox, port: int, with_browser: WithBrowser
) -> Installation:
    """An installation whose one connection Ada signed in to by browser."""
    arguments = ("connection", "add", "acme", "--credentials", "-", "--port", str(port))
    done = crosswalk(*arguments, stdin=app_only(sandbox), **with_browser())
    assert done.code == 0, done.err
    return crosswalk


def test_it_works_from_an_app_alone_to_a_connection(signed_in: Installation, sandbox: Sandbox) -> None:
    assert ADA in user_of(signed_in)
    before = sandbox.get("salesforce", "counts")["token_calls"]
    assert signed_in("mapping", "set", "acme", MAPPING).code == 0
    assert sandbox.get("salesforce", "counts")["token_calls"] == before  # the token is shared by all commands


def test_no_token_is_ever_printed(
    signed_in: Installation, sandbox: Sandbox, port: int, with_browser: WithBrowser
) -> None:
    sandbox.post("salesforce", "clock", {"advance": DEAD})
    done = [
        signed_in("connection", "check", "--verbose"),
        signed_in("connection", "sign-in", "acme", "--port", str(port), "--verbose", **with_browser()),
        signed_in("connection", "remove", "acme", "--yes", "--verbose"),
    ]
    assert [each.code for each in done] == [1, 0, 0]  # the check finds the clock three hours off
    said = "".join(each.out + each.err for each in done)
    assert "/services/oauth2/token" in said
    assert "/services/oauth2/revoke" in said
    assert not re.search(r"00D\w{12}!|5Aep|code=|code_verifier", said)


def test_a_lost_sign_in_names_the_command_that_cures_it_and_nothing_is_lost(
    signed_in: Installation, sandbox: Sandbox, port: int, with_browser: WithBrowser
) -> None:
    assert signed_in("mapping", "set", "acme", MAPPING).code == 0
    assert signed_in("sync", "--approve").code == 0
    sandbox.edit("salesforce", "Lead", sandbox.leads()[0]["Id"], Phone="+1 202 555 0100")
    sandbox.post("salesforce", "apps", {"refresh_token_policy": "idle", "refresh_token_seconds": DEAD})
    sandbox.post("salesforce", "clock", {"advance": 2 * DEAD})

    lost = signed_in("sync", "--json")
    assert (lost.code, lost.data["error"]["kind"]) == (4, "auth")
    assert "crosswalk connection sign-in acme" in lost.data["error"]["cure"]

    again = signed_in("connection", "sign-in", "acme", "--port", str(port), "--json", **with_browser())
    assert (again.code, again.data["name"]) == (0, "acme")
    run = signed_in("sync", "--json")
    assert run.code == 0, run.err
    assert run.data["counts"] == {"activecampaign update": 1}


def test_a_connection_may_go_over_to_the_user_who_signs_in(
    mapped: Installation, sandbox: Sandbox, port: int, with_browser: WithBrowser
) -> None:
    assert "sync@org.example" in user_of(mapped)
    arguments = ("connection", "sign-in", "acme", "--port", str(port))
    done = mapped(*arguments, **with_browser("forge", BRUNO))
    assert done.code == 0, done.err
    assert BRUNO in user_of(mapped)


def test_somebody_who_denies_changes_nothing_and_is_told_so(
    signed_in: Installation, port: int, with_browser: WithBrowser
) -> None:
    done = signed_in("connection", "sign-in", "acme", "--port", str(port), "--json", **with_browser("deny"))
    assert done.code == 4
    assert "end-user denied" in done.data["error"]["message"]
    assert ADA in user_of(signed_in)


def test_nobody_at_the_browser_is_told_in_time(mapped: Installation, port: int) -> None:
    done = mapped("connection", "sign-in", "acme", "--port", str(port), "--no-browser", "--timeout", "1")
    assert done.code == 1
    assert "Nobody signed in within 1 seconds" in done.err
    assert f"http://localhost:{port}/callback" in done.err
    assert "/services/oauth2/authorize?" in done.err


def test_a_private_key_beside_the_credentials_signs_in(
    crosswalk: Installation, sandbox: Sandbox, tmp_path: Path
) -> None:
    key = private_key()
    sandbox.post("salesforce", "apps", {"certificate": certificate_pem(key)})
    (tmp_path / "key.pem").write_text(key_pem(key), encoding="ascii")
    file = tmp_path / "credentials.json"
    username = sandbox.ready["salesforce"]["username"]
    file.write_text(app_only(sandbox, private_key_file="key.pem", username=username), encoding="utf-8")

    done = crosswalk("connection", "add", "acme", "--credentials", str(file), "--verbose")

    assert done.code == 0, done.err
    assert "PRIVATE KEY" not in done.out + done.err
    assert username in user_of(crosswalk)


def access(done: Done) -> dict[str, Any]:
    return {each["system"]: each["ended"] for each in done.data["access"]}


def revocations(sandbox: Sandbox) -> int:
    return sum("revoke" in entry["path"] for entry in sandbox.get("salesforce", "log"))


def test_a_connection_that_is_removed_ends_its_access(signed_in: Installation, sandbox: Sandbox) -> None:
    done = signed_in("connection", "remove", "acme", "--yes", "--json")
    assert done.code == 0
    assert access(done) == {"salesforce": True, "activecampaign": False}
    assert "our access has ended" in done.err
    assert "reset the key" in done.err
    assert revocations(sandbox) == 2  # the refresh token and the access token
    assert signed_in("connection", "list", "--json").data["connections"] == []


def test_access_that_could_not_be_ended_is_told_and_the_connection_is_removed_all_the_same(
    mapped: Installation, sandbox: Sandbox
) -> None:
    route = "POST /services/oauth2/revoke"
    sandbox.post("salesforce", "faults", {"kind": "status", "status": 403, "route": route, "times": 100})
    done = mapped("connection", "remove", "acme", "--yes", "--json")
    sandbox.delete("salesforce", "faults")

    assert (done.code, access(done)["salesforce"]) == (0, False)
    assert "may live on" in done.err
    assert mapped("connection", "list", "--json").data["connections"] == []


def test_access_that_another_connection_uses_is_kept(mapped: Installation, sandbox: Sandbox) -> None:
    second = mapped("connection", "add", "second", "--credentials", "-", stdin=sandbox.line)
    assert second.code == 0, second.err
    done = mapped("connection", "remove", "acme", "--yes", "--json")

    assert (done.code, done.data["access"]) == (0, [])
    assert revocations(sandbox) == 0
    assert mapped("connection", "check").code == 0


def test_the_key_is_changed_and_everything_still_opens(mapped: Installation) -> None:
    before = (mapped.home / "credentials.key").read_bytes()
    done = mapped("keys", "rotate", "--json")
    assert (done.code, done.data["sealed"]) == (0, 3)
    assert (mapped.home / "credentials.key").read_bytes() != before
    assert mapped("connection", "check").code == 0


def test_every_check_says_what_it_found_on_both_sides(mapped: Installation) -> None:
    checks = mapped("connection", "check", "--json").data["checks"]
    for side in ("crm", "activecampaign"):
        found = [each["check"] for each in checks if each["side"] == side]
        assert len(found) >= 8, found
    assert all(each["ok"] for each in checks), [each for each in checks if not each["ok"]]


def test_a_mapped_field_that_an_admin_hides_is_found_by_the_check(
    mapped: Installation, sandbox: Sandbox
) -> None:
    hidden = {"Field": "Lead.Phone", "PermissionsRead": False}
    sandbox.post("salesforce", "person", {"object": "FieldPermissions", "op": "edit", "values": hidden})
    check = mapped("connection", "check", "--json")

    failed = {each["check"]: each for each in check.data["checks"] if not each["ok"]}
    assert (check.code, list(failed)) == (1, ["lead mapped fields"])
    assert "Phone: Read" in failed["lead mapped fields"]["cure"]
