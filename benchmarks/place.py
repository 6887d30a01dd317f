"""A database for the measurement alone, on a server of its own; gone when it ends."""

from __future__ import annotations

import itertools
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import structlog

from crosswalk.cli.session import Session, open_session_at
from crosswalk.store import embedded

_numbers = itertools.count(1)


def quiet() -> None:
    """Log what is wrong and nothing else."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


@contextmanager
def place() -> Iterator[Session]:
    """Yield the way to a new database, once a process. Only then may the pipeline be imported."""
    quiet()
    with tempfile.TemporaryDirectory(prefix="crosswalk-bench-") as folder:
        home = Path(folder)
        os.environ["CROSSWALK_HOME"] = folder  # of workers that are started
        try:
            yield open_session_at(embedded.start(home), home)
            _leave_database()
        finally:
            embedded.remove(home)


@contextmanager
def another_database(*, migrated: bool = False) -> Iterator[str]:
    """Yield the address of one more database on the server of `place`, gone with the block.

    It has no table, or, if it is `migrated`, the empty tables of an installation.
    """
    server = os.environ["DATABASE_URL"]
    name = f"another{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} TEMPLATE {_migrated(connection) if migrated else 'template1'}"
        )
        yield _named(server, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _migrated(connection: psycopg.Connection) -> str:
    """Return the name of a database that others are copied from; it is made when it is first asked for."""
    name = "migrated"
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchall():
        connection.execute(f"CREATE DATABASE {name}")
        environment = {**os.environ, "DATABASE_URL": _named(os.environ["DATABASE_URL"], name)}
        subprocess.run([sys.executable, "-m", "crosswalk.store.migrate"], env=environment, check=True)
    return name


def _named(server: str, name: str) -> str:
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def _leave_database() -> None:
    from django.db import connections

    connections.close_all()
