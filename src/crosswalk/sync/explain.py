"""Explain one record: both sides now, what was settled, what would be decided and why, and what was written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

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
from crosswalk.store import consent_links, history, pairs
from crosswalk.store.pairs import HoldRow, LinkRow, Seen

from . import pausing
from .context import CONTACT, Context, ObjectPlan, PausedField
from .explained import (
    UNKNOWN,
    Explanation,
    FieldExplanation,
    LinkExplanation,
    closed_link,
    links_of_successor,
)
from .fields import PAUSED
from .match import NOT_SELECTED, Pair
from .merging import clock_tolerance, field_case, side_states


def explain(context: Context, side: Side, record_id: str) -> Explanation:
    """Read a record's links live on both sides and explain every field.

    Raises UserError when neither a link nor a feed ever showed the record.
    """
    links = pairs.link_of(context.connection_id, side, record_id)
    known = history.directory_rows(context.tenants[side], record_id)
    closed = history.closed_links(context.connection_id, side, record_id)
    if side is Side.CRM and not links:
        links = links_of_successor(context.connection_id, known)
    if (
        side is Side.CRM
        and not links
        and not closed
        and (found := _unlinked(context, record_id, known)) is not None
    ):
        return found
    if not links and not known:
        raise UserError(
            _("No record {record_id} was ever seen in {side}.").format(record_id=record_id, side=side.value),
            cure=_("Check the id, or run a sync so that new records are read."),
        )
    return Explanation(
        side=side.value,
        record_id=record_id,
        directory=known,
        links=[*(_link(context, link) for link in links), *map(closed_link, closed)],
    )


def _unlinked(context: Context, record_id: str, known: list[dict[str, Any]]) -> Explanation | None:
    """Read a CRM record without link live: one that is not selected may never have been read before."""
    for plan in context.objects.values():
        fields = context.fields(Side.CRM, plan.object)
        for record in context.systems[Side.CRM].fetch(plan.object, [record_id], fields).records:
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
                directory=known or [row],
                links=[],
                unmet=[str(each) for each in selector.unmet(record.values)],
            )
    return None


def _link(context: Context, link: LinkRow) -> LinkExplanation:
    plan = context.objects.get(link.object)
    holds = pairs.holds_of([link.id]).get(link.id, {})
    reasons = history.hold_reasons(link.id)
    records = {side: _now(context, link, side) for side in Side}
    fields = _fields(context, plan, link, records, holds, reasons) if plan is not None else []
    return LinkExplanation(
        object=link.object,
        crm_id=link.crm_id,
        activecampaign_id=link.activecampaign_id,
        state=link.state,
        is_primary=link.is_primary,
        selected=link.selected,
        unmet=_unmet(context, plan, records[Side.CRM].seen),
        fields=fields,
        consent=_consent(link, records),
        holds=[reason for field, reason in reasons.items() if not field],
        journal=history.journal_of(link.id, joined=True),
    )


def _unmet(context: Context, plan: ObjectPlan | None, crm: Seen | None) -> list[str]:
    if plan is None or crm is None:
        return []
    return [str(row) for row in context.selector(plan).unmet(unpack(crm.packed))]


def _fields(
    context: Context,
    plan: ObjectPlan,
    link: LinkRow,
    records: Mapping[Side, _Now],
    holds: dict[str, HoldRow],
    reasons: dict[str, str],
) -> list[FieldExplanation]:
    pair = Pair(link=link, crm=records[Side.CRM].seen, activecampaign=records[Side.ACTIVECAMPAIGN].seen)
    states = side_states(context, plan, pair, holds)
    limit = clock_tolerance(context)
    forms = history.kept_forms([link.id])
    explained = []
    for field in plan.fields:
        case = field_case(field, states)
        decision = decide(field, case, limit)
        explained.append(
            FieldExplanation(
                crm_field=field.mapping.crm,
                crm_label=field.crm.label,
                activecampaign_field=field.mapping.activecampaign,
                activecampaign_label=field.activecampaign.label,
                crm=_shown(case.crm),
                activecampaign=_shown(case.activecampaign),
                crm_shadow=_shown(case.crm_shadow),
                activecampaign_shadow=_shown(case.activecampaign_shadow),
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
    labels = {
        side: field.label if (field := plan.schemas[side].fields.get(name)) else name
        for side, name in names.items()
    }
    settled = {side: unpack(link.shadow(side)).get(name, UNKNOWN) for side, name in names.items()}
    return FieldExplanation(
        crm_field=names[Side.CRM],
        crm_label=labels[Side.CRM],
        activecampaign_field=names[Side.ACTIVECAMPAIGN],
        activecampaign_label=labels[Side.ACTIVECAMPAIGN],
        crm=UNKNOWN,
        activecampaign=UNKNOWN,
        crm_shadow=settled[Side.CRM],
        activecampaign_shadow=settled[Side.ACTIVECAMPAIGN],
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


def _now(context: Context, link: LinkRow, side: Side) -> _Now:
    """Read one side live; what is gone or missing leaves its shadow to be shown."""
    record_id = link.record_id(side)
    if record_id is None or link.object not in context.objects:
        return _Now()
    object = link.object if side is Side.CRM else CONTACT
    fetched = context.systems[side].fetch(object, [record_id], context.fields(side, object))
    if not fetched.records:
        return _Now()
    record = fetched.records[0]
    return _Now(as_seen(record, fetched.requested_at), record.consent)


def _consent(link: LinkRow, records: Mapping[Side, _Now]) -> dict[str, Any]:
    """Return who may be mailed as both sides say it, and why they came to it."""
    now = {side: consent.standing.value if (consent := records[side].consent) else None for side in Side}
    crm, contact = consent_links.shadows_of(link.id)
    return {
        "crm": now[Side.CRM],
        "activecampaign": now[Side.ACTIVECAMPAIGN],
        "crm_shadow": crm,
        "activecampaign_shadow": contact,
        "evidence": consent_links.evidence_of(link.id),
    }


def as_seen(record: Record, requested_at: datetime) -> Seen:
    """Return a record read just now as a sighting that nobody stored."""
    times = msgspec.json.encode(record.times) if record.times else None
    return Seen(
        record.id, 0, record.key, pack(record.values), times, record.stamp, record.created, requested_at
    )
