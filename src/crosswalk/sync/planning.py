"""A plan: the first half of a run, worked out in a transaction that is undone. It writes to no system."""

from __future__ import annotations

from crosswalk.core import catalogue
from crosswalk.core.failures import Halted, UserError
from crosswalk.store import described, halts, inbox, outbox, plans, runs
from crosswalk.store.models import Plan, Tenant

from . import initial
from .applying import Applied, list_all
from .brakes import Closings, planned_limits, room_for
from .consent import plan_consents
from .context import Context
from .estimating import estimate
from .fields import begin_back_fill, list_back_fill, note_fields
from .fill import fill_outbox
from .holds import look_at_changed
from .pull import fetch_wanted, pull_all
from .under_way import ROUNDS, alone, deciding_anew, without_lost_fields


def make_plan(context: Context, applied: Applied | None = None) -> Plan:
    """Read both sides and work out what a run would write. Only what was read is kept.

    The fields of `applied` are decided anew for all links, in the run that this plan releases too. Raises UserError
    when another run is under way, and when somebody who changes the mapping does not come to an end.
    """
    with alone(context), deciding_anew(context, applied), context.watched("plan"):
        try:
            number = without_lost_fields(context, lambda: _rehearse(context))
        except Halted:
            halts.uncancel(context.connection_id)
            raise
        return Plan.objects.get(id=number)


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
