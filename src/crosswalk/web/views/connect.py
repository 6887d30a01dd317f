"""The systems of a connection: signed in to or lost, their checks, and signing in again."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.mapping import Side
from crosswalk.core.state import State
from crosswalk.store import browser_sign_ins, checked, connections
from crosswalk.store.models import Connection
from crosswalk.sync import leaving
from crosswalk.sync.checking import check_connection
from crosswalk.sync.states import standing
from crosswalk.web import alerts, errors
from crosswalk.web.pages import is_part, now, person
from crosswalk.web.services import clock, vault
from crosswalk.web.setup import shell, visits
from crosswalk.web.setup.blocks import SIDES, Block, vendor_of
from crosswalk.web.setup.entering import Entering, typed, way_of
from crosswalk.web.setup.installing import INSTALLED, RIGHTS

from .drafts import went_on


def install(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Show what the vendor was prepared with."""
    if connection.crm.system != "dynamics":
        raise Http404
    shown = {"installed": INSTALLED, "rights": RIGHTS, "following": shell.after(connection, "install")}
    return shell.render_step(request, connection, "install", "web/connect/install.html", shown)


def connect(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Show both systems as they stand; what is shown of them was asked for before."""
    return _page(request, connection)


def _page(
    request: HttpRequest,
    connection: Connection,
    form: Entering | None = None,
    alert: alerts.Alert | None = None,
) -> HttpResponse:
    condition = standing(connection, now()).condition()
    shown = {
        "blocks": [
            _block(request, connection, side, form, alert)
            if form is not None and form.side is side
            else _block(request, connection, side)
            for side in SIDES
        ],
        "alert": visits.told(request, _place(connection)),
        "condition": condition if condition.state is State.SIGN_IN_LOST else None,
        "check": reverse("setup-check", args=[connection.id]) if person(request).sees_all else "",
        "following": shell.after(connection, "connect"),
    }
    return shell.render_step(request, connection, "connect", "web/connect/connect.html", shown)


def _place(connection: Connection) -> str:
    return reverse("setup-connect", args=[connection.id])


def _block(
    request: HttpRequest,
    connection: Connection,
    side: Side,
    form: Entering | None = None,
    alert: alerts.Alert | None = None,
) -> Block:
    tenant = connection.crm if side is Side.CRM else connection.activecampaign
    vendor, known = vendor_of(connection.crm.system, side), checked.known(connection).get(side)
    may = person(request).is_administrator
    leave = ""
    if may and side is Side.CRM and form is None:
        leave = leaving.address(connection, visits.holder(request), vault(), clock())
    return Block(
        side=side,
        vendor=vendor,
        action=reverse("setup-renew", args=[connection.id, side.value]) if may else "",
        form=form or (_form(request, connection, side) if may else Entering(side, vendor.way(""))),
        identity=tenant.identity,
        checks=known.checks if known else (),
        checked_at=known.checked_at if known else None,
        alert=alert or visits.told(request, f"{_place(connection)}#{side}"),
        leave=leave,
        stay=reverse("setup-stay", args=[connection.id]),
        callback=visits.callback(request),
    )


def _form(request: HttpRequest, connection: Connection, side: Side) -> Entering:
    """Return the form with what may be shown of the stored credentials."""
    tenant = connection.crm if side is Side.CRM else connection.activecampaign
    vendor = vendor_of(connection.crm.system, side)
    try:
        stored = connections.credentials(vault(), tenant)
    except UserError:  # the key is lost: they are entered anew
        stored = {}
    way = vendor.way(request.GET.get(side.value, "") or way_of(vendor.ways, stored))
    return Entering(side, way, initial=typed(way, stored))


@require_POST
def check(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Ask both systems again."""
    alert = None
    try:
        check_connection(connection, vault(), clock())
    except (UserError, SystemFailure) as error:
        alert = alerts.failed(error)
    if is_part(request):
        blocks = [_block(request, connection, side) for side in SIDES]
        return render(request, "web/connect/checks.html", {"blocks": blocks, "alert": alert})
    if alert is not None:
        visits.tell(request, _place(connection), alert)
    return redirect("setup-connect", connection.id)


@require_POST
def renew(request: HttpRequest, connection: Connection, side: str) -> HttpResponse:
    """Sign in to one side again, or show its form anew, for another way."""
    if side not in set(Side):
        raise Http404
    here = Side(side)
    way = vendor_of(connection.crm.system, here).way(request.POST.get("show") or request.POST.get("way", ""))
    if request.POST.get("show"):
        form = Entering(here, way, initial=typed(way, request.POST.dict()))
        return render(
            request,
            "web/connect/block.html",
            {"block": _block(request, connection, here, form), "open": True},
        )
    form = Entering(here, way, request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, connection, form)
    try:
        return _renewed(request, connection, form)
    except (UserError, SystemFailure) as error:
        return _page(request, connection, form, alerts.failed(error))


def _renewed(request: HttpRequest, connection: Connection, form: Entering) -> HttpResponse:
    asked = form.asked()
    if form.way.by_browser:
        leaving.leave(connection, asked, visits.callback(request), visits.holder(request), vault(), clock())
        return redirect(f"{_place(connection)}#{asked.side.value}")
    leaving.renew(connection, asked, vault(), clock())
    messages.success(request, _("Signed in again."))
    return redirect("setup-connect", connection.id)


@require_POST
def stay(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Let the sign-in at the vendor's page be."""
    browser_sign_ins.cancel(connection=connection)
    return redirect("setup-connect", connection.id)


def come_back(request: HttpRequest) -> HttpResponse:
    """Finish the sign-in from which the browser comes back, and go on with the set-up."""
    told = request.GET.dict()
    try:
        arrival = browser_sign_ins.come_back(
            told.get("state", ""), visits.holder(request), vault(), clock().now()
        )
    except UserError as error:
        said = errors.told(error)
        return errors.page(request, 400, message=said.message, following=said.cure)
    draft = arrival.draft
    try:
        made = leaving.go_on(arrival, told, vault(), clock())
    except (UserError, SystemFailure) as error:
        place = _page_of(arrival)
        visits.tell(request, f"{place}#{Side.CRM}", alerts.failed(error))
        return redirect(f"{place}#{Side.CRM}")
    if draft is not None:
        return went_on(request, draft, made)
    messages.success(request, _("Signed in again."))
    return redirect(_page_of(arrival))


def _page_of(arrival: browser_sign_ins.Arrival) -> str:
    """Return the page from which somebody left."""
    if arrival.draft is not None:
        return reverse("draft-connect", args=[arrival.draft.id])
    assert arrival.connection is not None
    return _place(arrival.connection)
