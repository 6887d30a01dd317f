"""Explain one record: both sides now, what was settled, what would be decided and why, and what was written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from crosswalk.core.consent import Consent
from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import Side
from crosswalk.core.system import Record
from crosswalk.core.values import Value, pack, unpack
from crosswalk.merge import (
    Decision,
    DecisionKind,
    FieldCase,
    FieldPlan,
    Missing,
    Reason,
    decide,
    kept_differently,
)
from crosswalk.store import history, hold_rows
from crosswalk.store.link_rows import LinkRow
from crosswalk.store.pairs import Seen

from . import pausing
from .context import CONTACT, Context, ObjectPlan, PausedField
from .explained import UNKNOWN, Ends, Explanation, FieldExplanation, Found, explanation, field_told, look_up
from .fields import PAUSED
from .match import NOT_SELECTED, Pair
from .sides import clock_tolerance, field_case, side_states


def explain(context: Context, side: Side, record_id: str) -> Explanation:
    """Read a record's links live on both sides and explain every field.

    Raises UserError when neither a link nor a feed ever showed the record.
    """
    found = look_up(context.connection_id, context.tenants[side], side, record_id)
    if (
        side is Side.CRM
        and not found.links
        and not found.closed
        and (unlinked := _unlinked(context, found)) is not None
    ):
        return unlinked
    if not found.links and not found.directory:
        raise UserError(
            _("No record {record_id} was ever seen in {side}.").format(record_id=record_id, side=side.value),
            cure=_("Check the id, or run a sync so that new records are read."),
        )
    return explanation(found, lambda link, reasons: _ends(context, link, reasons))


def _unlinked(context: Context, found: Found) -> Explanation | None:
    """Read a CRM record without link live: one that is not selected may never have been read before."""
    for plan in context.objects.values():
        fields = context.fields(Side.CRM, plan.object)
        for record in context.systems[Side.CRM].fetch(plan.object, [found.record_id], fields).records:
            selector = context.selector(plan)
            selected = selector.takes(record.created, record.values)
            row = {
                "object": plan.object,
                "key": record.key,
                "stamp": record.stamp,
                "created": record.created,
                "deleted": False,
                "skipped": None if selected else NOT_SELECTED,
                "successor": None,
            }
            return Explanation(
                side=Side.CRM.value,
                record_id=record.id,
                directory=found.directory or [row],
                links=[],
                unmet=[str(each) for each in selector.unmet(record.values)],
            )
    return None


def _ends(context: Context, link: LinkRow, reasons: Mapping[str, str]) -> Ends:
    plan = context.objects.get(link.object)
    if plan is None:
        return Ends(fields=[])
    records = {side: _now(context, plan, link, side) for side in Side}
    return Ends(
        fields=_fields(context, plan, link, records, reasons),
        unmet=_unmet(context, plan, records[Side.CRM].seen),
        standings={side: each.consent.standing.value for side, each in records.items() if each.consent},
    )


def _unmet(context: Context, plan: ObjectPlan, crm: Seen | None) -> list[str]:
    if crm is None:
        return []
    return [str(row) for row in context.selector(plan).unmet(unpack(crm.packed))]


def _fields(
    context: Context,
    plan: ObjectPlan,
    link: LinkRow,
    records: Mapping[Side, _Now],
    reasons: Mapping[str, str],
) -> list[FieldExplanation]:
    pair = Pair(link=link, crm=records[Side.CRM].seen, activecampaign=records[Side.ACTIVECAMPAIGN].seen)
    states = side_states(context, plan, pair, hold_rows.holds_of([link.id]).get(link.id, {}))
    limit = clock_tolerance(context)
    forms = history.kept_forms([link.id])
    explained = []
    for field in plan.fields:
        case = field_case(field, states)
        decision = decide(field, case, limit)
        explained.append(
            field_told(
                field.mapping,
                labels={Side.CRM: field.crm.label, Side.ACTIVECAMPAIGN: field.activecampaign.label},
                now={Side.CRM: _shown(case.crm), Side.ACTIVECAMPAIGN: _shown(case.activecampaign)},
                settled={
                    Side.CRM: _shown(case.crm_shadow),
                    Side.ACTIVECAMPAIGN: _shown(case.activecampaign_shadow),
                },
                decision=decision.kind.value,
                reason=_reason(field, case, decision, forms).text,
                hold=reasons.get(field.mapping.crm) or _switched_off(context, decision),
            )
        )
    return explained + [_paused_field(plan, link, paused) for paused in plan.paused]


def _switched_off(context: Context, decision: Decision) -> str | None:
    """Return why an offer to ActiveCampaign is not sent, where that is switched off for the whole connection."""
    if context.switches.global_sync or Side.ACTIVECAMPAIGN not in decision.offers:
        return None
    said = pausing.said(context)
    return f"{said.code}: {said.message} {said.cure}"


def _reason(
    field: FieldPlan,
    case: FieldCase,
    decision: Decision,
    forms: Mapping[tuple[int, Side, str], tuple[Value, Value]],
) -> Reason:
    """Return why; where nothing is done although the values differ, whether a vendor's form is why."""
    crm, contact = case.crm, case.activecampaign
    if decision.kind is not DecisionKind.NOTHING or isinstance(crm, Missing) or isinstance(contact, Missing):
        return decision.reason
    kept = {side: form for (_, side, name), form in forms.items() if name == field.mapping.name(side)}
    if not field.equal(crm, contact) and kept_differently(field, crm, contact, kept):
        return Reason.STORED_DIFFERENTLY
    return decision.reason


def _paused_field(plan: ObjectPlan, link: LinkRow, paused: PausedField) -> FieldExplanation:
    """A field that rests: nothing is read of it, and what was settled last stays."""
    names = {side: paused.mapping.name(side) for side in Side}
    return field_told(
        paused.mapping,
        labels={
            side: field.label if (field := plan.schemas[side].fields.get(name)) else name
            for side, name in names.items()
        },
        now=dict.fromkeys(Side, UNKNOWN),
        settled={side: unpack(link.shadow(side)).get(name, UNKNOWN) for side, name in names.items()},
        decision=PAUSED,
        reason=_("This field rests for all records."),
        hold=f"{paused.code}: {paused.reason}",
    )


def _shown(value: Value | Missing) -> Value:
    return UNKNOWN if isinstance(value, Missing) else value


class _Now(msgspec.Struct):
    """One side as just read."""

    seen: Seen | None = None
    consent: Consent | None = None


def _now(context: Context, plan: ObjectPlan, link: LinkRow, side: Side) -> _Now:
    """Read one side live; what is gone or missing leaves its shadow to be shown."""
    record_id = link.record_id(side)
    if record_id is None:
        return _Now()
    object = plan.object if side is Side.CRM else CONTACT
    fetched = context.systems[side].fetch(object, [record_id], context.fields(side, object))
    if not fetched.records:
        return _Now()
    record = fetched.records[0]
    return _Now(as_seen(record, fetched.requested_at), record.consent)


def as_seen(record: Record, requested_at: datetime) -> Seen:
    """Return a record read just now as a sighting that nobody stored."""
    times = msgspec.json.encode(record.times) if record.times else None
    return Seen(
        record.id, 0, record.key, pack(record.values), times, record.stamp, record.created, requested_at
    )
