"""Pairing two fields: one of the CRM, one of ActiveCampaign, each chosen from a list."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.mapping import Side
from crosswalk.store.models import Connection
from crosswalk.sync.mapping_edit import Rules
from crosswalk.web import alerts
from crosswalk.web.alerts import Alert
from crosswalk.web.mapping import page
from crosswalk.web.mapping.choices import candidates
from crosswalk.web.mapping.rows import shown_field
from crosswalk.web.mapping.tabs import Tab, kind_of, step_of, tab_of
from crosswalk.web.pages import is_part
from crosswalk.web.setup import shell

from .mapping import editor_of


@require_GET
def pair(request: HttpRequest, connection: Connection, object: str, tab: str) -> HttpResponse:
    """Show the fields of one side, to choose one; with a field of the other side in the address, what fits that."""
    given = {side: request.GET.get(side.value, "") for side in Side}
    return _choose(request, page.shown(connection, tab_of(object, tab)), given, request.GET.get("q", ""))


@require_POST
def add(request: HttpRequest, connection: Connection, object: str, tab: str) -> HttpResponse:
    """Pair two fields."""
    given = {side: request.POST.get(side.value, "") for side in Side}
    here = tab_of(object, tab)
    try:
        added = editor_of(connection).add(object, given[Side.CRM], given[Side.ACTIVECAMPAIGN], Rules())
    except (SystemFailure, UserError) as error:
        kept = {**given, Side.ACTIVECAMPAIGN: ""} if given[Side.CRM] else given
        return _choose(request, page.shown(connection, here), kept, "", alerts.failed(error))
    found = page.shown(connection, here)
    labels = [
        shown_field(found.around.contact, added.activecampaign).label,
        shown_field(found.around.crm, added.crm).label,
    ]
    messages.success(request, _("Paired: %(fields)s.") % {"fields": " – ".join(labels)})
    there = Tab(object=object, kind=kind_of(found.around.contact, added.activecampaign))
    return redirect(there.address(connection))


def _choose(
    request: HttpRequest, found: page.Shown, given: dict[Side, str], search: str, alert: Alert | None = None
) -> HttpResponse:
    """Show what may be chosen next: the CRM's field first, where neither is."""
    around = found.around
    schemas = {Side.CRM: around.crm, Side.ACTIVECAMPAIGN: around.contact}
    for side, name in given.items():
        if name and name not in schemas[side].fields:
            raise Http404
    side = Side.ACTIVECAMPAIGN if given[Side.CRM] else Side.CRM
    chosen = given[side.other]
    partner = schemas[side.other].fields[chosen] if chosen else None
    listed = candidates(side, schemas, found.mapping.fields, partner, search)
    known = {
        "tab": found.tab,
        "system": around.crm_name if side is Side.CRM else "ActiveCampaign",
        "other_system": "ActiveCampaign" if side is Side.CRM else around.crm_name,
        "side": side.value,
        "other": side.other.value,
        "partner": shown_field(schemas[side.other], chosen) if chosen else None,
        "candidates": listed,
        "search": search,
        "alert": alert,
        "back": found.tab.address(found.connection),
        "here": found.tab.address(found.connection, "mapping-pair"),
        "add": found.tab.address(found.connection, "mapping-add"),
    }
    if is_part(request):
        return render(request, "web/mapping/candidates.html", known)
    step = step_of(found.connection)
    status = 400 if alert else 200
    return shell.render_step(request, found.connection, step, "web/mapping/pair.html", known, status=status)
