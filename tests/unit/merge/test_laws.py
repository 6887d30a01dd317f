"""Laws that hold whatever the fields, rules and values are."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosswalk.convert import ConversionError
from crosswalk.core.mapping import Direction, Policy, Side, UpdateRule
from crosswalk.core.schema import Field
from crosswalk.core.values import Kind, Value
from crosswalk.merge import (
    NOTHING,
    UNKNOWN,
    UNSEEN,
    Decision,
    DecisionKind,
    FieldCase,
    FieldPlan,
    Reason,
    Stamp,
    decide,
    difference,
)

from .build import AC, CRM, field
from .strategies import Settings, all_settings, cases, planned_cases

law = settings(max_examples=200, deadline=None, database=None)


def value_of(case: FieldCase, side: Side) -> Value:
    value = case.crm if side is CRM else case.activecampaign
    assert value is not UNKNOWN
    return value  # type: ignore[return-value]


def applied(decision: Decision, case: FieldCase) -> FieldCase:
    """Return the case after the decision: values written and receipted, shadows moved."""
    values = {side: decision.offers.get(side, value_of(case, side)) for side in Side}
    shadows = decision.shadows or (case.crm_shadow, case.activecampaign_shadow)
    return FieldCase(values[CRM], values[AC], *shadows, case.crm_time, case.activecampaign_time)


@law
@given(planned_cases())
def test_a_field_is_settled_in_one_round_and_a_held_one_stays_as_it_is(
    drawn: tuple[FieldPlan, FieldCase],
) -> None:
    plan, case = drawn
    decision = decide(plan, case)
    again = decide(plan, applied(decision, case))
    assert again == (decision if decision.is_held else NOTHING)


@law
@given(planned_cases())
def test_what_is_written_makes_both_sides_equal(drawn: tuple[FieldPlan, FieldCase]) -> None:
    plan, case = drawn
    decision = decide(plan, case)
    after = applied(decision, case)
    if decision.kind in {DecisionKind.OFFER, DecisionKind.AGREE}:
        assert plan.equal(value_of(after, CRM), value_of(after, AC))


@law
@given(planned_cases())
def test_nothing_is_invented(drawn: tuple[FieldPlan, FieldCase]) -> None:
    plan, case = drawn
    decision = decide(plan, case)
    for target, value in decision.offers.items():
        if decision.reason is Reason.UNION:
            seen = {option for side in Side for option in value_of(case, side) or ()}  # type: ignore[union-attr]
            assert set(value or ()) <= seen  # type: ignore[arg-type]
        else:
            assert value == plan.route(target).convert(value_of(case, target.other))


@law
@given(planned_cases())
def test_no_value_travels_against_a_rule(drawn: tuple[FieldPlan, FieldCase]) -> None:
    plan, case = drawn
    decision = decide(plan, case)
    for target, value in decision.offers.items():
        assert plan.to_crm.barred is None if target is CRM else plan.to_activecampaign.barred is None
        assert plan.mapping.rule(target) is not UpdateRule.NEVER
        if plan.mapping.rule(target) is UpdateRule.IF_EMPTY:
            assert value_of(case, target) is None
            assert not plan.never_empty
        assert value is not None or plan.mapping.blanks or plan.never_empty


@law
@given(planned_cases(), st.sampled_from(Side))
def test_one_way_objects_write_one_side_only(drawn: tuple[FieldPlan, FieldCase], target: Side) -> None:
    plan, case = drawn
    one_way = Settings(
        to_crm=plan.mapping.to_crm,
        to_activecampaign=plan.mapping.to_activecampaign,
        blanks=plan.mapping.blanks,
        direction=Direction(f"to_{target}"),
        policy=plan.policy,
        winner=plan.winner,
    ).plan(plan.crm, plan.activecampaign)
    assert set(decide(one_way, case).offers) <= {target}


@law
@given(planned_cases())
def test_the_loser_of_a_conflict_is_kept(drawn: tuple[FieldPlan, FieldCase]) -> None:
    plan, case = drawn
    decision = decide(plan, case)
    contested = decision.first_link or decision.reason in {
        Reason.NEWEST,
        Reason.WINNER,
        Reason.POLICY_CRM,
        Reason.POLICY_ACTIVECAMPAIGN,
        Reason.ONLY_ALLOWED,
    }
    if contested and decision.kind is DecisionKind.OFFER and decision.reason is not Reason.UNION:
        (target,) = decision.offers
        assert decision.winner is target.other
        assert decision.lost == value_of(case, target)


@law
@given(planned_cases())
def test_a_field_that_did_not_change_is_never_written_over(drawn: tuple[FieldPlan, FieldCase]) -> None:
    plan, case = drawn
    decision = decide(plan, case)
    shadows = {CRM: case.crm_shadow, AC: case.activecampaign_shadow}
    if all(isinstance(shadow, (str, bool, tuple, type(None))) for shadow in shadows.values()):
        for target in decision.offers:
            assert value_of(case, target.other) != shadows[target.other] or decision.reason is Reason.UNION


@law
@given(planned_cases())
def test_a_held_field_moves_nothing_and_names_a_cure(drawn: tuple[FieldPlan, FieldCase]) -> None:
    plan, case = drawn
    decision = decide(plan, case)
    if decision.is_held:
        assert decision.shadows is None
        assert decision.offers == {}
        assert decision.rejection is not None
        assert decision.rejection.message
        assert decision.rejection.cure
    else:
        assert decision.rejection is None


@law
@given(planned_cases())
def test_verify_excuses_what_a_rule_settled(drawn: tuple[FieldPlan, FieldCase]) -> None:
    plan, case = drawn
    decision = decide(plan, case)
    if decision.kind is DecisionKind.SETTLED:
        found = difference(plan, value_of(case, CRM), value_of(case, AC))
        assert found is not None
        assert decision.stops.items() <= found.stops.items()


@law
@given(planned_cases(), st.sampled_from(("crm", "activecampaign")))
def test_an_unknown_value_takes_part_in_no_decision(drawn: tuple[FieldPlan, FieldCase], side: str) -> None:
    plan, case = drawn
    assert decide(plan, msgspec.structs.replace(case, **{side: UNKNOWN})) is UNSEEN


@law
@given(planned_cases())
def test_only_a_value_that_cannot_be_carried_is_held_by_conversion(
    drawn: tuple[FieldPlan, FieldCase],
) -> None:
    plan, case = drawn
    decision = decide(plan, case)
    if decision.reason is Reason.CONVERSION:
        assert decision.winner is not None
        with pytest.raises(ConversionError):
            plan.route(decision.winner.other).convert(value_of(case, decision.winner))


def mirrored(settings: Settings) -> Settings:
    """Return the same rules with the sides' roles exchanged."""
    directions = {
        Direction.TO_CRM: Direction.TO_ACTIVECAMPAIGN,
        Direction.TO_ACTIVECAMPAIGN: Direction.TO_CRM,
    }
    policies = {Policy.CRM: Policy.ACTIVECAMPAIGN, Policy.ACTIVECAMPAIGN: Policy.CRM}
    return Settings(
        to_crm=settings.to_activecampaign,
        to_activecampaign=settings.to_crm,
        blanks=settings.blanks,
        direction=directions.get(settings.direction, settings.direction),
        policy=policies.get(settings.policy, settings.policy),
        winner=settings.winner.other,
    )


