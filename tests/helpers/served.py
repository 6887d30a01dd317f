"""The web as a real process, and people who visit it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from tests.helpers.command_line import PROGRAMS, Installation
from tests.helpers.forked import Forked

SECONDS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A process that answers HTTP."""

    process: subprocess.Popen[bytes] | Forked
    log: Path

    def lines(self) -> list[dict[str, object]]:
        """The log; what is said to people alone is not among it."""
        told = self.log.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in told if line.startswith("{")]

    def link(self) -> str:
        """With which the first administrator gets in."""
        told = self.log.read_text(encoding="utf-8").splitlines()
        (said,) = [line for line in told if "/link/" in line]
        return said.rpartition(" ")[2]

    def address(self) -> str:
        said = [line["event"] for line in self.lines() if "http://" in str(line["event"])]
        return str(said[0]).rpartition(" ")[2] if said else ""

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return httpx2.get(self.address() + path, headers=headers, trust_env=False, timeout=SECONDS)

    def wrong(self) -> dict[str, str]:
        """What stands in the way of work."""
        checks = self.get("readyz").json()["checks"]
        return {name: check["message"] for name, check in checks.items() if not check["ok"]}

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)


@contextmanager
def started(crosswalk: Installation, *arguments: str, **environment: str) -> Iterator[Served]:
    """The web, forked, or `serve`, whose parts are processes of their own, as the installed script starts it."""
    crosswalk.home.mkdir(parents=True, exist_ok=True)
    log = crosswalk.home / "stderr.log"
    options = [*arguments, "--port", "0", "--log-format", "json"]
    process = (
        _script(crosswalk, options, log, environment)
        if "serve" in arguments
        else crosswalk.started(*options, log=log, **environment)
    )
    served = Served(process=process, log=log)
    try:
        wait_for(served.address, "its address")
        yield served
    finally:
        process.kill()
        process.wait(SECONDS)


def _script(
    crosswalk: Installation, options: Sequence[str], log: Path, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    with log.open("wb") as stderr:
        return subprocess.Popen(
            [str(PROGRAMS / "crosswalk"), *options],
            env=crosswalk.environment(**environment),
            stdin=subprocess.DEVNULL,
            stderr=stderr,
        )


def wait_for(done: Callable[[], object], what: str) -> None:
    until = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < until, f"no sign of {what}"
        time.sleep(0.02)


class Visitor(httpx2.Client):
    """A browser without a window: keeps cookies, and fills in forms."""

    def __init__(self, served: Served, **headers: str) -> None:
        once = httpx2.Limits(max_keepalive_connections=0)  # nothing remains open that would have to be closed
        super().__init__(
            base_url=served.address(), headers=headers, trust_env=False, timeout=SECONDS, limits=once
        )

    def fill_in(self, path: str, **values: object) -> httpx2.Response:
        """Send a page's form."""
        self.get(path)
        return self.post(path, data={**values, "csrfmiddlewaretoken": self.cookies["csrftoken"]})

    def sign_in(self, name: str, password: str) -> httpx2.Response:
        return self.fill_in("sign-in", username=name, password=password)


_ADD = """
import django, sys
from datetime import UTC, datetime
django.setup()
from crosswalk.store.models import Connection, Tenant
for name in sys.argv[1:]:
    sides = {
        side: Tenant.objects.create(system=system, identity=name, credentials=b"", created_at=datetime.now(UTC))
        for side, system in (("crm", "salesforce"), ("activecampaign", "activecampaign"))
    }
    Connection.objects.create(name=name, settings={}, created_at=datetime.now(UTC), **sides)
"""


def add_connections(crosswalk: Installation, *names: str) -> None:
    """Store connections that were never mapped, with systems that do not exist."""
    environment = crosswalk.environment(DJANGO_SETTINGS_MODULE="crosswalk.settings")
    subprocess.run([sys.executable, "-c", _ADD, *names], env=environment, check=True)
