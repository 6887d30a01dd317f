"""From pairs to outcomes: asks the merge about every field and turns its decisions into shadows, offers and holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from crosswalk.core import catalogue
from crosswalk.core.mapping import Side
from crosswalk.core.system import Op
from crosswalk.core.values import Value, normal_email, pack, unpack
from crosswalk.merge import (
    UNSEEN,
    Decision,
    DecisionKind,
    FieldCase,
    FieldPlan,
    Missing,
    Shadows,
    decide,
    decide_chosen,
    fingerprint,
)
from crosswalk.store.hold_rows import HoldNote, HoldRow
from crosswalk.store.outcomes import Merged, Offer

from .context import Context, ObjectPlan
from .match import Pair
from .pausing import is_paused
from .sides import UNREADABLE, SideState, clock_tolerance, field_case, side_states

REJECTED, CONFLICT = "rejected", "conflict"  # kinds of holds
_HOLD_KINDS = {DecisionKind.CONFLICT: CONFLICT, DecisionKind.UNKNOWN: UNREADABLE}


class FieldOutcomes:
    """Collects what the decisions of one pair come to."""

    def __init__(self, plan: ObjectPlan, pair: Pair, states: Mapping[Side, SideState]):
        self.plan = plan
        self.pair = pair
        self.states = states
        self.moved = False
        self.ended: list[int] = []
        self.holds: list[HoldNote] = []
        self.offered: dict[Side, list[tuple[FieldPlan, Decision]]] = {}

    def move_shadows(self, field: FieldPlan, decision: Decision) -> None:
        """Set both shadows of a settled field."""
        if decision.shadows is not None:
            for side, state in self.states.items():
                state.shadow[field.mapping.name(side)] = decision.shadows.side(side)
            self.moved = True

    def offer(self, field: FieldPlan, decision: Decision) -> None:
        """Note the writes a decision asks for."""
        for side in decision.offers:
            self.offered.setdefault(side, []).append((field, decision))

    def hold(self, field: FieldPlan, decision: Decision, case: FieldCase) -> None:
        """Note that a field waits for a cure."""
        side = decision.winner.other if decision.winner else Side.CRM
        self.holds.append(self._note(field, decision, case, side))

    def hold_lost(self, field: FieldPlan, case: FieldCase, side: Side) -> None:
        """Hold a value that we sent and that the side's own automation removed: its emptiness does not travel."""
        definition = field.crm if side is Side.CRM else field.activecampaign
        note = self._note(field, UNSEEN, case, side)
        note.kind = REJECTED
        note.code, note.reason, note.cure = catalogue.say("emptied", field=definition.label)
        self.holds.append(note)

    def _note(self, field: FieldPlan, decision: Decision, case: FieldCase, side: Side) -> HoldNote:
        said = decision.rejection.said if decision.rejection else catalogue.say("unreadable")
        values: dict[str, Value] = {}
        if not isinstance(case.crm, Missing):
            values[Side.CRM.value] = case.crm
        if not isinstance(case.activecampaign, Missing):
            values[Side.ACTIVECAMPAIGN.value] = case.activecampaign
        link = self.pair.link
        return HoldNote(
            link_id=link.id,
            side=side,
            object=self.plan.object,
            record_id=link.crm_id or link.activecampaign_id or "",
            field=field.mapping.crm,
            kind=_HOLD_KINDS.get(decision.kind, REJECTED),
            code=said.code,
            reason=said.message,
            cure=said.cure,
            values=values,
            fingerprint=fingerprint(field, case.crm, case.activecampaign),
        )

    def merged(self, offers: Sequence[Offer]) -> Merged:
        """Return the outcome with the link as it shall be stored."""
        link = self.pair.link
        corrected = [side for side, state in self.states.items() if state.corrected]
        unsettled = {note.field for note in self.holds} if self.states[Side.CRM].forgotten else set()
        changed = self.moved or bool(corrected) or link.is_new or not link.crm_shadow or bool(unsettled)
        if changed:
            link.crm_shadow = self._packed(Side.CRM, unsettled)
            link.activecampaign_shadow = self._packed(Side.ACTIVECAMPAIGN, unsettled)
            for side in corrected:
                setattr(link, f"{side.value}_unconfirmed", b"")
            link.key = _contact_key(self.plan, self.states[Side.ACTIVECAMPAIGN].shadow) or link.key
        crm, contact = self.pair.crm, self.pair.activecampaign
        return Merged(
            link=link,
            changed=changed,
            offers=offers,
            holds=self.holds,
            ended_holds=self.ended,
            forms={side: state.forms for side, state in self.states.items() if state.forms},
            crm_version=crm.version if crm else None,
            activecampaign_version=contact.version if contact else None,
        )

    def _packed(self, side: Side, unsettled: set[str]) -> bytes:
        """Return a side's shadows; those that did not count stay until a receipt, but for what is held."""
        state = self.states[side]
        if not state.forgotten:
            return pack(state.shadow)
        held = {each.name(side) for each in self.plan.mapping.fields if each.crm in unsettled}
        kept = {name: value for name, value in state.forgotten.items() if name not in held}
        return pack({**kept, **state.shadow})


