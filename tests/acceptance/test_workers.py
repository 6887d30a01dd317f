"""Workers start runs by their schedules, and one goes on where another died."""

from __future__ import annotations

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from tests.helpers.command_line import PROGRAMS, Installation, Sandbox

SECONDS = 90


@contextmanager
def working(crosswalk: Installation, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [str(PROGRAMS / "crosswalk"), "worker", "--heartbeat", "0.5", "--verbose", *more]
    log = Path(crosswalk.home) / f"worker-{time.monotonic_ns()}.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(command, env=crosswalk.environment(), stdout=stderr, stderr=stderr)
        try:
            yield process
        finally:
            process.kill()
            process.wait(SECONDS)


def wait_for(done: Callable[[], object], what: str) -> None:
    until = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < until, f"no sign of {what}"
        time.sleep(0.05)


def runs(database: psycopg.Connection) -> Counter[str]:
    """How scheduled runs ended."""
    rows = database.execute("SELECT state FROM run WHERE kind = 'scheduled'").fetchall()
    return Counter(state for (state,) in rows)


def written(database: psycopg.Connection) -> int:
    """How many writes of scheduled runs are receipted."""
    counted = "SELECT count(*) FROM journal JOIN run ON run.id = journal.run_id WHERE run.kind = 'scheduled'"
    ((count,),) = database.execute(counted).fetchall()
    return int(count)


@contextmanager
def looking(crosswalk: Installation) -> Iterator[psycopg.Connection]:
    assert crosswalk.database_url is not None
    with psycopg.connect(crosswalk.database_url, autocommit=True) as database:
        yield database


def jobs(database: psycopg.Connection) -> list[tuple[object, ...]]:
    return database.execute("SELECT status FROM procrastinate_jobs").fetchall()


def test_what_dead_and_stopped_workers_began_another_finishes(synced: Installation, sandbox: Sandbox) -> None:
    before = len(sandbox.get("activecampaign", "dump")["contact"])
    for lead in sandbox.leads():
        sandbox.edit("salesforce", "Lead", lead["Id"], FirstName="Edited")
    slow = {"kind": "delay", "seconds": 0.3, "route": "PUT *", "times": 100}
    sandbox.post("activecampaign", "faults", slow)
    assert synced("schedule", "set", "acme", "--every", "12h").code == 0

    with looking(synced) as database, working(synced) as first:
        wait_for(lambda: written(database), "a write")
        first.send_signal(signal.SIGSTOP)
        with working(synced, "--concurrency", "1"):
            wait_for(lambda: runs(database) == {"interrupted": 1, "running": 1}, "the second worker")
            so_far = written(database)
            first.send_signal(signal.SIGCONT)
            wait_for(lambda: written(database) > so_far, "a write of the second worker")
        assert runs(database)["running"] == 1, "the second worker was not killed in its run"
        with working(synced) as third:
            wait_for(lambda: runs(database)["done"], "the end of the work")
            wait_for(lambda: not jobs(database), "the end of the job")
            third.send_signal(signal.SIGTERM)
            assert third.wait(SECONDS) == 0
        assert runs(database) == {"interrupted": 2, "done": 1}

    contacts = sandbox.get("activecampaign", "dump")["contact"]
    assert len({each["email"] for each in contacts}) == len(contacts) == before
    assert synced("verify").code == 0


def test_a_schedule_starts_one_run_and_none_while_it_is_paused(synced: Installation) -> None:
    assert synced("schedule", "set", "acme", "--every", "12h").code == 0
    paused = synced("schedule", "pause", "acme", "--json")
    assert paused.data["schedule"]["paused"] is True
    assert "paused" in synced("status").out

    with looking(synced) as database, working(synced), working(synced):
        tables = "SELECT 1 FROM pg_class WHERE relname = 'procrastinate_workers'"
        wait_for(lambda: database.execute(tables).fetchall(), "the workers' tables")
        working_now = "SELECT 1 FROM procrastinate_workers"
        wait_for(lambda: len(database.execute(working_now).fetchall()) == 2, "two workers")
        time.sleep(1.5)  # three looks at the schedules
        assert not runs(database)
        assert synced("schedule", "resume", "acme").code == 0
        wait_for(lambda: runs(database)["done"], "a run")
        time.sleep(1.5)
        assert runs(database) == {"done": 1}
