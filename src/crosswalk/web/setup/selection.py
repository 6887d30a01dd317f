"""Which records of one object take part: the choice, and the editor of its criteria."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.mapping import ObjectMapping, Selection, SelectionKind
from crosswalk.core.schema import Schema
from crosswalk.core.versions import Outdated, version_of
from crosswalk.store import schedules
from crosswalk.store.models import Connection
from crosswalk.sync.context import OBJECTS
from crosswalk.sync.objects import found_in
from crosswalk.sync.schemas import schemas
from crosswalk.sync.selections import set_selection
from crosswalk.web import alerts, services
from crosswalk.web.pages import is_part

from . import choices, criteria_form, criteria_shown, shell
from .criteria_form import Draft
from .objects import label
from .zones import zones

STEP = {"salesforce": "records", "dynamics": "data"}  # the step to which the page belongs


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the page shows."""

    connection: Connection
    mapping: ObjectMapping
    schema: Schema
    kind: SelectionKind
    draft: Draft
    version: str
    new: str = ""  # the prefix of the row that has just come
    shrunk: bool = False  # a row was removed, and its button, which had the focus
    counted: str = ""
    alert: alerts.Alert | None = None
    status: int = 200

    @property
    def object(self) -> str:
        """Whose records are chosen."""
        return self.mapping.object


def selection(request: HttpRequest, connection: Connection, object: str) -> HttpResponse:
    """Show the choice of records of an object; count it, change its criteria, or save it."""
    if object not in OBJECTS:
        raise Http404
    is_sent = shell.is_sent(request)
    mapping = found_in(connection, object)
    if mapping is None or not mapping.fields:
        messages.info(request, _("%(object)s have no mapped fields yet.") % {"object": label(object)})
        return redirect(f"setup-{STEP[connection.crm.system]}", connection.id)
    schema = schemas(connection, [object], services.vault(), services.clock()).schemas.crm[object]
    if not is_sent:
        return _rendered(request, _stored(request, connection, mapping, schema))
    page = _sent(request, connection, mapping, schema)
    if request.POST.get("do") == "save":
        page, saved = _saved(page)
        if saved:
            messages.success(request, f"{label(object)}: {page.counted}")
            return redirect(f"setup-{STEP[connection.crm.system]}", connection.id)
    return _rendered(request, _done(page, request.POST))


def _stored(request: HttpRequest, connection: Connection, mapping: ObjectMapping, schema: Schema) -> Page:
    """Return the page of what is chosen now; `?kind=` proposes something else."""
    chosen = mapping.selection
    draft = criteria_form.draft_of(chosen.criteria)
    return Page(
        connection=connection,
        mapping=mapping,
        schema=schema,
        kind=choices.kind_sent(request.GET.get("kind", ""), chosen.kind),
        draft=draft if draft.zone else replace(draft, zone=_usual_zone(connection)),
        version=version_of(chosen),
    )


def _usual_zone(connection: Connection) -> str:
    kept = schedules.of(connection)
    return "" if kept is None else kept.schedule.zone


def _sent(request: HttpRequest, connection: Connection, mapping: ObjectMapping, schema: Schema) -> Page:
    draft = criteria_form.read(dict(request.POST.lists()))
    return Page(
        connection=connection,
        mapping=mapping,
        schema=schema,
        kind=choices.kind_sent(request.POST.get("kind", ""), mapping.selection.kind),
        draft=criteria_form.fitted(draft, schema),
        version=request.POST.get("version", ""),
    )


# --- what was asked for --------------------------------------------------------------------------------------------


def _done(page: Page, given: QueryDict) -> Page:
    """Return the page after whatever the button said; anything else only draws it anew."""
    what, _colon, about = given.get("do", "").partition(":")
    if what == "add" and given.get("add-field"):
        return _added(page, str(given["add-field"]), given.get("add-to", ""))
    if what == "remove":
        return replace(page, draft=criteria_form.removed(page.draft, about), shrunk=True)
    if what == "count":
        return _counted(page)
    return page


def _added(page: Page, name: str, to: str) -> Page:
    before = {prefix for prefix, _row in page.draft.all_rows()}
    draft = criteria_form.fitted(criteria_form.added(page.draft, name, to), page.schema)
    new = next((prefix for prefix, _row in draft.all_rows() if prefix not in before), "")
    return replace(page, draft=draft, new=new)


def _wanted(page: Page) -> tuple[Page, Selection | None]:
    """Return the page with what is wrong on it, and the choice that it says; None while something is wrong."""
    if page.kind is not SelectionKind.CRITERIA:
        before = page.mapping.selection
        return page, before if before.kind is page.kind else Selection(kind=page.kind)
    draft, criteria = criteria_form.checked(page.draft, page.schema)
    if criteria is None:
        return replace(page, draft=draft, status=400), None
    return replace(page, draft=draft), Selection(kind=page.kind, criteria=criteria)


def _counted(page: Page) -> Page:
    page, wanted = _wanted(page)
    if wanted is None:
        return page
    try:
        found = choices.counted(page.connection, page.object, wanted)
    except (UserError, SystemFailure) as error:
        return replace(page, alert=alerts.failed(error), status=400)
    return replace(page, counted=choices.said(found))


def _saved(page: Page) -> tuple[Page, bool]:
    """Save what the page says; tell whether it was saved."""
    page, wanted = _wanted(page)
    if wanted is None:
        return page, False
    name, vault, clock = page.connection.name, services.vault(), services.clock()
    try:
        _saved_as, found = set_selection(name, page.object, wanted, vault, clock, expected=page.version)
    except Outdated as error:
        version = version_of(page.mapping.selection)
        return replace(page, alert=alerts.failed(error), version=version, status=409), False
    except (UserError, SystemFailure) as error:
        return replace(page, alert=alerts.failed(error), status=400), False
    return replace(page, counted=choices.said(found)), True


def _rendered(request: HttpRequest, page: Page) -> HttpResponse:
    stored = page.mapping.selection
    context = {
        "page": page,
        "object_label": label(page.object),
        "kinds": choices.kinds(page.connection, page.kind, stored),
        "editor": criteria_shown.shown(page.draft, page.schema, new=page.new),
        "zones": zones(),
        "stored_name": choices.name_of(stored.kind),
        "stored_lines": choices.conditions(stored, page.schema),
        "back": reverse(f"setup-{STEP[page.connection.crm.system]}", args=[page.connection.id]),
    }
    if is_part(request):
        return render(request, "web/records/editor.html", context, status=page.status)
    step = STEP[page.connection.crm.system]
    return shell.render_step(
        request, page.connection, step, "web/records/selection.html", context, status=page.status
    )
