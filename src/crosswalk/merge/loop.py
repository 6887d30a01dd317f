"""Whether our writes of one field go to and fro: somebody on one of the two sides sets it back again and again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..core.mapping import Side
from ..core.values import Value
from .plan import FieldPlan


class Written(NamedTuple):
    """One write of a field: what its side held before and holds after, in that side's canonical form."""

    side: Side
    before: Value
    after: Value


def times_set_back(plan: FieldPlan, writes: Sequence[Written]) -> int:
    """Return how many writes, given in their order, brought back a value that an earlier one of them had replaced.

    Values of both sides are compared as the merge does. People who type new values in turns bring nothing back.
    """
    return sum(
        any(_equal(plan, each.side, each.after, other.side, other.before) for other in writes[:number])
        for number, each in enumerate(writes)
    )


def _equal(plan: FieldPlan, side: Side, value: Value, other_side: Side, other: Value) -> bool:
    if side is other_side:
        return plan.same_crm(value, other) if side is Side.CRM else plan.same_activecampaign(value, other)
    return plan.equal(value, other) if side is Side.CRM else plan.equal(other, value)
