"""The tables of the design, row by row, in examples."""

from __future__ import annotations

import pytest

from crosswalk.core.mapping import Direction, Policy, Side, UpdateRule
from crosswalk.core.values import Kind, Value
from crosswalk.merge import (
    ABSENT,
    NOTHING,
    UNKNOWN,
    UNSEEN,
    DecisionKind,
    FieldCase,
    Missing,
    Reason,
    Shadows,
    decide,
    tolerance,
)

from .build import AC, CHECKBOX, CRM, at, chosen, field, plan

NEVER, IF_EMPTY = UpdateRule.NEVER, UpdateRule.IF_EMPTY


def test_a_change_in_the_crm_is_offered_to_activecampaign() -> None:
    decision = decide(plan(), FieldCase("Lisboa", "Porto", "Porto", "Porto"))
    assert decision.kind is DecisionKind.OFFER
    assert decision.reason is Reason.CHANGED
    assert decision.offers == {AC: "Lisboa"}
    assert decision.shadows == Shadows("Lisboa", "Lisboa")
    assert decision.winner is CRM


@pytest.mark.parametrize(
    ("case", "kind", "offers", "shadows"),
    [
        (FieldCase("x", "x", "x", "x"), "nothing", {}, None),
        (FieldCase("x", "y", "x", "y"), "nothing", {}, None),  # settled by a rule once: not repaired
        (FieldCase("n", "x", "x", "x"), "offer", {AC: "n"}, ("n", "n")),
        (FieldCase("x", "n", "x", "x"), "offer", {CRM: "n"}, ("n", "n")),
        (FieldCase("n", "n", "x", "n"), "agree", {}, ("n", "n")),
        (FieldCase("n", "n", "n", "x"), "agree", {}, ("n", "n")),
        (FieldCase("n", "n", "x", "y"), "agree", {}, ("n", "n")),
        (FieldCase(None, "x", "x", "x"), "offer", {AC: None}, (None, None)),
        (FieldCase("x", None, "x", "x"), "offer", {CRM: None}, (None, None)),
        (FieldCase("x", "x"), "agree", {}, ("x", "x")),
        (FieldCase(None, None), "agree", {}, (None, None)),
        (FieldCase("x", None), "offer", {AC: "x"}, ("x", "x")),
        (FieldCase(None, "x"), "offer", {CRM: "x"}, ("x", "x")),
        (FieldCase("x", "y"), "offer", {AC: "x"}, ("x", "x")),
        (FieldCase("x", "y", ABSENT, "y"), "offer", {AC: "x"}, ("x", "x")),  # one shadow alone is no shadow
    ],
)
def test_the_table(
    case: FieldCase, kind: str, offers: dict[Side, Value], shadows: tuple[Value, Value]
) -> None:
    decision = decide(plan(), case)
    assert (decision.kind, decision.offers, decision.shadows) == (kind, offers, shadows)


def test_nothing_changed_is_one_shared_answer() -> None:
    assert decide(plan(), FieldCase("x", None, "x", None)) is NOTHING


@pytest.mark.parametrize(
    ("crm", "activecampaign"), [(UNKNOWN, "y"), ("y", UNKNOWN), (UNKNOWN, None), (UNKNOWN, UNKNOWN)]
)
def test_an_unknown_value_decides_nothing(crm: Value | Missing, activecampaign: Value | Missing) -> None:
    assert decide(plan(), FieldCase(crm, activecampaign, "x", "x")) is UNSEEN
    assert decide(plan(), FieldCase(crm, activecampaign)) is UNSEEN


