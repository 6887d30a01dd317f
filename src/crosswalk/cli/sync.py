"""`crosswalk plan` and `crosswalk sync`."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import RenderableType

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _
from crosswalk.core.words import plain

from . import tables
from .command import command
from .outcome import Answer, ExitCode
from .progress import Report, watched
from .session import ConnectionName, Session, open_session
from .terminal import Terminal

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from crosswalk.store.models import Plan, PlanRow
    from crosswalk.sync.context import Context
    from crosswalk.sync.run import RunResult

app = typer.Typer()
SHOWN = 20  # changes of a plan
Limit = Annotated[int, typer.Option("--limit", min=0, help=_("How many changes to show."))]


@command(app, "plan")
def plan(
    terminal: Terminal,
    connection: ConnectionName = None,
    limit: Limit = SHOWN,
    everything: Annotated[
        bool,
        typer.Option("--apply-to-all", help=_("Decide mapped fields anew for all links, by today's rules.")),
    ] = False,
    object: Annotated[
        str | None, typer.Option("--object", metavar="OBJECT", help=_("With --apply-to-all: of this object."))
    ] = None,
    field: Annotated[
        str | None, typer.Option("--field", metavar="FIELD", help=_("With --apply-to-all: this field."))
    ] = None,
) -> Answer:
    """Show what a sync would write.

    Both sides are read, and nothing is written to either.
    """
    if not everything and (object is not None or field is not None):
        raise UserError(_("--object and --field need --apply-to-all."))
    session = open_session()
    from crosswalk.store.halts import Heeds

    with watched(terminal) as report:
        # It may be made while the connection rests, and somebody may stop it in the browser.
        context = session.context(connection, report, heeds=Heeds())
        made = _plan_anew(context, object, field) if everything else _plan(context)
        _note(context, "plan.asked", made)
    terminal.say(_("To do this: crosswalk sync --plan {id}").format(id=made.id))
    _tell_paused(terminal, context)
    data = {**plan_data(made, limit), "paused_fields": paused_data(context)}
    return Answer(data=data, tables=plan_tables(made, field_labels(context), limit))


def paused_data(context: Context) -> list[dict[str, Any]]:
    """Return the field mappings that rest: object, CRM field, ActiveCampaign field, code, reason, cure."""
    return [
        {
            "object": plan.object,
            "crm": each.mapping.crm,
            "activecampaign": each.mapping.activecampaign,
            "code": each.code,
            "reason": each.reason,
            "cure": each.cure,
        }
        for plan in context.objects.values()
        for each in plan.paused
    ]


def _tell_paused(terminal: Terminal, context: Context) -> None:
    """Say on stderr which fields rest."""
    for each in paused_data(context):
        text = _("{object} {field} rests ({code}): {reason}").format(**each, field=each["crm"])
        terminal.say(text, style="yellow")
        terminal.say(each["cure"])


def _note(context: Context, what: str, plan: Plan | None) -> None:
    """Keep in the audit log that somebody asked for it."""
    from crosswalk.store import acts, connections

    acts.note(what, connections.by_number(context.connection_id), plan=None if plan is None else plan.id)


def _plan(context: Context) -> Plan:
    from crosswalk.sync.planning import make_plan

    return make_plan(context)


def _plan_anew(context: Context, object: str | None, field: str | None) -> Plan:
    from crosswalk.sync.applying import fields_to_apply
    from crosswalk.sync.planning import make_plan

    return make_plan(context, fields_to_apply(context, object, field))


def plan_data(plan: Plan, limit: int = SHOWN) -> dict[str, Any]:
    """Return a plan for programs: id, counts, and its first changes with before, after and reason per field."""
    rows = _writes(plan)
    return {
        "id": plan.id,
        "connection": plan.connection.name,
        "created_at": plan.created_at,
        "counts": plan.counts,
        "applied": plan.applied,
        "figures": _figures(plan),
        "changes": [
            {
                "side": row.side,
                "object": row.object,
                "op": row.op,
                "record_id": row.record_id,
                "key": row.key,
                "fields": {
                    name: dict(zip(("before", "after", "reason"), values, strict=True))
                    for name, values in msgspec.json.decode(row.fields).items()
                },
            }
            for row in rows[:limit]
        ],
        "changes_in_all": rows.count(),
    }


def _writes(plan: Plan) -> QuerySet[PlanRow]:
    return plan.planrow_set.exclude(side="").order_by("id")


def _figures(plan: Plan) -> dict[str, Any]:
    from crosswalk.store import plans

    found: dict[str, Any] = msgspec.to_builtins(plans.figures(plan))
    return found


Labels = Mapping[tuple[str, str], Mapping[str, str]]  # side and object → field → what a person calls it


def field_labels(context: Context) -> Labels:
    """Return the labels of all fields that a plan may name."""
    labels: dict[tuple[str, str], Mapping[str, str]] = {}
    for plan in context.objects.values():
        for side, schema in plan.schemas.items():
            labels[side.value, schema.object] = {name: field.label for name, field in schema.fields.items()}
    return labels


def plan_tables(plan: Plan, labels: Labels, limit: int = SHOWN) -> list[RenderableType]:
    """Return a plan for people."""
    rows = _writes(plan)
    shown = [
        [
            row.side,
            row.object,
            row.op,
            row.key or row.record_id,
            tables.changes(msgspec.json.decode(row.fields), labels.get((row.side, row.object), {})),
        ]
        for row in rows[:limit]
    ]
    counts = plan.counts or {_("nothing to do"): ""}
    made: list[RenderableType] = [tables.facts(_("Plan {id}").format(id=plan.id), {**counts, **_costs(plan)})]
    if shown:
        columns = [_("Side"), _("Object"), _("What"), _("Record"), _("Fields")]
        title = _("First {shown} of {all} changes").format(shown=len(shown), all=rows.count())
        made.append(tables.table(title, columns, shown))
    return made


def _costs(plan: Plan) -> dict[str, str]:
    """Return what it takes to do a plan, in words; nothing when nothing is written."""
    cost = _figures(plan)["cost"]
    if not cost["calls"]:
        return {}
    about = {
        _("calls to {side}").format(side=side): _("about {count}").format(count=number)
        for side, number in cost["calls"].items()
    }
    return {**about, _("time"): _("about {minutes} min").format(minutes=max(1, ceil(cost["seconds"] / 60)))}


@command(app, "sync")
def sync(
    terminal: Terminal,
    connection: ConnectionName = None,
    plan: Annotated[
        int | None,
        typer.Option("--plan", metavar="ID", help=_("Approve this plan: go no further than it says.")),
    ] = None,
    approve: Annotated[
        bool, typer.Option("--approve", help=_("Approve what the plan says without asking."))
    ] = False,
    records: Annotated[
        int | None,
        typer.Option(
            "--records", metavar="N", min=1, help=_("With --plan: try N of its records, the rest waits.")
        ),
    ] = None,
    sweep: Annotated[
        bool, typer.Option("--sweep", help=_("Read everything again, also what shows no change."))
    ] = False,
) -> Answer:
    """Bring both sides up to date.

    The first run shows its plan and asks; without a terminal it needs --plan or --approve, and ends with exit code 3.
    So does a run that a brake stops: what --plan or --approve release goes on.
    """
    _require_fitting(plan, approve=approve, records=records, sweep=sweep)
    session = open_session()
    with watched(terminal) as report:
        context = _opened(session, connection, report)
        approved, needed = _approval(context, plan, approve)
    if needed is not None:
        if not _agreed(terminal, needed, field_labels(context)):
            return _unapproved(terminal, needed)
        approved = needed
    _note(context, "run.asked" if approved is None else "plan.applied", approved)
    with watched(terminal) as report:
        context.report = report
        result = _run(context, approved, sweep=sweep, records=records)
    return _ended(terminal, context, result)


def _require_fitting(plan: int | None, *, approve: bool, records: int | None, sweep: bool) -> None:
    """Raise UserError for options that do not go together."""
    if plan is not None and approve:
        raise UserError(_("--plan and --approve exclude each other."))
    if plan is not None and sweep:
        raise UserError(
            _("--plan and --sweep exclude each other: a plan does not know what a sweep finds."),
            cure=_("Sync with the plan first, then with --sweep."),
        )
    if plan is None and records is not None:
        raise UserError(_("--records needs --plan."), cure=_("Make a plan first: crosswalk plan"))


def _opened(session: Session, name: str | None, report: Report) -> Context:
    from crosswalk.store.halts import Heeds
    from crosswalk.sync.run import opening

    chosen = session.connection(name).name
    with opening(chosen, session.clock):
        return session.context(chosen, report, heeds=Heeds(pause=True))


def _approval(context: Context, plan_id: int | None, approve: bool) -> tuple[Plan | None, Plan | None]:
    """Return the plan that releases the run, and the plan that a person must look at first."""
    from crosswalk.store import brakes
    from crosswalk.sync.approval import needs_plan, stored_plan

    if plan_id is not None:
        return stored_plan(context.name, context.connection_id, plan_id), None
    if not needs_plan(context.connection_id):
        braked = approve and brakes.current(context.connection_id) is not None
        return (_plan(context) if braked else None), None
    made = _plan(context)
    return (made, None) if approve else (None, made)


def _agreed(terminal: Terminal, plan: Plan, labels: Labels) -> bool:
    if not terminal.as_json:
        terminal.show(plan_tables(plan, labels))
    return terminal.can_ask and terminal.ask(_("This is the first run. Write this?"))


def _unapproved(terminal: Terminal, plan: Plan) -> Answer:
    terminal.say(_("Nothing was written. To approve: crosswalk sync --plan {id}").format(id=plan.id))
    data = {"connection": plan.connection.name, "state": "needs_approval", "plan": plan_data(plan)}
    return Answer(data=data, code=ExitCode.NEEDS_APPROVAL)


def _run(context: Context, plan: Plan | None, *, sweep: bool, records: int | None) -> RunResult:
    from crosswalk.sync.approval import run_released

    return run_released(context, plan, records=records, sweep_all=sweep)


def _ended(terminal: Terminal, context: Context, result: RunResult) -> Answer:
    data = {
        "connection": context.name,
        **msgspec.to_builtins(result, enc_hook=plain),
        "paused_fields": paused_data(context),
    }
    _tell_paused(terminal, context)
    if result.message:
        terminal.say(result.message, style="yellow")
    if result.cure:
        terminal.say(result.cure)
    written: dict[str, Any] = dict(result.counts) or {_("nothing to write"): ""}
    title = _("Run {id} of {connection}: {state}").format(
        id=result.run_id, connection=context.name, state=result.state
    )
    braked = result.state == "braked"
    return Answer(
        data=data,
        tables=[tables.facts(title, {**written, _("waiting for the next run"): result.waiting})],
        code=ExitCode.NEEDS_APPROVAL if braked else ExitCode.OK,
    )
