"""Holds: what waits for a cure, and trying it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from crosswalk.core import catalogue
from crosswalk.core.catalogue import CATALOGUE, Said
from crosswalk.core.lanes import Lane
from crosswalk.core.mapping import CreationRule, Side
from crosswalk.core.values import unpack
from crosswalk.merge import UNKNOWN, fingerprint
from crosswalk.store import acts, connections, hold_rows, holds, inbox, mapped
from crosswalk.store.brakes import BRAKE
from crosswalk.store.hold_rows import UNFIT_DEFAULT, HeldLink, HoldNote
from crosswalk.store.holds import Held, forget_decisions

from .context import CONTACT, Context, ObjectPlan
from .fields import PAUSED
from .pausing import is_paused, resume


def retry(connection_id: int, held: Sequence[Held], now: datetime) -> None:
    """Have these holds looked at again by the next run; of fields with another type, that is accepted.

    A braked run is counted anew by the next one; only a plan releases it.
    """
    retyped = CATALOGUE["field_retyped"].code
    wanted: dict[tuple[Side, str], set[str]] = {}
    for hold in held:
        if hold.kind not in {PAUSED, BRAKE, UNFIT_DEFAULT}:
            for side, record_id in zip(Side, _records(hold), strict=True):
                object = hold.object if side is Side.CRM else CONTACT
                wanted.setdefault((side, object), set()).update([record_id] if record_id else [])
    with transaction.atomic():
        forget_decisions(hold.id for hold in held)
        mapped.accept_kinds(
            connection_id, [(hold.object, hold.field) for hold in held if hold.code == retyped]
        )
        for (side, object), ids in wanted.items():
            inbox.want(connection_id, side, object, sorted(ids), now, Lane.LIVE)
        _note(connection_id, held)


def _note(connection_id: int, held: Sequence[Held]) -> None:
    """Keep in the audit log who asked for it."""
    if held:
        acts.note(
            "holds.retried",
            connections.by_number(connection_id),
            count=len(held),
            codes=sorted({hold.code for hold in held}),
        )


def _records(hold: Held) -> tuple[str | None, str | None]:
    """Return the ids of the CRM record and the contact that a hold is about.

    A hold without a link names the record that has none yet: it is on the side that the hold does not keep from being
    written.
    """
    if hold.link_id is not None:
        return hold.crm_id, hold.activecampaign_id
    return (None, hold.record_id) if hold.side == Side.CRM else (hold.record_id, None)


def look_at_changed(context: Context) -> None:
    """Have looked at again what is held under a mapping or definition of its field that is not today's."""
    standing = hold_rows.held(context.connection_id)
    gone = _note_defaults(context, {(each.object, each.field): each.id for each in _defaults(standing)})
    gone += resume(context, standing)
    for held in standing:
        if held.kind == UNFIT_DEFAULT or is_paused(held):
            continue
        plan = context.objects.get(held.object)
        if plan is None or held.field == plan.schemas[Side.CRM].opt_out:
            continue  # a refused opt-out is tried again by itself
        if any(each.mapping.crm == held.field for each in plan.paused):
            continue  # what held it is seen again when the field is in use again
        today = _mark_today(context, held)
        if today is None:
            gone.append(held.id)
        elif not held.fingerprint.startswith(today):
            now = context.clock.now()
            records = held.crm_id, held.activecampaign_id
            _look_at(context.connection_id, held.object, *records, now, Lane.RETRY)
    hold_rows.forget_holds(gone)


def _defaults(standing: Sequence[HeldLink]) -> list[HeldLink]:
    return [each for each in standing if each.kind == UNFIT_DEFAULT]


def _note_defaults(context: Context, known: Mapping[tuple[str, str], int]) -> list[int]:
    """Say which defaults for new records are left out; return the holds of those that fit again."""
    plan = context.objects.get(context.settings.creation_object)
    if plan is None or context.settings.creation is CreationRule.NEVER:
        return list(known.values())
    resting = {each.mapping.crm for each in plan.paused}
    unfit = {name: said for name, said in plan.unfit_defaults.items() if name not in resting}
    notes = [
        _default_note(plan, name, said) for name, said in unfit.items() if (plan.object, name) not in known
    ]
    if notes:
        holds.note(context.connection_id, notes, context.clock.now())
    return [number for (object, name), number in known.items() if object != plan.object or name not in unfit]


def _default_note(plan: ObjectPlan, name: str, rejection: Said) -> HoldNote:
    said = catalogue.say(
        UNFIT_DEFAULT, field=plan.schemas[Side.CRM].fields[name].label, reason=rejection.message
    )
    return HoldNote(
        link_id=None,
        side=Side.CRM,
        object=plan.object,
        record_id="",
        field=name,
        kind=UNFIT_DEFAULT,
        code=said.code,
        reason=said.message,
        cure=said.cure,
    )


def _mark_today(context: Context, held: HeldLink) -> str | None:
    """Return how a hold's fingerprint would begin today; None when its field is no longer mapped."""
    plan = context.objects[held.object]
    if not held.field:
        return plan.creation_marks[Side(held.side)]
    field = next((each for each in plan.fields if each.mapping.crm == held.field), None)
    if field is None:
        return None
    values = unpack(held.values)
    return fingerprint(
        field, values.get(Side.CRM.value, UNKNOWN), values.get(Side.ACTIVECAMPAIGN.value, UNKNOWN)
    )


def _look_at(
    connection_id: int, object: str, crm_id: str | None, contact_id: str | None, now: datetime, lane: Lane
) -> None:
    if crm_id is not None:
        inbox.want(connection_id, Side.CRM, object, [crm_id], now, lane)
    if contact_id is not None:
        inbox.want(connection_id, Side.ACTIVECAMPAIGN, CONTACT, [contact_id], now, lane)
