"""What all tests share: one PostgreSQL per run, and a migrated database of its own for each test.

A run with several xdist workers has one server: the first process names its home in the environment, a worker
that needs it starts it (several at once are the product's own business), and the first process removes it.

With `DATABASE_URL` in the environment the databases of the tests are made on that server instead, and removed at the
end. Their names begin with the run's own word, nothing else there is touched, and no setting of the server is changed.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import psycopg
import pytest
from psycopg.pq import TransactionStatus
from tests.helpers.resettable import Resettable
from tests.simulation.report import FIRST, OF_THE_SUITE

from crosswalk.store import embedded

_HOME = "CROSSWALK_TEST_HOME"
_OUTSIDE = "CROSSWALK_TEST_SERVER"  # the address of an outside server, where one is used
_WORD = "CROSSWALK_TEST_WORD"  # what names of this run's databases begin with
_numbers = itertools.count(1)
_VACUUM_EVERY = 20

# Machines that run tests are slow and shared: time is no property of what is tested.
hypothesis.settings.register_profile("crosswalk", deadline=None, derandomize=True)
hypothesis.settings.load_profile("crosswalk")


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    """Names the home of this run's server; workers inherit it. No test can reach the user's own data."""
    if not _is_worker(config):
        os.environ[_HOME] = os.environ["CROSSWALK_HOME"] = tempfile.mkdtemp(prefix="crosswalk-tests-")
        os.environ[_WORD] = f"cwtest{os.getpid()}_"
        if outside := os.environ.pop("DATABASE_URL", None):
            os.environ[_OUTSIDE] = outside
        os.environ.setdefault(FIRST, str(OF_THE_SUITE))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stops and removes the server, if any test started it; of an outside one, this run's databases."""
    if not _is_worker(config):
        if outside := os.environ.pop(_OUTSIDE, None):
            _drop_all(outside)
        home = Path(os.environ.pop(_HOME))
        embedded.remove(home)
        shutil.rmtree(home, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Says what the simulation met, and with which seeds."""
    table = Path(os.environ[_HOME]) / "simulation" / "table.txt"
    if not _is_worker(config) and table.exists():
        terminalreporter.section(f"simulation, seeds from {os.environ[FIRST]}")
        terminalreporter.write_line(table.read_text())


def _drop_all(url: str) -> None:
    """Remove what this run made on an outside server, also what tests that were cut off left there."""
    with psycopg.connect(url, autocommit=True) as server:
        mine = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
        for (name,) in server.execute(mine, [os.environ[_WORD]]).fetchall():
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def own_name(name: str) -> str:
    """The name on the server of a database of this run."""
    return os.environ.get(_WORD, "") + name


def database_named(url: str, name: str) -> str:
    """The address of another database on the same server."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests come first: at the end, one of them would keep one worker busy and the other idle."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What a module shares is started once, where tests are spread over several workers."""
    from tests.helpers.together import Together

    return Together(config, log)


@contextmanager
def only_one(file: Path) -> Iterator[None]:
    """One worker at a time."""
    with file.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _migrate(url: str) -> None:
    environment = {**os.environ, "DATABASE_URL": url}
    command = [sys.executable, "-m", "crosswalk.store.migrate"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _hurry(server: psycopg.Connection) -> None:
    """No test cuts the power, and thousands of databases come and go: nothing waits for the disk."""
    server.execute("ALTER SYSTEM SET fsync = off")
    server.execute("ALTER SYSTEM SET full_page_writes = off")
    server.execute("ALTER SYSTEM SET synchronous_commit = off")
    server.execute("SELECT pg_reload_conf()")


def template() -> str:
    """The name of the database that all others are copies of."""
    return own_name("migrated")


def make_template(server: psycopg.Connection, url: str) -> None:
    """Make the database that all others are copies of, unless it is there."""
    if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template()]).fetchall():
        return
    if _OUTSIDE not in os.environ:
        _hurry(server)
    unfinished = own_name("migrating")
    server.execute(f"DROP DATABASE IF EXISTS {unfinished}")
    server.execute(f"CREATE DATABASE {unfinished} TEMPLATE template0 ENCODING 'UTF8'")
    _migrate(database_named(url, unfinished))
    server.execute(f"ALTER DATABASE {unfinished} RENAME TO {template()}")


@pytest.fixture(scope="session")
def database_server() -> Iterator[tuple[str, psycopg.Connection]]:
    """The address of this run's server, which has a migrated template, and a connection to it."""
    home = Path(os.environ[_HOME])
    url = os.environ.get(_OUTSIDE) or embedded.start(home)
    with psycopg.connect(url, autocommit=True) as server:
        with only_one(home / "template.lock"):
            make_template(server, url)
        yield url, server


@pytest.fixture
def new_database(database_server: tuple[str, psycopg.Connection]) -> Iterator[str]:
    """A database with all migrations that no other test ever sees; its address."""
    url, server = database_server
    name = own_name(f"{os.getpid()}_{next(_numbers)}")
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template()}")
    yield database_named(url, name)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(new_database: str) -> str:
    """An empty database with all migrations."""
    return new_database


@pytest.fixture(scope="session")
def worker_database(database_server: tuple[str, psycopg.Connection]) -> Iterator[tuple[str, Resettable]]:
    """A database with all migrations, for one test of this process after the other; its address and what empties it."""
    url, server = database_server
    name = own_name(f"worker_{os.getpid()}")
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template()}")
    own = database_named(url, name)
    resettable = Resettable(own, vacuum_every=_VACUUM_EVERY)
    yield own, resettable
    resettable.close()
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def emptied_database(worker_database: tuple[str, Resettable]) -> str:
    """The process's one database, as good as new; its address."""
    url, resettable = worker_database
    resettable.reset(spared=_kept_session(url))
    return url


def _kept_session(url: str) -> int | None:
    """Django's session with that database, which knows its tables and statements already; None if there is none."""
    from django.conf import settings

    if not settings.configured:
        return None
    from django.db import connection

    session = connection.connection
    if session is None or session.info.dbname != urlsplit(url).path.removeprefix("/"):
        return None
    if session.closed or session.info.transaction_status != TransactionStatus.IDLE:
        connection.close()
        return None
    session.execute("SELECT pg_advisory_unlock_all()")
    return int(session.info.backend_pid)


@pytest.fixture
def django_database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Points Django in this process, models and cursors alike, at the test's own database; its address."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "crosswalk.settings")
    import django
    from django.db import connections

    django.setup()
    connection = connections["default"]
    name = urlsplit(database_url).path.removeprefix("/")
    if connection.settings_dict["NAME"] != name:
        connection.close()
    connection.settings_dict["NAME"] = name
    return database_url
