"""The command crosswalk-sandbox as a process."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.helpers.certificates import write_pair

COMMAND = [sys.executable, "-m", "crosswalk_sandbox.cli"]


@contextmanager
def sandbox(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A running process and its ready line; it is ended if the test has not."""
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def refused(*arguments: str) -> str:
    """What the command says when it does not start."""
    ended = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode != 0
    assert ended.stdout == ""
    return ended.stderr


def get(url: str, key: str = "") -> Any:
    return httpx2.get(url, headers={"Api-Token": key}, trust_env=False).json()


def test_it_prints_one_ready_line_and_serves_what_it_names() -> None:
    with sandbox("--activecampaign", "0", "--records", "10") as (process, ready):
        mine = ready["activecampaign"]
        assert set(ready) == {"activecampaign"}
        assert set(mine) == {"url", "key", "control"}
        assert mine["url"].startswith("http://127.0.0.1:")
        assert get(mine["url"] + "/api/3/contacts", mine["key"])["meta"]["total"] == "20"
        assert get(mine["control"] + "counts")["total"] == 1
        process.terminate()
        assert process.wait(timeout=10) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_0_when_told_to_even_with_an_open_connection(number: signal.Signals) -> None:
    with sandbox("--activecampaign", "0", "--records", "1") as (process, ready):
        with httpx2.Client(trust_env=False) as client:
            client.get(ready["activecampaign"]["url"])
            process.send_signal(number)
            assert process.wait(timeout=10) == 0
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(ready["activecampaign"]["url"], trust_env=False)


def test_a_seed_fixes_keys_and_people() -> None:
    lines = []
    for seed in ("5", "5", "6"):
        with sandbox("--activecampaign", "0", "--records", "5", "--seed", seed) as (_, ready):
            mine = ready["activecampaign"]
            contacts = get(mine["url"] + "/api/3/contacts", mine["key"])["contacts"]
            lines.append((mine["key"], [each["email"] for each in contacts]))
    assert lines[0] == lines[1] != lines[2]


def test_sizes_can_be_given_one_by_one() -> None:
    options = ("--records", "5", "--activecampaign-contacts", "0", "--contacts", "50")
    with sandbox("--activecampaign", "0", *options) as (_, ready):
        assert get(ready["activecampaign"]["control"] + "dump")["contact"] == []


def test_limits_are_real_unless_said_otherwise() -> None:
    for limits, said in (((), "5"), (("--limits", "off"), "100000"), (("--limits", "x20"), "100")):
        with sandbox("--activecampaign", "0", "--records", "1", *limits) as (_, ready):
            mine = ready["activecampaign"]
            with httpx2.Client(headers={"Api-Token": mine["key"]}, trust_env=False) as client:
                answer = client.get(mine["url"] + "/api/3/users/me")
        assert answer.headers["ratelimit-limit"] == said


def test_a_port_can_be_chosen_and_a_taken_one_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = str(holder.getsockname()[1])
        assert "cannot listen on 127.0.0.1" in refused("--activecampaign", port, "--records", "1")
    with sandbox("--activecampaign", port, "--records", "1") as (_, ready):
        assert ready["activecampaign"]["url"] == f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "name at least one system"),
        (("--activecampaign", "70000"), "a port is between"),
        (("--activecampaign", "0", "--records", "-1"), "not negative"),
        (("--activecampaign", "0", "--limits", "none"), "limits must be"),
        (("--activecampaign", "0", "--job-seconds", "-1"), "between 0 and a day"),
        (("--activecampaign", "0", "--latency", "-1"), "between 0 and a minute"),
        (("--activecampaign", "0", "--package", "maybe"), "invalid choice"),
        (("--activecampaign", "0", "--records", "1", "--state", "."), "cannot read the state file"),
        (("--activecampaign", "0", "--state", "missing/state.json"), "there is no folder for the state file"),
        (("--activecampaign", "0", "--tls", "missing.pem", "missing.pem"), "certificate and key of --tls"),
        (("--activecampaign", "0", "--tls", "missing.pem"), "a certificate and its key, or nothing"),
    ],
)
def test_wrong_arguments_are_explained(arguments: tuple[str, ...], text: str) -> None:
    assert text in refused(*arguments)


