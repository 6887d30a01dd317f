"""What is said of a connection comes from what really happened: waiting, reading, latency, runs, brakes, schedules."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest
from django.db import OperationalError
from django.db import connection as database

from crosswalk.core.catalogue import say
from crosswalk.core.failures import SystemFailure
from crosswalk.core.schedule import Every, Schedule
from crosswalk.core.state import Cause, State

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

    from crosswalk.sync.states import Standing

NAME = "demo"
HOURLY = Schedule(times=Every(minutes=60))


def stands(both: TwoSystems) -> Standing:
    from crosswalk.store import connections
    from crosswalk.sync.states import standing

    return standing(connections.get(NAME), both.clock.now())


def state(both: TwoSystems) -> tuple[State, Cause]:
    told = stands(both).condition()
    return told.state, told.cause


def schedule(both: TwoSystems, *, paused: bool = False, started: bool = True) -> None:
    from crosswalk.store import connections, schedules

    acme = connections.get(NAME)
    schedules.save(acme, HOURLY, both.clock.now())
    schedules.pause(acme, paused=paused)
    if started:
        from django.db import transaction

        with transaction.atomic():
            schedules.take_due(both.clock.now())


@pytest.fixture
def linked(both: TwoSystems) -> str:
    """A CRM contact that is linked and settled; its id."""
    crm_id = both.crm_new(FirstName="Ana", LastName="Gil", Email="ana@example.org", Phone="+34 0")
    both.connect()
    both.sync()
    both.sync()
    return crm_id


@pytest.mark.every_crm
def test_the_time_from_edit_to_write_is_measured_and_a_first_sync_is_no_edit(
    both: TwoSystems, linked: str
) -> None:
    assert stands(both).freshness.latency.count == 0
    both.wait(30)

    both.crm_edit("contact", linked, Phone="+34 1")
    both.wait(200)
    both.sync()  # 30 s later

    took = stands(both).freshness.latency
    assert took.count == 1
    assert 229 < took.seconds < 260
    assert (took.within(0.5), took.buckets[120], took.buckets[300]) == (300, 0, 1)

    contact = both.contact("ana@example.org")
    both.contact_edit(contact["id"], phone="+34 2")
    both.sync()
    both.sync()  # what comes back is our own write, and no edit
    took = stands(both).freshness.latency
    assert took.count == 2
    assert took.buckets[float("inf")] == 2
    assert took.buckets[60] == 1


def test_a_repaired_or_repeated_look_at_a_record_is_no_edit(both: TwoSystems, linked: str) -> None:
    from crosswalk.core.mapping import Side
    from crosswalk.store import inbox

    both.wait(5000)
    inbox.want(both.context().connection_id, Side.CRM, "contact", [linked], both.clock.now())
    both.sync()
    assert stands(both).freshness.latency.count == 0


def test_the_age_of_what_waits_counts_from_when_it_was_seen_first(both: TwoSystems, linked: str) -> None:
    schedule(both)
    assert state(both) == (State.OK, Cause.SETTLED)
    both.crm_edit("contact", linked, Phone="+34 1")
    both.wire.refuse("GET /api/3/contacts", 503, {})
    with pytest.raises(SystemFailure):
        both.sync()
    first = stands(both)
    assert first.freshness.waiting == 1
    assert first.facts.oldest_at is not None
    assert first.condition().cause is Cause.QUEUED

    both.wait(3600)
    both.crm_edit("contact", linked, Phone="+34 2")
    with pytest.raises(SystemFailure):
        both.sync()
    later = stands(both)
    assert later.facts.oldest_at == first.facts.oldest_at
    assert later.oldest_seconds > 3600

    both.wait(5000)
    _take(both)
    assert state(both) == (State.BEHIND, Cause.UNSETTLED)
    both.wire.allow()
    both.sync()
    assert state(both) == (State.OK, Cause.SETTLED)
    assert stands(both).oldest_seconds == 0
    assert stands(both).freshness.latency.seconds > 8600  # since the first of the two edits


def _take(both: TwoSystems) -> None:
    """A worker takes the starts that are due."""
    from django.db import transaction

    from crosswalk.store import schedules

    with transaction.atomic():
        schedules.take_due(both.clock.now())


def test_a_feed_that_is_read_no_more_and_a_start_that_nobody_takes_are_behind(
    both: TwoSystems, linked: str
) -> None:
    schedule(both)
    read = {each: age for each, age in stands(both).cursor_seconds().items() if age is not None}
    assert set(read) == {("salesforce", "contact"), ("activecampaign", "contact")}
    assert max(read.values()) < 60

    both.wait(3600 + 301)
    assert state(both) == (State.BEHIND, Cause.MISSED)
    _take(both)
    assert state(both)[0] is State.OK
    both.wait(3600)
    _take(both)
    assert state(both) == (State.BEHIND, Cause.UNREAD)
    both.sync()
    assert state(both)[0] is State.OK


def test_a_lost_sign_in_lasts_until_a_run_is_let_in_again(both: TwoSystems, linked: str) -> None:
    both.wire.refuse("GET /api/3/contacts", 401, {})
    with pytest.raises(SystemFailure):
        both.sync()
    assert state(both) == (State.SIGN_IN_LOST, Cause.SIGN_IN_LOST)
    told = stands(both).condition()
    assert f"connection sign-in {NAME}" in told.next_step
    both.wire.allow()
    both.sync()
    assert state(both) == (State.OK, Cause.SETTLED)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (OperationalError, Cause.SETTLED),
        (psycopg.errors.AdminShutdown, Cause.SETTLED),
        (ZeroDivisionError, Cause.FAILED),
    ],
)
def test_trouble_of_the_database_passes_by_itself_and_a_mistake_of_ours_does_not(
    both: TwoSystems, linked: str, error: type[Exception], cause: Cause
) -> None:
    def fail() -> None:
        raise error

    both.wire.once("GET /api/3/contacts", fail)
    with pytest.raises(error):
        both.sync()
    assert state(both)[1] is cause


def test_brakes_pauses_missing_mappings_and_first_syncs_are_told(both: TwoSystems) -> None:
    from crosswalk.store import brakes, connections, halts, schedules, switches

    both.connect()
    assert state(both) == (State.WAITING, Cause.FIRST_SYNC)
    both.sync()
    assert state(both) == (State.OK, Cause.SETTLED)

    schedule(both, paused=True)
    assert state(both) == (State.PAUSED, Cause.PAUSED)

    halts.pause(connections.get(NAME), both.clock.now())
    assert state(both) == (State.PAUSED, Cause.RESTING)
    halts.stop(both.clock.now())
    assert state(both) == (State.PAUSED, Cause.STOPPED)
    halts.start(both.clock.now())
    halts.resume(connections.get(NAME), both.clock.now())

    number = both.context().connection_id
    brakes.note(number, say("contact_limit", count=7), both.clock.now())
    assert state(both) == (State.BRAKED, Cause.BRAKED)
    assert "CW-6015" in stands(both).condition().sentence
    both.sync()
    assert state(both) == (State.PAUSED, Cause.PAUSED)

    acme = connections.get(NAME)
    schedules.remove(acme)
    switches.turn(acme, global_sync=False)
    assert state(both) == (State.PAUSED, Cause.ONE_WAY)


def test_a_run_is_running_only_while_its_process_holds_the_connection(both: TwoSystems, linked: str) -> None:
    from crosswalk.store import leases, runs

    number = both.context().connection_id
    with leases.of_connection(number):
        runs.start(number, "manual", both.clock.now())
        assert state(both) == (State.RUNNING, Cause.RUNNING)
    assert state(both) == (State.OK, Cause.SETTLED)  # it died


def test_many_connections_take_as_many_statements_and_looks_at_what_waits_as_one(
    both: TwoSystems, linked: str
) -> None:
    from django.db import transaction
    from django.test.utils import CaptureQueriesContext

    from crosswalk.store import models
    from crosswalk.sync.states import standings

    acme = models.Connection.objects.get()
    now = datetime.now().astimezone()
    models.Connection.objects.bulk_create(
        models.Connection(
            name=f"other {number}",
            crm=acme.crm,
            activecampaign=acme.activecampaign,
            settings=acme.settings,
            created_at=now,
        )
        for number in range(20)
    )

    def scans() -> list[int]:
        """Those of holds and of the inbox; what this database connection did before is among them for a while."""
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT seq_scan + idx_scan FROM pg_stat_xact_user_tables WHERE schemaname = 'public'"
                " AND relname IN ('hold', 'inbox')"
                " ORDER BY relname"
            )
            return [count for (count,) in cursor.fetchall()]

    with transaction.atomic():
        before = scans()
        with CaptureQueriesContext(database) as asked:
            found = standings(both.clock.now() + timedelta(seconds=1))
        holds, inbox = [late - early for early, late in zip(before, scans(), strict=True)]
    assert holds <= 2
    assert inbox == 1
    assert len(found) == 21
    assert {each.condition().cause for each in found} == {Cause.SETTLED, Cause.NO_MAPPING}
    assert len(asked) <= 5
