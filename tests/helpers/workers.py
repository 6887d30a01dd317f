"""Workers as real processes, and looks at what they do."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from tests.helpers.command_line import Installation
from tests.helpers.forked import Forked

from crosswalk.store.leases import HOLDERS

SECONDS = 90
HEARTBEAT = 0.5
_numbers = itertools.count(1)


def start_worker(crosswalk: Installation, *more: str) -> Forked:
    """Start a worker, whose log lies in the installation's home."""
    arguments = ["worker", "--heartbeat", str(HEARTBEAT), "--verbose", *more]
    log = crosswalk.home / f"worker-{next(_numbers)}.log"
    return crosswalk.started(*arguments, log=log, PYTHONFAULTHANDLER="1")


def end_worker(worker: Forked) -> None:
    """Kill a worker, whatever it does."""
    worker.kill()
    worker.wait(SECONDS)


@contextmanager
def working(crosswalk: Installation, *more: str) -> Iterator[Forked]:
    """A worker that is killed at the end."""
    process = start_worker(crosswalk, *more)
    try:
        yield process
    finally:
        end_worker(process)


def wait_for(done: Callable[[], object], what: str) -> None:
    """Wait until something is true."""
    until = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < until, f"no sign of {what}"
        time.sleep(0.05)


@contextmanager
def looking(crosswalk: Installation) -> Iterator[psycopg.Connection]:
    """A session with the installation's database."""
    assert crosswalk.database_url is not None
    with psycopg.connect(crosswalk.database_url, autocommit=True) as database:
        yield database


def runs(database: psycopg.Connection) -> Counter[str]:
    """How scheduled runs ended."""
    rows = database.execute("SELECT state FROM run WHERE kind = 'scheduled'").fetchall()
    return Counter(state for (state,) in rows)


def under_way(database: psycopg.Connection) -> int:
    """How many connections run: whose lease somebody holds."""
    return len(database.execute(HOLDERS).fetchall())


def at_work(database: psycopg.Connection) -> int:
    """How many workers showed just now that they live."""
    seen = (
        "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - %s * interval '1 second'"
    )
    ((count,),) = database.execute(seen, [2 * HEARTBEAT]).fetchall()
    return int(count)


def jobs(database: psycopg.Connection) -> list[tuple[object, ...]]:
    """The jobs in the queue."""
    return database.execute("SELECT status FROM procrastinate_jobs").fetchall()
