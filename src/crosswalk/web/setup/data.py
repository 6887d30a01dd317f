"""Dynamics 365: data configuration. Each object on or off, its direction, its records, its standard fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from crosswalk.core.criteria_words import DIRECTIONS
from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.language import gettext as _core
from crosswalk.core.mapping import Direction, ObjectMapping
from crosswalk.core.versions import Outdated, version_of
from crosswalk.store import connections
from crosswalk.store.models import Connection
from crosswalk.sync.mapping_edit import MappingEditor, Schemas
from crosswalk.sync.mapping_standard import StandardPair, StandardPairs, State, pairs_of
from crosswalk.sync.objects import is_on, set_direction, turn_off, turn_on
from crosswalk.sync.schemas import schemas
from crosswalk.web import alerts, services

from . import choices, shell
from .choices import Option
from .objects import LABELS, label

NAME = "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A standard pair with its switch."""

    name: str  # of the CRM's field
    crm: str  # labels
    activecampaign: str
    is_on: bool
    was_on: bool  # stored
    fixed: bool
    instead: str = ""  # what one of its fields is paired with


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRow:
    """One object as the page shows it."""

    object: str
    label: str | Promise
    is_mapped: bool
    on: bool
    was_on: bool
    directions: Sequence[Option]
    was_direction: str
    selection: str
    conditions: Sequence[str]
    switches: Sequence[Switch]
    custom: int  # pairs beside the standard ones
    alert: alerts.Alert | None = None


