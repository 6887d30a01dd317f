"""What tests of the store share."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from tests.conftest import database_named

_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_OURS = "schemaname = 'public' AND {} NOT LIKE 'django_migrations%'"
_TABLES = f"SELECT tablename FROM pg_tables WHERE {_OURS.format('tablename')}"
_RESTART = (
    "SELECT setval(sequencename::regclass, start_value, false) FROM pg_sequences WHERE "
    + _OURS.format("sequencename")
)
_VACUUM_EVERY = 20
_times = itertools.count(1)


@pytest.fixture(scope="session")
def worker_database(database_server: tuple[str, psycopg.Connection]) -> Iterator[str]:
    """A database with all migrations, for one test of this process after the other; its address."""
    url, server = database_server
    name = f"worker_{os.getpid()}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE migrated")
    yield database_named(url, name)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _empty(url: str) -> None:
    """Make a database as good as new; that takes a hundredth of the time of making one."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_OTHERS)
        tables = [name for (name,) in connection.execute(_TABLES)]
        connection.execute("SET session_replication_role = replica")  # references are not looked at
        connection.execute(";".join(f"DELETE FROM {name}" for name in tables))
        connection.execute(_RESTART)
        if next(_times) % _VACUUM_EVERY == 0:
            connection.execute("VACUUM")


@pytest.fixture
def database_url(worker_database: str) -> str:
    """An empty database with all migrations."""
    _empty(worker_database)
    return worker_database


@pytest.fixture
def django_database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Points Django in this process, models and cursors alike, at the test's own database; its address."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "crosswalk.settings")
    import django
    from django.db import connections

    django.setup()
    connection = connections["default"]
    connection.close()
    connection.settings_dict["NAME"] = urlsplit(database_url).path.removeprefix("/")
    yield database_url
    connection.close()
