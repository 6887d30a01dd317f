"""Plans: what would be written, before anything is; applied as a whole, or tried with ten records."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crosswalk.core.failures import UserError
from crosswalk.core.values import normal_email
from crosswalk.store import plan_rows, runs, tasks
from crosswalk.store.models import Connection, Plan
from crosswalk.store.plan_rows import Asked
from crosswalk.store.plans import Figures, figures, require_current
from crosswalk.sync.approval import needs_plan, stored_plan
from crosswalk.sync.trial import RECORDS, TRIED
from crosswalk.web import alerts, holding
from crosswalk.web.labels import labels_of
from crosswalk.web.pages import now, person
from crosswalk.web.planning import words
from crosswalk.web.planning.files import FORMATS, in_pieces
from crosswalk.web.planning.shown import outline, shown
from crosswalk.web.planning.warnings import warnings_of
from crosswalk.web.roles import MANAGERS
from crosswalk.web.vendors import names_of

from .runs import number_in

ROWS, PLANS = 50, 20  # on a page


def plans(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Show the newest plan in a few words, and those before it."""
    before = number_in(request.GET, "before")
    found = Plan.objects.filter(connection=connection).order_by("-id")
    chosen = list((found if before is None else found.filter(id__lt=before))[: PLANS + 1])
    newest = chosen[0] if chosen and before is None else None
    earlier = chosen[1 if newest else 0 : PLANS]
    return render(
        request,
        "web/plans/plans.html",
        {
            "newest": outline(connection, newest) if newest else None,
            "state": _state(newest) if newest else None,
            "earlier": [outline(connection, each) for each in earlier],
            "older": urlencode({"before": chosen[PLANS - 1].id}) if len(chosen) > PLANS else "",
            "is_first": before is None,
            "task": tasks.open_of(connection),
            "mapped": connection.mapping_set.exists(),
            **_shared(request, connection),
        },
    )


@require_POST
def make(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Ask a worker for a plan."""
    return redirect("task", connection.id, tasks.ask(connection, tasks.PLAN, now=now()))


def plan(request: HttpRequest, connection: Connection, plan: int) -> HttpResponse:
    """Show what a plan would do, row by row."""
    return _page(request, connection, _found(connection, plan))


def _found(connection: Connection, number: int) -> Plan:
    found = Plan.objects.filter(connection=connection, id=number).select_related("connection").first()
    if found is None:
        raise Http404
    return found


def _page(
    request: HttpRequest,
    connection: Connection,
    found: Plan,
    alert: alerts.Alert | None = None,
    status: int = 200,
) -> HttpResponse:
    told, asked, after = figures(found), _asked(request.GET), number_in(request.GET, "after") or 0
    rows = plan_rows.page(found.id, asked, after, ROWS + 1)
    labels = labels_of(connection)
    kept, trials, told_short = _query(asked), plan_rows.tried(found.id, TRIED), outline(connection, found)
    return render(
        request,
        "web/plans/plan.html",
        {
            "outline": told_short,
            "left": max(0, told_short.total - sum(trials.values())),
            "causes": [(holding.title(code), code, count) for code, count in told.held.items()],
            "state": _state(found),
            "alert": alert,
            "warnings": warnings_of(connection, found),
            "chips": _chips(connection, told, asked),
            "rows": [shown(connection, each, labels) for each in rows[:ROWS]],
            "asked": asked,
            "kept": urlencode(kept),
            "more": urlencode({**kept, "after": rows[ROWS - 1].id}) if len(rows) > ROWS else "",
            "is_first": not after,
            "trials": trials,
            "records": RECORDS,
            **_shared(request, connection),
        },
        status=status,
    )


def _shared(request: HttpRequest, connection: Connection) -> dict[str, object]:
    crm, activecampaign = names_of(connection).values()
    return {
        "crm_name": crm,
        "activecampaign_name": activecampaign,
        "may_work": person(request).role in MANAGERS,
        "is_first_sync": needs_plan(connection.id),
    }


def _asked(query: QueryDict) -> Asked:
    email = query.get("email", "").strip()
    return Asked(
        kind=query.get("kind", ""),
        overwrites="overwrites" in query,
        email=normal_email(email) or email.lower(),
    )


def _query(asked: Asked) -> dict[str, object]:
    """Return a filter as an address has it."""
    told = {"kind": asked.kind, "overwrites": int(asked.overwrites), "email": asked.email}
    return {name: value for name, value in told.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A filter of the list."""

    text: str
    count: int
    query: str
    is_here: bool


def _chips(connection: Connection, told: Figures, asked: Asked) -> list[Chip]:
    """Return the filters; what is typed into the search stays."""
    kinds = words.in_order(told.kinds)
    all_of_them = (_("All"), sum(told.kinds.values()), Asked())
    offered = [
        all_of_them,
        *((words.chip(connection, kind), count, Asked(kind=kind)) for kind, count in kinds),
    ]
    if told.overwrites:
        offered.append((_("Replaced values"), told.overwrites, Asked(overwrites=True)))
    return [
        Chip(
            text=text,
            count=count,
            query=urlencode(_query(Asked(kind=each.kind, overwrites=each.overwrites, email=asked.email))),
            is_here=(each.kind, each.overwrites) == (asked.kind, asked.overwrites),
        )
        for text, count, each in offered
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Whether a plan may be applied, and why not."""

    applicable: bool
    applied: bool  # and the run came to its end
    alert: alerts.Alert | None = None


def _state(plan: Plan) -> State:
    applied = plan.approved_at is not None and runs.finished_before(
        plan.connection_id, since=plan.approved_at
    )
    if applied:
        return State(applicable=False, applied=True)
    try:
        require_current(plan)
    except UserError as error:
        return State(applicable=False, applied=False, alert=alerts.failed(error))
    return State(applicable=True, applied=False)


@require_POST
def apply(request: HttpRequest, connection: Connection, plan: int) -> HttpResponse:
    """Ask a worker to do what a plan says, all of it or ten records; refused, the page says why."""
    found = _found(connection, plan)
    records = RECORDS if "try" in request.POST else None
    try:
        stored_plan(connection.name, connection.id, found.id)
    except UserError as error:
        return _page(request, connection, found, alerts.failed(error), status=409)
    number = tasks.ask(connection, tasks.RUN, plan=found.id, records=records, now=now())
    return redirect("task", connection.id, number)


def download(request: HttpRequest, connection: Connection, plan: int) -> StreamingHttpResponse:
    """Send all rows of a plan, or those that the filter leaves, as a file."""
    found, kind = _found(connection, plan), request.GET.get("format", "csv")
    if kind not in FORMATS:
        raise Http404
    write, media = FORMATS[kind]
    rows = plan_rows.all_rows(found.id, _asked(request.GET))
    answer = StreamingHttpResponse(
        in_pieces(write(connection, rows, labels_of(connection))), content_type=media
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="plan-{found.id}.{kind}"'
    return answer
