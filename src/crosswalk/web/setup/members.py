"""The step *User management*: which users of the CRM may look at the connection here."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.system import Member as Found
from crosswalk.store.models import Connection
from crosswalk.sync.members import MOST, find
from crosswalk.web import alerts, members, people, services
from crosswalk.web.models import Member
from crosswalk.web.pages import is_part, now, person
from crosswalk.web.roles import LABELS, Role

from . import shell
from .steps import STEPS

_NAME = "users"
_LONGEST_SEARCH = 100


def users(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Show who was added, and whom a search over the CRM's users finds; the page renews what was found itself."""
    shown = _found(request, connection)
    if is_part(request):
        return render(request, "web/members/found.html", {**_choices(), **shown, "connection": connection})
    return _page(request, connection, shown)


def _found(request: HttpRequest, connection: Connection) -> dict[str, Any]:
    """Ask the CRM, where somebody looks for somebody."""
    search = request.GET.get("q", "").strip()[:_LONGEST_SEARCH]
    if not search or not person(request).is_administrator:
        return {"search": search}
    try:
        found = find(connection, search, services.vault(), services.clock())
    except (SystemFailure, UserError) as error:
        return {"search": search, "alert": alerts.failed(error)}
    here = members.known(connection)
    rows = [{"found": each, "is_here": each.id in here} for each in found]
    return {"search": search, "rows": rows, "is_all": len(rows) < MOST}


@require_POST
def add(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Let a user of the CRM in; the link that is to be handed over is shown once."""
    given = request.POST
    found = Found(id=given.get("id", ""), name=given.get("name", ""), email=given.get("email", ""))
    role = Role.MANAGER if given.get("role") == Role.MANAGER else Role.USER
    if not found.id:
        return redirect("setup-users", connection.id)
    try:
        user, is_new = members.add(connection, found, role)
    except UserError as error:
        return _page(request, connection, {"alert": alerts.failed(error)}, status=409)
    if not is_new:
        told = _("{name} was here already, and sees this connection now.").format(name=user.name)
        return _page(request, connection, {"alert": alerts.went_well(told)})
    address = reverse("entry-link", args=[people.link_for(user, now())])
    return _page(request, connection, {"added": user, "address": request.build_absolute_uri(address)})


@require_POST
def remove(request: HttpRequest, connection: Connection, member: int) -> HttpResponse:
    """Take a user of the CRM out."""
    members.remove(connection, get_object_or_404(Member, id=member, connection_id=connection.id))
    return redirect("setup-users", connection.id)


def _choices() -> dict[str, Any]:
    return {"roles": [(role.value, LABELS[role]) for role in members.ROLES], "most": MOST}


def _page(
    request: HttpRequest, connection: Connection, shown: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    rows = [{"member": each, "role": LABELS[Role(each.user.role)]} for each in members.members_of(connection)]
    context = {**_choices(), **shown, "members": rows, "connection": connection}
    if any(step.name == _NAME for step in STEPS[connection.crm.system]):
        context |= {"layout": "web/setup/step.html", "following": shell.after(connection, _NAME)}
        return shell.render_step(request, connection, _NAME, "web/members/step.html", context, status=status)
    context |= {"layout": "web/members/alone.html", "step": {"title": _("Users of the CRM")}}
    return render(request, "web/members/step.html", context, status=status)
