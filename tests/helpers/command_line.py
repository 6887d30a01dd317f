"""The commands `crosswalk` and `crosswalk-sandbox` as real processes.

Most run in a process that is forked from one which has begun already, see `forked`; `Installation.program` runs the
installed script itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from tests.helpers.forked import Forked, pipe

from crosswalk import cli as command_line
from crosswalk_sandbox import cli as sandbox

PROGRAMS = Path(sys.executable).parent
RECORDS = 20
_SECONDS = 120
_NOT_OURS = ("DATABASE_URL", "NO_COLOR", "COLUMNS", "PYTHONDONTWRITEBYTECODE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A home and a database, and the command that works on them."""

    home: Path
    database_url: str | None

    def environment(self, **more: str) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
        url = {} if self.database_url is None else {"DATABASE_URL": self.database_url}
        # Dozens of short processes: one keeps bytecode for the next, also where Python is told to leave none.
        bytecode = Path(os.environ["CROSSWALK_TEST_HOME"]) / "bytecode"
        own = {"CROSSWALK_HOME": str(self.home), "PYTHONPYCACHEPREFIX": str(bytecode), "LANGUAGE": "en"}
        return {**plain, **url, **own, **more}

    def __call__(self, *arguments: str, stdin: str = "", **environment: str) -> Done:
        """Run a command in a process of its own."""
        with tempfile.TemporaryDirectory() as folder:
            streams = [Path(folder) / name for name in ("in", "out", "err")]
            streams[0].write_text(stdin, encoding="utf-8")
            stdin_, stdout, stderr = streams
            process = Forked(
                command_line.run,
                arguments,
                self.environment(**environment),
                stdin=stdin_,
                stdout=stdout,
                stderr=stderr,
            )
            code = process.wait(_SECONDS)
            out, err = (each.read_text(encoding="utf-8") for each in (stdout, stderr))
            return Done(code=code, out=out, err=err)

    def started(self, *arguments: str, log: Path, **environment: str) -> Forked:
        """Start a command that goes on; what it says goes to a file."""
        log.write_bytes(b"")
        return Forked(command_line.run, arguments, self.environment(**environment), stdout=log, stderr=log)

    def program(self, *arguments: str, stdin: str = "", **environment: str) -> Done:
        """Run the installed script."""
        done = subprocess.run(
            [PROGRAMS / "crosswalk", *arguments],
            input=stdin,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        return Done(code=done.returncode, out=done.stdout, err=done.stderr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """Both systems, served by a process of their own."""

    line: str  # the ready line as it was printed

    @property
    def ready(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = json.loads(self.line)
        return found

    @property
    def secrets(self) -> set[str]:
        """What must never be printed."""
        names = ("key", "client_secret", "access_token", "refresh_token")
        return {part[name] for part in self.ready.values() for name in names if name in part}

    def get(self, system: str, path: str) -> Any:
        return self._answer(httpx2.get(self._url(system, path), trust_env=False))

    def post(self, system: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return self._answer(httpx2.post(self._url(system, path), json=body or {}, trust_env=False))

    def delete(self, system: str, path: str) -> Any:
        return self._answer(httpx2.delete(self._url(system, path), trust_env=False))

    def edit(self, system: str, object: str, record_id: str, **values: Any) -> None:
        self.post(system, "person", {"op": "edit", "object": object, "id": record_id, "values": values})

    def leads(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("salesforce", "dump")["Lead"]
        return [each for each in found if each["Email"]]

    def writes(self) -> list[str]:
        """The calls that changed anything."""
        log = [entry for system in self.ready for entry in self.get(system, "log")]
        reads = ("POST /services/oauth2", "POST /services/data/v60.0/composite/sobjects/")
        calls = [f"{entry['method']} {entry['path']}" for entry in log if not entry["token"]]
        return [call for call in calls if not call.startswith(("GET", *reads))]

    def _url(self, system: str, path: str) -> str:
        return self.ready[system]["control"] + path

    def _answer(self, response: httpx2.Response) -> Any:
        assert response.status_code == 200, response.text
        return response.json()


@contextmanager
def running_sandbox(records: int = RECORDS, *crms: str, seed: int = 1) -> Iterator[Sandbox]:
    """ActiveCampaign and Salesforce, or the CRMs that are named; each seed makes other systems."""
    arguments = ["--activecampaign", "0"]
    for crm in crms or ("salesforce",):
        arguments += [f"--{crm}", "0"]
    arguments += ["--records", str(records), "--limits", "off", "--seed", str(seed)]
    ours, theirs = pipe(duplex=False)
    process = Forked(sandbox.main, arguments, os.environ, stdout=theirs)
    theirs.close()
    try:
        with open(ours.fileno(), encoding="utf-8", closefd=False) as stdout:
            line = stdout.readline()
        yield Sandbox(line=line)
    finally:
        process.terminate()
        process.wait(20)
        ours.close()