@pytest.mark.parametrize(
    ("rules", "case", "reason"),
    [
        ({"direction": Direction.TO_CRM}, FieldCase("n", "x", "x", "x"), Reason.DIRECTION),
        ({"direction": Direction.TO_ACTIVECAMPAIGN}, FieldCase("x", "n", "x", "x"), Reason.DIRECTION),
        ({"to_activecampaign": NEVER}, FieldCase("n", "x", "x", "x"), Reason.NEVER),
        ({"to_crm": NEVER}, FieldCase("x", "n", "x", "x"), Reason.NEVER),
        ({"to_activecampaign": IF_EMPTY}, FieldCase("n", "x", "x", "x"), Reason.IF_EMPTY),
        ({"to_crm": IF_EMPTY}, FieldCase("x", None, "x", "x"), Reason.IF_EMPTY),
        ({"blanks": False}, FieldCase(None, "x", "x", "x"), Reason.BLANK_RULE),
        ({"to_crm": NEVER}, FieldCase(None, "x"), Reason.NEVER),
        # the order in which rules are asked
        (
            {"direction": Direction.TO_CRM, "to_activecampaign": NEVER},
            FieldCase("n", "x", "x", "x"),
            Reason.DIRECTION,
        ),
        ({"to_activecampaign": NEVER, "blanks": False}, FieldCase(None, "x", "x", "x"), Reason.NEVER),
        ({"to_activecampaign": IF_EMPTY, "blanks": False}, FieldCase(None, "x", "x", "x"), Reason.IF_EMPTY),
    ],
)
def test_a_rule_that_stops_an_offer_settles_the_field(
    rules: dict[str, object], case: FieldCase, reason: Reason
) -> None:
    decision = decide(plan(**rules), case)  # type: ignore[arg-type]
    assert (decision.kind, decision.reason, decision.offers) == (DecisionKind.SETTLED, reason, {})
    assert decision.shadows == (case.crm, case.activecampaign)


def test_only_if_empty_lets_a_value_into_an_empty_field() -> None:
    decision = decide(plan(to_activecampaign=IF_EMPTY), FieldCase("n", None, "x", None))
    assert decision.offers == {AC: "n"}


def test_two_changes_of_which_the_rules_let_one_pass_are_no_conflict() -> None:
    decision = decide(plan(to_crm=NEVER, policy=Policy.ASK), FieldCase("n", "m", "x", "x"))
    assert decision.offers == {AC: "n"}
    assert decision.reason is Reason.ONLY_ALLOWED
    assert decision.lost == "m"
    assert decision.stops == {CRM: Reason.NEVER}


def test_two_changes_that_both_stop_are_settled() -> None:
    decision = decide(plan(to_crm=IF_EMPTY, to_activecampaign=NEVER), FieldCase("n", "m", "x", "x"))
    assert decision.kind is DecisionKind.SETTLED
    assert decision.shadows == ("n", "m")
    assert decision.stops == {CRM: Reason.IF_EMPTY, AC: Reason.NEVER}
    assert decision.reason is Reason.NEVER


def test_an_emptied_side_that_may_not_travel_gets_the_other_sides_change() -> None:
    decision = decide(plan(blanks=False), FieldCase(None, "m", "x", "x"))
    assert decision.offers == {CRM: "m"}
    assert decision.stops == {AC: Reason.BLANK_RULE}


@pytest.mark.parametrize(
    ("policy", "offers", "reason", "lost"),
    [
        (Policy.CRM, {AC: "n"}, Reason.POLICY_CRM, "m"),
        (Policy.ACTIVECAMPAIGN, {CRM: "m"}, Reason.POLICY_ACTIVECAMPAIGN, "n"),
        (Policy.NEWEST, {CRM: "m"}, Reason.NEWEST, "n"),
        (Policy.UNION, {CRM: "m"}, Reason.NEWEST, "n"),  # a text is no multi-select
    ],
)
def test_the_policy_chooses_when_both_offers_pass(
    policy: Policy, offers: dict[Side, Value], reason: Reason, lost: str
) -> None:
    decision = decide(plan(policy=policy), FieldCase("n", "m", "x", "x", at(0), at(60)))
    assert (decision.offers, decision.reason, decision.lost) == (offers, reason, lost)
    assert not decision.first_link


def test_ask_holds_the_conflict_for_a_person() -> None:
    decision = decide(plan(policy=Policy.ASK), FieldCase("n", "m", "x", "x"))
    assert decision.kind is DecisionKind.CONFLICT
    assert decision.is_held
    assert (decision.offers, decision.shadows) == ({}, None)
    assert decision.rejection is not None
    assert decision.rejection.code == "conflict"


