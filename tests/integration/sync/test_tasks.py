"""What people ask of workers: done once, whoever does it, and told as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import structlog

from crosswalk.core.failures import UserError

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

    from crosswalk.store.models import Connection, Task

ANA, KIM = "ana@example.org", "kim@example.org"


@pytest.fixture
def queue(django_database: str) -> Iterator[psycopg.Connection]:
    """The queue's own tables, empty; other tests do without, and tests here share them."""
    from procrastinate.schema import SchemaManager

    with psycopg.connect(django_database, autocommit=True) as database:
        ((there,),) = database.execute("SELECT to_regclass('procrastinate_jobs') IS NOT NULL").fetchall()
        if not there:
            database.execute(SchemaManager.get_schema())
        yield database
        database.execute("TRUNCATE procrastinate_jobs CASCADE")


@pytest.fixture
def asked(both: TwoSystems, queue: psycopg.Connection) -> TwoSystems:
    """A connection whose first sync waits, with a record to be written, and a queue."""
    both.crm_new(FirstName="Ana", Email=ANA)
    return both.connect()


def connection() -> Connection:
    from crosswalk.store import connections

    return connections.get("demo")


def ask(both: TwoSystems, kind: str, **what: Any) -> int:
    from crosswalk.store import acts, tasks

    both.wait(30)
    with acts.acting("maria", "web"):
        return tasks.ask(connection(), kind, now=both.clock.now(), **what)


def do(both: TwoSystems, task: int) -> Task:
    from crosswalk.jobs.asked import do_task
    from crosswalk.store.models import Task

    do_task(task, both.vault, both.clock, both.opener)
    return Task.objects.get(id=task)


def jobs(queue: psycopg.Connection) -> list[int]:
    """The tasks whose jobs wait."""
    rows = queue.execute("SELECT (args ->> 'task')::int FROM procrastinate_jobs ORDER BY id").fetchall()
    return [number for (number,) in rows]


def test_a_plan_that_was_asked_for_is_made_and_the_task_says_which(asked: TwoSystems) -> None:
    from crosswalk.store.models import Plan

    task = do(asked, ask(asked, "plan"))
    assert (task.state, task.asked_by) == ("done", "maria")
    assert task.plan_id == Plan.objects.get().id
    assert asked.contacts(ANA) == []


def test_the_first_run_needs_a_plan_that_releases_it(asked: TwoSystems) -> None:
    from crosswalk.store.models import Plan, Run

    refused = do(asked, ask(asked, "run"))
    assert (refused.state, refused.code) == ("failed", "CW-6021")
    assert "needs a plan" in refused.message
    assert not Run.objects.exists()

    plan = do(asked, ask(asked, "plan")).plan_id
    done = do(asked, ask(asked, "run", plan=plan))
    run = Run.objects.get()
    assert (done.state, done.run_id, run.kind, run.state) == ("done", run.id, "initial", "done")
    assert Plan.objects.get().approved_at is not None
    assert asked.contacts(ANA)

    asked.crm_new(FirstName="Kim", Email=KIM)
    again = do(asked, ask(asked, "run"))
    assert again.run_id is not None
    assert Run.objects.get(id=again.run_id).kind == "manual"
    assert asked.contacts(KIM)


def test_who_asks_for_the_same_while_it_waits_gets_the_same_task(
    asked: TwoSystems, queue: psycopg.Connection
) -> None:
    from crosswalk.store.models import Act

    first = ask(asked, "plan")
    assert ask(asked, "plan") == first
    assert ask(asked, "run", plan=7) != ask(asked, "run", plan=8)
    assert jobs(queue) == [first, first + 1, first + 2]
    assert list(Act.objects.order_by("id").values_list("what", "person")) == [
        ("plan.asked", "maria"),
        ("plan.applied", "maria"),
        ("plan.applied", "maria"),
    ]
    do(asked, first)
    assert ask(asked, "plan") != first


def test_a_system_that_fails_fails_the_task_with_its_cure(asked: TwoSystems) -> None:
    asked.wire.refuse("", 401, [{"errorCode": "INVALID_SESSION_ID", "message": "expired"}])
    task = do(asked, ask(asked, "plan"))
    assert (task.state, task.code) == ("failed", "CW-1003")
    assert task.message
    assert task.cure


def test_what_is_stopped_or_paused_is_not_done_and_says_so(asked: TwoSystems) -> None:
    from crosswalk.store import halts

    marks = asked.marks()
    halts.stop(asked.clock.now())
    stopped = do(asked, ask(asked, "plan"))
    assert (stopped.state, stopped.code) == ("failed", "CW-6017")
    halts.start(asked.clock.now())
    halts.pause(connection(), asked.clock.now())
    paused = do(asked, ask(asked, "plan"))
    assert (paused.state, paused.code) == ("failed", "CW-6018")
    assert asked.routes_since(marks) == []
    halts.resume(connection(), asked.clock.now())
    assert do(asked, ask(asked, "plan")).state == "done"


