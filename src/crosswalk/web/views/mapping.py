"""Field mapping: the tabs, their rules, what they would do with real records, and proposed pairs."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.store import acts
from crosswalk.store.models import Connection
from crosswalk.sync.mapping_edit import MappingEditor, MappingMovedError
from crosswalk.sync.mapping_view import suggestions as proposed
from crosswalk.sync.sampled import Sample
from crosswalk.sync.sampling import sample as sampled
from crosswalk.web import alerts, services
from crosswalk.web.mapping import page
from crosswalk.web.mapping.proposals import likely, proposals_of
from crosswalk.web.mapping.tabs import TABS, Tab, step_of, tab_of
from crosswalk.web.mapping.typed import OPEN, TypedRow, as_typed, edits_of, read_row, read_rows
from crosswalk.web.pages import is_part, person
from crosswalk.web.roles import MANAGERS
from crosswalk.web.setup import shell


@require_GET
def first(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Lead to the first tab."""
    return redirect(TABS[0].address(connection))


@require_GET
def mapping(request: HttpRequest, connection: Connection, object: str, tab: str) -> HttpResponse:
    """Show the pairs of a tab with their rules."""
    here = tab_of(object, tab)
    try:
        found = page.shown(connection, here)
    except (SystemFailure, UserError) as error:
        return _unread(request, connection, here, error)
    return _show(request, found)


def _unread(
    request: HttpRequest, connection: Connection, here: Tab, error: SystemFailure | UserError
) -> HttpResponse:
    """Say that the fields cannot be read; where they are known, the tab shows them all the same."""
    known = {"alert": alerts.failed(error), "again": here.address(connection)}
    step, status = step_of(connection), _status(error)
    return shell.render_step(request, connection, step, "web/mapping/unread.html", known, status=status)


def _status(error: SystemFailure | UserError) -> int:
    return 502 if isinstance(error, SystemFailure) else 400


@require_POST
def read_again(request: HttpRequest, connection: Connection, object: str, tab: str) -> HttpResponse:
    """Ask both systems for their fields anew."""
    here = tab_of(object, tab)
    try:
        page.shown(connection, here, anew=True)
    except (SystemFailure, UserError) as error:
        return _unread(request, connection, here, error)
    messages.success(request, _("The fields were read again."))
    return redirect(here.address(connection))


@require_POST
def save(request: HttpRequest, connection: Connection, object: str, tab: str) -> HttpResponse:
    """Save what was changed on a tab, all of it or nothing."""
    here, typed = tab_of(object, tab), read_rows(request.POST)
    if OPEN in request.POST:
        return _show(request, page.shown(connection, here), typed)
    edits = edits_of(typed)
    if not edits:
        messages.info(request, _("Nothing was changed."))
        return redirect(here.address(connection))
    try:
        editor_of(connection).change_several(object, edits, request.POST.get("version", ""))
    except MappingMovedError:
        return _moved(request, connection, here, typed)
    except (SystemFailure, UserError) as error:
        alert, status = alerts.failed(error), _status(error)
        return _show(request, page.shown(connection, here), typed, alert=alert, status=status)
    saved = ngettext("%(count)d pair was saved.", "%(count)d pairs were saved.", len(edits))
    messages.success(request, saved % {"count": len(edits)})
    return redirect(here.address(connection))


@require_GET
def more(request: HttpRequest, connection: Connection, object: str, tab: str) -> HttpResponse:
    """Show the rules of one pair that are seldom changed; its row loads them when it is opened."""
    here, (prefix, typed) = tab_of(object, tab), read_row(request.GET)
    return render(request, "web/mapping/more.html", page.more(page.shown(connection, here), prefix, typed))


def _moved(request: HttpRequest, connection: Connection, here: Tab, typed: list[TypedRow]) -> HttpResponse:
    """Show what somebody else made of the tab meanwhile, beside what the person typed; nothing is saved."""
    found = page.shown(connection, here)
    there = {(pair.crm, pair.activecampaign) for pair in found.pairs}
    lost = [row for row in typed if (row.crm, row.activecampaign) not in there]
    who = {act.person: act.at for act in acts.since(connection, "mapping.", _since(request))}
    return _show(
        request,
        found,
        typed,
        status=409,
        moved=True,
        who=", ".join(who),
        taken_out=page.named(found, lost),
    )


def _since(request: HttpRequest) -> datetime:
    try:
        moment = datetime.fromisoformat(request.POST.get("since", ""))
    except ValueError as error:
        raise BadRequest(str(error)) from None
    if moment.tzinfo is None:
        raise BadRequest("a moment without a zone")
    return moment


@require_POST
def sample(request: HttpRequest, connection: Connection, object: str, tab: str) -> HttpResponse:
    """Show what the rules as they are typed would do with ten real records; nothing is saved."""
    here, typed = tab_of(object, tab), read_rows(request.POST)
    found = page.shown(connection, here)
    tried = replace(found.mapping, fields=as_typed(found.mapping.fields, typed))
    try:
        taken = sampled(connection.name, object, services.vault(), services.clock(), mapping=tried)
    except (SystemFailure, UserError) as error:
        return _show(request, found, typed, alert=alerts.failed(error))
    return _show(request, found, typed, sample=taken)


@require_GET
def suggestions(request: HttpRequest, connection: Connection, object: str, tab: str) -> HttpResponse:
    """Show pairs that probably belong together; the tab's page loads them as a part of itself."""
    here = tab_of(object, tab)
    found = page.shown(connection, here)
    proposal = proposed(found.described.schemas, page.whole(connection))[object]
    known = {"proposals": proposals_of(here, found, proposal), **page.context(found)}
    if is_part(request):
        return render(request, "web/mapping/suggestions.html", known)
    return shell.render_step(
        request, connection, step_of(connection), "web/mapping/suggestions_page.html", known
    )


@require_POST
def extend(request: HttpRequest, connection: Connection, object: str, tab: str) -> HttpResponse:
    """Add the proposed pairs that were ticked."""
    here = tab_of(object, tab)
    found = page.shown(connection, here)
    chosen = set(request.POST.getlist("pair"))
    wanted = likely(proposed(found.described.schemas, page.whole(connection))[object], chosen)
    if wanted:
        before = len(found.mapping.fields)
        saved = editor_of(connection).extend(object, wanted)
        count = len(saved.fields) - before
        added = ngettext("%(count)d pair was added.", "%(count)d pairs were added.", count)
        messages.success(request, added % {"count": count})
    return redirect(here.address(connection))


def editor_of(connection: Connection) -> MappingEditor:
    """Return what changes a connection's mapping."""
    return MappingEditor(connection.name, services.vault(), services.clock())


def _show(
    request: HttpRequest,
    found: page.Shown,
    typed: list[TypedRow] | None = None,
    *,
    sample: Sample | None = None,
    status: int = 200,
    **more: object,
) -> HttpResponse:
    may_change = person(request).role in MANAGERS
    known = page.context(
        found, typed or (), sample, may_change=may_change, is_typed=bool(edits_of(typed or ())), **more
    )
    if is_part(request):
        return render(request, "web/mapping/tab.html", known, status=status)
    step = step_of(found.connection)
    return shell.render_step(request, found.connection, step, "web/mapping/page.html", known, status=status)