@pytest.mark.parametrize(
    ("crm_time", "activecampaign_time", "winner", "reason"),
    [
        (at(6, certain=True), at(0, certain=True), CRM, Reason.NEWEST),
        (at(0, certain=True), at(6, certain=True), AC, Reason.NEWEST),
        (at(0), at(6), AC, Reason.NEWEST),
        (at(6, certain=True), at(0), CRM, Reason.NEWEST),
        (at(0), at(6, certain=True), AC, Reason.NEWEST),
        (at(0, certain=True), at(6), CRM, Reason.WINNER),  # the bound may lie before the certain time
        (at(6), at(0, certain=True), CRM, Reason.WINNER),
        (at(0), at(5), CRM, Reason.WINNER),
        (at(0), at(0), CRM, Reason.WINNER),
        (None, at(60), CRM, Reason.WINNER),
        (None, None, CRM, Reason.WINNER),
    ],
)
def test_newest(crm_time: object, activecampaign_time: object, winner: Side, reason: Reason) -> None:
    case = FieldCase("n", "m", "x", "x", crm_time, activecampaign_time)  # type: ignore[arg-type]
    decision = decide(plan(), case, tolerance(0))
    assert (decision.winner, decision.reason) == (winner, reason)


def test_the_configured_winner_may_be_activecampaign() -> None:
    decision = decide(plan(winner=AC), FieldCase("n", "m", "x", "x"))
    assert decision.offers == {CRM: "m"}


def test_clocks_that_differ_widen_what_counts_as_equal_in_either_direction() -> None:
    case = FieldCase("n", "m", "x", "x", at(0), at(14))
    assert decide(plan(), case, tolerance(-10)).reason is Reason.WINNER
    assert decide(plan(), case, tolerance(8)).reason is Reason.NEWEST


@pytest.mark.parametrize(
    ("policy", "offers"),
    [(Policy.NEWEST, {AC: "n"}), (Policy.CRM, {AC: "n"}), (Policy.ACTIVECAMPAIGN, {CRM: "m"})],
)
def test_a_first_link_knows_no_newest(policy: Policy, offers: dict[Side, Value]) -> None:
    decision = decide(plan(policy=policy), FieldCase("n", "m", ABSENT, ABSENT, at(0), at(3600)))
    assert decision.offers == offers
    assert decision.first_link
    assert decision.reason is Reason.FIRST_LINK


def test_a_first_link_asks_when_the_policy_is_to_ask() -> None:
    decision = decide(plan(policy=Policy.ASK), FieldCase("n", "m"))
    assert decision.kind is DecisionKind.CONFLICT
    assert decision.first_link


SELECT = field(Kind.CHOICES, "a", "b", "c", "d")


@pytest.mark.parametrize(
    ("crm", "activecampaign", "base", "offers"),
    [
        (
            chosen("a", "b"),
            chosen("a", "c"),
            chosen("a"),
            {CRM: chosen("a", "b", "c"), AC: chosen("a", "b", "c")},
        ),
        (chosen("b"), chosen("a", "b", "c"), chosen("a", "b"), {CRM: chosen("b", "c"), AC: chosen("b", "c")}),
        (chosen("a"), None, chosen("a", "b"), {CRM: None, AC: None}),
        (chosen("a"), chosen("b"), chosen("a", "b"), {CRM: None, AC: None}),
        (chosen("a", "b"), chosen("a"), None, {AC: chosen("a", "b")}),
    ],
)
def test_union_joins_what_was_added_and_drops_what_was_removed(
    crm: Value, activecampaign: Value, base: Value, offers: dict[Side, Value]
) -> None:
    decision = decide(plan(SELECT, SELECT, policy=Policy.UNION), FieldCase(crm, activecampaign, base, base))
    expected = {
        side: value for side, value in offers.items() if value != {CRM: crm, AC: activecampaign}[side]
    }
    assert decision.offers == expected
    assert decision.reason is Reason.UNION
    assert len(set(decision.shadows or ())) == 1


def test_union_at_a_first_link_joins_everything() -> None:
    case = FieldCase(chosen("a"), chosen("b"), chosen("a", "b"), ABSENT)
    decision = decide(plan(SELECT, SELECT, policy=Policy.UNION), case)
    assert decision.offers == dict.fromkeys(Side, chosen("a", "b"))
    assert decision.first_link


def test_union_keeps_what_one_side_added_and_the_other_removed() -> None:
    case = FieldCase(None, chosen("a", "b"), chosen("a"), chosen("b"))
    decision = decide(plan(SELECT, SELECT, policy=Policy.UNION), case)
    assert decision.offers == {CRM: chosen("a", "b")}


