"""A worker: does jobs, turns due schedules into jobs, and takes over from workers that died."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime

import structlog
from django.db import Error
from procrastinate import App
from procrastinate.contrib.django import DjangoApp
from procrastinate.contrib.django.django_connector import DjangoConnector

from crosswalk.core.clock import Clock
from crosswalk.store import retention
from crosswalk.store.feeds import end_session
from crosswalk.store.vault import Vault

from .queue import RUN, start_due
from .rescue import rescue
from .running import run_connection

TICK = 5.0  # seconds between two looks at the schedules
MISSED = 3  # heartbeats after which a worker counts as dead
_SPARE = 2  # threads beside those of the jobs
_FORGOTTEN = 7 * 86400.0  # seconds after which a silent worker is no longer known, should it go on after all

log = structlog.get_logger()


def work(vault: Vault, clock: Clock, *, concurrency: int, heartbeat: float) -> None:
    """Work until a signal says to stop; runs under way come to their end first.

    `concurrency` connections run at once. A worker that is silent for three heartbeats (seconds) is taken for dead.
    """
    asyncio.run(_work(_app(vault, clock), clock, concurrency, heartbeat))


def _app(vault: Vault, clock: Clock) -> App:
    app = DjangoApp(connector=DjangoConnector().get_worker_connector())

    def job(connection_id: int) -> None:
        try:
            outcome = run_connection(connection_id, vault, clock)
            log.info("job ended", connection=connection_id, outcome=outcome)
        finally:
            end_session()

    app.task(name=RUN)(job)
    return app


async def _work(app: App, clock: Clock, concurrency: int, heartbeat: float) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(max_workers=concurrency + _SPARE))
    async with app.open_async():
        upkeep = asyncio.create_task(_keep_up(clock, heartbeat))
        try:
            await app.run_worker_async(
                concurrency=concurrency,
                delete_jobs="always",
                update_heartbeat_interval=heartbeat,
                stalled_worker_timeout=_FORGOTTEN,
                fetch_job_polling_interval=min(TICK, heartbeat),
            )
        finally:
            upkeep.cancel()
            with suppress(asyncio.CancelledError):
                await upkeep


async def _keep_up(clock: Clock, heartbeat: float) -> None:
    """Look at schedules and at other workers again and again; a database that is away is no reason to stop."""
    while True:
        await asyncio.to_thread(_look, lambda: start_due(clock.now()))
        await asyncio.to_thread(_look, lambda: rescue(MISSED * heartbeat))
        await asyncio.to_thread(_look, lambda: _remove_old(clock.now()))
        await asyncio.sleep(min(TICK, heartbeat))


def _remove_old(now: datetime) -> list[int]:
    """A piece at a time: what is due must not wait for it. It stores no job."""
    retention.step(now)
    return []


def _look(work: Callable[[], list[int]]) -> None:
    try:
        for connection_id in work():
            log.info("job stored", connection=connection_id)
    except Error as error:
        log.warning("the database cannot be used", error=str(error).strip())
    finally:
        end_session()
