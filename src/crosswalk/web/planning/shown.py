"""A plan and its rows as pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from crosswalk.core.mapping import Side
from crosswalk.store import plans
from crosswalk.store.models import Connection, Plan
from crosswalk.store.plan_lines import UNWRITTEN
from crosswalk.store.plan_rows import Row
from crosswalk.web import cures
from crosswalk.web.labels import CONTACT, Labels, reason
from crosswalk.web.run_words import system_of
from crosswalk.web.vendors import object_word

from . import words

FEW = 4  # fields that a row names before it is opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What would become of a field; of what is held: what both sides hold."""

    label: str
    name: str
    before: Any
    after: Any
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A row of a plan."""

    what: str | Promise
    icon: str
    colour: str
    who: str
    where: str  # which record, of which system
    side: str  # of the record that somebody may look at
    record_id: str
    fields: str  # what they are called, the first ones
    changes: Sequence[Change]
    overwrites: bool
    held: bool
    message: str
    cure: str
    code: str
    run_id: int | None  # of the trial that was to write it


def shown(connection: Connection, row: Row, labels: Labels) -> Shown:
    """Put a row into words."""
    what, icon, colour = words.LOOKS[row.op]
    changes = _changes(row, labels)
    side, record_id = _record(row)
    return Shown(
        what=what,
        icon=icon,
        colour=colour,
        who=row.key or row.record_id or row.crm_id or row.contact_id or "",
        where=_where(connection, row),
        side=side,
        record_id=record_id,
        fields=_named(changes),
        changes=changes,
        overwrites=row.overwrites,
        held=row.note is not None,
        message=row.note.reason if row.note else "",
        cure=cures.cure(row.note.code, row.note.cure) if row.note else "",
        code=row.note.code if row.note else "",
        run_id=row.run_id,
    )


def _changes(row: Row, labels: Labels) -> list[Change]:
    place = (row.side, row.object) if row.side else (Side.CRM.value, row.crm_object)
    names = labels.get(place, {})
    return [
        Change(label=names.get(name, name), name=name, before=before, after=after, reason=reason(why))
        for name, (before, after, why) in row.fields.items()
    ]


def _record(row: Row) -> tuple[str, str]:
    """Return side and id of the record that there is already, the written one before the other."""
    known = {Side.CRM.value: row.crm_id, Side.ACTIVECAMPAIGN.value: row.contact_id}
    first = row.side or Side.CRM.value
    for side in (first, Side(first).other.value):
        if record_id := known[side]:
            return side, record_id
    return "", ""


def _where(connection: Connection, row: Row) -> str:
    if row.side:
        return _in_system(connection, row.side, row.object)
    crm = _in_system(connection, Side.CRM.value, row.crm_object) if row.crm_id else ""
    contact = _in_system(connection, Side.ACTIVECAMPAIGN.value, CONTACT) if row.contact_id else ""
    return _("{one} and {other}").format(one=crm, other=contact) if crm and contact else crm or contact


def _in_system(connection: Connection, side: str, object: str) -> str:
    return _("{object} in {system}").format(object=object_word(object), system=system_of(connection, side))


def _named(changes: Sequence[Change]) -> str:
    named = ", ".join(change.label for change in changes[:FEW])
    more = len(changes) - FEW
    return _("{fields} and {more} more").format(fields=named, more=more) if more > 0 else named


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A plan in a few words."""

    plan: Plan
    total: int  # of what would be written
    sentences: Sequence[str]
    costs: Sequence[str]


def outline(connection: Connection, plan: Plan) -> Outline:
    """Return a plan in a few words."""
    figures = plans.figures(plan)
    kinds = words.in_order(figures.kinds)
    written = sum(count for kind, count in kinds if words.parts(kind)[0] not in UNWRITTEN)
    return Outline(
        plan=plan,
        total=written,
        sentences=[words.sentence(connection, kind, count) for kind, count in kinds],
        costs=list(words.costs(connection, figures.cost)),
    )
