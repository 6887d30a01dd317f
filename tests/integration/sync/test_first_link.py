from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import EMAIL, mapping_of

from crosswalk.core.mapping import Direction, FieldMapping, ObjectMapping, Policy, Settings, Side, UpdateRule

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

ALWAYS, IF_EMPTY, NEVER = UpdateRule.ALWAYS, UpdateRule.IF_EMPTY, UpdateRule.NEVER

# Pairs of text fields, CRM and ActiveCampaign, that a case may use as it likes.
PAIRS = (
    ("FirstName", "firstName"),
    ("Phone", "phone"),
    ("Title", "Job title"),
    ("MailingCity", "City"),
    ("Department", "Company"),
    ("Nickname__c", "Nickname"),
    ("AssistantName", "Source"),
    ("MailingCountry", "Landing page"),
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """What both sides hold before and after the first run, and the rules of the pair."""

    crm: str = ""
    contact: str = ""
    ends: str = ""  # on both sides, or:
    then_crm: str = ""
    then_contact: str = ""
    to_crm: UpdateRule = ALWAYS
    to_activecampaign: UpdateRule = ALWAYS
    policy: Policy | None = None


def run_cases(
    both: TwoSystems, *cases: Case, direction: Direction = Direction.BOTH, settings: Settings | None = None
) -> None:
    """All cases are pairs of one record, so that one run shows them all."""
    pairs = list(zip(PAIRS, cases, strict=False))
    fields = [
        FieldMapping(
            crm=crm,
            activecampaign=contact,
            to_crm=case.to_crm,
            to_activecampaign=case.to_activecampaign,
            policy=case.policy,
        )
        for (crm, contact), case in pairs
    ]
    crm_id = both.crm_new(Email="ana@example.org", **{crm: case.crm for (crm, _), case in pairs})
    both.contact_new("ana@example.org", **{contact: case.contact for (_, contact), case in pairs})
    contact_mapping = ObjectMapping(object="contact", direction=direction, fields=(EMAIL, *fields))
    both.connect(mapping_of(contact_mapping, settings=settings))

    both.sync()

    crm = both.crm("contact", crm_id)
    found = [(crm[a] or "", both.held("ana@example.org", b)) for (a, b), _ in pairs]
    assert found == [(case.ends or case.then_crm, case.ends or case.then_contact) for case in cases]
    both.assert_quiet()


def test_it_works(both: TwoSystems) -> None:
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org")
    both.contact_new("Ana@example.org", phone="+34 600 123 456")
    both.connect()

    result = both.sync()

    assert result.counts == {"crm update": 1, "activecampaign update": 1}
    assert both.crm("contact", crm_id)["Phone"] == "+34 600 123 456"
    assert both.contact("ana@example.org")["firstName"] == "Ana"
    assert [(link.state, link.is_primary) for link in both.links()] == [("open", True)]
    both.assert_quiet()


def test_equal_records_are_linked_without_a_write(both: TwoSystems) -> None:
    both.crm_new(FirstName="Ana", Email="ana@example.org")
    both.contact_new(" ana@example.org ", firstName="Ana", lastName="Ruiz")
    both.connect()

    assert both.sync().counts == {}

    assert [link.state for link in both.links()] == ["open"]
    assert both.journal() == []
    both.assert_quiet()


def test_the_filled_side_fills_the_empty_one_unless_its_rule_is_never(both: TwoSystems) -> None:
    run_cases(
        both,
        Case(crm="x", ends="x"),
        Case(contact="y", ends="y"),
        Case(crm="x", to_activecampaign=IF_EMPTY, ends="x"),
        Case(contact="y", to_crm=IF_EMPTY, ends="y"),
        Case(crm="x", to_activecampaign=NEVER, then_crm="x"),
        Case(contact="y", to_crm=NEVER, then_contact="y"),
    )


def test_of_two_filled_sides_the_policy_chooses(both: TwoSystems) -> None:
    run_cases(
        both,
        Case(crm="x", contact="y", ends="x"),  # newest: the configured winner
        Case(crm="x", contact="y", policy=Policy.NEWEST, ends="x"),
        Case(crm="x", contact="y", policy=Policy.CRM, ends="x"),
        Case(crm="x", contact="y", policy=Policy.ACTIVECAMPAIGN, ends="y"),
        Case(crm="x", contact="y", policy=Policy.UNION, ends="x"),  # on a text it means newest
        Case(crm="x", contact="y", policy=Policy.ASK, then_crm="x", then_contact="y"),
    )
    (conflict,) = both.holds()
    assert (conflict["kind"], conflict["field"]) == ("conflict", "Nickname__c")
    assert conflict["values"] == {"crm": "x", "activecampaign": "y"}


def test_the_winner_of_newest_can_be_activecampaign(both: TwoSystems) -> None:
    run_cases(
        both,
        Case(crm="x", contact="y", ends="y"),
        settings=Settings(winner=Side.ACTIVECAMPAIGN),
    )
    (row,) = both.journal()
    assert row["fields"] == {"FirstName": ["x", "y", "first_link"]}  # the loser stays visible


def test_rules_come_before_the_policy(both: TwoSystems) -> None:
    run_cases(
        both,
        Case(crm="x", contact="y", to_activecampaign=NEVER, policy=Policy.CRM, ends="y"),
        Case(crm="x", contact="y", to_crm=NEVER, policy=Policy.ACTIVECAMPAIGN, ends="x"),
        Case(crm="x", contact="y", to_activecampaign=IF_EMPTY, policy=Policy.ASK, ends="y"),
        Case(crm="x", contact="y", to_crm=IF_EMPTY, policy=Policy.ASK, ends="x"),
        Case(crm="x", contact="y", to_crm=NEVER, to_activecampaign=IF_EMPTY, then_crm="x", then_contact="y"),
        Case(crm="x", contact="y", to_crm=NEVER, to_activecampaign=NEVER, then_crm="x", then_contact="y"),
    )
    assert both.holds() == []


@pytest.mark.parametrize("target", Side)
def test_an_object_that_flows_one_way_writes_only_that_way(both: TwoSystems, target: Side) -> None:
    wins = "x" if target is Side.ACTIVECAMPAIGN else "y"
    run_cases(
        both,
        Case(crm="x", contact="y", ends=wins),
        Case(crm="x", then_crm="x", then_contact="x" if target is Side.ACTIVECAMPAIGN else ""),
        Case(contact="y", then_contact="y", then_crm="y" if target is Side.CRM else ""),
        direction=Direction(f"to_{target}"),
    )


def test_values_of_every_type_meet_in_one_form(both: TwoSystems) -> None:
    types = {
        "Notes__c": ("Notes", "line one\r\nline two 🎈", "line one\nline two 🎈"),
        "Score__c": ("Score", 0, "0"),
        "Birthday__c": ("Birthday", "1980-02-29", "1980-02-29"),
        "Region__c": ("Region", "Europe", "Europe"),
        "Interests__c": ("Interests", "Webinars;Email", "||Email||Webinars||"),
        "Partner__c": ("Partner", True, "||true||"),
    }
    fields = [FieldMapping(crm=crm, activecampaign=title) for crm, (title, *_) in types.items()]
    there = both.crm_new(Email="ana@example.org", **{crm: value for crm, (_, value, _) in types.items()})
    both.contact_new("ana@example.org")
    back = both.crm_new(Email="ben@example.org", Partner__c=True)
    both.contact_new(
        "ben@example.org", **{title: text for title, _, text in types.values() if title != "Partner"}
    )
    both.connect(mapping_of(fields=(EMAIL, *fields)))

    both.sync()

    for title, _, text in types.values():
        assert both.held("ana@example.org", title).replace("\r", "") == text, title
    ben, ana = both.crm("contact", back), both.crm("contact", there)
    assert {name: ben[name] for name in types} == {name: ana[name] for name in types} | {
        "Notes__c": ben["Notes__c"]
    }
    assert str(ben["Notes__c"]).replace("\r", "") == "line one\nline two 🎈"
    both.assert_quiet()


def test_a_checkbox_is_never_empty(both: TwoSystems) -> None:
    """Not ticked is false and may win over a tick, as any other value."""
    crm_id = both.crm_new(Email="ana@example.org", Partner__c=False)
    both.contact_new("ana@example.org", Partner=True)
    both.connect(mapping_of(fields=(EMAIL, FieldMapping(crm="Partner__c", activecampaign="Partner"))))

    both.sync()

    assert both.crm("contact", crm_id)["Partner__c"] is False
    assert both.held("ana@example.org", "Partner") == ""
    both.assert_quiet()


def test_choices_are_joined_by_the_policy_union(both: TwoSystems) -> None:
    interests = FieldMapping(crm="Interests__c", activecampaign="Interests", policy=Policy.UNION)
    crm_id = both.crm_new(Email="ana@example.org", Interests__c="Email;Phone")
    both.contact_new("ana@example.org", Interests=["Phone", "Events"])
    both.connect(mapping_of(fields=(EMAIL, interests)))

    both.sync()

    assert sorted(both.crm("contact", crm_id)["Interests__c"].split(";")) == ["Email", "Events", "Phone"]
    assert both.held("ana@example.org", "Interests") == "||Email||Events||Phone||"
    both.assert_quiet()