def test_a_state_file_is_saved_at_the_end_and_gone_on_from(tmp_path: Path) -> None:
    options = ("--activecampaign", "0", "--records", "3", "--state", str(tmp_path / "state.json"))
    with sandbox(*options) as (process, ready):
        mine = ready["activecampaign"]
        httpx2.post(mine["control"] + "clock", json={"advance": -3600}, trust_env=False)
        headers = {"Api-Token": mine["key"]}
        httpx2.delete(mine["url"] + "/api/3/contacts/2", headers=headers, trust_env=False)
        process.terminate()
        assert process.wait(timeout=20) == 0
    with sandbox(*options) as (process, ready):
        mine = ready["activecampaign"]
        assert get(mine["url"] + "/api/3/contacts", mine["key"])["meta"]["total"] == "5"
        assert get(mine["control"] + "clock")["offset"] == -3600


def test_a_state_file_that_cannot_be_saved_is_said_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with sandbox("--activecampaign", "0", "--records", "1", "--state", str(file)) as (process, _):
        file.mkdir()
        process.terminate()
        assert process.wait(timeout=20) == 1


def test_it_serves_https_late_and_with_the_package(tmp_path: Path) -> None:
    certificate, key = write_pair(tmp_path)
    options = ("--tls", str(certificate), str(key), "--latency", "300", "--package", "on")
    with sandbox("--salesforce", "0", "--records", "1", *options) as (_, ready):
        mine = ready["salesforce"]
        assert mine["instance_url"].startswith("https://127.0.0.1:")
        trusted = ssl.create_default_context(cafile=str(certificate))
        headers = {"Authorization": f"Bearer {mine['access_token']}"}
        with httpx2.Client(verify=trusted, headers=headers, trust_env=False) as client:
            answer = client.get(mine["instance_url"] + "/services/data/v60.0/sobjects/Lead/describe")
            (entry,) = client.get(mine["control"] + "log").json()
        assert "ActiveCampaign_Sync_Status__c" in answer.text
        assert entry["ms"] >= 300


def test_it_makes_a_certificate_of_its_own_that_clients_can_trust() -> None:
    with sandbox("--dynamics", "0", "--records", "1", "--tls") as (process, ready):
        mine = ready["dynamics"]
        trusted = ssl.create_default_context(cafile=mine["ca"])
        trusted.verify_flags |= ssl.VERIFY_X509_STRICT
        headers = {"Authorization": f"Bearer {mine['access_token']}"}
        with httpx2.Client(verify=trusted, headers=headers, trust_env=False) as client:
            assert client.get(mine["url"] + "/api/data/v9.2/WhoAmI").status_code == 200
            named = mine["url"].replace("127.0.0.1", "localhost")
            assert client.get(named + "/common/discovery/v2.0/keys").status_code == 200
        process.terminate()
        assert process.wait(timeout=20) == 0
        assert not Path(mine["ca"]).exists()


def test_a_process_is_killed_before_or_after_the_effect() -> None:
    client = (
        "import sys, httpx2\n"
        "url, key, email = sys.argv[1:]\n"
        "http = httpx2.Client(headers={'Api-Token': key}, trust_env=False)\n"
        "http.get(url + '/api/3/users/me')\n"
        "sys.stdin.readline()\n"
        "http.post(url + '/api/3/contacts', json={'contact': {'email': email}})\n"
        "print('survived')\n"
    )
    with sandbox("--activecampaign", "0", "--records", "1", "--limits", "off") as (_, ready):
        mine = ready["activecampaign"]
        for when, effect in (("before", "0"), ("after", "1")):
            email = f"{when}@example.org"
            with subprocess.Popen(
                [sys.executable, "-c", client, mine["url"], mine["key"], email],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            ) as victim:
                fault = {"kind": "kill", "kill": victim.pid, "when": when, "route": "POST /contacts"}
                httpx2.post(mine["control"] + "faults", json=fault, trust_env=False)
                said, _ = victim.communicate("go\n", timeout=30)
            assert (victim.returncode, said) == (-signal.SIGKILL, "")
            found = get(f"{mine['url']}/api/3/contacts?email={email}", mine["key"])
            assert found["meta"]["total"] == effect, when


def test_a_forked_process_is_a_snapshot_of_the_whole_state() -> None:
    code = (
        "import os, sys\n"
        "from crosswalk_sandbox.limits import Limits\n"
        "from crosswalk_sandbox.people import Sizes\n"
        "from crosswalk_sandbox.sandbox import Options, Sandbox\n"
        "options = Options(sizes=Sizes.of(3), limits=Limits.parse('off'))\n"
        "one = Sandbox(['activecampaign'], options).systems['activecampaign']\n"
        "before = one.dump()\n"
        "if (child := os.fork()) == 0:\n"
        "    one.person('contact', 'delete', record_id='1')\n"
        "    os._exit(7 if one.dump() != before else 1)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7\n"
        "assert one.dump() == before\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, env=dict(os.environ))
