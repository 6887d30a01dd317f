"""A run calls the steps in order; a plan is its first half and writes to no system."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import msgspec

from crosswalk.core import catalogue
from crosswalk.core.clock import Clock
from crosswalk.core.failures import FailureKind, Halted, SystemFailure, UserError
from crosswalk.core.lanes import Lane
from crosswalk.core.language import gettext as _
from crosswalk.core.system import WriteOptions
from crosswalk.store import (
    connections,
    described,
    halts,
    inbox,
    leases,
    outbox,
    plan_rows,
    plans,
    runs,
    schedules,
)
from crosswalk.store.models import Plan, Tenant

from . import initial
from .applying import Applied, list_all
from .brakes import BrakeError, Braking, Closings, leave, planned_limits, room_for, stop
from .consent import carry_consents, plan_consents, recover_consents
from .context import Context
from .estimating import estimate
from .fields import FieldsLostError, begin_back_fill, describe_again, list_back_fill, note_fields
from .fill import Only, fill_outbox
from .holds import look_at_changed
from .lanes import push_in_order
from .pull import fetch_wanted, pull_all
from .recover import read_and_recover
from .shares import require_share, swept, while_affordable
from .trial import KIND, TRIED, choose

ROUNDS = 3
Result = TypeVar("Result")


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended."""

    run_id: int
    state: str  # done | tried | braked | failed | stopped
    counts: Mapping[str, int]  # receipted writes, as `side op`
    waiting: int  # sightings left for the next run
    message: str = ""
    cure: str = ""  # of a braked run: what to do next


def make_plan(context: Context, applied: Applied | None = None) -> Plan:
    """Read both sides and work out what a run would write. Only what was read is kept.

    The fields of `applied` are decided anew for all links, in the run that this plan releases too. Raises UserError
    when another run is under way, and when somebody who changes the mapping does not come to an end.
    """
    with (
        leases.of_connection(context.connection_id) as held,
        _deciding_anew(context, applied),
        context.watched("plan"),
    ):
        _require(held, context)
        number = _without_lost_fields(context, lambda: _rehearse(context))
        return Plan.objects.get(id=number)


@contextmanager
def _deciding_anew(context: Context, applied: Applied | None) -> Iterator[None]:
    """Let fields count as without shadow meanwhile."""
    context.anew = applied or {}
    try:
        yield
    finally:
        context.anew = {}


def _rehearse(context: Context) -> int:
    _keep_descriptions(context)
    pull_all(context)
    initial.begin(context, planning=True)
    runs.analyse_grown()
    _read_back_fill(context)
    if context.anew:
        list_all(context, context.anew)
        fetch_wanted(context)
    try:
        return _rehearse_rest(context)
    except plans.InTheWayError:  # by now nothing is held that somebody could wait for
        return _once_more(context)


def _keep_descriptions(context: Context) -> None:
    """Keep how both sides describe their fields: a plan is shown by their labels, before any run has noted them."""
    for plan in context.objects.values():
        for side, schema in plan.schemas.items():
            described.keep(Tenant(id=context.tenants[side]), schema, context.opened_at)


def _once_more(context: Context) -> int:
    try:
        return _rehearse_rest(context)
    except plans.InTheWayError:
        said = catalogue.say("mapping_changes", connection=context.name)
        raise UserError(said.message, cure=said.cure, entry="mapping_changes") from None


def _rehearse_rest(context: Context) -> int:
    """Work out what a run would write with what was read; nothing remains but the plan, whose number is returned."""
    before = plans.standing(context.connection_id)
    closings = Closings()
    context.closing = closings.closing
    with plans.rehearsal():
        note_fields(context)
        begin_back_fill(context)
        look_at_changed(context)
        for _round in range(ROUNDS):
            fill_outbox(context)
            if not inbox.wants_anything(context.connection_id):
                break
        plan_consents(context)
        counts = plans.counted(context.connection_id, before)
        totals = outbox.counts(context.connection_id)
        room = room_for(context, totals)
        return plans.save(
            context.connection_id,
            counts | planned_limits(closings, totals, room),
            context.clock.now(),
            before=before,
            cost=estimate(context, room),
            basis=context.basis,
            applied=context.anew,
        )


def _read_back_fill(context: Context) -> None:
    """Read what the back-fill of the run will need: what a plan read is kept for it."""
    with plans.rehearsal():
        note_fields(context)
    if context.unfilled:
        list_back_fill(context)
        fetch_wanted(context)


