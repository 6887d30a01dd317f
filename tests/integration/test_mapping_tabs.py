"""Tabs and forms of the field mapping, without a page around them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from crosswalk.core.mapping import FieldMapping, Policy, UpdateRule

pytestmark = pytest.mark.usefixtures("django_database")
PAIR = FieldMapping(crm="Phone", activecampaign="phone")


def test_every_object_has_a_tab_for_either_kind_of_fields_with_a_name() -> None:
    from crosswalk.sync.context import OBJECTS
    from crosswalk.web.mapping.tabs import CUSTOM, PLURALS, STANDARD, TABS

    assert {(tab.object, tab.kind) for tab in TABS} == set(product(OBJECTS, (STANDARD, CUSTOM)))
    assert len({str(tab.title) for tab in TABS}) == len(TABS)
    assert set(PLURALS) == set(OBJECTS)


def test_whatever_rules_a_form_carries_it_asks_for_just_what_was_changed() -> None:
    from crosswalk.web.mapping.typed import RuleSet

    sets = [
        RuleSet(to_activecampaign, to_crm, policy, blanks)
        for to_activecampaign, to_crm, policy, blanks in product(
            UpdateRule, UpdateRule, (None, Policy.ASK, Policy.CRM), (True, False)
        )
    ]
    for was, now in product(sets, sets[::5]):
        assert RuleSet.read(was.text()) == was
        pair = replace(
            PAIR,
            to_activecampaign=was.to_activecampaign,
            to_crm=was.to_crm,
            policy=was.policy,
            blanks=was.blanks,
        )
        assert RuleSet.of(pair) == was
        assert RuleSet.of(now.since(was).applied(pair)) == now


@pytest.mark.parametrize("wrong", [{"rows": "x"}, {"rows": "1"}, {"rows": "1", "r0-was": "always"}])
def test_what_no_form_of_ours_says_is_refused(wrong: dict[str, str]) -> None:
    from django.core.exceptions import BadRequest

    from crosswalk.web.mapping.typed import read_rows

    with pytest.raises(BadRequest):
        read_rows(wrong)
