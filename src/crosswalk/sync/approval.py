"""What releases a run: the first one needs a plan that a person looked at, and a plan says how far a run may go."""

from __future__ import annotations

from crosswalk.core import catalogue
from crosswalk.core.failures import UserError
from crosswalk.core.language import for_browser, gettext_noop
from crosswalk.core.words import keepable as _
from crosswalk.store import plans, runs
from crosswalk.store.models import Plan

from .context import Context
from .run import RunResult, run

_MAKE = gettext_noop("Make one: crosswalk plan")
for_browser({_MAKE: gettext_noop("Make one.")})


def needs_plan(connection_id: int) -> bool:
    """Tell whether a connection's next run is its first, for which somebody must look at a plan."""
    return not runs.finished_before(connection_id)


def require_plan(name: str, connection_id: int, plan: int | None) -> None:
    """Raise UserError when a run that no plan releases would be the first."""
    if plan is None and needs_plan(connection_id):
        said = catalogue.say("first_sync", connection=name)
        raise UserError(said.message, cure=said.cure, entry="first_sync")


def stored_plan(name: str, connection_id: int, plan_id: int) -> Plan:
    """Return a connection's newest plan. Raises UserError when it is another, or shows no more what a run writes."""
    found = Plan.objects.filter(id=plan_id, connection_id=connection_id).first()
    if found is None:
        raise UserError(
            _("{connection} has no plan {id}.").format(connection=name, id=plan_id),
            cure=_(_MAKE),
        )
    plans.require_current(found)
    return found


def kind_of_run(connection_id: int) -> str:
    """Return as what a run is kept that a person asks for."""
    return "initial" if needs_plan(connection_id) else "manual"


def run_released(
    context: Context, plan: Plan | None, *, records: int | None = None, sweep_all: bool = False
) -> RunResult:
    """Run a connection because a person says so, who approves the plan; with `records`, so many of its writes.

    Raises UserError as `stored_plan`, otherwise as `run`.
    """
    if plan is not None:
        plans.require_current(plan)
    if plan is not None and records is not None:
        return run(context, plan=plan, records=records)
    if plan is not None:
        plan.approved_at = context.clock.now()
        plan.save(update_fields=["approved_at"])
    return run(context, kind=kind_of_run(context.connection_id), plan=plan, sweep_all=sweep_all)