def _contact_key(plan: ObjectPlan, shadow: Mapping[str, Value]) -> str | None:
    email = shadow.get(plan.schemas[Side.ACTIVECAMPAIGN].email)
    return normal_email(email) if isinstance(email, str) else None


def merge_pair(context: Context, plan: ObjectPlan, pair: Pair, holds: Mapping[str, HoldRow]) -> Merged:
    """Decide every field of two records that exist."""
    whole = holds.get("")
    if whole is not None and is_paused(whole) and (unseen := _unseen(pair)) is not None:
        return Merged(link=pair.link, changed=False, unread=unseen)
    states = side_states(context, plan, pair, holds)
    outcome = FieldOutcomes(plan, pair, states)
    crm, contact = states[Side.CRM], states[Side.ACTIVECAMPAIGN]
    for field in plan.fields:
        hold = holds.get(field.mapping.crm)
        if crm.is_as_before(field.mapping.crm) and contact.is_as_before(field.mapping.activecampaign):
            if hold is not None:
                outcome.ended.append(hold.id)
            continue
        case = field_case(field, states)
        unread = _unread(case, states)
        if unread is not None:
            return Merged(link=pair.link, changed=False, unread=unread)
        lost = next((side for side in Side if field.mapping.name(side) in states[side].lost), None)
        if lost is not None:
            outcome.hold_lost(field, case, lost)
        else:
            _take(outcome, field, case, decide(field, case, clock_tolerance(context)), hold)
    if whole is not None:
        outcome.ended.append(whole.id)
    return outcome.merged([_update_offer(outcome, side, fields) for side, fields in outcome.offered.items()])


def _unseen(pair: Pair) -> Side | None:
    """Return the side that no sighting tells of: of a paused link, shadows do not say what it holds."""
    return next((side for side in Side if pair.seen(side) is None and pair.link.record_id(side)), None)


def _unread(case: FieldCase, states: Mapping[Side, SideState]) -> Side | None:
    """Return the side whose record must be read before this field can be decided.

    A change whose other side is neither in the inbox nor in a shadow is never dropped: it waits for that reading.
    """
    for side, value in ((Side.CRM, case.crm), (Side.ACTIVECAMPAIGN, case.activecampaign)):
        if isinstance(value, Missing) and states[side].seen is None and states[side].record_id is not None:
            return side
    return None


def _take(
    outcome: FieldOutcomes, field: FieldPlan, case: FieldCase, decision: Decision, hold: HoldRow | None
) -> None:
    """Put one field's decision where it belongs; what a person chose for these very values comes before it."""
    chosen = unpack(hold.chosen) if hold is not None and hold.chosen else {}
    if hold is not None and chosen and hold.fingerprint == fingerprint(field, case.crm, case.activecampaign):
        decision = decide_chosen(case, Shadows(chosen[Side.CRM.value], chosen[Side.ACTIVECAMPAIGN.value]))
        hold = None if decision.offers else hold  # ends with the receipt
    if decision.is_held or decision.kind is DecisionKind.UNKNOWN:
        if hold is None or hold.fingerprint != fingerprint(field, case.crm, case.activecampaign):
            outcome.hold(field, decision, case)
        return
    if decision.kind is DecisionKind.OFFER:
        if hold is None or hold.fingerprint != fingerprint(field, case.crm, case.activecampaign):
            outcome.offer(field, decision)
        return
    outcome.move_shadows(field, decision)
    if hold is not None:
        outcome.ended.append(hold.id)


def _update_offer(outcome: FieldOutcomes, side: Side, fields: Sequence[tuple[FieldPlan, Decision]]) -> Offer:
    target, source = outcome.states[side], outcome.states[side.other]
    expected: dict[str, Value] = {}
    intended: dict[str, Value] = {}
    sources: dict[str, Value] = {}
    reasons: dict[str, str] = {}
    for field, decision in fields:
        name = field.mapping.name(side)
        if name in target.values:
            expected[name] = target.values[name]
        intended[name] = decision.offers[side]
        reasons[name] = decision.reason.value
        source_name = field.mapping.name(side.other)
        if side.other in decision.offers:
            sources[source_name] = decision.offers[side.other]
        elif source_name in source.values:
            sources[source_name] = source.values[source_name]
    email = target.values.get(outcome.plan.schemas[side].email)
    return Offer(
        side=side,
        object=outcome.plan.object if side is Side.CRM else "contact",
        op=Op.UPDATE,
        record_id=target.record_id,
        key=normal_email(email) if isinstance(email, str) else outcome.pair.link.key,
        expected=expected,
        intended=intended,
        source=sources,
        reasons=reasons,
        read_at=target.seen.requested_at if target.seen else None,
    )


def journal_fields(expected: bytes, intended: bytes, reasons: bytes) -> dict[str, tuple[Any, Any, str]]:
    """Return before, after and reason per field, as the journal and plans keep them."""
    before, why = unpack(expected), msgspec.json.decode(reasons)
    return {name: (before.get(name), value, why.get(name, "")) for name, value in unpack(intended).items()}
