from __future__ import annotations

import pytest

from crosswalk.core.failures import UserError
from crosswalk.core.mapping import FieldMapping, Policy, UpdateRule
from crosswalk.core.values import Kind, Value
from crosswalk.merge import UNKNOWN, Missing, Reason, compile_field, fingerprint

from .build import AC, field, plan


def test_fields_that_cannot_be_paired_are_refused_with_both_names() -> None:
    with pytest.raises(UserError, match=r"Datetime.*Date"):
        plan(field(Kind.DATETIME), field(Kind.DATE))


def test_a_fields_own_policy_overrides_the_connections() -> None:
    mapping = FieldMapping(crm="c", activecampaign="a", policy=Policy.ASK)
    compiled = compile_field(mapping, field(Kind.TEXT), field(Kind.TEXT), policy=Policy.CRM)
    assert compiled.policy is Policy.ASK


def test_union_means_newest_unless_both_sides_take_several_choices() -> None:
    several, one = field(Kind.CHOICES, "a"), field(Kind.CHOICE, "a")
    assert plan(several, several, policy=Policy.UNION).policy is Policy.UNION
    assert plan(several, one, policy=Policy.UNION).policy is Policy.NEWEST
    assert plan(one, several, policy=Policy.UNION).policy is Policy.NEWEST


def test_a_fingerprint_is_the_same_for_the_same_question() -> None:
    assert fingerprint(plan(), "x", None) == fingerprint(plan(), "x", None)


def test_a_fingerprint_changes_with_a_value_the_mapping_or_a_definition() -> None:
    prints = [
        fingerprint(plan(), "x", "y"),
        fingerprint(plan(), "y", "x"),
        fingerprint(plan(), "x", None),
        fingerprint(plan(), "x", UNKNOWN),
        fingerprint(plan(), "x", "unknown"),
        fingerprint(plan(), "x", ("y",)),
        fingerprint(plan(to_crm=UpdateRule.NEVER), "x", "y"),
        fingerprint(plan(blanks=False), "x", "y"),
        fingerprint(plan(policy=Policy.ASK), "x", "y"),
        fingerprint(plan(winner=AC), "x", "y"),
        fingerprint(plan(field(Kind.TEXT, length=80)), "x", "y"),
        fingerprint(plan(activecampaign=field(Kind.CHOICE, "x")), "x", "y"),
        fingerprint(plan(activecampaign=field(Kind.CHOICE, "x", "y")), "x", "y"),
    ]
    assert len(set(prints)) == len(prints)


@pytest.mark.parametrize("value", ["Łódź\n🙂", True, ("a", "b"), None, UNKNOWN])
def test_every_value_has_a_short_fingerprint(value: Value | Missing) -> None:
    assert len(fingerprint(plan(), value, value)) == 24


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_a_sentence(reason: Reason) -> None:
    assert reason.text.endswith(".")
