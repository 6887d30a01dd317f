"""What became of mapped fields: judged anew in every run. One that vanished or has another type rests alone.

A field that is in use again, and one that was mapped later than its records were linked, is filled by a back-fill of
its own: its records are listed to be read, after everything else has gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import msgspec

from crosswalk.convert import pairable
from crosswalk.core import catalogue
from crosswalk.core.catalogue import Said
from crosswalk.core.failures import FailureKind, SystemFailure, UserError
from crosswalk.core.language import gettext_noop
from crosswalk.core.mapping import FieldMapping, ObjectMapping, Settings, Side
from crosswalk.core.schema import Schema
from crosswalk.core.system import Problem
from crosswalk.core.words import keepable as _
from crosswalk.store import mapped
from crosswalk.store.hold_rows import HoldNote
from crosswalk.store.mapped import Mapped, Pairing

from .context import CONTACT, Context, ObjectPlan, PausedField, compile_object
from .selecting import require_fields

PAUSED = "paused"
_SYSTEMS = {Side.CRM: gettext_noop("the CRM"), Side.ACTIVECAMPAIGN: gettext_noop("ActiveCampaign")}
_MAY_BE_GONE = frozenset({FailureKind.MAPPING, FailureKind.PERMISSION})


class FieldsLostError(Exception):
    """A write met fields that are gone: they are paused by now, and the rest may go on."""


def compile_mapped(
    mapping: ObjectMapping,
    crm: Schema,
    contact: Schema,
    settings: Settings,
    known: Mapping[Pairing, Mapped],
) -> ObjectPlan:
    """Compile a saved mapping without the fields that must rest.

    Raises SystemFailure(MAPPING) when one of the e-mail fields is among them, or the selection asks for such a field.
    """
    try:
        require_fields(mapping.selection, crm)
    except UserError as error:
        raise SystemFailure(FailureKind.MAPPING, error.message, cure=error.cure) from None
    schemas = {Side.CRM: crm, Side.ACTIVECAMPAIGN: contact}
    paused = paused_fields(mapping, crm, contact, known)
    resting = [each.mapping for each in paused]
    _require_email(mapping, schemas, paused)
    used = replace(mapping, fields=tuple(pair for pair in mapping.fields if pair not in resting))
    return compile_object(used, crm, contact, settings, saved=mapping, paused=paused)


def paused_fields(
    mapping: ObjectMapping, crm: Schema, contact: Schema, known: Mapping[Pairing, Mapped]
) -> list[PausedField]:
    """Return the field mappings that must rest."""
    schemas = {Side.CRM: crm, Side.ACTIVECAMPAIGN: contact}
    judged = (
        _judge(pair, schemas, known.get((mapping.object, pair.crm, pair.activecampaign)))
        for pair in mapping.fields
    )
    return [each for each in judged if each is not None]


def _judge(pair: FieldMapping, schemas: Mapping[Side, Schema], known: Mapped | None) -> PausedField | None:
    """Return why a field mapping must rest, or None."""
    for side, schema in schemas.items():
        if pair.name(side) not in schema.fields:
            label = known.label(side) if known is not None else ""
            return _rests(pair, side, catalogue.say("field_gone", **_named(side, pair.name(side), label)))
    crm, contact = (schema.fields[pair.name(side)] for side, schema in schemas.items())
    reason = pairable(crm, contact)
    if reason is not None:
        return _rests(pair, Side.CRM, catalogue.say("field_unpairable", reason=reason))
    for side, field in ((Side.CRM, crm), (Side.ACTIVECAMPAIGN, contact)):
        before = known.kind(side) if known is not None else ""
        if before not in ("", field.kind.value):
            named = _named(side, field.name, field.label)
            said = catalogue.say("field_retyped", **named, before=before, now=field.kind.value)
            return _rests(pair, side, said)
    return None


def _rests(pair: FieldMapping, side: Side, said: Said) -> PausedField:
    return PausedField(mapping=pair, side=side, code=said.code, reason=said.message, cure=said.cure)


def _named(side: Side, name: str, label: str) -> dict[str, str]:
    field = name if label in ("", name) else f"{label} ({name})"
    return {"field": field, "system": _(_SYSTEMS[side])}


def _require_email(
    mapping: ObjectMapping, schemas: Mapping[Side, Schema], paused: Sequence[PausedField]
) -> None:
    """Without the match key nothing of the object can go on."""
    for each in paused:
        if any(each.mapping.name(side) == schema.email for side, schema in schemas.items()):
            said = catalogue.say("email_gone", object=mapping.object, reason=each.reason)
            raise SystemFailure(FailureKind.MAPPING, said.message, cure=said.cure, entry="email_gone")


# --- during a run ------------------------------------------------------------------------------------------------


def describe_again(context: Context) -> bool:
    """Read all fields anew; tell whether one must rest that did not. Raises SystemFailure as `compile_mapped`."""
    before = _resting(context)
    known = mapped.known(context.connection_id)
    context.described_at.update(dict.fromkeys(context.objects, context.clock.now()))
    contact = context.systems[Side.ACTIVECAMPAIGN].describe(CONTACT)
    context.objects = {
        object: compile_mapped(
            plan.saved, context.systems[Side.CRM].describe(object), contact, context.settings, known
        )
        for object, plan in context.objects.items()
    }
    context.reading.clear()
    return bool(_resting(context) - before)


def describe_object_again(context: Context, object: str) -> None:
    """Read the fields of one CRM object anew; those that are gone rest from now on. Raises as `compile_mapped`."""
    before, plan = _resting(context), context.objects[object]
    context.described_at[object] = context.clock.now()
    schema, contact = context.systems[Side.CRM].describe(object), plan.schemas[Side.ACTIVECAMPAIGN]
    known = mapped.known(context.connection_id)
    compiled = compile_mapped(plan.saved, schema, contact, context.settings, known)
    context.objects = {**context.objects, object: compiled}
    if _resting(context) - before:
        context.reading.pop((Side.CRM, object), None)
        note_fields(context)


def _resting(context: Context) -> set[Pairing]:
    return {
        (object, each.mapping.crm, each.mapping.activecampaign)
        for object, plan in context.objects.items()
        for each in plan.paused
    }


def lost(context: Context, object: str, side: Side, problems: Sequence[Problem]) -> bool:
    """Tell whether a refusal is about a field that is gone; fields are read anew for that, once a run."""
    names = {each.field for each in problems if each.kind in _MAY_BE_GONE and each.field is not None}
    if not names:
        return False
    if not context.described_again:
        context.described_again = True
        describe_again(context)
    return any(each.mapping.name(side) in names for each in context.objects[object].paused)


def note_fields(context: Context) -> None:
    """Store what this run finds of the mapped fields: holds for those that rest, a back-fill for those that do not."""
    now = context.clock.now()
    known = mapped.known(context.connection_id)
    found = {
        row.pairing: row for plan in context.objects.values() for row in _found(context, plan, known, now)
    }
    changed = [row for pairing, row in found.items() if _differs(row, known.get(pairing))]
    gone = known.keys() - found.keys()
    if changed or gone:
        pairings = {row.pairing for row in changed}
        mapped.note(context.connection_id, changed, gone, _pause_notes(context, pairings), now)
    context.unfilled = [row for row in found.values() if not row.filled and not row.paused]


def _found(
    context: Context, plan: ObjectPlan, known: Mapping[Pairing, Mapped], now: datetime
) -> list[Mapped]:
    """Return the rows of one object as they shall stand."""
    rows = []
    is_linked: bool | None = None
    for field in plan.fields:
        pairing = (plan.object, field.mapping.crm, field.mapping.activecampaign)
        before = known.get(pairing)
        filled = before is not None and before.filled and not before.paused
        if before is None or before.paused:
            is_linked = (
                mapped.has_links(context.connection_id, plan.object) if is_linked is None else is_linked
            )
            filled = not is_linked
        rows.append(
            Mapped(
                object=plan.object,
                crm=field.mapping.crm,
                activecampaign=field.mapping.activecampaign,
                crm_label=field.crm.label,
                activecampaign_label=field.activecampaign.label,
                crm_kind=field.crm.kind.value,
                activecampaign_kind=field.activecampaign.kind.value,
                filled=filled,
                noted_at=before.noted_at if before is not None and not before.paused else now,
            )
        )
    return rows + [_paused_row(plan.object, each, known, now) for each in plan.paused]


def _paused_row(object: str, paused: PausedField, known: Mapping[Pairing, Mapped], now: datetime) -> Mapped:
    pair = paused.mapping
    before = known.get((object, pair.crm, pair.activecampaign))
    if before is None:
        before = Mapped(object=object, crm=pair.crm, activecampaign=pair.activecampaign, noted_at=now)
    if before.paused == paused.code:
        return before
    return msgspec.structs.replace(before, paused=paused.code, noted_at=now)


def _differs(row: Mapped, before: Mapped | None) -> bool:
    return before is None or msgspec.structs.replace(before, noted_at=row.noted_at) != row


def _pause_notes(context: Context, pairings: set[Pairing]) -> list[HoldNote]:
    """Return one hold for each paused field among these."""
    return [
        HoldNote(
            link_id=None,
            side=each.side,
            object=object,
            record_id="",
            field=each.mapping.crm,
            kind=PAUSED,
            code=each.code,
            reason=each.reason,
            cure=each.cure,
        )
        for object, plan in context.objects.items()
        for each in plan.paused
        if (object, each.mapping.crm, each.mapping.activecampaign) in pairings
    ]


def list_back_fill(context: Context) -> None:
    """Have the records of fields read that are in use since they were linked, as far as nobody knows the values."""
    for object in dict.fromkeys(row.object for row in context.unfilled):
        rows = [row for row in context.unfilled if row.object == object]
        fields = {side: [row.name(side) for row in rows] for side in Side}
        latest = max(row.noted_at for row in rows)
        mapped.want_values(context.connection_id, object, fields, latest, context.clock.now())


def begin_back_fill(context: Context) -> None:
    """List the back-fill of a run, once."""
    if context.unfilled:
        list_back_fill(context)
        mapped.mark_filled(context.connection_id)
        context.unfilled = []
