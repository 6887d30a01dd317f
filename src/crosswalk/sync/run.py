"""A run calls the steps in order; a plan (see `planning`) is its first half and writes to no system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import msgspec

from crosswalk.core.clock import Clock
from crosswalk.core.failures import FailureKind, Halted, SystemFailure
from crosswalk.core.lanes import Lane
from crosswalk.core.system import WriteOptions
from crosswalk.core.words import keepable as _
from crosswalk.store import connections, inbox, plan_rows, runs, schedules
from crosswalk.store.models import Plan

from . import initial
from .applying import list_all
from .brakes import BrakeError, Braking, leave, stop
from .consent import carry_consents, recover_consents
from .context import Context
from .fields import begin_back_fill, note_fields
from .fill import Only, fill_outbox
from .holds import look_at_changed
from .lanes import push_in_order
from .recover import read_and_recover
from .shares import require_share, swept, while_affordable
from .trial import KIND, TRIED, choose
from .under_way import ROUNDS, alone, deciding_anew, without_lost_fields


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended."""

    run_id: int
    state: str  # done | tried | braked | failed | stopped
    counts: Mapping[str, int]  # receipted writes, as `side op`
    waiting: int  # sightings left for the next run
    message: str = ""
    cure: str = ""  # of a braked run: what to do next


@contextmanager
def opening(name: str, clock: Clock, kind: str = "manual") -> Iterator[None]:
    """Open a connection for a run inside: a system that fails there ends the run, and its row says so."""
    try:
        yield
    except Halted:
        raise
    except SystemFailure as failure:
        runs.note_failure(connections.get(name).id, kind, clock.now(), failure)
        raise


def run(
    context: Context,
    *,
    kind: str = "manual",
    plan: Plan | None = None,
    records: int | None = None,
    sweep_all: bool = False,
) -> RunResult:
    """Run the connection once. `plan` limits what may be written to its counts plus a tenth.

    With `records` it is a trial: so many writes of the plan at most, and everything else waits as it did. The sweep
    goes on where it is due; with `sweep_all` it reads everything.

    Raises SystemFailure when a system cannot be reached or signed in to, or an e-mail field vanished, and Halted when a
    person stops it; everything seen and intended is kept.
    """
    with alone(context):
        trial = choose(context, plan, records) if plan is not None and records is not None else None
        record = runs.start(context.connection_id, KIND if trial else kind, context.clock.now())
        braking = Braking(context, record, plan)
        context.closing, context.run_id = braking.closing, record.id
        with _ending(context, record) as end:
            with deciding_anew(context, plan.applied if plan is not None else None), context.watched("run"):
                if trial is not None:
                    plan_rows.mark_tried(trial.rows, record.id)
                only = trial.only if trial else None
                without_lost_fields(context, lambda: _work(context, braking, sweep_all, only))
            end.state = TRIED if trial else "done"
        if end.counts:
            runs.tidy()
        waiting = inbox.waiting(context.connection_id)
    if context.first_run and end.state == "done":
        schedules.begin(context.connection_id, context.clock.now())
    return RunResult(
        run_id=record.id,
        state=end.state,
        counts=end.counts,
        waiting=waiting,
        message=end.message,
        cure=end.cure,
    )


class _Ending(msgspec.Struct, kw_only=True):
    """How a run ends: it failed unless somebody says otherwise."""

    state: str = "failed"
    message: str = ""
    cure: str = ""
    failure: str = ""  # a `FailureKind`
    counts: Mapping[str, int] = {}


@contextmanager
def _ending(context: Context, record: runs.Running) -> Iterator[_Ending]:
    """Note how the work inside ends, and close the run's row. Only a brake's stop goes no further."""
    end = _Ending()
    try:
        yield end
    except BrakeError as brake:
        stop(context, brake)
        end.state, end.message, end.cure = "braked", brake.message, brake.said.cure
    except Halted as halted:
        end.state, end.message, end.cure = runs.STOPPED, halted.message, halted.cure
        raise
    except SystemFailure as failure:
        end.message, end.cure, end.failure = failure.message, failure.cure, failure.kind.value
        raise
    except runs.DATABASE_TROUBLE as error:
        end.state, end.message = runs.INTERRUPTED, str(error).strip()
        raise
    except Exception as error:
        end.message = _("{error}: this is a mistake of Crosswalk; please report it.").format(
            error=type(error).__name__
        )
        end.failure = FailureKind.BUG.value
        raise
    finally:
        context.store_counts()
        end.counts = runs.journalled(record)
        runs.end(record, end.state, end.counts, context.clock.now(), end.message, end.failure, end.cure)


def _work(context: Context, braking: Braking, sweep_all: bool, only: Only | None = None) -> None:
    """Do what a run does; with `only`, to these records alone."""
    found = context.switches
    first = found.initial_due or not runs.finished_before(context.connection_id, since=found.initial_at)
    options = WriteOptions(
        import_updates_above=context.settings.import_updates_above,
        exclude_automations=first and context.settings.exclude_automations_initially,
    )
    context.first_run = first and found.left_at is None
    if not context.first_run:  # which was approved by a person
        require_share(context)
    read_and_recover(context)
    initial.begin(context, planning=only is not None)
    recover_consents(context)
    carry_consents(context)
    note_fields(context)
    if only is None:
        list_all(context, context.anew)
        while_affordable(context, Lane.RETRY, look_at_changed)
    _rounds(context, braking, options, only)
    # After what people changed; what a sweep finds is in no plan.
    if not braking.planned_run and swept(context, whole=sweep_all):
        carry_consents(context)
        _rounds(context, braking, options)


def _rounds(context: Context, braking: Braking, options: WriteOptions, only: Only | None = None) -> None:
    """Settle what waits, or of `only` some records."""
    for number in range(1, ROUNDS + 1):
        listing = braking.planned_run or number > 1 or not inbox.waiting(context.connection_id)
        if listing and only is None:
            # After what people changed, unless a plan read and showed it all.
            while_affordable(context, Lane.BACK_FILL, begin_back_fill)
        if not inbox.waiting(context.connection_id):
            break
        runs.analyse_grown()
        fill_outbox(context, only=only)
        carry_consents(context)  # of records that were linked just now; no brake stops it
        try:
            push_in_order(context, braking, options)
        except BrakeError:
            if number == 1 or not braking.planned_run:
                raise
            leave(context)  # what came since the plan is the next run's, and its brakes'
            break
        except SystemFailure as failure:
            if failure.kind is not FailureKind.TRANSIENT or number == ROUNDS:
                raise
            read_and_recover(context)
    carry_consents(context)  # of records that were made just now
