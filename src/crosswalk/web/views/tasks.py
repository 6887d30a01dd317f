"""What people ask workers for: they watch it, stop it, and ask again."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST

from crosswalk.core.catalogue import CATALOGUE
from crosswalk.store import halts, tasks
from crosswalk.store.models import Connection, Task
from crosswalk.sync.approval import needs_plan
from crosswalk.web.alerts import Alert
from crosswalk.web.live import live
from crosswalk.web.pages import is_part, now

# what is no mistake → what to do next; empty: the catalogue says it
_HALTS = {
    CATALOGUE["cancelled"].code: "",
    CATALOGUE["paused"].code: gettext_noop("Nothing of it was done. Let runs go on, then try again."),
    CATALOGUE["stopped"].code: gettext_noop(
        "Nothing of it was done. An administrator lets everything go on in the installation's settings; then try again."
    ),
}


def task(request: HttpRequest, connection: Connection, task: int) -> HttpResponse:
    """Show how far a task has come; when it is done, the page goes on to what it became."""
    found = _task(connection, task)
    if found.state == tasks.DONE:
        return go_on(request, _outcome(connection, found))
    if found.state == tasks.FAILED and is_part(request):
        return go_on(request, reverse("task", args=[connection.id, found.id]))
    template = "web/runs/live.html" if is_part(request) else "web/runs/task.html"
    failed = found.state == tasks.FAILED
    return render(
        request,
        template,
        {
            "task": found,
            "live": None if failed else live(connection),
            "alert": _why(found) if failed else None,
            "paused": failed and halts.is_paused(connection),
            "needs_plan": failed
            and found.kind == tasks.RUN
            and not found.plan_id
            and needs_plan(connection.id),
        },
    )


def _task(connection: Connection, number: int) -> Task:
    found = tasks.of(connection, number)
    if found is None:
        raise Http404
    return found


def go_on(request: HttpRequest, address: str) -> HttpResponse:
    """Send the browser on, also when it asked for a part of the page alone."""
    if not is_part(request):
        return redirect(address)
    return HttpResponse(headers={"HX-Redirect": address})


def _outcome(connection: Connection, task: Task) -> str:
    if task.kind == tasks.PLAN:
        return reverse("plan", args=[connection.id, task.plan_id])
    return reverse("run", args=[connection.id, task.run_id])


def _why(task: Task) -> Alert:
    """Return why a task is not done; that somebody stopped it is no mistake."""
    said = tasks.said_of(task)
    if task.code in _HALTS:
        cure = _(_HALTS[task.code]) if _HALTS[task.code] else said.cure
        return Alert(colour="info", icon="info", message=said.message, cure=cure, code=said.code)
    return Alert(colour="danger", icon="circle-x", message=said.message, cure=said.cure, code=said.code)


@require_POST
def again(request: HttpRequest, connection: Connection, task: int) -> HttpResponse:
    """Ask once more for what was not done."""
    old = _task(connection, task)
    plan = old.plan_id if old.kind == tasks.RUN else None
    number = tasks.ask(connection, old.kind, plan=plan, records=old.records, now=now())
    return redirect("task", connection.id, number)


@require_POST
def run_now(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Ask for a run; before the first one somebody looks at a plan."""
    if needs_plan(connection.id):
        messages.info(request, _("The first sync needs a plan that you looked at: make one, then apply it."))
        return redirect("plans", connection.id)
    return redirect("task", connection.id, tasks.ask(connection, tasks.RUN, now=now()))


@require_POST
def cancel(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Stop what is under way before its next call, and withdraw what waits."""
    task, going = tasks.open_of(connection), live(connection)
    if tasks.cancel(connection, now()) and going is not None:
        messages.info(request, going.stopping)
    else:
        messages.info(request, _("Nothing was under way any more."))
    if task is not None:
        return redirect("task", connection.id, task.id)
    return redirect("connection", connection.id)


@require_POST
def pause(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Let the connection's runs rest."""
    halts.pause(connection, now())
    messages.info(request, _("Nothing runs until you resume. What was written stays."))
    return redirect("connection", connection.id)


@require_POST
def resume(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Let the connection's runs go on."""
    if halts.resume(connection, now()):
        messages.success(request, _("Runs go on."))
    return redirect("connection", connection.id)
