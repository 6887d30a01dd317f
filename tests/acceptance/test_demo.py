"""The demo, as a stranger runs it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tests.helpers.command_line import Installation, Sandbox
from tests.helpers.served import wait_for
from tests.helpers.staying import SMALL, Stays

from crosswalk.store import embedded

LAST_LINE = re.compile(
    r"equal: (\d+) links, (\d+) field pairs, 0 unexcused, (\d+\.\d)% by value;"
    r" calls activecampaign (\d+), (?:salesforce|dynamics) (\d+)"
)
RUNS_OF_THE_STORY = 3


@pytest.fixture
def crosswalk(tmp_path: Path) -> Installation:
    """A demo heeds no DATABASE_URL: this one would lead nowhere."""
    return Installation(home=tmp_path / "home", database_url="postgresql://127.0.0.1:9/nowhere")


def left_behind(home: Path) -> list[str]:
    """Files below the home, and embedded servers that still run for a demo of it."""
    demo = home / "demo"
    server = ["a server"] if embedded.status(demo).running else []
    return [str(file) for file in home.rglob("*")] + server


@pytest.mark.parametrize("crm", ["salesforce", "dynamics"])
def test_demo_once_proves_both_sides_equal_and_leaves_nothing(crosswalk: Installation, crm: str) -> None:
    done = crosswalk.program("demo", "--once", "--crm", crm, *SMALL)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    found = LAST_LINE.fullmatch(lines[-1])
    assert found is not None, lines[-1]
    links, pairs, percent, activecampaign, calls = (float(number) for number in found.groups())
    assert links > 40
    assert pairs > 10 * links
    assert percent >= 95
    assert activecampaign > 0
    assert calls > 0
    assert f"{crm} {int(calls)}" in lines[-1]
    assert "create activecampaign contact" in done.out
    assert "First name: + " in done.out
    assert left_behind(crosswalk.home) == []


@pytest.fixture
def options() -> tuple[str, ...]:
    return ()


@pytest.fixture
def demo(crosswalk: Installation, tmp_path: Path, options: tuple[str, ...]) -> Iterator[Stays]:
    stays = Stays(crosswalk, tmp_path, *options)
    yield stays
    stays.process.terminate()
    stays.process.wait(60)


def command_lines() -> str:
    """The arguments of every process on this machine."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            except OSError:  # it has ended meanwhile
                continue
    return "\n".join(found)


@pytest.mark.parametrize("options", [("--still",)])
def test_a_demo_stays_up_to_be_played_with_until_it_is_interrupted(
    crosswalk: Installation, demo: Stays, served_sandbox: Sandbox
) -> None:
    demo.wait_for("Sign in with")
    told = demo.told()
    assert "unset DATABASE_URL" in told
    playing = Installation(home=demo.home(), database_url=None)
    accounts = [
        each["activecampaign"] for each in playing("connection", "list", "--json").data["connections"]
    ]
    assert len(set(accounts)) == 2
    assert edit_as_told(playing, told) == {"salesforce", "dynamics"}
    everywhere = command_lines()
    assert not any(secret in everywhere for secret in served_sandbox.secrets)  # one seed, one set of secrets

    demo.process.send_signal(signal.SIGINT)
    done = demo.ended()
    assert done.code == 0
    assert done.data["equal"] is True
    for crm in ("salesforce", "dynamics"):
        found = done.data["demos"][crm]
        assert LAST_LINE.fullmatch(found["summary"])
        assert found["unexcused"] == 0
        assert found["calls"][crm] > 0
        assert found["calls"]["activecampaign"] > 0
    assert left_behind(crosswalk.home) == []


