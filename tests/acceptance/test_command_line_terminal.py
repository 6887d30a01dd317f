"""With a terminal the command line asks, colours and moves; without one it does none of it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from pathlib import Path

import pytest
from tests.helpers.command_line import PROGRAMS, Done, Installation, Sandbox

ESCAPE = "\x1b["


def typed(crosswalk: Installation, *arguments: str, answer: str, **environment: str) -> Done:
    """Run a command on a terminal of its own and type an answer to its question."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [PROGRAMS / "crosswalk", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=crosswalk.environment(TERM="xterm", **environment),
        close_fds=True,
    )
    os.close(theirs)
    screen, deadline = "", time.monotonic() + 120
    while time.monotonic() < deadline:
        if not select.select([ours], [], [], 1)[0]:
            continue
        try:
            part = os.read(ours, 65_536)
        except OSError:  # the terminal's other end is closed
            break
        screen += part.decode(errors="replace")
        if "[y/N]" in screen and answer:
            os.write(ours, answer.encode() + b"\n")
            answer = ""
    os.close(ours)
    return Done(code=process.wait(30), out=screen, err="")


def test_the_first_sync_shows_its_plan_and_writes_when_told_yes(
    mapped: Installation, sandbox: Sandbox
) -> None:
    done = typed(mapped, "sync", answer="y")
    assert done.code == 0
    assert "create activecampaign contact" in done.out
    assert "This is the first run" in done.out
    assert ESCAPE in done.out
    assert sandbox.writes() != []


@pytest.mark.parametrize("answer", ["n", " "])
def test_the_first_sync_writes_nothing_when_not_told_yes(
    mapped: Installation, sandbox: Sandbox, answer: str
) -> None:
    done = typed(mapped, "sync", answer=answer)
    assert done.code == 3
    assert sandbox.writes() == []


def test_removing_asks_first(mapped: Installation) -> None:
    assert typed(mapped, "connection", "remove", "acme", answer="n").code == 3
    assert typed(mapped, "connection", "remove", "acme", answer="y").code == 0
    assert mapped("connection", "list", "--json").data["connections"] == []


def test_no_color_is_honoured_on_a_terminal(mapped: Installation) -> None:
    done = typed(mapped, "connection", "check", answer="", NO_COLOR="1")
    assert done.code == 0
    assert "\x1b[3" not in done.out


def test_without_a_terminal_there_is_no_colour_and_no_motion(mapped: Installation) -> None:
    for arguments in (("plan",), ("connection", "check"), ("mapping", "show", "acme")):
        done = mapped(*arguments)
        assert done.code == 0
        assert done.out
        assert ESCAPE not in done.out + done.err
        assert "\r" not in done.out + done.err


def test_data_goes_to_stdout_and_talk_to_stderr(mapped: Installation) -> None:
    done = mapped("plan", "--json")
    assert done.data["version"] == 1
    assert "crosswalk sync --plan" in done.err


def test_help_and_version_need_no_database(tmp_path: Path) -> None:
    crosswalk = Installation(home=tmp_path / "none", database_url="nonsense")
    for arguments in ((), ("--help",), ("--version",), ("sync", "--help")):
        done = crosswalk(*arguments)
        assert done.code == 0
        assert done.out.strip()
    assert not (tmp_path / "none").exists()


def test_the_embedded_database_is_started_told_and_stopped(tmp_path: Path) -> None:
    crosswalk = Installation(home=tmp_path / "home", database_url=None)
    try:
        before = crosswalk("db", "status", "--json").data
        assert (before["version"], before["running"], before["server"]) == (1, False, None)
        assert crosswalk("db", "start").code == 0
        running = crosswalk("db", "status", "--json").data
        assert running["running"]
        assert running["pid"] > 1
        assert crosswalk("status", "--json").data["connections"] == []
        stopped = crosswalk("db", "stop", "--json").data
        assert not stopped["running"]
        assert crosswalk("db", "stop").code == 0
    finally:
        from crosswalk.store import embedded

        embedded.remove(crosswalk.home)


def test_a_server_of_your_own_is_neither_started_nor_stopped(crosswalk: Installation) -> None:
    for command in ("start", "stop"):
        done = crosswalk("db", command)
        assert done.code == 1
        assert "DATABASE_URL" in done.err
    found = crosswalk("db", "status", "--json").data
    assert (found["embedded"], found["running"]) == (False, True)
