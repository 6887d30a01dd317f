"""A run calls the steps in order; a plan is its first half and writes to no system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from crosswalk.core.clock import Clock
from crosswalk.core.failures import FailureKind, SystemFailure, UserError
from crosswalk.core.system import Op, WriteOptions
from crosswalk.store import connections, feeds, inbox, outbox, runs
from crosswalk.store.models import Plan

from .consent import carry_consents, plan_consents, recover_consents
from .context import Context
from .fill import fill_outbox
from .holds import look_at_changed
from .pull import pull_all
from .push import push
from .recover import read_and_recover

ROUNDS = 3
_BRAKED = frozenset(Op)  # opt-outs are not among them
MARGIN = 0.10  # how far a run may go beyond the plan that released it


class RunResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended."""

    run_id: int
    state: str  # done | braked | failed
    counts: Mapping[str, int]  # receipted writes, as `side op`
    waiting: int  # sightings left for the next run
    message: str = ""


class BrakeError(Exception):
    """The run would go further than it may; nothing of this round was sent."""


def make_plan(context: Context) -> Plan:
    """Read both sides and work out what a run would write. Only what was read is kept."""
    with feeds.lease("connection", context.connection_id, wait=False) as held:
        _require(held, context)
        pull_all(context)
        runs.analyse_grown()
        before = runs.standing(context.connection_id)
        with runs.rehearsal():
            look_at_changed(context)
            for _round in range(ROUNDS):
                fill_outbox(context)
                if not inbox.wants_anything(context.connection_id):
                    break
            plan_consents(context)
            counts, rows = runs.rehearsed(context.connection_id, before)
        return runs.save_plan(context.connection_id, counts, rows, context.clock.now())


@contextmanager
def opening(name: str, clock: Clock, kind: str = "manual") -> Iterator[None]:
    """Open a connection for a run inside: a system that fails there ends the run, and its row says so."""
    try:
        yield
    except SystemFailure as failure:
        runs.note_failure(connections.get(name).id, kind, clock.now(), failure.message)
        raise


def run(context: Context, *, kind: str = "manual", plan: Plan | None = None) -> RunResult:
    """Run the connection once. `plan` limits what may be written to its counts plus a tenth.

    Raises SystemFailure when a system cannot be reached or signed in to, or a mapped field vanished; everything seen
    and intended is kept.
    """
    with feeds.lease("connection", context.connection_id, wait=False) as held:
        _require(held, context)
        record = runs.start(context.connection_id, kind, context.clock.now())
        state, message = "failed", ""
        try:
            _rounds(context, record.id, plan)
            state = "done"
        except BrakeError as brake:
            state, message = "braked", str(brake)
        except SystemFailure as failure:
            message = failure.message
            raise
        except Exception as error:
            message = f"{type(error).__name__}: this is a mistake of Crosswalk; please report it."
            raise
        finally:
            counts = runs.journalled(record.id)
            runs.end(record, state, counts, context.clock.now(), message)
        return RunResult(
            run_id=record.id,
            state=state,
            counts=counts,
            waiting=inbox.waiting(context.connection_id),
            message=message,
        )


def _require(held: bool, context: Context) -> None:
    if not held:
        raise UserError(
            f"Another run of {context.name} is under way.", cure="Wait until it has ended, then try again."
        )


def _rounds(context: Context, run_id: int, plan: Plan | None) -> None:
    first = not runs.finished_before(context.connection_id)
    options = WriteOptions(
        import_updates_above=context.settings.import_updates_above,
        exclude_automations=first and context.settings.exclude_automations_initially,
    )
    read_and_recover(context, run_id)
    recover_consents(context, run_id)
    carry_consents(context, run_id)
    look_at_changed(context)
    for number in range(1, ROUNDS + 1):
        if not inbox.waiting(context.connection_id):
            break
        runs.analyse_grown()
        fill_outbox(context)
        carry_consents(context, run_id)  # of records that were linked just now; no brake stops it
        _brake(context, run_id, plan)
        try:
            push(context, run_id, options)
        except SystemFailure as failure:
            if failure.kind is not FailureKind.TRANSIENT or number == ROUNDS:
                raise
            read_and_recover(context, run_id)
    carry_consents(context, run_id)  # of records that were made just now


def _brake(context: Context, run_id: int, plan: Plan | None) -> None:
    """Stop before push when the run's writes, counted over all its rounds, exceed what the plan allows."""
    if plan is None:
        return
    done: dict[str, int] = dict(runs.journalled(run_id))
    for (side, op), number in outbox.counts(context.connection_id).items():
        done[f"{side} {op}"] = done.get(f"{side} {op}", 0) + number
    allowed = _planned(plan)
    for name, number in done.items():
        if name.rpartition(" ")[2] not in _BRAKED:
            continue
        limit = allowed.get(name, 0)
        if number > limit * (1 + MARGIN):
            outbox.drop_intended(context.connection_id)
            raise BrakeError(
                f"{number} times “{name}”, but the plan has {limit}. Make a new plan and look at it."
            )


def _planned(plan: Plan) -> dict[str, int]:
    counts: dict[str, Any] = plan.counts
    planned: dict[str, int] = {}
    for name, number in counts.items():
        words = name.split(" ")
        if words[0] in {"create", "update"}:
            key = f"{words[1]} {words[0]}"
            planned[key] = planned.get(key, 0) + number
    return planned
