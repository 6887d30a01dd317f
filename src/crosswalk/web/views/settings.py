"""The installation's settings: everything stopped or going on, who is told, calls, what it is and where."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from django.conf import settings as configured
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crosswalk.core.failures import UserError
from crosswalk.core.language import LANGUAGES
from crosswalk.jobs import receivers
from crosswalk.jobs.delivery import NotDeliveredError
from crosswalk.store import embedded, halts, notices
from crosswalk.store.connections import all_connections
from crosswalk.store.models import Connection
from crosswalk.store.server import look
from crosswalk.sync import doctor as doctors
from crosswalk.sync import usage
from crosswalk.web import alerts, services
from crosswalk.web.forms import CallShare, NewReceiver
from crosswalk.web.pages import now

_LOOKS = {
    doctors.State.OK: ("circle-check", "success", _("ok")),
    doctors.State.WARN: ("triangle-alert", "warning", _("should be mended")),
    doctors.State.FAIL: ("circle-x", "danger", _("does not work")),
}

_OWN = {"localhost", "127.0.0.1", "[::1]"}


def settings(request: HttpRequest) -> HttpResponse:
    """Show what administrators set for the whole installation."""
    return _page(request, {})


@require_POST
def halt(request: HttpRequest) -> HttpResponse:
    """Stop everything, or let it go on."""
    if request.POST.get("to") == "stop":
        halts.stop(now())
        messages.warning(request, _("Everything is stopped. A run under way ends within seconds."))
    elif halts.start(now()):
        messages.success(request, _("Everything goes on. Runs that were stopped start anew."))
    return redirect("settings")


@require_POST
def add_receiver(request: HttpRequest) -> HttpResponse:
    """Add somebody who is told; a webhook's secret is shown this once."""
    form = NewReceiver(request.POST)
    if not form.is_valid():
        return _page(request, {"receiver_form": form}, status=400)
    given = form.cleaned_data
    make = receivers.by_email if given["kind"] == "email" else receivers.by_webhook
    try:
        made = make(given["name"], given["to"], given["language"])
        notices.add(services.vault(), made, now())
    except UserError as error:
        form.add_error(None, f"{error} {error.cure}")
        return _page(request, {"receiver_form": form}, status=400)
    if not made.secret:
        messages.success(request, _("{name} is told from now on.").format(name=made.name))
        return redirect("settings")
    return _page(request, {"handed": made})


@require_POST
def remove_receiver(request: HttpRequest) -> HttpResponse:
    """Tell somebody nothing any more."""
    name = request.POST.get("name", "")
    notices.remove(name)
    messages.success(request, _("{name} is told nothing any more.").format(name=name))
    return redirect("settings")


@require_POST
def test_receiver(request: HttpRequest) -> HttpResponse:
    """Send somebody a test notice now, once."""
    receiver = notices.get(services.vault(), request.POST.get("name", ""))
    try:
        receivers.send_test(receiver, services.clock())
    except NotDeliveredError as error:
        messages.error(
            request, _("{name}: it did not arrive: {error}").format(name=receiver.name, error=error)
        )
    else:
        messages.success(request, _("{name}: the test notice was taken.").format(name=receiver.name))
    return redirect("settings")


@require_POST
def share(request: HttpRequest) -> HttpResponse:
    """Give a connection another share of its CRM's calls of a day."""
    form = CallShare(request.POST, connections=all_connections())
    if not form.is_valid():
        return _page(request, {"share_form": form}, status=400)
    connection = get_object_or_404(Connection, id=form.cleaned_data["connection"])
    usage.set_percent(connection, form.cleaned_data["percent"])
    messages.success(
        request, _("Runs of {name} that begin from now on keep to it.").format(name=connection.name)
    )
    return redirect("settings")


def doctor(request: HttpRequest) -> HttpResponse:
    """Look at everything that Crosswalk stands on; hosts of connections are called."""
    own_server = not embedded.status(embedded.home()).data.exists()
    found = list(doctors.look(look(), embedded.home(), now(), own_server=own_server))
    rows = [{"finding": each, "look": _LOOKS[each.state]} for each in found]
    return render(request, "web/settings/doctor.html", {"rows": rows, "state": doctors.worst(found)})


def _page(request: HttpRequest, shown: dict[str, Any], *, status: int = 200) -> HttpResponse:
    connections = all_connections()
    context = {
        "stopped": halts.stopped(),
        "receivers": _receivers(),
        "shares": usage.shares(now()),
        "receiver_form": NewReceiver(),
        "share_form": CallShare(connections=connections) if connections else None,
        "version": version("crosswalk"),
        "address": request.build_absolute_uri("/"),
        "named_hosts": [host for host in configured.ALLOWED_HOSTS if host not in _OWN],
        "languages": LANGUAGES.values(),
        **shown,
    }
    return render(request, "web/settings/settings.html", context, status=status)


def _receivers() -> dict[str, Any]:
    """Return who is told; without the key file, what to do about that."""
    try:
        found = notices.listed(services.vault())
    except UserError as error:
        return {"alert": alerts.failed(error), "rows": []}
    return {"rows": [{"it": each, "to": receivers.place(each), "post": post} for each, post in found]}
