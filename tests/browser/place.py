"""One installation with web and worker for all tests of a real browser, and the systems that it may connect."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from tests.acceptance.conftest import MAPPING, Server, new_database
from tests.conftest import template
from tests.helpers.command_line import Installation, Sandbox, running_sandbox
from tests.helpers.served import Served, started


def _app(crm: str, back: str) -> dict[str, list[str]]:
    """The addresses to which an app may lead back, as each vendor calls them; Microsoft's app has no secret."""
    if crm == "salesforce":
        return {"callback_urls": [back]}
    return {"public_redirect_uris": [back], "redirect_uris": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A running installation, and the systems that it is to connect. Each test uses names of its own."""

    crosswalk: Installation
    served: Served
    sandbox: Sandbox  # salesforce, dynamics and activecampaign

    @property
    def address(self) -> str:
        return self.served.address()

    def ask(self, statement: str, *given: object, **named: object) -> list[tuple[Any, ...]]:
        """Return what the database answers; what it was told to do is done."""
        assert self.crosswalk.database_url
        with psycopg.connect(self.crosswalk.database_url, autocommit=True) as database:
            done = database.execute(statement, named or given)
            return done.fetchall() if done.description else []

    def number(self, name: str) -> int:
        """Return the number of a connection."""
        ((number,),) = self.ask("SELECT id FROM connection WHERE name = %s", name)
        return int(number)

    def connected(self, name: str, crm: str = "salesforce") -> str:
        """Add a connection by a command; return the address of its pages."""
        given = {system: self.sandbox.ready[system] for system in ("activecampaign", crm)}
        added = self.crosswalk("connection", "add", name, "--credentials", "-", stdin=json.dumps(given))
        assert added.code == 0, added.err
        return f"{self.address}connections/{self.number(name)}/"

    def mapped(self, name: str) -> str:
        """Add a connection to Salesforce with fields that are paired; return the address of its pages."""
        address = self.connected(name)
        assert self.crosswalk("mapping", "set", name, str(MAPPING)).code == 0
        return address

    def stored(self, name: str) -> Sequence[object]:
        """Return all that a set-up has stored of a connection: mapping with selections, schedule, switches."""
        return [
            self.crosswalk(*words, name, "--json").out
            for words in (("mapping", "show"), ("schedule", "show"))
        ]

    def rename_people(self) -> None:
        """Give contacts of Dynamics 365 other names: both CRMs begin with the same people."""
        for each in self.sandbox.get("dynamics", "dump")["contact"]:
            self.sandbox.edit("dynamics", "contact", each["contactid"], firstname="Renamed")

    def credential(self, system: str, name: str) -> str:
        return self.sandbox.ready[system][name]

    @contextmanager
    def ailing(self, **fault: object) -> Iterator[None]:
        """Let every call of every system fail for a while."""
        for system in self.sandbox.ready:
            self.sandbox.post(system, "faults", {**fault, "rate": 1})
        try:
            yield
        finally:
            for system in self.sandbox.ready:
                self.sandbox.delete(system, "faults")


@contextmanager
def running_place(server: Server, home: Path, records: int = 20) -> Iterator[Place]:
    """Web, worker and database, as `crosswalk serve` runs them, beside a sandbox that knows the web's address."""
    with (
        new_database(server, template()) as (_, url),
        running_sandbox(records, "salesforce", "dynamics") as sandbox,
    ):
        crosswalk = Installation(home=home, database_url=url)
        with started(crosswalk, "serve") as served:
            for crm in ("salesforce", "dynamics"):
                sandbox.post(crm, "apps", _app(crm, f"{served.address()}sign-in-return"))
            yield Place(crosswalk=crosswalk, served=served, sandbox=sandbox)