@contextmanager
def opening(name: str, clock: Clock, kind: str = "manual") -> Iterator[None]:
    """Open a connection for a run inside: a system that fails there ends the run, and its row says so."""
    try:
        yield
    except Halted:
        halts.uncancel(connections.get(name).id)
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
    with leases.of_connection(context.connection_id) as held:
        _require(held, context)
        trial = choose(context, plan, records) if plan is not None and records is not None else None
        record = runs.start(context.connection_id, KIND if trial else kind, context.clock.now())
        state, message, cure, kind_of_failure = "failed", "", "", ""
        braking = Braking(context, record, plan)
        context.closing, context.run_id = braking.closing, record.id
        try:
            with _deciding_anew(context, plan.applied if plan is not None else None), context.watched("run"):
                if trial is not None:
                    plan_rows.mark_tried(trial.rows, record.id)
                only = trial.only if trial else None
                _without_lost_fields(context, lambda: _work(context, record.id, braking, sweep_all, only))
            state = TRIED if trial else "done"
        except BrakeError as brake:
            stop(context, brake)
            state, message, cure = "braked", str(brake), brake.said.cure
        except Halted as halted:
            state, message = runs.STOPPED, halted.message
            raise
        except SystemFailure as failure:
            message, kind_of_failure = failure.message, failure.kind.value
            raise
        except runs.DATABASE_TROUBLE as error:
            state, message = runs.INTERRUPTED, str(error).strip()
            raise
        except Exception as error:
            message = _("{error}: this is a mistake of Crosswalk; please report it.").format(
                error=type(error).__name__
            )
            kind_of_failure = FailureKind.BUG.value
            raise
        finally:
            context.store_counts()
            counts = runs.journalled(record)
            runs.end(record, state, counts, context.clock.now(), message, kind_of_failure)
        if counts:
            runs.tidy()
        result = RunResult(
            run_id=record.id,
            state=state,
            counts=counts,
            waiting=inbox.waiting(context.connection_id),
            message=message,
            cure=cure,
        )
    if context.first_run and state == "done":
        schedules.begin(context.connection_id, context.clock.now())
    return result


def _require(held: bool, context: Context) -> None:
    if not held:
        said = catalogue.say("under_way", connection=context.name)
        raise UserError(said.message, cure=said.cure, entry="under_way")


def _without_lost_fields(context: Context, work: Callable[[], Result]) -> Result:
    """Do `work`; when it meets fields that are gone since the run began, once more without them."""
    context.described_again = False
    try:
        return work()
    except FieldsLostError:
        return work()
    except SystemFailure as failure:
        if failure.kind is not FailureKind.MAPPING or not describe_again(context):
            raise
        return work()


def _work(context: Context, run_id: int, braking: Braking, sweep_all: bool, only: Only | None = None) -> None:
    """Do what a run does; with `only`, to these records alone."""
    found = context.switches
    first = found.initial_due or not runs.finished_before(context.connection_id, since=found.initial_at)
    options = WriteOptions(
        import_updates_above=context.settings.import_updates_above,
        exclude_automations=first and context.settings.exclude_automations_initially,
    )
    context.first_run = first and found.left_at is None
    if not context.first_run:  # which was approved by a person
        require_share(context, run_id)
    read_and_recover(context, run_id)
    initial.begin(context, planning=only is not None)
    recover_consents(context, run_id)
    carry_consents(context, run_id)
    note_fields(context)
    if only is None:
        list_all(context, context.anew)
        while_affordable(context, Lane.RETRY, look_at_changed)
    _rounds(context, run_id, braking, options, only)
    # After what people changed; what a sweep finds is in no plan.
    if not braking.planned_run and swept(context, whole=sweep_all):
        carry_consents(context, run_id)
        _rounds(context, run_id, braking, options)


def _rounds(
    context: Context, run_id: int, braking: Braking, options: WriteOptions, only: Only | None = None
) -> None:
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
        carry_consents(context, run_id)  # of records that were linked just now; no brake stops it
        try:
            push_in_order(context, run_id, braking, options)
        except BrakeError:
            if number == 1 or not braking.planned_run:
                raise
            leave(context)  # what came since the plan is the next run's, and its brakes'
            break
        except SystemFailure as failure:
            if failure.kind is not FailureKind.TRANSIENT or number == ROUNDS:
                raise
            read_and_recover(context, run_id)
    carry_consents(context, run_id)  # of records that were made just now
