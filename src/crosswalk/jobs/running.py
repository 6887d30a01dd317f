"""The job that runs a connection."""

from __future__ import annotations

from crosswalk.core.clock import Clock
from crosswalk.core.failures import Halted, SystemFailure, UserError
from crosswalk.core.lanes import Lane, working_in
from crosswalk.store import halts, runs, schedules
from crosswalk.store.halts import Heeds
from crosswalk.store.models import Connection
from crosswalk.store.vault import Vault
from crosswalk.sync.run import opening, run
from crosswalk.sync.setup import open_context
from crosswalk.sync.sign_in import Opener
from crosswalk.systems import open_system

from .again import start_after, try_again

KIND = "scheduled"


def run_connection(connection_id: int, vault: Vault, clock: Clock, opener: Opener = open_system) -> str:
    """Run a connection as its schedule says; return how that ended, in a few words for the log.

    Without a finished first sync nothing runs, since a person must look at its plan. A system that fails ends this
    run, whose row says so; the next start goes on from there. So does whoever took the job over from this worker.
    """
    connection = Connection.objects.filter(id=connection_id).first()
    if connection is None:
        return "the connection is removed"
    heeds = Heeds(pause=True)
    if halted := halts.standing(connection_id, heeds):
        return halted.message
    kept = schedules.of(connection)
    if kept is None:
        return "the schedule is removed"
    if kept.paused:
        return "paused"
    if not runs.finished_before(connection_id):
        return "waits for somebody to approve the first sync"
    try:
        with opening(connection.name, clock, KIND):
            context = open_context(connection.name, vault, clock, opener=opener, heeds=heeds)
        context.reads_ahead = True
        with working_in(Lane.SCHEDULED):
            return run(context, kind=KIND).state
    except UserError as failure:
        if failure.entry == "under_way":
            start_after(connection, clock.now())
        return failure.message
    except (Halted, *runs.DATABASE_TROUBLE) as failure:
        return str(failure).strip()
    except SystemFailure as failure:
        try_again(connection, failure, KIND, clock.now())
        return str(failure).strip()
