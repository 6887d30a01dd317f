"""The two systems of a demo: a sandbox in a process of its own, steered through its control addresses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _

from .demo_crms import Crm

ACTIVECAMPAIGN = "activecampaign"
_STOP_SECONDS = 10.0
Record = dict[str, Any]
Ready = Mapping[str, Mapping[str, str]]  # a sandbox's ready line: addresses and credentials of each system


class Control:
    """A sandboxed system as its own people and its keeper see it; nothing of this counts as a call."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx2.Client(base_url=url, timeout=60.0, trust_env=False)

    def person(self, op: str, object: str, record_id: str | None, values: Mapping[str, Any]) -> Record:
        """Have somebody create, edit, delete or tag a record; return the record after it."""
        order = {"op": op, "object": object, "id": record_id, "values": dict(values)}
        record: Record = self._read(self._client.post("person", json=order))
        return record

    def dump(self) -> dict[str, list[Record]]:
        """Return everything the system holds, by object."""
        records: dict[str, list[Record]] = self._read(self._client.get("dump"))
        return records

    def calls(self) -> int:
        """Return how many API calls the system has answered; calls for tokens are not among them."""
        total: int = self._read(self._client.get("counts"))["total"]
        return total

    def options(self) -> dict[str, dict[str, dict[str, str]]]:
        """Return what the numbers in choices stand for (object, field, number, label), where they are numbers."""
        found: dict[str, dict[str, dict[str, str]]] = self._read(self._client.get("options"))
        return found

    def loaded(self) -> dict[str, Any]:
        """Return what became of the files of a folder."""
        report: dict[str, Any] = self._read(self._client.get("load"))
        return report

    def register(self, app: Mapping[str, Any]) -> None:
        """Change settings of the CRM's app."""
        self._read(self._client.post("apps", json=dict(app)))

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _read(self, response: httpx2.Response) -> Any:
        if response.status_code != 200:
            raise UserError(_("The sandbox says: {answer}").format(answer=response.text[:500]))
        return response.json()


@dataclass(frozen=True, slots=True, kw_only=True)
class Systems:
    """What runs for the demo."""

    ready: Ready
    kind: Crm
    crm: Control
    activecampaign: Control
    told: str = ""  # what the sandbox said about the exports it loaded


@contextmanager
def systems(
    home: Path, kind: Crm, *, records: int, limits: str, load: Path | None = None
) -> Iterator[Systems]:
    """Start both systems and yield them when they answer; they end with the block.

    `load` is a folder with exports instead of invented people.

    Raises UserError with the sandbox's own words when it does not start.
    """
    asked = [
        "--records",
        str(records),
        "--limits",
        limits,
        f"--{ACTIVECAMPAIGN}",
        "0",
        f"--{kind.vendor}",
        "0",
    ]
    asked += ["--load", str(load)] if load else []
    log = home / f"{kind.vendor}.log"
    with (
        sandbox(log, *asked) as ready,
        closing(Control(ready[kind.vendor]["control"])) as crm,
        closing(Control(ready[ACTIVECAMPAIGN]["control"])) as activecampaign,
    ):
        told = log.read_text(encoding="utf-8").strip()
        yield Systems(ready=ready, kind=kind, crm=crm, activecampaign=activecampaign, told=told)


@contextmanager
def sandbox(log: Path, *arguments: str) -> Iterator[Ready]:
    """Start a sandbox and yield its ready line when it answers; it ends with the block. Its words go to `log`.

    Raises UserError with them when it does not start.
    """
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "crosswalk_sandbox.cli", *arguments],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
            env=_environment(),
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            words = log.read_text()[-2000:].strip()
            raise UserError(_("The sandbox did not start: {words}").format(words=words))
        yield json.loads(line)
    finally:
        _stop(process)


def credentials(ready: Ready) -> dict[str, dict[str, str]]:
    """Return what `connection add` takes."""
    return {
        name: {key: value for key, value in part.items() if key != "control"} for name, part in ready.items()
    }


def _environment() -> dict[str, str]:
    """The sandbox has no business with our database."""
    return {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
