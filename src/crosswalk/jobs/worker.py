"""A worker: does jobs, turns due schedules into jobs, and takes over from workers that died."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import psycopg
import structlog
from django.db import Error
from procrastinate import App, PsycopgConnector
from procrastinate.contrib.django import DjangoApp, connector_params
from procrastinate.exceptions import ConnectorException

from crosswalk.core.clock import Clock
from crosswalk.core.structs import know_all
from crosswalk.store import retention, tasks
from crosswalk.store.jobs import RUN, TASK
from crosswalk.store.leases import end_session
from crosswalk.store.vault import Vault
from crosswalk.systems import load_all

from .asked import do_task
from .discarding import keep_discarding
from .queue import start_due
from .rescue import give_up, rescue
from .running import run_connection
from .telling import keep_telling

TICK = 5.0  # seconds between two looks at the schedules
MISSED = 3  # heartbeats after which a worker counts as dead
_SPARE = 4  # threads beside those of the jobs
_POOL_TIMEOUT = 5.0  # seconds for which the queue waits for a session with the database
_SIGNS = (signal.SIGINT, signal.SIGTERM)
_FORGOTTEN = 7 * 86400.0  # seconds after which a silent worker is no longer known, should it go on after all

log = structlog.get_logger()


def work(vault: Vault, clock: Clock, *, concurrency: int, heartbeat: float, patience: float) -> None:
    """Work until a signal says to stop; runs under way come to their end first.

    `concurrency` connections run at once. A worker that is silent for three heartbeats (seconds) is taken for dead, a
    run that is for `patience` seconds is given up. While the database is away it waits, however long that takes.
    """
    load_all()
    know_all()
    upkeep, beside = (
        _Upkeep(clock, heartbeat, patience),
        [keep_telling(vault, clock), keep_discarding(vault, clock)],
    )
    asyncio.run(_work(lambda: _app(vault, clock), upkeep, beside, concurrency))


def _app(vault: Vault, clock: Clock) -> App:
    app = DjangoApp(connector=PsycopgConnector(timeout=_POOL_TIMEOUT, kwargs=connector_params()))

    def job(connection_id: int) -> None:
        try:
            outcome = run_connection(connection_id, vault, clock)
            log.info("job ended", connection=connection_id, outcome=outcome)
        finally:
            end_session()

    def asked(connection_id: int, task: int) -> None:
        try:
            outcome = do_task(task, vault, clock)
            log.info("task ended", connection=connection_id, task=task, outcome=outcome)
        finally:
            end_session()

    app.task(name=RUN)(job)
    app.task(name=TASK)(asked)
    return app


async def _work(
    make_app: Callable[[], App],
    upkeep: _Upkeep,
    beside: Sequence[Coroutine[None, None, None]],
    concurrency: int,
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(max_workers=concurrency + _SPARE))
    stopping = asyncio.Event()
    jobs = asyncio.create_task(_do_jobs(make_app, stopping, concurrency, upkeep.heartbeat))
    looks = asyncio.gather(upkeep.run(), *beside)

    def stop() -> None:
        for sign in _SIGNS:
            loop.remove_signal_handler(sign)  # a second one does not wait
        stopping.set()
        jobs.cancel()

    looks.add_done_callback(lambda _: stop())  # who looks at no schedule any more is of no use
    for sign in _SIGNS:
        loop.add_signal_handler(sign, stop)
    for task in (jobs, looks):
        with suppress(asyncio.CancelledError):
            await task
        looks.cancel()


async def _do_jobs(
    make_app: Callable[[], App], stopping: asyncio.Event, concurrency: int, heartbeat: float
) -> None:
    """Do jobs until this is cancelled; a queue that was cut off from the database is made anew."""
    while not stopping.is_set():
        try:
            async with _opened(make_app()) as app:
                await app.run_worker_async(
                    concurrency=concurrency,
                    delete_jobs="always",
                    update_heartbeat_interval=heartbeat,
                    stalled_worker_timeout=_FORGOTTEN,
                    fetch_job_polling_interval=min(TICK, heartbeat),
                    install_signal_handlers=False,
                )
        except (ConnectorException, psycopg.Error) as error:
            log.warning("the queue cannot be used", error=str(error).strip())
        if not stopping.is_set():
            await asyncio.sleep(min(TICK, heartbeat))


@asynccontextmanager
async def _opened(app: App) -> AsyncIterator[App]:
    """Open an app, and close it in any case: one that cannot be opened goes on trying in the background otherwise."""
    try:
        await app.open_async()
        yield app
    finally:
        await app.close_async()


class _Upkeep:
    """Looks at schedules and at other workers again and again; a database that is away is no reason to stop."""

    def __init__(self, clock: Clock, heartbeat: float, patience: float) -> None:
        self.heartbeat = heartbeat
        self._looks: tuple[Callable[[], list[int]], ...] = (
            lambda: start_due(clock.now()),
            lambda: rescue(MISSED * heartbeat),
            lambda: give_up(patience),
            tasks.find_lost,
            lambda: _remove_old(clock.now()),
        )

    async def run(self) -> None:
        """Go on until this is cancelled."""
        while True:
            for look in self._looks:
                await asyncio.to_thread(_look, look)
            await asyncio.sleep(min(TICK, self.heartbeat))


def _remove_old(now: datetime) -> list[int]:
    """A piece at a time: what is due must not wait for it. It stores no job."""
    retention.step(now)
    return []


def _look(work: Callable[[], list[int]]) -> None:
    try:
        for connection_id in work():
            log.info("job stored", connection=connection_id)
    except (Error, ConnectorException) as error:
        log.warning("the database cannot be used", error=str(error).strip())
    finally:
        end_session()