@pytest.mark.parametrize("options", [("--crm", "salesforce")])
def test_a_demo_shows_its_web_while_people_go_on_working_and_ends_with_all_it_started(
    crosswalk: Installation, demo: Stays
) -> None:
    address = demo.address()
    passwords = demo.passwords()
    assert list(passwords) == ["administrator", "manager", "user"]
    assert all(len(password) >= 12 for password in passwords.values())
    for name, password in passwords.items():
        overview = signed_in(address, name, password).get("/").text
        assert ">demo</" in overview, overview
        assert "everything is gone when it ends" in overview
        assert ('href="/users"' in overview) == (name == "administrator")
    beginning = signed_in(address, "administrator", passwords["administrator"]).get("/connections/new").text
    assert beginning.count('<code id="demo-') == 10  # what connects to systems that are free
    assert "Invented data" in httpx2.get(f"{address}nowhere", trust_env=False).text

    playing = Installation(home=demo.home(), database_url=None)
    wait_for(lambda: written_by_schedule(playing), "what a run carried over")
    started = _children(demo.process.pid)
    assert len(started) >= 4  # two sandboxes, the web, a worker

    demo.process.send_signal(signal.SIGINT)
    assert demo.ended().code == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in started)
    assert left_behind(crosswalk.home) == []
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(address, trust_env=False)


def signed_in(address: str, name: str, password: str) -> httpx2.Client:
    once = httpx2.Limits(max_keepalive_connections=0)  # nothing remains open that would have to be closed
    browser = httpx2.Client(base_url=address, trust_env=False, timeout=60, limits=once)
    browser.get("sign-in")
    token = browser.cookies["csrftoken"]
    given = {"username": name, "password": password, "csrfmiddlewaretoken": token}
    assert browser.post("sign-in", data=given).status_code == 302
    return browser


def written_by_schedule(playing: Installation) -> bool:
    """Whether a run after those of the story wrote something."""
    runs = playing("runs", "--json").data["runs"]
    return any(run["counts"] for run in runs if run["id"] > RUNS_OF_THE_STORY)


def edit_as_told(playing: Installation, told: str) -> set[str]:
    """Type the commands that a staying demo shows; return the connections for which they did what they should."""
    shown = re.findall(
        r"curl -d '(.+)' (\S+)\n  crosswalk sync --connection (\S+)\n  crosswalk explain crm (\S+)", told
    )
    for order, url, name, record in shown:
        which = "--connection", name
        assert httpx2.post(url, content=order, trust_env=False).status_code == 200
        assert playing("sync", *which, "--json").data["counts"] == {"activecampaign update": 1}
        assert "+1 202 555 0199" in playing("explain", "crm", record, *which).out
        assert playing("verify", *which).code == 0
    return {name for _order, _url, name, _record in shown}


def test_an_interrupted_demo_leaves_nothing(crosswalk: Installation, demo: Stays) -> None:
    demo.wait_for("First sync")
    demo.process.send_signal(signal.SIGTERM)
    assert demo.ended().code == 130
    assert left_behind(crosswalk.home) == []


def test_what_a_killed_demo_left_is_cleared_by_the_next(crosswalk: Installation, tmp_path: Path) -> None:
    killed = Stays(crosswalk, tmp_path)
    killed.wait_for("Plan")
    sandbox = _children(killed.process.pid)
    killed.process.kill()
    killed.process.wait(30)
    for pid in sandbox:
        os.kill(pid, signal.SIGTERM)
    assert "a server" in left_behind(crosswalk.home)

    following = Stays(crosswalk, tmp_path)
    following.wait_for("Plan")
    following.process.terminate()
    assert following.ended().code == 130
    assert left_behind(crosswalk.home) == []


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(child) for child in tasks]


def test_the_comparer_tells_different_systems_apart(sandbox: Sandbox) -> None:
    """Before any sync the two sides differ, and it says where."""
    from tests.acceptance.conftest import MAPPING

    command = [sys.executable, "-m", "crosswalk_sandbox.compare", "--mapping", str(MAPPING)]
    for system in ("activecampaign", "salesforce"):
        command += [f"--{system}", sandbox.ready[system]["control"]]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    percent = re.search(r"equal: (\d+\.\d) %", done.stdout)
    assert percent
    assert 50 < float(percent[1]) < 95
    assert "differs: " in done.stdout


def test_exports_belong_to_one_crm(crosswalk: Installation, tmp_path: Path) -> None:
    done = crosswalk("demo", "--once", "--crm", "both", "--load", str(tmp_path))
    assert done.code == 1
    assert "--crm salesforce|dynamics" in done.err
