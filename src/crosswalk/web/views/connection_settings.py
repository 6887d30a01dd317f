"""A connection's settings that are no credentials, and its end."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from crosswalk.core.failures import UserError
from crosswalk.core.mapping import Settings
from crosswalk.core.versions import version_of
from crosswalk.store import connections
from crosswalk.store.models import Connection
from crosswalk.sync import sign_in
from crosswalk.sync.settings_edit import change_settings
from crosswalk.web import alerts
from crosswalk.web.services import clock, vault
from crosswalk.web.setup.settings_form import SettingsForm, differing, groups, shown


def settings(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Show the settings, and keep what is changed."""
    now = connections.settings_of(connection)
    if request.method != "POST":
        return _page(request, SettingsForm(initial={**shown(now), "version": version_of(now)}))
    form = SettingsForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    try:
        theirs = change_settings(connection.name, form.settings(now), form.cleaned_data["version"])
    except UserError as error:
        return _page(request, form, alert=alerts.failed(error))
    if theirs is not None:
        return _changed_meanwhile(request, form, theirs)
    messages.success(request, _("The settings are kept. They hold from the next run on."))
    return redirect("connection-settings", connection.id)


def _changed_meanwhile(request: HttpRequest, form: SettingsForm, theirs: Settings) -> HttpResponse:
    """Show both: what this person wants stays in the form, what is stored stands above."""
    fresh = SettingsForm({**form.data.dict(), "version": version_of(theirs)})  # type: ignore[attr-defined] # it was sent
    fresh.is_valid()
    return _page(request, fresh, stored=differing(fresh, shown(theirs)), status=409)


def _page(
    request: HttpRequest,
    form: SettingsForm,
    *,
    alert: alerts.Alert | None = None,
    stored: list[tuple[str, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {"form": form, "groups": groups(form), "alert": alert, "stored": stored}
    return render(request, "web/settings/connection.html", context, status=status)


def remove(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Forget a connection, once its name was typed."""
    name, wrong = connection.name, False
    if request.method == "POST":
        if request.POST.get("name", "").strip() == name:
            for parting in sign_in.remove(connection, vault(), clock()):
                messages.info(request, parting.message)
            messages.success(request, _("%(name)s is removed. No record was touched.") % {"name": name})
            return redirect("overview")
        wrong = True
    return render(request, "web/settings/remove.html", {"wrong": wrong})