def test_a_union_that_would_empty_the_field_obeys_the_blank_rule() -> None:
    case = FieldCase(chosen("a"), chosen("b"), chosen("a", "b"), chosen("a", "b"))
    decision = decide(plan(SELECT, SELECT, policy=Policy.UNION, blanks=False), case)
    assert (decision.kind, decision.reason) == (DecisionKind.SETTLED, Reason.BLANK_RULE)


def test_a_union_that_one_side_refuses_is_held_as_a_whole() -> None:
    narrow = field(Kind.CHOICES, "a", "b", restricted=True)
    case = FieldCase(chosen("a", "c"), chosen("a", "b"), chosen("a"), chosen("a"))
    decision = decide(plan(SELECT, narrow, policy=Policy.UNION), case)
    assert decision.kind is DecisionKind.HELD
    assert (decision.offers, decision.shadows) == ({}, None)


def test_the_targets_schema_holds_the_chosen_offer_and_does_not_choose_another() -> None:
    short = field(Kind.TEXT, length=3)
    decision = decide(plan(activecampaign=short, policy=Policy.CRM), FieldCase("Lisboa", "m", "x", "x"))
    assert (decision.kind, decision.reason, decision.winner) == (DecisionKind.HELD, Reason.SCHEMA, CRM)
    assert (decision.offers, decision.shadows, decision.lost) == ({}, None, "m")
    assert decision.rejection is not None
    assert decision.rejection.code == "too_long"


def test_emptying_a_required_field_is_held_and_the_blank_rule_settles_it() -> None:
    required = field(Kind.TEXT, required=True)
    case = FieldCase("x", None, "x", "x")
    held = decide(plan(required), case)
    assert held.kind is DecisionKind.HELD
    assert held.rejection is not None
    assert held.rejection.code == "required"
    assert decide(plan(required, blanks=False), case).kind is DecisionKind.SETTLED


def test_a_change_that_cannot_be_converted_is_held_unless_a_rule_stops_it_first() -> None:
    number, case = field(Kind.NUMBER), FieldCase("1", "many", "1", "1")
    held = decide(plan(number), case)
    assert (held.kind, held.reason) == (DecisionKind.HELD, Reason.CONVERSION)
    assert held.rejection is not None
    assert "many" in held.rejection.message
    assert decide(plan(number, to_crm=NEVER), case).kind is DecisionKind.SETTLED


def test_a_value_that_means_the_same_after_conversion_is_agreed() -> None:
    decision = decide(plan(field(Kind.NUMBER)), FieldCase("12.5", "12.50", "1", "1"))
    assert decision.kind is DecisionKind.AGREE
    assert decision.shadows == ("12.5", "12.50")


def test_the_case_of_an_email_is_no_change_and_no_difference() -> None:
    email = field(Kind.EMAIL)
    assert (
        decide(
            plan(email, email),
            FieldCase("ANA@example.org", "x@example.org", "ana@example.org", "x@example.org"),
        )
        is NOTHING
    )
    assert decide(plan(email), FieldCase("ana@example.org", "Ana@example.org")).kind is DecisionKind.AGREE


def test_zero_and_false_are_values() -> None:
    assert decide(plan(field(Kind.NUMBER)), FieldCase("0", None)).offers == {AC: "0"}
    assert decide(plan(field(Kind.BOOLEAN)), FieldCase(False, None)).offers == {AC: "false"}


def test_a_checkbox_is_never_empty() -> None:
    flag, ticked = field(Kind.BOOLEAN), ("true",)
    assert decide(plan(flag, CHECKBOX), FieldCase(False, None)).kind is DecisionKind.AGREE
    first = decide(plan(flag, CHECKBOX), FieldCase(False, ticked))
    assert (first.offers, first.first_link) == ({AC: None}, True)
    unticked = FieldCase(True, None, True, ticked)
    assert decide(plan(flag, CHECKBOX, blanks=False), unticked).offers == {CRM: False}
    filled = decide(plan(flag, CHECKBOX, to_activecampaign=IF_EMPTY), FieldCase(True, None, False, None))
    assert filled.reason is Reason.IF_EMPTY


def test_a_boolean_without_a_value_is_false_beside_a_checkbox() -> None:
    boxes = plan(field(Kind.BOOLEAN), CHECKBOX)
    assert decide(boxes, FieldCase(None, None, False, None)) is NOTHING
    assert decide(boxes, FieldCase(None, ("true",), False, None)).offers == {CRM: True}