class Data:
    """The page: what is stored, or what was sent."""

    def __init__(self, connection: Connection, sent: QueryDict | None) -> None:
        self.connection = connection
        self._sent = sent
        self._known = schemas(connection, list(LABELS), services.vault(), services.clock()).schemas
        self.rows = self._rows(sent)
        self.status = 200

    def _rows(self, was: QueryDict | None) -> list[ObjectRow]:
        """Return the rows; what stood there when the form was made is what `was` says, or what is stored now."""
        mapped = {item.object: item for item in connections.mapping_of(self.connection).objects}
        return [self._row(object, mapped.get(object), was, at_first=not mapped) for object in LABELS]

    def _row(
        self, object: str, mapping: ObjectMapping | None, was: QueryDict | None, *, at_first: bool
    ) -> ObjectRow:
        on, fields = is_on(mapping), mapping.fields if mapping else ()
        direction = mapping.direction.value if mapping else Direction.BOTH.value
        pairs = pairs_of(self._known.crm[object], self._known.contact, fields)
        standard = {(each.crm, each.activecampaign) for each in pairs}
        return ObjectRow(
            object=object,
            label=label(object),
            is_mapped=bool(fields),
            on=on or at_first if self._sent is None else f"{object}-on" in self._sent,
            was_on=on if was is None else bool(was.get(f"{object}-was-on")),
            directions=_directions(self._direction(object, direction)),
            was_direction=direction if was is None else was.get(f"{object}-was-direction", direction),
            selection=choices.name_of(mapping.selection.kind) if mapping else "",
            conditions=choices.conditions(mapping.selection, self._known.crm[object]) if mapping else (),
            switches=[self._switch(object, each, is_mapped=bool(fields)) for each in pairs],
            custom=sum((pair.crm, pair.activecampaign) not in standard for pair in fields),
        )

    def _direction(self, object: str, stored: str) -> str:
        return stored if self._sent is None else self._sent.get(f"{object}-direction", stored)

    def _switch(self, object: str, pair: StandardPair, *, is_mapped: bool) -> Switch:
        crm, contact = self._known.crm[object].fields, self._known.contact.fields
        stored = pair.fixed or not is_mapped or pair.state is State.ON
        return Switch(
            name=pair.crm,
            crm=crm[pair.crm].label,
            activecampaign=contact[pair.activecampaign].label,
            is_on=pair.fixed or pair.crm in self._ticked(object) if self._had(object) else stored,
            was_on=stored,
            fixed=pair.fixed,
            instead=", ".join(
                _labels(self._known, object, each.crm, each.activecampaign) for each in pair.instead
            ),
        )

    def _ticked(self, object: str) -> list[str]:
        return self._sent.getlist(f"{object}-standard") if self._sent is not None else []

    def _had(self, object: str) -> list[str]:
        """Return the switches that were on when the form was made; none: it had no switches."""
        return self._sent.getlist(f"{object}-had") if self._sent is not None else []

    # --- saving ---

    def save(self) -> list[str]:
        """Save what was changed of each object; return what there is to tell. What is wrong is said in its row."""
        told: list[str] = []
        wrong: dict[str, alerts.Alert] = {}
        for row in self.rows:
            try:
                told += self._save(row)
            except Outdated as error:
                self.status = 409
                wrong[row.object] = self._outdated(row, error)
            except (UserError, SystemFailure) as error:
                self.status = max(self.status, 400)
                wrong[row.object] = alerts.failed(error)
        if wrong:
            self.rows = [replace(row, alert=wrong.get(row.object)) for row in self._rows(None)]
        return told

    def _save(self, row: ObjectRow) -> list[str]:
        vault, clock = services.vault(), services.clock()
        told: list[str] = []
        if row.on and not row.was_on:
            brought = turn_on(self.connection, row.object, vault, clock)
            if brought:
                said = _("%(objects)s are on, with the standard fields.")
                told.append(said % {"objects": row.label})
        elif row.was_on and not row.on:
            turn_off(self.connection, row.object, clock)
            said = _("%(objects)s are off. What was synchronised stays on both sides.")
            told.append(said % {"objects": row.label})
        if row.is_mapped:
            self._save_switches(row)
        if row.is_mapped or row.on:
            self._save_direction(row)
        return told

    def _save_switches(self, row: ObjectRow) -> None:
        """Turn the standard pairs that somebody turned; an object without a mapping has just got all of them."""
        had, ticked = set(self._had(row.object)), set(self._ticked(row.object))
        changed = [
            each.name
            for each in row.switches
            if not each.fixed and (each.name in had) != (each.name in ticked)
        ]
        if not had or not changed:
            return
        pairs = StandardPairs(
            MappingEditor(self.connection.name, services.vault(), services.clock()), row.object
        )
        for name in changed:
            if name in ticked:
                pairs.on(name)
            else:
                pairs.off(name)

    def _save_direction(self, row: ObjectRow) -> None:
        chosen = self._direction(row.object, row.was_direction)
        if chosen != row.was_direction and chosen in set(Direction):
            set_direction(
                self.connection,
                row.object,
                Direction(chosen),
                services.vault(),
                services.clock(),
                expected=version_of(row.was_direction),
            )

    def _outdated(self, row: ObjectRow, error: Outdated) -> alerts.Alert:
        """Return what tells which direction is stored now; the next try may replace it."""
        now = _stored(self.connection, row.object).direction
        said = _("It is stored now: %(direction)s.") % {"direction": _core(DIRECTIONS[now])}
        told = alerts.failed(error)
        return replace(told, cure=f"{said} {told.cure}")


def _stored(connection: Connection, object: str) -> ObjectMapping:
    return next(item for item in connections.mapping_of(connection).objects if item.object == object)


def _directions(chosen: str) -> list[Option]:
    return [
        Option(value=direction.value, label=_core(word), is_chosen=direction.value == chosen)
        for direction, word in DIRECTIONS.items()
    ]


def _labels(known: Schemas, object: str, crm: str, contact: str) -> str:
    """Return a pair by its labels; a field that is gone by its name."""
    left, right = known.crm[object].fields.get(crm), known.contact.fields.get(contact)
    return f"{left.label if left else crm} – {right.label if right else contact}"


def data(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Show the step, or save it and go on."""
    shell.require_step(connection, NAME)
    page = Data(connection, request.POST if shell.is_sent(request) else None)
    if request.method == "POST":
        told = page.save()
        for text in told:
            messages.success(request, text)
        if page.status == 200:
            return redirect(shell.after(connection, NAME))
    return shell.render_step(
        request, connection, NAME, "web/records/data.html", {"page": page}, status=page.status
    )
