"""A site: the web as a real process, both CRMs and ActiveCampaign in a sandbox, and one person in each role."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
import pytest
from tests.acceptance.conftest import MAPPING, Server, new_database
from tests.conftest import template
from tests.helpers.command_line import Installation, Sandbox, running_sandbox
from tests.helpers.served import Served, Visitor, started

PASSWORDS = {role: f"of the {role}, 2026" for role in ("administrator", "manager", "user")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What tests of a module share. Each test adds connections of its own, under names of its own."""

    crosswalk: Installation
    served: Served
    sandbox: Sandbox  # salesforce, dynamics and activecampaign
    database: psycopg.Connection

    def visitor(self, role: str = "administrator") -> Visitor:
        """Somebody signed in; `user` sees no connection unless `show` says so."""
        visitor = Visitor(self.served)
        assert visitor.sign_in(role, PASSWORDS[role]).status_code == 302
        return visitor

    def credentials(self, crm: str = "salesforce") -> str:
        """What `connection add --credentials -` reads."""
        ready = self.sandbox.ready
        return json.dumps({name: ready[name] for name in ("activecampaign", crm)})

    def add(self, name: str, crm: str = "salesforce", *, mapped: bool = False) -> int:
        """Add a connection to the sandbox's systems; return its number."""
        added = self.crosswalk("connection", "add", name, "--credentials", "-", stdin=self.credentials(crm))
        assert added.code == 0, added.err
        if mapped and crm == "salesforce":
            saved = self.crosswalk("mapping", "set", name, str(MAPPING))
            assert saved.code == 0, saved.err
        elif mapped:
            saved = self.crosswalk("mapping", "suggest", name, "--apply", "--yes")
            assert saved.code == 0, saved.err
        return self.one("SELECT id FROM connection WHERE name = %s", name)

    def show(self, connection: int) -> None:
        """Let the person `user` see a connection."""
        self.database.execute(
            "INSERT INTO person_access (user_id, connection_id) SELECT id, %s FROM person WHERE name = 'user'",
            [connection],
        )

    def one(self, statement: str, *parameters: object) -> int:
        """The one number that a statement gives."""
        ((number,),) = self.database.execute(statement, list(parameters)).fetchall()
        return int(number)


def address_in(page: str) -> str:
    """The link that a page shows."""
    return urlsplit(page.partition("<code>")[2].partition("</code>")[0]).path


@pytest.fixture(scope="module")
def site(database_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with (
        new_database(database_server, template()) as (_, url),
        running_sandbox(20, "salesforce", "dynamics") as sandbox,
    ):
        crosswalk = Installation(home=tmp_path_factory.mktemp("site"), database_url=url)
        with started(crosswalk, "web") as served, psycopg.connect(url, autocommit=True) as database:
            administrator = Visitor(served)
            link = urlsplit(served.link()).path
            made = administrator.fill_in(link, name="administrator", password=PASSWORDS["administrator"])
            assert made.status_code == 302, made.text
            for role in ("manager", "user"):
                handed = administrator.fill_in("/users", name=role, role=role)
                Visitor(served).fill_in(address_in(handed.text), password=PASSWORDS[role])
            yield Site(crosswalk=crosswalk, served=served, sandbox=sandbox, database=database)
