"""Merge of records that exist on one side alone: what the other side's new record will hold."""

from __future__ import annotations

from collections.abc import Mapping

from crosswalk.convert import fits
from crosswalk.core import catalogue
from crosswalk.core.mapping import Side
from crosswalk.core.system import Op
from crosswalk.core.values import Value
from crosswalk.merge import ConsentReason, DecisionKind, FieldCase, FieldPlan, decide_creation, fingerprint
from crosswalk.store.hold_rows import HoldNote, HoldRow
from crosswalk.store.outcomes import Merged, Offer

from .context import CONTACT, Context, ObjectPlan, short_digest
from .match import Pair
from .merging import REJECTED, FieldOutcomes
from .sides import side_states

DEFAULT = "default"  # the reason of a value that the connection's settings gave


class _Draft:
    """The new record as far as the fields were decided."""

    def __init__(self, plan: ObjectPlan, target: Side) -> None:
        self.plan = plan
        self.target = target
        self.intended: dict[str, Value] = {}
        self.left: dict[
            str, Value
        ] = {}  # fields that stay empty by agreement or rule: settled with the creation
        self.sources: dict[str, Value] = {}
        self.reasons: dict[str, str] = {}
        self.held: set[str] = set()  # fields of the target whose value waits for a cure

    def take(self, field: FieldPlan, value: Value, outcome: FieldOutcomes, hold: HoldRow | None) -> None:
        """Decide one field from the source's value."""
        name = field.mapping.name(self.target)
        case = FieldCase(value, None) if self.target is Side.ACTIVECAMPAIGN else FieldCase(None, value)
        if hold is not None and hold.fingerprint == fingerprint(field, case.crm, case.activecampaign):
            self.held.add(name)
            return
        decision = decide_creation(field, self.target, value)
        if decision.is_held:
            outcome.hold(field, decision, case)
            self.held.add(name)
            return
        self.sources[field.mapping.name(self.target.other)] = value
        if decision.kind is DecisionKind.OFFER:
            self.intended[name] = decision.offers[self.target]
            self.reasons[name] = decision.reason.value
        else:
            self.left[name] = None

    def opt_out(self) -> None:
        """Have the CRM's box checked."""
        schema = self.plan.schemas[self.target]
        box = schema.fields.get(schema.opt_out or "")
        if self.target is Side.CRM and box is not None and box.creatable:
            self.intended[box.name] = True
            self.reasons[box.name] = ConsentReason.OPTED_OUT.value

    def complete(self) -> str | None:
        """Give required fields without value the connection's default; return the name of one that has none."""
        defaults = self.plan.mapping.creation_defaults if self.target is Side.CRM else {}
        for name in self.plan.required[self.target]:
            if self.intended.get(name) is not None:
                continue
            default = defaults.get(name)
            field = self.plan.schemas[self.target].fields[name]
            if default is None or fits(field, default, creating=True) is not None:
                return name
            self._take_default(name, default)
        return None

    def _take_default(self, name: str, default: str) -> None:
        """Without a shadow of the source it travels there."""
        self.intended[name] = default
        self.reasons[name] = DEFAULT
        for pair in self.plan.mapping.fields:
            if pair.name(self.target) == name:
                self.sources.pop(pair.name(self.target.other), None)


def merge_creation(
    context: Context,
    plan: ObjectPlan,
    pair: Pair,
    target: Side,
    holds: Mapping[str, HoldRow],
    *,
    checked: bool,
) -> Merged:
    """Decide every field of a record that is to be created on `target`; without all it needs, it is held.

    `checked`: it is made of an opted-out contact, and says so from the start.
    """
    states = side_states(context, plan, pair, holds)
    outcome = FieldOutcomes(plan, pair, states)
    draft = _Draft(plan, target)
    source = states[target.other].values
    for field in plan.fields:
        name = field.mapping.name(target.other)
        if name in source:
            draft.take(field, source[name], outcome, holds.get(field.mapping.crm))
    if checked:
        draft.opt_out()
    missing = draft.complete()
    if missing is None and plan.schemas[target].email not in draft.intended:
        missing = plan.schemas[target].email
    whole = holds.get("")
    if missing in draft.held:  # the hold of that field says enough
        outcome.ended += [whole.id] if whole else []
        return outcome.merged([])
    if missing is None and whole is None:
        return outcome.merged([_offer(pair, draft)])
    mark = creation_mark(plan, target, draft.intended)
    if whole is not None and whole.fingerprint == mark:
        return outcome.merged([])
    if missing is None:
        return outcome.merged([_offer(pair, draft)])
    outcome.holds.append(_hold(plan, pair, target, missing, mark))
    return outcome.merged([])


def _offer(pair: Pair, draft: _Draft) -> Offer:
    return Offer(
        side=draft.target,
        object=draft.plan.object if draft.target is Side.CRM else CONTACT,
        op=Op.CREATE,
        record_id=None,
        key=pair.link.key,
        expected=draft.left,
        intended=draft.intended,
        source=draft.sources,
        reasons=draft.reasons,
        read_at=None,
    )


def creation_mark(plan: ObjectPlan, target: Side, intended: Mapping[str, Value]) -> str:
    """Return the fingerprint under which a creation is held: it begins with the plan's own mark."""
    return f"{plan.creation_marks[target]} {short_digest(sorted(intended.items()))}"


def _hold(plan: ObjectPlan, pair: Pair, target: Side, missing: str, mark: str) -> HoldNote:
    if missing == plan.schemas[target].email:
        said = catalogue.say("creation_barred")
    else:
        said = catalogue.say("creation_lacks", field=plan.schemas[target].fields[missing].label)
    return HoldNote(
        link_id=pair.link.id,
        side=target,
        object=plan.object,
        record_id=pair.link.crm_id or pair.link.activecampaign_id or "",
        kind=REJECTED,
        code=said.code,
        reason=said.message,
        cure=said.cure,
        fingerprint=mark,
    )
