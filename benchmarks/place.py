"""A database for the measurement alone, on a server of its own; gone when it ends."""

from __future__ import annotations

import itertools
import logging
import os
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
def another_database() -> Iterator[str]:
    """Yield the address of one more database on the server of `place`, without a table; gone with the block."""
    server = os.environ["DATABASE_URL"]
    name = f"another{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _leave_database() -> None:
    from django.db import connections

    connections.close_all()
