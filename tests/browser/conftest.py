"""A real browser without a window, the systems' sign-in pages, and an installation that waits for it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.acceptance.conftest import Server
from tests.browser.place import Place, running_place
from tests.browser.setting_up import Keys, Walked, set_up_dynamics, set_up_salesforce, somebody
from tests.helpers.command_line import PROGRAMS, Installation, Sandbox, running_sandbox

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SECONDS = 60


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """As root Chromium starts only without its own sandbox; it sees nothing but pages of this machine.

    It ends with these tests: until then an event loop runs in this thread, where Django refuses to work.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of somebody who was never here, on a telephone."""
    with chromium.new_context(viewport={"width": 360, "height": 640}) as context:
        yield context.new_page()


@pytest.fixture(scope="package")
def place(database_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with running_place(database_server, tmp_path_factory.mktemp("place")) as place:
        yield place


@pytest.fixture(scope="package")
def salesforce(place: Place, chromium: Browser) -> Walked:
    """A connection that somebody set up by mouse, from nothing to a first sync that is done."""
    with somebody(chromium) as hands:
        return set_up_salesforce(hands, place)


@pytest.fixture(scope="package")
def dynamics(place: Place, chromium: Browser) -> Walked:
    """A connection that somebody set up by keyboard alone, from nothing to a first sync that is done."""
    place.rename_people()  # else nothing would be left to write after the other CRM
    with somebody(chromium, Keys) as hands:
        return set_up_dynamics(hands, place)


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with running_sandbox(5, "salesforce", "dynamics") as sandbox:
        yield sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A command that waits for somebody to sign in."""

    process: subprocess.Popen[bytes]
    told: Path  # what it says on stderr

    def address(self) -> str:
        """Where it sends the browser."""
        deadline = time.monotonic() + SECONDS
        while True:
            told = self.told.read_text(encoding="utf-8")
            for line in told.splitlines():
                if line.startswith("http") and "/authorize?" in line:
                    return line
            assert self.process.poll() is None, told
            assert time.monotonic() < deadline, told
            time.sleep(0.02)

    def ended(self) -> int:
        """Its exit code."""
        return self.process.wait(SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiter:
    """Starts such commands."""

    crosswalk: Installation
    folder: Path

    def __call__(self, *arguments: str, stdin: str = "") -> Waiting:
        given, told = self.folder / "stdin", self.folder / "told"
        given.write_text(stdin, encoding="utf-8")
        with given.open() as source, told.open("w") as stderr:
            process = subprocess.Popen(
                [PROGRAMS / "crosswalk", "connection", *arguments, "--no-browser"],
                stdin=source,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                env=self.crosswalk.environment(),
            )
        return Waiting(process=process, told=told)


@pytest.fixture
def crosswalk(database_url: str, tmp_path: Path) -> Installation:
    return Installation(home=tmp_path / "home", database_url=database_url)


@pytest.fixture
def waiting(crosswalk: Installation, tmp_path: Path) -> Waiter:
    return Waiter(crosswalk=crosswalk, folder=tmp_path)
