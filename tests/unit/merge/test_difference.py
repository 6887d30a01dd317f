from __future__ import annotations

import pytest

from crosswalk.core.mapping import Direction, Policy, UpdateRule
from crosswalk.core.values import Kind
from crosswalk.merge import Reason, difference

from .build import AC, CHECKBOX, CRM, chosen, field, plan

NEVER, IF_EMPTY = UpdateRule.NEVER, UpdateRule.IF_EMPTY


def test_equal_sides_have_no_difference() -> None:
    assert difference(plan(), "x", "x") is None
    assert difference(plan(field(Kind.NUMBER)), "2.5", "2.50") is None
    assert difference(plan(field(Kind.BOOLEAN), CHECKBOX), False, None) is None
    assert difference(plan(field(Kind.EMAIL)), "ana@example.org", "Ana@example.org") is None


def test_a_difference_that_no_rule_stops_has_no_excuse() -> None:
    found = difference(plan(), "x", "y")
    assert found is not None
    assert (found.excuse, found.stops) == (None, {})
    empty = difference(plan(to_activecampaign=IF_EMPTY), "x", None)
    assert empty is not None
    assert empty.excuse is None


@pytest.mark.parametrize(
    ("rules", "crm", "activecampaign", "excuse"),
    [
        ({"direction": Direction.TO_ACTIVECAMPAIGN}, "x", "y", Reason.DIRECTION),
        ({"to_crm": NEVER}, "x", "y", Reason.NEVER),
        ({"to_activecampaign": IF_EMPTY}, "x", "y", Reason.IF_EMPTY),
        ({"blanks": False}, None, "y", Reason.BLANK_RULE),
        ({"to_activecampaign": IF_EMPTY, "to_crm": NEVER}, "x", "y", Reason.NEVER),
    ],
)
def test_a_rule_that_stops_a_direction_excuses(
    rules: dict[str, object], crm: str | None, activecampaign: str, excuse: Reason
) -> None:
    found = difference(plan(**rules), crm, activecampaign)  # type: ignore[arg-type]
    assert found is not None
    assert found.excuse is excuse


def test_which_directions_are_stopped_is_told() -> None:
    found = difference(plan(to_activecampaign=NEVER, to_crm=IF_EMPTY), "x", "y")
    assert found is not None
    assert found.stops == {AC: Reason.NEVER, CRM: Reason.IF_EMPTY}


def test_a_union_that_was_not_written_because_it_is_empty_is_excused() -> None:
    select = field(Kind.CHOICES, "a", "b", "c")
    joined = plan(select, select, policy=Policy.UNION, blanks=False)
    disjoint = difference(joined, chosen("a"), chosen("b"))
    assert disjoint is not None
    assert disjoint.excuse is Reason.BLANK_RULE
    overlapping = difference(joined, chosen("a", "b"), chosen("b", "c"))
    assert overlapping is not None
    assert overlapping.excuse is None