def mirrored_decision(decision: Decision) -> Decision:
    reasons = {
        Reason.POLICY_CRM: Reason.POLICY_ACTIVECAMPAIGN,
        Reason.POLICY_ACTIVECAMPAIGN: Reason.POLICY_CRM,
    }
    return msgspec.structs.replace(
        decision,
        reason=reasons.get(decision.reason, decision.reason),
        offers={side.other: value for side, value in decision.offers.items()},
        shadows=decision.shadows and type(decision.shadows)(*reversed(decision.shadows)),
        stops={side.other: reason for side, reason in decision.stops.items()},
        winner=decision.winner and decision.winner.other,
    )


def swapped(case: FieldCase) -> FieldCase:
    times: tuple[Stamp | None, Stamp | None] = (case.activecampaign_time, case.crm_time)
    return FieldCase(case.activecampaign, case.crm, case.activecampaign_shadow, case.crm_shadow, *times)


SYMMETRIC: tuple[Field, ...] = (
    field(Kind.TEXT, length=12, required=True),
    field(Kind.CHOICES, "a", "b", restricted=True),
)


@law
@given(st.sampled_from(SYMMETRIC), all_settings, st.data())
def test_neither_side_is_preferred(one: Field, settings: Settings, data: st.DataObject) -> None:
    case = data.draw(cases(one, one))
    decision = decide(settings.plan(one, one), case)
    assert decide(mirrored(settings).plan(one, one), swapped(case)) == mirrored_decision(decision)