def test_a_schedule_at_rest_or_absent_is_no_obstacle(asked: TwoSystems) -> None:
    from crosswalk.core.schedule import Every, Schedule
    from crosswalk.store import schedules

    schedules.save(connection(), Schedule(times=Every(minutes=60)), asked.clock.now())
    schedules.pause(connection(), paused=True)
    assert do(asked, ask(asked, "plan")).state == "done"


def test_while_the_connection_is_under_way_elsewhere_the_task_says_so(
    asked: TwoSystems, django_database: str
) -> None:
    with psycopg.connect(django_database) as elsewhere:
        lease = "SELECT pg_advisory_lock(hashtext('connection'), %s)"
        elsewhere.execute(lease, [connection().id])
        task = do(asked, ask(asked, "plan"))
    assert (task.state, task.code) == ("failed", "CW-6003")


@pytest.mark.parametrize("kind", ["plan", "run"])
def test_a_task_under_way_stops_before_its_next_call_and_the_next_one_is_not_meant(
    asked: TwoSystems, kind: str
) -> None:
    from crosswalk.store import tasks

    asked.sync()
    asked.crm_new(FirstName="Kim", Email=KIM)

    def cancel() -> None:
        asked.wait(3)
        assert tasks.cancel(connection(), asked.clock.now())

    asked.wire.once("", cancel, after=True, at=3)
    task = do(asked, ask(asked, kind))
    assert (task.state, task.code) == ("failed", "CW-6019")
    assert asked.contacts(KIM) == []
    assert do(asked, ask(asked, kind)).state == "done"
    assert do(asked, ask(asked, "run")).state == "done"
    assert asked.contacts(KIM)


def test_a_cancellation_that_came_too_late_does_not_mean_the_next_run(asked: TwoSystems) -> None:
    from crosswalk.store.models import Halt

    asked.sync()
    Halt.objects.create(connection=connection(), kind="cancelled", since=asked.clock.now())
    asked.sync()
    assert not Halt.objects.exists()


