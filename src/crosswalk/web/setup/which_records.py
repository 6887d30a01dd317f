"""Salesforce's last step: which records, how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.mapping import ObjectMapping, Selection, SelectionKind
from crosswalk.core.schema import Schema
from crosswalk.core.versions import Outdated, version_of
from crosswalk.store import connections
from crosswalk.store.models import Connection
from crosswalk.sync.schemas import schemas
from crosswalk.sync.selections import ready_selection, save_selection
from crosswalk.web import alerts, services
from crosswalk.web.pages import is_part, now

from . import choices, shell
from .frequency import Frequency, NotSaved
from .objects import LABELS, label

NAME = "records"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRow:
    """One object as the page shows it; without a mapping it only says so."""

    object: str
    label: str | Promise
    mapping: ObjectMapping | None
    kind: SelectionKind = SelectionKind.NONE
    was: str = ""  # the kind that stood there when the form was made
    version: str = ""
    options: Sequence[choices.Option] = ()
    conditions: Sequence[str] = ()  # of the stored criteria
    counted: str = ""
    stored: str = ""  # what is stored now, where somebody else changed it
    alert: alerts.Alert | None = None


class Records:
    """The page: what is stored, or what was sent."""

    def __init__(self, connection: Connection, sent: QueryDict | None) -> None:
        self.connection = connection
        self._sent = sent
        mapped = {item.object: item for item in connections.mapping_of(connection).objects if item.fields}
        self._schemas = _crm_schemas(connection, [each for each in LABELS if each in mapped])
        self.rows = [self._row(object, mapped.get(object)) for object in LABELS]
        self.frequency = Frequency(connection, self._schemas, sent)
        self.missing: list[str] = []  # objects whose criteria are still to be chosen

    def _row(self, object: str, mapping: ObjectMapping | None) -> ObjectRow:
        if mapping is None:
            return ObjectRow(object=object, label=label(object), mapping=None)
        stored = mapping.selection
        sent = QueryDict() if self._sent is None else self._sent
        kind = choices.kind_sent(sent.get(f"{object}-kind", ""), stored.kind)
        return ObjectRow(
            object=object,
            label=label(object),
            mapping=mapping,
            kind=kind,
            was=sent.get(f"{object}-was", stored.kind.value),
            version=sent.get(f"{object}-version", version_of(stored)),
            options=choices.kinds(self.connection, kind, stored),
            conditions=choices.conditions(stored, self._schemas[object]),
        )

    # --- counting ---

    def count(self, object: str) -> ObjectRow | None:
        """Ask the CRM what the choice takes that stands in an object's row; None: there is no such row."""
        row = next((each for each in self.rows if each.object == object and each.mapping is not None), None)
        if row is None:
            return None
        counted = self._counted(row)
        self.rows = [counted if each is row else each for each in self.rows]
        return counted

    def _counted(self, row: ObjectRow) -> ObjectRow:
        wanted = _wanted(row)
        if wanted is None:
            return replace(row, counted=_("Choose the criteria first."))
        try:
            return replace(row, counted=choices.said(choices.counted(self.connection, row.object, wanted)))
        except (UserError, SystemFailure) as error:
            return replace(row, alert=alerts.failed(error))

    # --- saving ---

    def save(self) -> int:
        """Save everything that was changed, or nothing; return 200, or the status of the page that says why not."""
        valid = self.frequency.is_valid()
        chosen = self._chosen()
        if not valid or any(row.alert for row in self.rows):
            return 400
        try:
            with transaction.atomic():
                self._save_selections(chosen)
                self.frequency.save()
        except NotSaved as refused:
            return refused.status
        return 200

    def _chosen(self) -> dict[str, Selection]:
        """Return the choices that were changed, ready to be saved; what is wrong is said in its row."""
        found: dict[str, Selection] = {}
        for place, row in enumerate(self.rows):
            if row.mapping is None or row.kind.value == row.was:
                continue
            wanted = _wanted(row)
            if wanted is None:
                self.missing.append(row.object)
                continue
            try:
                found[row.object] = ready_selection(
                    self.connection, row.object, wanted, services.vault(), services.clock()
                )
            except (UserError, SystemFailure) as error:
                self.rows[place] = replace(row, alert=alerts.failed(error))
        return found

    def _save_selections(self, chosen: dict[str, Selection]) -> None:
        for place, row in enumerate(self.rows):
            if row.object not in chosen or row.mapping is None:
                continue
            try:
                save_selection(
                    self.connection.name, row.object, chosen[row.object], now(), expected=row.version
                )
            except Outdated as error:
                stored = row.mapping.selection
                self.rows[place] = replace(
                    row,
                    alert=alerts.failed(error),
                    version=version_of(stored),
                    was=stored.kind.value,
                    stored=choices.name_of(stored.kind),
                )
                raise NotSaved(409) from None


def _crm_schemas(connection: Connection, objects: Sequence[str]) -> dict[str, Schema]:
    if not objects:
        return {}
    return schemas(connection, objects, services.vault(), services.clock()).schemas.crm


def _wanted(row: ObjectRow) -> Selection | None:
    """Return the choice that stands in a row; None: its criteria are still to be chosen."""
    stored = row.mapping.selection if row.mapping is not None else Selection()
    if row.kind is stored.kind:
        return stored
    if row.kind is SelectionKind.CRITERIA:
        return None if stored.criteria is None else replace(stored, kind=row.kind)
    if row.kind is SelectionKind.NONE:
        return replace(stored, kind=row.kind)
    return Selection(kind=row.kind)


def records(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Show the step; count, look ahead, or save."""
    shell.require_step(connection, NAME)
    page = Records(connection, request.POST if shell.is_sent(request) else None)
    status = 200
    if request.method == "POST":
        what, _colon, object = request.POST.get("do", "").partition(":")
        if what == "count":
            row = page.count(object)
            if row is not None and is_part(request):
                return render(request, "web/records/counted.html", {"row": row})
        elif what == "save":
            status = page.save()
            if status == 200:
                return _gone_on(request, page)
        else:
            part = page.frequency.act(request)
            if part is not None and is_part(request):
                return page.frequency.part(request, part)
    context = {"page": page, **page.frequency.context(request), "wrong": status != 200}
    return shell.render_step(request, connection, NAME, "web/records/records.html", context, status=status)


def _gone_on(request: HttpRequest, page: Records) -> HttpResponse:
    """Go to the next step, or to criteria that are still to be chosen."""
    if page.missing:
        object = page.missing[0]
        messages.info(request, _("%(objects)s: now choose the criteria.") % {"objects": label(object)})
        address = redirect("selection", page.connection.id, object)
        address["Location"] += "?kind=criteria"
        return address
    return redirect(shell.after(page.connection, NAME))
