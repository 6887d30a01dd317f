"""The two systems of a measurement: a sandbox in a process of its own, steered through its control addresses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx2

ACTIVECAMPAIGN, SALESFORCE, DYNAMICS = "activecampaign", "salesforce", "dynamics"
_STOP_SECONDS = 10.0
Calls = Counter[str]  # by method and route, as the sandbox names them


class Control:
    """One system as its people and its keeper see it; nothing of this counts as a call."""

    def __init__(self, url: str) -> None:
        self._client = httpx2.Client(base_url=url, timeout=300.0, trust_env=False)

    def rule(self, **values: Any) -> None:
        """Set rules of the system."""
        self._client.post("rules", json=values).raise_for_status()

    def slow_down(self, seconds: float) -> None:
        """Let every answer from now on take so much longer."""
        self.fail({"kind": "delay", "seconds": seconds, "times": 10**9})

    def fail(self, order: Mapping[str, Any]) -> None:
        """Let calls go wrong; see docs/sandbox.md."""
        self._client.post("faults", json=dict(order)).raise_for_status()

    def mend(self) -> None:
        """End whatever goes wrong."""
        self._client.delete("faults").raise_for_status()

    def person(self, op: str, object: str, record_id: str | None, values: Mapping[str, Any]) -> None:
        """Have somebody create, edit, delete or tag a record."""
        order = {"op": op, "object": object, "id": record_id, "values": dict(values)}
        self._client.post("person", json=order).raise_for_status()

    def records(self, object: str) -> list[dict[str, Any]]:
        """Return the live records of one object, oldest first."""
        found = self._client.get("dump").raise_for_status().json()[object]
        return [
            record
            for record in found
            if not record.get("IsDeleted") and str(record.get("deleted", "0")) in {"0", "False"}
        ]

    def queries(self, words: str) -> Iterator[tuple[str, str]]:
        """Yield path and query (the parameter q) of the requests whose query has these words, oldest first."""
        for entry in self._client.get("log").raise_for_status().json():
            query = "".join(parse_qs(entry["query"]).get("q", ()))
            if words in query:
                yield entry["path"], query

    def calls(self) -> Calls:
        """Return the calls answered so far; those for tokens are not among them."""
        return Counter(self._client.get("counts").raise_for_status().json()["calls"])

    def advance(self, seconds: float) -> None:
        """Move the system's clock on."""
        self._client.post("clock", json={"advance": seconds}).raise_for_status()

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Systems:
    """Both systems, and what opens them."""

    ready: Mapping[str, Mapping[str, str]]  # the sandbox's ready line
    vendor: str  # of the CRM
    crm: Control
    activecampaign: Control

    @classmethod
    def of(cls, ready: Mapping[str, Mapping[str, str]]) -> Systems:
        """Return the systems of a sandbox that is ready."""
        (vendor,) = ready.keys() - {ACTIVECAMPAIGN}
        return cls(
            ready=ready,
            vendor=vendor,
            crm=Control(ready[vendor]["control"]),
            activecampaign=Control(ready[ACTIVECAMPAIGN]["control"]),
        )

    def close(self) -> None:
        """Let go of both."""
        self.crm.close()
        self.activecampaign.close()

    def credentials(self) -> dict[str, dict[str, str]]:
        """Return what a connection is made from."""
        return {
            name: {key: value for key, value in part.items() if key != "control"}
            for name, part in self.ready.items()
        }

    def calls(self) -> dict[str, Calls]:
        """Return the calls answered so far, by system."""
        return {ACTIVECAMPAIGN: self.activecampaign.calls(), self.vendor: self.crm.calls()}


@contextmanager
def systems(
    *,
    contacts: int,
    limits: str,
    full: bool = False,
    vendor: str = SALESFORCE,
    seed: int = 1,
    load: Path | None = None,
) -> Iterator[Systems]:
    """Start a CRM of so many contacts and an empty ActiveCampaign; both end with the block.

    With `full`, ActiveCampaign has as many contacts, the same people with equal values as far as there are addresses.
    Each seed makes another org: what a database keeps of one, such as when it may be called again, is not another's.
    With `load`, the systems hold what the files of that folder say instead.
    """
    sizes = ["--leads", "0", "--contacts", str(contacts)]
    sizes += ["--activecampaign-contacts", str(contacts if full else 0)]
    sizes += ["--alike"] if full else []
    held = sizes if load is None else ["--load", str(load)]
    command = [sys.executable, "-m", "crosswalk_sandbox.cli", *held, "--seed", str(seed), "--limits", limits]
    command += [f"--{ACTIVECAMPAIGN}", "0", f"--{vendor}", "0"]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            both = Systems.of(ready)
            if load is None:
                both.activecampaign.rule(contact_limit=2 * contacts)  # room for everybody
            yield both
            both.close()
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