def test_a_cancellation_between_the_end_of_a_run_and_that_of_its_lease_means_no_later_run(
    asked: TwoSystems, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import transaction

    from crosswalk.core.schedule import Every, Schedule
    from crosswalk.jobs.running import run_connection
    from crosswalk.store import halts, runs, schedules
    from crosswalk.store.models import Halt

    def work() -> str:
        asked.wait(30)
        return run_connection(connection().id, asked.vault, asked.clock, asked.opener)

    asked.sync()
    schedules.save(connection(), Schedule(times=Every(minutes=1)), asked.clock.now())
    end = runs.end

    def ended_then_cancelled(*arguments: Any) -> None:
        end(*arguments)
        monkeypatch.undo()
        assert halts.cancel(connection(), asked.clock.now())

    monkeypatch.setattr(runs, "end", ended_then_cancelled)
    assert work() == "done"
    assert Halt.objects.count() == 1
    with transaction.atomic():
        assert schedules.take_due(asked.clock.now()) == [connection().id]  # nothing rests
    assert work() == "done"
    assert not Halt.objects.exists()


def test_a_cancellation_means_who_has_the_lease_and_nobody_who_is_about_to_begin(asked: TwoSystems) -> None:
    from crosswalk.core.failures import Halted
    from crosswalk.store import halts, leases
    from crosswalk.store.halts import Heeds, Watch, standing

    asked.sync()
    number, clock = connection().id, asked.clock
    beginning, task = Watch(number, clock, Heeds(pause=True)), Heeds(task=7)
    with leases.lease("connection", number) as since:
        halts.cancel(connection(), clock.now())
        assert standing(number, Heeds(), since) is not None
        assert standing(number, task) is None
    with leases.lease("connection", number) as beginning.leased_at:
        clock.sleep(3)
        beginning.look()
        halts.cancel(connection(), clock.now(), task=7)  # one that was withdrawn meanwhile is told anew
        clock.sleep(3)
        with pytest.raises(Halted):
            beginning.look()
    assert standing(number, task) is not None
    halts.uncancel(number)
    assert standing(number, task) is not None
    halts.uncancel_task(7)
    assert standing(number, task) is None


@pytest.mark.parametrize("paused", [False, True])
def test_a_plan_of_the_command_line_can_be_stopped_elsewhere_also_while_the_connection_rests(
    asked: TwoSystems, paused: bool
) -> None:
    from crosswalk.core.failures import Halted
    from crosswalk.store import halts, tasks
    from crosswalk.store.halts import Heeds
    from crosswalk.store.models import Plan
    from crosswalk.sync.planning import make_plan
    from crosswalk.sync.setup import open_context

    def plan() -> Plan:
        return make_plan(open_context("demo", asked.vault, asked.clock, opener=asked.opener, heeds=Heeds()))

    def cancel() -> None:
        asked.wait(3)
        assert tasks.cancel(connection(), asked.clock.now())

    asked.sync()
    if paused:
        halts.pause(connection(), asked.clock.now())
    before = Plan.objects.count()
    asked.wire.once("queryAll", cancel, after=True)
    with pytest.raises(Halted) as caught:
        plan()
    assert caught.value.halt == "cancelled"
    assert Plan.objects.count() == before
    assert plan().id
    assert halts.is_paused(connection()) is paused


def test_a_connection_that_rests_can_be_removed(asked: TwoSystems) -> None:
    from crosswalk.store import connections, halts
    from crosswalk.store.models import Halt

    halts.pause(connection(), asked.clock.now())
    connections.remove(connection())
    assert not Halt.objects.exists()


def test_a_task_that_waits_is_withdrawn(asked: TwoSystems) -> None:
    from crosswalk.store import tasks
    from crosswalk.store.models import Task

    waiting = ask(asked, "plan")
    assert tasks.cancel(connection(), asked.clock.now())
    assert Task.objects.get(id=waiting).code == "CW-6019"
    assert do(asked, waiting).plan_id is None
    assert not tasks.cancel(connection(), asked.clock.now())


def test_what_was_taken_from_a_worker_is_ended_by_the_next_one_alone(asked: TwoSystems) -> None:
    from crosswalk.core import catalogue
    from crosswalk.store import tasks
    from crosswalk.store.models import Task

    number = ask(asked, "plan")
    silent = tasks.begin(number, asked.clock.now())
    assert silent is not None
    tasks.take_from(number)
    tasks.fail(silent, asked.clock.now(), catalogue.say("under_way", connection="demo"))
    assert Task.objects.get(id=number).state == "waiting"

    other = do(asked, number)
    assert other.state == "done"
    tasks.put_back(silent)
    assert Task.objects.get(id=number) == other
    assert tasks.begin(number, asked.clock.now()) is None


def test_a_run_whose_worker_died_after_its_end_is_not_done_again(asked: TwoSystems) -> None:
    from crosswalk.store import tasks
    from crosswalk.store.models import Run

    asked.sync()
    number = ask(asked, "run")
    tasks.begin(number, asked.clock.now())
    run = asked.sync()  # the run of the worker that dies before it can say so
    tasks.take_from(number)
    task = do(asked, number)
    assert (task.state, task.run_id) == ("done", run.run_id)
    assert Run.objects.count() == 2


def test_a_trial_whose_worker_died_is_not_begun_with_other_records(asked: TwoSystems) -> None:
    from crosswalk.store import runs, tasks
    from crosswalk.store.models import Run

    plan = asked.plan()
    number = ask(asked, "run", plan=plan.id, records=1)
    tasks.begin(number, asked.clock.now())
    begun = runs.start(connection().id, "trial", asked.clock.now())
    structlog.contextvars.unbind_contextvars("connection", "run")
    tasks.take_from(number)
    marks = asked.marks()
    task = do(asked, number)
    assert (task.state, task.run_id) == ("done", begun.id)
    assert Run.objects.get().state == "interrupted"
    assert asked.routes_since(marks) == []


def test_trouble_of_the_database_puts_a_task_back_and_its_job_is_found_lost(
    asked: TwoSystems, queue: psycopg.Connection
) -> None:
    from crosswalk.store import tasks

    number = ask(asked, "plan")

    def end_session() -> None:
        queue.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )

    asked.wire.once("GET /api/3/contacts", end_session)
    assert do(asked, number).state == "waiting"

    queue.execute("DELETE FROM procrastinate_jobs")
    assert jobs(queue) == []
    assert tasks.find_lost() == [connection().id]
    assert jobs(queue) == [number]
    assert tasks.find_lost() == []
    assert do(asked, number).state == "done"


def test_a_mistake_of_ours_ends_the_task_too(asked: TwoSystems, monkeypatch: pytest.MonkeyPatch) -> None:
    from crosswalk.jobs import asked as jobs_asked
    from crosswalk.store.models import Task

    def wrong(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(jobs_asked, "make_plan", wrong)
    number = ask(asked, "plan")
    with pytest.raises(ZeroDivisionError):
        do(asked, number)
    task = Task.objects.get(id=number)
    assert (task.state, task.code) == ("failed", "CW-9001")


def test_a_plan_of_another_connection_releases_nothing(asked: TwoSystems) -> None:
    from crosswalk.sync.approval import stored_plan

    plan = asked.plan()
    assert stored_plan("demo", connection().id, plan.id) == plan
    with pytest.raises(UserError):
        stored_plan("other", connection().id + 1, plan.id)


def test_a_plan_outlasts_a_vendor_that_lets_it_wait_for_longer_than_a_worker_usually_does(
    asked: TwoSystems,
) -> None:
    import time

    from django.db import connection as database

    from crosswalk.store import plans

    with database.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = '50ms'")
        try:
            with plans.rehearsal():
                time.sleep(0.3)
                cursor.execute("SELECT 1")
                assert cursor.fetchone() == (1,)
        finally:
            cursor.execute("RESET idle_in_transaction_session_timeout")
