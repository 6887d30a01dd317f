"""What workers do together: two against one over some connections, and many connections on one installation."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from crosswalk.cli.session import Session
from crosswalk.core.schedule import Every, Schedule

from .crms import CRMS
from .crowd import crowd
from .figures import Figure, at_least, at_most, told
from .systems import Systems

Say = Callable[[str], None]
ROUNDS = 5
_PATIENCE = 600.0  # seconds, after which a measurement that does not end is given up
_LOOK = 0.02  # seconds between two looks at the jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """How many connections, how slow their vendors, how often everything is repeated."""

    connections: int
    latency: int = 200  # milliseconds
    concurrency: int = 3  # of each worker
    rounds: int = ROUNDS
    many: int  # connections on one installation
    minutes: int = 5  # between two starts of each of them
    late: float = 30  # seconds, at most
    faster: float = 1.7  # than one worker, at least


def worker_figures(session: Session, crew: Crew, say: Say) -> Iterator[Figure]:
    """Measure both; takes about twelve minutes, most of them waiting for schedules."""
    yield from _two_against_one(session, crew, say)
    if crew.many:
        yield from _many(session, crew, say)


# --- two against one -----------------------------------------------------------------------------------------------


def _two_against_one(session: Session, crew: Crew, say: Say) -> Iterator[Figure]:
    name = f"{crew.connections} connections, a change in each, {crew.latency} ms a call"
    say(name)
    with crowd(crew.connections) as systems:
        ids = _ids(connected(session, systems, "crew"))
        for each in systems:
            each.crm.slow_down(crew.latency / 1000)
            each.activecampaign.slow_down(crew.latency / 1000)
        one, two = (_rounds(crew, systems, ids, workers) for workers in (1, 2))
    for workers, seconds in ((1, one), (2, two)):
        yield told(f"{name}: {workers} × {crew.concurrency} at once", seconds / crew.rounds, "s a round")
    yield at_least(f"{name}: two workers against one", one / two, "times as fast", crew.faster)


def _rounds(crew: Crew, systems: Sequence[Systems], ids: Sequence[int], workers: int) -> float:
    """Have one person in each CRM edited and every connection run, again and again; return the seconds it took."""
    from crosswalk.store.jobs import defer

    took = 0.0
    with working(workers, crew.concurrency), _looking() as database:
        for number in range(crew.rounds):
            for each in systems:
                _edit(each, f"Round {workers} {number}")
            before = _written(database)
            began = time.perf_counter()
            for connection_id in ids:
                defer(connection_id)
            _wait(lambda: not _jobs(database))
            took += time.perf_counter() - began
            written = _written(database) - before
            assert written == len(ids), f"{written} writes of {len(ids)} changes"
    return took


def _edit(systems: Systems, last_name: str) -> None:
    crm = CRMS[systems.vendor]
    person = next(each for each in systems.crm.records(crm.contact) if each.get(crm.email))
    systems.crm.person("edit", crm.contact, person[crm.id], {crm.last_name: last_name})


# --- many connections ----------------------------------------------------------------------------------------------


def _many(session: Session, crew: Crew, say: Say) -> Iterator[Figure]:
    name = f"{crew.many} connections, a run of each every {crew.minutes} minutes"
    say(name)
    with crowd(crew.many) as systems:
        ids = _ids(connected(session, systems, "many"))
        with _looking() as database:
            began = _scheduled(ids, crew)
            with working(1, crew.concurrency):
                time.sleep(60 * crew.minutes + crew.late)
            late = _lateness(database, ids, began, crew)
    assert len(late) >= len(ids), f"{len(late)} runs of {len(ids)} connections"
    yield told(f"{name}: runs started", len(late), "runs")
    yield told(f"{name}: median lateness", sorted(late)[len(late) // 2], "s")
    yield at_most(f"{name}: most lateness", max(late), "s", crew.late)


def _scheduled(ids: Sequence[int], crew: Crew) -> datetime:
    """Give each connection its schedule, as if they had been set one after the other; return when the first starts."""
    from crosswalk.store import schedules
    from crosswalk.store.models import Connection

    first = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=10)
    for number, connection_id in enumerate(ids):
        at = first + timedelta(seconds=number * 60 * crew.minutes // len(ids))
        schedules.save(Connection.objects.get(id=connection_id), _every(crew.minutes), at)
    return first


def _lateness(database: psycopg.Connection, ids: Sequence[int], first: datetime, crew: Crew) -> list[float]:
    """Return how many seconds after its time each run of one turn started."""
    last = first + timedelta(minutes=crew.minutes)
    rows = database.execute(
        "SELECT run.started_at, schedule.set_at FROM run JOIN schedule USING (connection_id)"
        " WHERE run.kind = 'scheduled' AND connection_id = ANY(%s) AND run.started_at >= %s",
        [list(ids), first],
    ).fetchall()
    every = 60.0 * crew.minutes
    due = [
        set_at
        for started_at, set_at in rows
        if set_at < last and started_at - set_at < timedelta(seconds=every)
    ]
    assert len(due) == len(ids), "a run of the first turn is missing"
    return [(started_at - set_at).total_seconds() % every for started_at, set_at in rows]


# --- what both need ------------------------------------------------------------------------------------------------


def connected(session: Session, systems: Sequence[Systems], name: str) -> list[str]:
    """Make connections whose first sync is finished, and whose schedule begins tomorrow; return their names."""
    from crosswalk.store import connections, schedules

    from .bench import Bench

    names = [f"{name} {number}" for number in range(len(systems))]
    for each, its_name in zip(systems, names, strict=True):
        Bench(session, each, its_name).open_and_run()
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        schedules.save(connections.get(its_name), _every(60), tomorrow)  # a job of no schedule does nothing
    return names


def _every(minutes: int) -> Schedule:
    return Schedule(times=Every(minutes=minutes))


def _ids(names: Sequence[str]) -> list[int]:
    from crosswalk.store import connections

    return [connections.get(name).id for name in names]


@contextmanager
def working(workers: int, concurrency: int) -> Iterator[list[int]]:
    """Have so many workers at work on the database of `place`; yield their process ids."""
    program = Path(sys.executable).with_name("crosswalk")
    command = [str(program), "worker", "--concurrency", str(concurrency), "--heartbeat", "2"]
    with ExitStack() as stack, _looking() as database:
        started = [
            stack.enter_context(subprocess.Popen(command, stderr=subprocess.DEVNULL)) for _ in range(workers)
        ]
        _wait(lambda: _heard_of(database) == workers)
        try:
            yield [process.pid for process in started]
        finally:
            for process in started:
                process.terminate()
    # whoever was stopped is not heard of any more
    with _looking() as database:
        _wait(lambda: not _heard_of(database))


def _heard_of(database: psycopg.Connection) -> int:
    (found,) = database.execute("SELECT to_regclass('procrastinate_workers')").fetchone() or (None,)
    if found is None:
        return 0
    (count,) = database.execute("SELECT count(*) FROM procrastinate_workers").fetchone() or (0,)
    return int(count)


def _jobs(database: psycopg.Connection) -> int:
    (count,) = database.execute("SELECT count(*) FROM procrastinate_jobs").fetchone() or (0,)
    return int(count)


def _written(database: psycopg.Connection) -> int:
    (count,) = database.execute("SELECT count(*) FROM journal").fetchone() or (0,)
    return int(count)


def _wait(done: Callable[[], object]) -> None:
    until = time.monotonic() + _PATIENCE
    while not done():
        assert time.monotonic() < until, "a measurement does not come to its end"
        time.sleep(_LOOK)


@contextmanager
def _looking() -> Iterator[psycopg.Connection]:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        yield database
