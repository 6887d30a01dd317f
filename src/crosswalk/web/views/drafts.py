"""From nothing to a connection: choose the CRM, sign in to both systems. Whatever is entered stays until it is done."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.mapping import Side
from crosswalk.store import browser_sign_ins, drafts
from crosswalk.store.models import Connection, Draft
from crosswalk.sync import drafts as service
from crosswalk.sync import leaving
from crosswalk.web import alerts
from crosswalk.web.pages import is_part, person
from crosswalk.web.services import clock, vault
from crosswalk.web.setup import shell, visits
from crosswalk.web.setup.blocks import SIDES, Block, vendor_of
from crosswalk.web.setup.entering import Entering, typed
from crosswalk.web.setup.installing import INSTALLED, RIGHTS
from crosswalk.web.setup.ways import VENDORS

View = Callable[..., HttpResponse]
_CRMS = ("salesforce", "dynamics")


def new(request: HttpRequest) -> HttpResponse:
    """Choose the CRM and a name, and begin."""
    chosen, name, alert = request.POST.get("crm", ""), request.POST.get("name", "").strip(), None
    if request.method == "POST":
        try:
            draft = service.begin(name, chosen, person(request).name, clock())
            return redirect("draft", draft.id)
        except UserError as error:
            alert = alerts.failed(error)
    choices = [
        {"crm": crm, "vendor": VENDORS[crm], "name": name if crm == chosen else _free(crm)} for crm in _CRMS
    ]
    shown = {"choices": choices, "alert": alert, "chosen": chosen, "drafts": drafts.all_drafts()}
    return render(request, "web/connect/new.html", shown)


def _free(crm: str) -> str:
    """Return a name that no connection and no draft has."""
    taken = set(Connection.objects.values_list("name", flat=True)) | set(
        Draft.objects.values_list("name", flat=True)
    )
    names = (crm, *(f"{crm}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def _with_draft(view: View) -> View:
    @wraps(view)
    def looked_up(request: HttpRequest, draft: int, **arguments: Any) -> HttpResponse:
        found = drafts.by_number(draft)
        if found is None:
            raise Http404
        return view(request, found, **arguments)

    return looked_up


@_with_draft
def draft(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Go on where the set-up stands."""
    ready = draft.confirmed or draft.crm != "dynamics"
    return redirect("draft-connect" if ready else "draft-install", draft.id)


@_with_draft
def install(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Show what the vendor is to be prepared with; keep that somebody says it is."""
    if draft.crm != "dynamics":
        raise Http404
    if request.method == "POST":
        service.confirm(draft, clock())
        return redirect("draft-connect", draft.id)
    shown = {"installed": INSTALLED, "rights": RIGHTS}
    return shell.render_draft_step(request, draft, "install", "web/connect/install.html", shown)


@_with_draft
def connect(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Show both systems: signed in to, or the form for it."""
    return _page(request, draft, [_block(request, draft, side) for side in SIDES])


def _page(request: HttpRequest, draft: Draft, blocks: list[Block]) -> HttpResponse:
    alert = visits.told(request, _place(draft))
    done = all(each.identity for each in blocks)
    shown = {
        "blocks": blocks,
        "alert": alert,
        "check": reverse("draft-check", args=[draft.id]) if any(each.identity for each in blocks) else "",
        "taken": done,
    }
    return shell.render_draft_step(request, draft, "connect", "web/connect/connect.html", shown)


def _place(draft: Draft) -> str:
    return reverse("draft-connect", args=[draft.id])


def _block(
    request: HttpRequest,
    draft: Draft,
    side: Side,
    form: Entering | None = None,
    alert: alerts.Alert | None = None,
) -> Block:
    known, vendor = drafts.entered(draft, side), vendor_of(draft.crm, side)
    way = vendor.way(request.GET.get(side.value, known.way))
    leave = ""
    if side is Side.CRM and form is None:
        leave = leaving.address(draft, visits.holder(request), vault(), clock())
    return Block(
        side=side,
        vendor=vendor,
        action=reverse("draft-authorize", args=[draft.id, side.value]),
        form=form or Entering(side, way, initial=known.typed),
        identity=known.identity,
        checks=known.checks,
        checked_at=known.checked_at,
        alert=alert or visits.told(request, f"{_place(draft)}#{side}"),
        leave=leave,
        stay=reverse("draft-stay", args=[draft.id]),
        callback=visits.callback(request),
    )


@require_POST
@_with_draft
def authorize(request: HttpRequest, draft: Draft, side: str) -> HttpResponse:
    """Sign in to one side; or show its form anew, for another way."""
    if side not in set(Side):
        raise Http404
    here = Side(side)
    vendor = vendor_of(draft.crm, here)
    way = vendor.way(request.POST.get("show") or request.POST.get("way", ""))
    if request.POST.get("show"):
        form = Entering(here, way, initial=typed(way, request.POST.dict()))
        shown = {"block": _block(request, draft, here, form), "open": True}
        return render(request, "web/connect/block.html", shown)
    form = Entering(here, way, request.POST, request.FILES)
    if not form.is_valid():
        return _with_form(request, draft, form)
    try:
        return _authorized(request, draft, form)
    except (UserError, SystemFailure) as error:
        return _with_form(request, draft, form, alerts.failed(error))


def _authorized(request: HttpRequest, draft: Draft, form: Entering) -> HttpResponse:
    asked = form.asked()
    if form.way.by_browser:
        leaving.leave(draft, asked, visits.callback(request), visits.holder(request), vault(), clock())
        return redirect(f"{_place(draft)}#{asked.side.value}")
    return went_on(request, draft, service.authorize(draft, asked, vault(), clock()))


def went_on(request: HttpRequest, draft: Draft, made: Connection | None) -> HttpResponse:
    """Go on after one side was signed in to."""
    if made is None:
        return redirect("draft-connect", draft.id)
    messages.success(request, _("Both systems are connected."))
    return redirect("setup-connect", made.id)


def _with_form(
    request: HttpRequest, draft: Draft, form: Entering, alert: alerts.Alert | None = None
) -> HttpResponse:
    fresh = drafts.by_number(draft.id) or draft
    blocks = [
        _block(request, fresh, side, form, alert) if side is form.side else _block(request, fresh, side)
        for side in SIDES
    ]
    return _page(request, fresh, blocks)


@require_POST
@_with_draft
def check(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Ask the systems again that are signed in to."""
    alert = None
    try:
        service.check_again(draft, vault(), clock())
    except (UserError, SystemFailure) as error:
        alert = alerts.failed(error)
    if is_part(request):
        fresh = drafts.by_number(draft.id) or draft
        blocks = [_block(request, fresh, side) for side in SIDES]
        return render(request, "web/connect/checks.html", {"blocks": blocks, "alert": alert})
    if alert is not None:
        visits.tell(request, _place(draft), alert)
    return redirect("draft-connect", draft.id)


@require_POST
@_with_draft
def stay(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Let the sign-in at the vendor's page be."""
    browser_sign_ins.cancel(draft=draft)
    return redirect("draft-connect", draft.id)


@require_POST
@_with_draft
def rename(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Give the connection to be another name."""
    try:
        made = service.rename(draft, request.POST.get("name", "").strip(), vault(), clock())
    except UserError as error:
        visits.tell(request, _place(draft), alerts.failed(error))
        made = None
    return went_on(request, draft, made)


@require_POST
@_with_draft
def discard(request: HttpRequest, draft: Draft) -> HttpResponse:
    """Forget a set-up."""
    service.discard(draft, vault(), clock())
    messages.success(request, _("The set-up of %(name)s was discarded.") % {"name": draft.name})
    return redirect("overview")
