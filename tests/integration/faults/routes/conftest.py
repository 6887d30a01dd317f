"""A pair of systems per CRM that many cases share, each going on where the last one ended; after a failure, another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.conftest import database_named, own_name, template
from tests.helpers.fault_routes import CRMS

if TYPE_CHECKING:  # needs a configured Django, which the fixture gives it
    from tests.helpers.faulty import Faulty

CASES = 40  # that one pair serves: it grows with every day's work


@dataclass(kw_only=True)
class Shared:
    """The pair of this process and its database."""

    url: str
    key_file: Path
    number: int = 0
    pair: Faulty | None = None
    served: int = 0

    def drop(self, server: psycopg.Connection) -> None:
        """Forget the pair."""
        server.execute(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")
        self.pair, self.served, self.number = None, 0, self.number + 1

    @property
    def database(self) -> str:
        return own_name(f"faults_{self.number}_of_{os.getpid()}_{id(self)}")


@pytest.fixture(scope="session")
def sharing(
    database_server: tuple[str, psycopg.Connection], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Shared]]:
    """The pairs of this process, by CRM; there are none yet."""
    url, server = database_server
    pairs = {crm: Shared(url=url, key_file=tmp_path_factory.mktemp(crm) / "key") for crm in CRMS}
    yield pairs
    for shared in pairs.values():
        shared.drop(server)


@pytest.fixture
def shared(sharing: dict[str, Shared], crm: str) -> Shared:
    """The pair with the CRM of the test."""
    return sharing[crm]


@pytest.fixture
def database_url(database_server: tuple[str, psycopg.Connection], shared: Shared) -> str:
    """The database of the pair, not of a single test."""
    _url, server = database_server
    if shared.pair is None or not shared.pair.sound or shared.served == CASES:
        shared.drop(server)
        server.execute(f"CREATE DATABASE {shared.database} TEMPLATE {template()}")
    return database_named(shared.url, shared.database)


@pytest.fixture
def faulty(django_database: str, shared: Shared, crm: str) -> Faulty:
    """Two linked systems without a fault."""
    from tests.helpers.faulty import PAIRS

    if shared.pair is None:
        shared.pair = PAIRS[crm](shared.key_file)
    shared.served += 1
    return shared.pair
