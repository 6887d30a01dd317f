"""What may excuse a difference, judged from the values and the rules alone: no shadow is asked."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ..convert import ConversionError, stored_differently
from ..core.mapping import Policy, Side
from ..core.values import Value
from .decision import RULES, Reason
from .plan import FieldPlan


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Two sides of one field that are not equal, and the rules that stop either side's value.

    One stopped direction is enough for an excuse: what a person changes at its source stays there, and
    nothing is repaired until the other side changes. A difference is without excuse when both offers would
    pass the rules, since then no rule can have kept it. `stops` tells whether one direction is open (one
    entry) or none (two).
    """

    stops: Mapping[Side, Reason]  # side that may not be written → the rule that stops it

    @property
    def excuse(self) -> Reason | None:
        """The rule that excuses the difference; of two, the one that is asked first."""
        return min(self.stops.values(), key=RULES.index) if self.stops else None


def difference(plan: FieldPlan, crm: Value, activecampaign: Value) -> Difference | None:
    """Return None when both sides hold the same, else the difference with the rules that stop its repair."""
    if plan.equal(crm, activecampaign):
        return None
    now = {Side.CRM: crm, Side.ACTIVECAMPAIGN: activecampaign}
    stops = {}
    for route in (plan.to_crm, plan.to_activecampaign):
        stop = route.stop(now[route.source], now[route.target])
        if stop is not None:
            stops[route.target] = stop
    if not stops and _joins_to_nothing(plan, crm, activecampaign):
        stops = dict.fromkeys(Side, Reason.BLANK_RULE)
    return Difference(stops=stops)


Kept = Mapping[Side, tuple[Value, Value]]  # by written side: what we sent last, and how its vendor keeps it


def kept_differently(plan: FieldPlan, crm: Value, activecampaign: Value, kept: Kept) -> bool:
    """Tell whether one side's value is what its vendor makes of the other's.

    Either by a known habit, or since the journal says so of this very value (`kept`).
    """
    now = {Side.CRM: crm, Side.ACTIVECAMPAIGN: activecampaign}
    for route in (plan.to_crm, plan.to_activecampaign):
        try:
            sent = route.convert(now[route.source])
        except ConversionError:
            continue
        read = now[route.target]
        if kept.get(route.target) == (sent, read):
            return True
        if stored_differently(
            _VENDORS[route.target], route.field.kind, sent, read, length=route.field.length
        ):
            return True
    return False


_VENDORS = {Side.CRM: "crm", Side.ACTIVECAMPAIGN: "activecampaign"}


def _joins_to_nothing(plan: FieldPlan, crm: Value, activecampaign: Value) -> bool:
    """Tell whether the union may be empty (each removed what the other holds) and then is not written."""
    if plan.policy is not Policy.UNION or plan.mapping.blanks:
        return False
    return isinstance(crm, tuple) and isinstance(activecampaign, tuple) and not set(crm) & set(activecampaign)
