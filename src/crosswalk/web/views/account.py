"""One's own account: how pages look, and the password."""

from __future__ import annotations

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from crosswalk.web import people
from crosswalk.web.forms import ChangePassword, Preferred
from crosswalk.web.models import User
from crosswalk.web.pages import person

_PREFERRED = ("theme", "language", "keys")


def account(request: HttpRequest) -> HttpResponse:
    """Show and keep what somebody prefers."""
    user = person(request)
    form = Preferred(request.POST or None, initial=_preferred(user))
    if request.method == "POST" and form.is_valid():
        for name in _PREFERRED:
            setattr(user, name, form.cleaned_data[name])
        user.save(update_fields=_PREFERRED)
        return redirect("account")
    return _page(request, form, ChangePassword(user=user))


def password(request: HttpRequest) -> HttpResponse:
    """Change the password; all other sessions of this person end."""
    user = person(request)
    form = ChangePassword(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        people.choose_password(user, form.cleaned_data["password"])
        update_session_auth_hash(request, user)
        return redirect("account")
    return _page(request, Preferred(initial=_preferred(user)), form)


def _preferred(user: User) -> dict[str, object]:
    return {name: getattr(user, name) for name in _PREFERRED}


def _page(request: HttpRequest, preferred: Preferred, secret: ChangePassword) -> HttpResponse:
    return render(request, "web/account.html", {"preferred": preferred, "secret": secret})
