"""Workers start runs by their schedules, and one goes on where another died."""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime, timedelta

import psycopg
from tests.helpers.command_line import Installation, Sandbox
from tests.helpers.workers import SECONDS, jobs, looking, runs, wait_for, working


def written(database: psycopg.Connection) -> int:
    """How many writes of scheduled runs are receipted."""
    counted = "SELECT count(*) FROM journal JOIN run ON run.id = journal.run_id WHERE run.kind = 'scheduled'"
    ((count,),) = database.execute(counted).fetchall()
    return int(count)


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


def test_a_run_that_hangs_is_given_up_and_begun_anew(synced: Installation, sandbox: Sandbox) -> None:
    sandbox.edit("salesforce", "Lead", sandbox.leads()[0]["Id"], FirstName="Edited")
    sandbox.post("activecampaign", "faults", {"kind": "delay", "seconds": 60.0, "route": "PUT *"})
    assert synced("schedule", "set", "acme", "--every", "12h").code == 0
    with looking(synced) as database, working(synced, "--patience", "0.05"):
        wait_for(lambda: runs(database)["done"], "a run after the one that hangs")
        assert runs(database) == {"interrupted": 1, "done": 1}
    assert synced("verify").code == 0


def test_runs_are_cancelled_paused_and_stopped_before_their_next_call(
    synced: Installation, sandbox: Sandbox
) -> None:
    for lead in sandbox.leads():
        sandbox.edit("salesforce", "Lead", lead["Id"], FirstName="Edited")
    slow = {"kind": "delay", "seconds": 1.0, "route": "PUT *", "times": 100}
    sandbox.post("activecampaign", "faults", slow)
    assert synced("runs", "cancel", "acme").code == 1, "nothing runs"
    assert synced("schedule", "set", "acme", "--every", "12h").code == 0

    with looking(synced) as database, working(synced):
        wait_for(lambda: written(database), "a write")
        assert synced("runs", "cancel", "acme", "--json").data["state"] == "cancelled"
        assert runs(database) == {"stopped": 1}
        so_far = written(database)

        assert synced("runs", "pause", "acme", "--json").data["state"] == "paused"
        refused = synced("sync", "--json")
        assert (refused.code, refused.data["error"]["code"]) == (1, "CW-6018")
        assert synced("runs", "resume", "acme").code == 0
        assert synced("runs", "resume", "acme").code == 1, "it goes on already"
        wait_for(lambda: written(database) > so_far, "a write after the pause")

        stopped_at = datetime.now(UTC)
        assert synced("stop", "--all", "--json").data["state"] == "stopped"
        assert runs(database) == {"stopped": 2}
        refused = synced("sync", "--json")
        assert (refused.code, refused.data["error"]["code"]) == (1, "CW-6017")
        assert synced("plan").code == 1
        assert "crosswalk start" in synced("status").out
        assert _last_call(sandbox) < stopped_at + timedelta(seconds=10)

        sandbox.delete("activecampaign", "faults")
        assert synced("start").code == 0
        wait_for(lambda: runs(database)["done"], "a run after the stop")
        wait_for(lambda: not jobs(database), "the end of the job")
        assert runs(database) == {"stopped": 2, "done": 1}
    assert synced("verify").code == 0


def _last_call(sandbox: Sandbox) -> datetime:
    calls = [entry["at"] for system in sandbox.ready for entry in sandbox.get(system, "log")]
    return datetime.fromisoformat(max(calls))
