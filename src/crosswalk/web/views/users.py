"""People: who may sign in, in which role, and what they see."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crosswalk.store.connections import all_connections
from crosswalk.web import errors, people
from crosswalk.web.forms import ChangeUser, NewUser
from crosswalk.web.models import User
from crosswalk.web.pages import now
from crosswalk.web.roles import LABELS, Role


def users(request: HttpRequest) -> HttpResponse:
    """Show who there is, and add somebody, who chooses a password by a link."""
    connections = all_connections()
    form = NewUser(request.POST or None, connections=connections)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        user = people.add(given["name"], Role(given["role"]), given["connections"])
        return _handed(request, user)
    names = {each.id: each.name for each in connections}
    everybody = User.objects.prefetch_related("accesses").order_by("name")
    return render(
        request,
        "web/users.html",
        {"form": form, "rows": [_row(each, names) for each in everybody], "connections": connections},
    )


def _row(user: User, names: dict[int, str]) -> dict[str, object]:
    seen = sorted(names[each.connection_id] for each in user.accesses.all() if each.connection_id in names)
    return {"user": user, "role": LABELS[Role(user.role)], "seen": None if user.sees_all else seen}


def _handed(request: HttpRequest, user: User) -> HttpResponse:
    """Show the link that is to be handed to somebody; it is shown once."""
    address = reverse("entry-link", args=[people.link_for(user, now())])
    shown = {"user": user, "address": request.build_absolute_uri(address)}
    return render(request, "web/user_link.html", shown)


@transaction.atomic
def user(request: HttpRequest, number: int) -> HttpResponse:
    """Change what somebody may do."""
    people.lock_administrators()
    found = get_object_or_404(User.objects.select_for_update(), id=number)
    connections = all_connections()
    form = ChangeUser(request.POST or None, connections=connections, initial=_initial(found))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if given["version"] != _version(found):
            return errors.page(request, 409)
        role, active = Role(given["role"]), given["active"]
        if people.is_last_administrator(found) and not (active and role is Role.ADMINISTRATOR):
            form.add_error(None, _("Somebody has to be an administrator who may sign in."))
        else:
            people.change(found, role, given["connections"], active=active)
            return redirect("users")
    return render(request, "web/user.html", {"form": form, "changed": found})


def _initial(user: User) -> dict[str, object]:
    return {
        "role": user.role,
        "active": user.is_active,
        "connections": [str(number) for number in user.accesses.values_list("connection_id", flat=True)],
        "version": _version(user),
    }


def _version(user: User) -> str:
    return user.changed_at.isoformat()


@require_POST
def user_link(request: HttpRequest, number: int) -> HttpResponse:
    """Make a new link for somebody, who chooses a new password; the old one counts until then."""
    return _handed(request, get_object_or_404(User, id=number))
