"""Stored schedules: a start is taken once, however many were missed and however many ask; paused ones rest."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from crosswalk.core.clock import SystemClock
from crosswalk.core.schedule import Daily, Every, Quiet, Schedule

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOURLY = Schedule(times=Every(minutes=60))


@pytest.fixture
def acme(django_database: str) -> Any:
    return _connection("acme")


def _connection(name: str) -> Any:
    from crosswalk.store import models

    def tenant(system: str) -> Any:
        sealed = {"credentials": b"", "created_at": NOW}
        return models.Tenant.objects.create(system=system, identity=name, **sealed)

    both = {"crm": tenant("salesforce"), "activecampaign": tenant("activecampaign")}
    return models.Connection.objects.create(name=name, settings={}, created_at=NOW, **both)


def _take(now: datetime) -> list[int]:
    from django.db import transaction

    from crosswalk.store import schedules

    with transaction.atomic():
        return schedules.take_due(now)


def test_a_start_is_taken_once_and_missed_ones_together(acme: Any) -> None:
    from crosswalk.store import schedules

    schedules.save(acme, HOURLY, NOW)
    assert _take(NOW) == [acme.id]
    assert _take(NOW + timedelta(minutes=59)) == []
    assert _take(NOW + timedelta(days=9, minutes=10)) == [acme.id]
    kept = schedules.of(acme)
    assert kept is not None
    assert kept.next_at == NOW + timedelta(days=9, hours=1)


def test_a_missed_start_waits_for_the_end_of_quiet_hours(acme: Any) -> None:
    from crosswalk.store import schedules

    quiet = Schedule(times=Every(minutes=60), quiet=Quiet(start=time(22), end=time(6)))
    schedules.save(acme, quiet, NOW)
    assert _take(NOW) == [acme.id]
    assert _take(NOW.replace(hour=23)) == []  # nothing was at work since
    assert _take(NOW.replace(hour=23, minute=30)) == []
    morning = NOW.replace(hour=6) + timedelta(days=1)
    assert _take(morning) == [acme.id]
    assert _take(morning) == []


def test_equal_distances_count_from_the_end_of_the_first_sync(acme: Any) -> None:
    from crosswalk.store import schedules

    schedules.save(acme, HOURLY, NOW)
    finished = NOW + timedelta(minutes=90)
    schedules.begin(acme.id, finished)
    assert _take(finished) == [acme.id]
    assert _take(finished + timedelta(minutes=59)) == []
    assert _take(finished + timedelta(minutes=60)) == [acme.id]

    schedules.save(acme, Schedule(times=Daily(at=time(3))), NOW)
    schedules.begin(acme.id, finished)
    assert _take(finished) == []  # has a time of its own
    schedules.remove(acme)
    schedules.begin(acme.id, finished)
    assert schedules.of(acme) is None


def test_only_what_is_due_is_taken_the_longest_due_first(acme: Any) -> None:
    from crosswalk.store import schedules

    others = [_connection(name) for name in ("early", "late")]
    schedules.save(acme, HOURLY, NOW)
    schedules.save(others[0], HOURLY, NOW - timedelta(minutes=5))
    schedules.save(others[1], Schedule(times=Daily(at=time(13))), NOW)
    assert _take(NOW) == [others[0].id, acme.id]


def test_a_paused_schedule_rests_and_makes_up_for_one_start(acme: Any) -> None:
    from crosswalk.store import schedules

    schedules.save(acme, HOURLY, NOW)
    assert schedules.pause(acme, paused=True)
    assert _take(NOW + timedelta(hours=5)) == []
    assert schedules.pause(acme, paused=False)
    assert _take(NOW + timedelta(hours=5)) == [acme.id]
    assert _take(NOW + timedelta(hours=5)) == []


def test_a_schedule_is_taken_by_one_of_two_who_ask_at_once(acme: Any) -> None:
    from django.db import transaction

    from crosswalk.store import leases, schedules

    schedules.save(acme, HOURLY, NOW)
    found: list[list[int]] = []

    def other() -> None:
        found.append(_take(NOW))
        leases.end_session()

    with transaction.atomic():
        assert schedules.take_due(NOW) == [acme.id]
        asking = threading.Thread(target=other)
        asking.start()
        asking.join(20)
    assert found == [[]]


class _Queue:
    """Stands for the queue: twice away, then a job for each place, which wait for one another."""

    def __init__(self) -> None:
        self.outages, self.met, self.open = 2, 0, 0

    async def open_async(self) -> None:
        from procrastinate.exceptions import ConnectorException

        self.open += 1
        if self.outages:
            self.outages -= 1
            raise ConnectorException

    async def close_async(self) -> None:
        self.open -= 1

    async def run_worker_async(self, *, concurrency: int, **_: object) -> None:
        meeting = threading.Barrier(concurrency)
        jobs = [asyncio.to_thread(meeting.wait, 20) for _ in range(concurrency)]
        self.met = len(await asyncio.gather(*jobs))
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(20)


def test_a_worker_outlasts_a_database_that_is_away_and_does_as_many_jobs_at_once_as_were_asked_for(
    django_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crosswalk.jobs import worker

    queue, told = _Queue(), []

    async def telling(*_: object) -> None:
        told.append("meanwhile")
        await asyncio.sleep(60)

    monkeypatch.setattr(worker, "keep_telling", telling)
    monkeypatch.setattr(worker, "_app", lambda *_: queue)
    monkeypatch.setattr(worker, "start_due", lambda _: [])
    monkeypatch.setattr(worker, "rescue", lambda _: [])
    monkeypatch.setattr(worker, "give_up", lambda _: [])
    worker.work(None, SystemClock(), concurrency=60, heartbeat=0.1, patience=60)  # type: ignore[arg-type]
    assert (queue.outages, queue.met, queue.open) == (0, 60, 0)
    assert told == ["meanwhile"]  # notices go out, until the worker stops


def test_no_worker_keeps_a_transaction_in_which_it_does_not_go_on(django_database: str) -> None:
    import psycopg

    from crosswalk.jobs.settings import DATABASES

    options = DATABASES["default"]["OPTIONS"]["options"]
    with psycopg.connect(django_database, options=options) as session:
        assert session.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("30s",)


def test_a_look_that_is_cut_off_from_the_database_does_not_end_the_looking(acme: Any) -> None:
    from django.db import connection, transaction
    from procrastinate.contrib.django.django_connector import DjangoConnector

    from crosswalk.jobs import worker

    def cut_off() -> list[int]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (session,) = cursor.fetchone() or (0,)
            _end_session(session)
            DjangoConnector().execute_query("SELECT 1")
        return [acme.id]

    worker._look(cut_off)


def _end_session(session: int) -> None:
    """Another session ends one."""
    import psycopg
    from django.db import connection

    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [session])
