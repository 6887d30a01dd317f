"""The job that does what a person asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from datetime import timedelta

from crosswalk.core import catalogue
from crosswalk.core.catalogue import CATALOGUE, Said
from crosswalk.core.clock import Clock
from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.words import keepable as _
from crosswalk.store import halts, runs, tasks
from crosswalk.store.halts import Heeds
from crosswalk.store.leases import end_session
from crosswalk.store.models import Connection
from crosswalk.store.tasks import Begun
from crosswalk.store.vault import Vault
from crosswalk.sync.approval import kind_of_run, require_plan, run_released, stored_plan
from crosswalk.sync.context import Context
from crosswalk.sync.planning import make_plan
from crosswalk.sync.run import opening
from crosswalk.sync.setup import open_context
from crosswalk.sync.sign_in import Opener
from crosswalk.systems import open_system

PATIENCE = timedelta(hours=1)  # for so long a task is begun again after trouble of the database

Open = Callable[[str], Context]


def do_task(number: int, vault: Vault, clock: Clock, opener: Opener = open_system) -> str:
    """Do what a person asked for; return how that ended, in a few words for the log."""
    task = tasks.begin(number, clock.now())
    if task is None:
        return "nothing to do any more"
    # Whoever pauses the connection means a plan too that people wait for.
    heeds = Heeds(pause=True, task=number)

    def opened(name: str) -> Context:
        context = open_context(name, vault, clock, opener=opener, heeds=heeds)
        context.reads_ahead = True
        return context

    try:
        connection = Connection.objects.get(id=task.connection_id)
        if halted := halts.standing(connection.id, heeds):
            raise halted
        return _WORK[task.kind](task, connection, opened, clock)
    except (SystemFailure, UserError) as failure:
        tasks.fail(task, clock.now(), catalogue.told(failure))
        return str(failure)
    except runs.DATABASE_TROUBLE as trouble:
        end_session()
        with suppress(*runs.DATABASE_TROUBLE):  # then it counts as lost
            _try_again(task, clock, str(trouble).strip())
        return str(trouble).strip()
    except Exception as error:
        tasks.fail(task, clock.now(), _mistake(error))
        raise
    finally:
        with suppress(*runs.DATABASE_TROUBLE):
            halts.uncancel_task(number)


def _plan(task: Begun, connection: Connection, opened: Open, clock: Clock) -> str:
    with closing(opened(connection.name)) as context:
        made = make_plan(context)
    tasks.end(task, clock.now(), plan_id=made.id)
    return f"plan {made.id}"


def _run(task: Begun, connection: Connection, opened: Open, clock: Clock) -> str:
    if task.run_id is not None and (task.records is not None or tasks.is_done(task)):
        # A trial is not begun anew: it would choose other records.
        runs.interrupt(task.run_id, clock.now())
        tasks.end(task, clock.now(), run_id=task.run_id)
        return "begun before"
    require_plan(connection.name, connection.id, task.plan_id)
    plan = None
    if task.plan_id is not None:
        plan = stored_plan(connection.name, connection.id, task.plan_id)
    with opening(connection.name, clock, kind_of_run(connection.id)):
        context = opened(connection.name)
    with closing(context):
        result = run_released(context, plan, records=task.records)
    tasks.end(task, clock.now(), run_id=result.run_id)
    return result.state


_WORK: Mapping[str, Callable[[Begun, Connection, Open, Clock], str]] = {tasks.PLAN: _plan, tasks.RUN: _run}


def _try_again(task: Begun, clock: Clock, trouble: str) -> None:
    """What was begun goes on from where it was, unless that did not help for long."""
    now = clock.now()
    if now - task.asked_at < PATIENCE:
        tasks.put_back(task)
        return
    message = _("The database cannot be used: {error}").format(error=trouble)
    tasks.fail(task, now, Said(CATALOGUE["database"].code, message, _("Try again in a minute.")))


def _mistake(error: Exception) -> Said:
    message = _("{error}: this is a mistake of Crosswalk; please report it.").format(
        error=type(error).__name__
    )
    return Said(
        CATALOGUE["bug"].code, message, _("Try again; if it happens again, report what the log says.")
    )
