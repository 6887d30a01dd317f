"""The ways in: name and password, or a link with which one chooses a password."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth import login
from django.contrib.auth.views import LoginView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from crosswalk.web import errors, people
from crosswalk.web.forms import First, Password, SignIn
from crosswalk.web.models import EntryLink
from crosswalk.web.pages import now

_HOLDER = "entry_link_holder"  # in the session: which browser opened a link first


class SignInView(LoginView):
    """Name and password."""

    template_name = "web/sign_in.html"
    authentication_form = SignIn
    redirect_authenticated_user = True

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        return super().get_context_data(**more, nobody_yet=not people.has_administrator())


@never_cache
@transaction.atomic
def entry_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Let whom a link is for choose a password, once, in the browser that opened it first."""
    link = people.valid_link(secret, now())
    if link is None:
        return errors.page(request, 404, title=_("This link was used, or is too old"), following=_next())
    if not _holds(request, link):
        return errors.page(
            request, 403, title=_("This link was opened in another browser"), following=_next()
        )
    form = (First if link.user is None else Password)(request.POST or None, user=link.user)
    if request.method == "POST" and form.is_valid():
        user = people.use(link, form.cleaned_data.get("name", ""), form.cleaned_data["password"])
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        return redirect("overview")
    return render(request, "web/entry_link.html", {"form": form, "user_of_link": link.user})


def _holds(request: HttpRequest, link: EntryLink) -> bool:
    """Tell whether this browser opened a link first, which it did if nobody has."""
    if not link.holder:
        link.holder = request.session[_HOLDER] = secrets.token_urlsafe(16)
        link.save(update_fields=["holder"])
    return secrets.compare_digest(link.holder, request.session.get(_HOLDER, ""))


def _next() -> str:
    return _(
        "Ask an administrator for a new one. Before there is any, crosswalk serve prints one when it starts."
    )
