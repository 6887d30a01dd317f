"""One field mapping, compiled: everything that does not depend on the values is worked out once."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from ..convert import ConversionError, Convert, converter, is_checkbox_pair, pairable
from ..core.failures import UserError
from ..core.mapping import Direction, FieldMapping, Policy, Side, UpdateRule
from ..core.schema import Field
from ..core.values import Kind, Value, same
from .case import Missing
from .decision import Reason

Same = Callable[[Value, Value], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One direction of a field mapping: from its source to its target, with the rules on the way."""

    source: Side
    target: Side
    field: Field  # the target's
    convert: Convert  # the source's canonical values into the target's
    barred: Reason | None  # the rule that stops every offer, if one does
    only_if_empty: bool
    blanks: bool
    never_empty: bool  # a checkbox paired with a boolean: nothing ticked is false

    def stop(self, value: Value, current: Value) -> Reason | None:
        """Return the rule that keeps the source's `value` from replacing the target's `current`, or None."""
        if self.barred is not None:
            return self.barred
        if self.only_if_empty and (self.never_empty or current is not None):
            return Reason.IF_EMPTY
        if not self.blanks and value is None and not self.never_empty:
            return Reason.BLANK_RULE
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPlan:
    """A field mapping ready for `decide`."""

    mapping: FieldMapping
    crm: Field
    activecampaign: Field
    policy: Policy  # `union` only where both sides are multi-selects
    winner: Side
    to_crm: Route
    to_activecampaign: Route
    same_crm: Same
    same_activecampaign: Same
    never_empty: bool
    version: str  # changes whenever anything above does

    def route(self, target: Side) -> Route:
        """Return the direction that writes `target`."""
        return self.to_crm if target is Side.CRM else self.to_activecampaign

    def empty(self, value: Value) -> bool:
        """Tell whether a side's value counts as empty."""
        return value is None and not self.never_empty

    def equal(self, crm: Value, activecampaign: Value) -> bool:
        """Tell whether both sides hold the same in either's form; what cannot be converted equals nothing."""
        return _matches(self.to_activecampaign, crm, activecampaign, self.same_activecampaign) or _matches(
            self.to_crm, activecampaign, crm, self.same_crm
        )


def _matches(route: Route, value: Value, current: Value, same_target: Same) -> bool:
    try:
        return same_target(route.convert(value), current)
    except ConversionError:
        return False


def compile_field(
    mapping: FieldMapping,
    crm: Field,
    activecampaign: Field,
    *,
    direction: Direction = Direction.BOTH,
    policy: Policy = Policy.NEWEST,
    winner: Side = Side.CRM,
) -> FieldPlan:
    """Compile one field mapping with the definitions of its two fields.

    `direction` is the object's; `policy` the connection's, which the mapping may override; `winner` decides
    where `newest` cannot. Raises UserError when the two fields cannot be paired.
    """
    reason = pairable(crm, activecampaign)
    if reason is not None:
        raise UserError(reason)
    chosen = mapping.policy or policy
    if chosen is Policy.UNION and not (crm.kind is Kind.CHOICES and activecampaign.kind is Kind.CHOICES):
        chosen = Policy.NEWEST
    checkbox = is_checkbox_pair(crm, activecampaign)
    return FieldPlan(
        mapping=mapping,
        crm=crm,
        activecampaign=activecampaign,
        policy=chosen,
        winner=winner,
        to_crm=_route(Side.CRM, mapping, activecampaign, crm, direction, checkbox),
        to_activecampaign=_route(Side.ACTIVECAMPAIGN, mapping, crm, activecampaign, direction, checkbox),
        same_crm=_same_truth if checkbox else _same(crm.kind),
        same_activecampaign=_same(activecampaign.kind),
        never_empty=checkbox,
        version=_digest(mapping, crm, activecampaign, direction, chosen, winner),
    )


def _route(
    target: Side, mapping: FieldMapping, source: Field, field: Field, direction: Direction, checkbox: bool
) -> Route:
    rule = mapping.rule(target)
    barred = None
    if not direction.allows(target):
        barred = Reason.DIRECTION
    elif rule is UpdateRule.NEVER:
        barred = Reason.NEVER
    return Route(
        source=target.other,
        target=target,
        field=field,
        convert=converter(source, field),
        barred=barred,
        only_if_empty=rule is UpdateRule.IF_EMPTY,
        blanks=mapping.blanks,
        never_empty=checkbox,
    )


def _same(kind: Kind) -> Same:
    if kind is Kind.EMAIL:
        return lambda left, right: same(Kind.EMAIL, left, right)
    return operator.eq


def _same_truth(left: Value, right: Value) -> bool:
    return bool(left) is bool(right)


def _digest(*parts: object) -> str:
    return blake2b(msgspec.json.encode(parts), digest_size=12).hexdigest()


def fingerprint(plan: FieldPlan, crm: Value | Missing, activecampaign: Value | Missing) -> str:
    """Return a short hash of both values, the field's mapping and both field definitions.

    Holds keep it: what was refused once is not tried again while it stays the same.
    """
    return _digest(plan.version, _known(crm), _known(activecampaign))


def _known(value: Value | Missing) -> tuple[Value, ...]:
    return () if isinstance(value, Missing) else (value,)
