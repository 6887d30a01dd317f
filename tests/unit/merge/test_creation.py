from __future__ import annotations

import pytest

from crosswalk.core.mapping import Direction, Side, UpdateRule
from crosswalk.core.values import Kind, Value
from crosswalk.merge import NOTHING, DecisionKind, FieldCase, Reason, decide, decide_creation

from .build import AC, CHECKBOX, CRM, field, plan


def test_a_new_record_gets_the_sources_value() -> None:
    decision = decide_creation(plan(), AC, "Ana")
    assert (decision.kind, decision.reason) == (DecisionKind.OFFER, Reason.CREATED)
    assert decision.offers == {AC: "Ana"}
    assert decision.shadows == ("Ana", "Ana")


def test_an_empty_value_is_not_sent_even_to_a_required_field() -> None:
    decision = decide_creation(plan(field(Kind.TEXT, required=True)), CRM, None)
    assert (decision.kind, decision.offers, decision.shadows) == (DecisionKind.AGREE, {}, (None, None))


@pytest.mark.parametrize(
    ("target", "value", "kind", "offers"),
    [
        (AC, False, "agree", {}),
        (AC, True, "offer", {AC: ("true",)}),
        (CRM, None, "offer", {CRM: False}),
        (CRM, ("true",), "offer", {CRM: True}),
        (CRM, ("maybe",), "held", {}),
    ],
)
def test_a_checkbox_in_a_new_record(target: Side, value: Value, kind: str, offers: dict[Side, Value]) -> None:
    boxes = plan(field(Kind.BOOLEAN), CHECKBOX, to_activecampaign=UpdateRule.IF_EMPTY)
    decision = decide_creation(boxes, target, value)
    assert (decision.kind, decision.offers) == (kind, offers)


def test_the_rules_of_the_direction_hold_for_new_records_too() -> None:
    assert decide_creation(plan(to_crm=UpdateRule.NEVER), CRM, "x").reason is Reason.NEVER
    assert decide_creation(plan(direction=Direction.TO_CRM), AC, "x").reason is Reason.DIRECTION
    assert decide_creation(plan(to_crm=UpdateRule.IF_EMPTY), CRM, "x").offers == {CRM: "x"}


def test_a_field_that_can_only_be_set_at_creation_is_set_then() -> None:
    once = field(Kind.TEXT, writable=False)
    assert decide_creation(plan(activecampaign=once), AC, "x").kind is DecisionKind.OFFER
    assert decide(plan(activecampaign=once), FieldCase("x", "y", "y", "y")).kind is DecisionKind.HELD
    formula = field(Kind.TEXT, writable=False, creatable=False)
    assert decide_creation(plan(activecampaign=formula), AC, "x").kind is DecisionKind.HELD


@pytest.mark.parametrize("value", ["x", None])
def test_what_was_created_is_settled_when_it_is_read_back(value: Value) -> None:
    decision = decide_creation(plan(), AC, value)
    assert decision.shadows is not None
    assert decide(plan(), FieldCase(value, value, *decision.shadows)) is NOTHING
