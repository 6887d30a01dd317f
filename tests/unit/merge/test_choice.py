"""What a person chose for both sides is offered to whichever side holds something else."""

from __future__ import annotations

import pytest

from crosswalk.core.mapping import Side
from crosswalk.core.values import Value
from crosswalk.merge import DecisionKind, FieldCase, Reason, Shadows, decide_chosen


@pytest.mark.parametrize(
    ("chosen", "offers"),
    [
        (("a", "a"), {Side.ACTIVECAMPAIGN: "a"}),
        (("b", "b"), {Side.CRM: "b"}),
        (("c", "c"), {Side.CRM: "c", Side.ACTIVECAMPAIGN: "c"}),
        ((None, None), {Side.CRM: None, Side.ACTIVECAMPAIGN: None}),
    ],
)
def test_a_choice_is_offered_with_its_reason(chosen: tuple[Value, Value], offers: dict[Side, Value]) -> None:
    decision = decide_chosen(FieldCase("a", "b"), Shadows(*chosen))
    assert (decision.kind, decision.reason) == (DecisionKind.OFFER, Reason.CHOSEN)
    assert decision.offers == offers
    assert decision.shadows == Shadows(*chosen)


def test_what_both_sides_hold_already_is_agreed() -> None:
    decision = decide_chosen(FieldCase(True, ("true",)), Shadows(True, ("true",)))
    assert decision.kind is DecisionKind.AGREE
    assert decision.offers == {}
