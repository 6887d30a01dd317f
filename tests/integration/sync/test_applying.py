"""*Apply to all now*: today's rules for old records, after a plan and never before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import NAMES, mapping_of

from crosswalk.core.failures import UserError
from crosswalk.core.mapping import FieldMapping, Policy, Settings, UpdateRule

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

TITLE = FieldMapping(crm="Title", activecampaign="Job title")
BARRED = FieldMapping(crm="Title", activecampaign="Job title", to_activecampaign=UpdateRule.NEVER)
APPLIED = {"contact": ["Title"]}


def differing(both: TwoSystems, count: int = 3) -> list[str]:
    """Titles that a rule kept from travelling; then the rule is lifted."""
    ids = [both.crm_new(FirstName=f"P{n}", Email=f"p{n}@example.org", Title="Old") for n in range(count)]
    for number in range(count):
        both.contact_new(f"p{number}@example.org", **{"Job title": "Old"})
    both.connect(mapping_of(fields=(*NAMES, BARRED)))
    both.sync()
    both.wait(60)
    for crm_id in ids:
        both.crm_edit("contact", crm_id, Title="New")
    both.sync()
    both.wait(60)
    both.set_mapping(mapping_of(fields=(*NAMES, TITLE)))
    assert both.sync().counts == {}
    assert both.held("p0@example.org", "Job title") == "Old"
    return ids


def test_a_lifted_rule_is_applied_to_all_after_a_plan(both: TwoSystems) -> None:
    differing(both)
    links = both.rows("link")

    plan = both.plan(applied=APPLIED)

    assert plan.counts == {"update activecampaign contact": 3, "first-link overwrite": 3}
    assert both.rows("link") == links
    assert both.sync().counts == {}  # not approved
    assert both.held("p0@example.org", "Job title") == "Old"
    both.reopen()
    assert both.sync(plan=plan).counts == {"activecampaign update": 3}
    assert [both.held(f"p{n}@example.org", "Job title") for n in range(3)] == ["New"] * 3
    both.assert_quiet()


def test_only_the_chosen_field_is_decided_anew(both: TwoSystems) -> None:
    ids = differing(both, 1)
    plan = both.plan(applied={"contact": ["FirstName"]})

    assert both.sync(plan=plan).counts == {}

    assert both.held("p0@example.org", "Job title") == "Old"
    assert both.crm("contact", ids[0])["Title"] == "New"


def test_the_policy_of_a_first_link_decides(both: TwoSystems) -> None:
    ids = differing(both, 1)
    both.set_mapping(mapping_of(fields=(*NAMES, TITLE), settings=Settings(policy=Policy.ACTIVECAMPAIGN)))

    both.sync(plan=both.plan(applied=APPLIED))

    assert both.crm("contact", ids[0])["Title"] == "Old"
    both.assert_quiet()


def test_records_that_the_plan_read_are_not_read_again(both: TwoSystems) -> None:
    differing(both)
    plan = both.plan(applied=APPLIED)
    marks = both.marks()

    both.sync(plan=plan)

    assert "POST /composite/sobjects/{object}" not in both.routes_since(marks)
    both.assert_quiet()


def test_what_is_held_stays_held_without_a_shadow(both: TwoSystems) -> None:
    crm_id = differing(both, 1)[0]
    both.set_mapping(mapping_of(fields=(*NAMES, TITLE), settings=Settings(policy=Policy.ASK)))

    both.sync(plan=both.plan(applied=APPLIED))

    assert [hold["code"] for hold in both.holds()] == ["CW-4001"]
    assert both.assert_quiet().excused == {"held": 1}
    both.retry()
    both.sync()
    assert [hold["code"] for hold in both.holds()] == ["CW-4001"]
    both.contact_edit(both.contact("p0@example.org")["id"], **{"Job title": "New"})
    both.sync()
    assert both.holds() == []
    assert both.crm("contact", crm_id)["Title"] == "New"
    both.assert_quiet()


def test_a_run_that_would_go_further_is_braked_and_changes_nothing_later(both: TwoSystems) -> None:
    ids = differing(both)
    plan = both.plan(applied=APPLIED)
    more = [both.crm_new(Email=f"q{n}@example.org") for n in range(3)]

    assert both.sync(plan=plan).state == "braked"

    assert [both.held(f"p{n}@example.org", "Job title") for n in range(3)] == ["Old"] * 3
    assert both.sync().counts == {"activecampaign create": len(more)}
    assert [both.held(f"p{n}@example.org", "Job title") for n in range(3)] == ["Old"] * 3
    assert both.crm("contact", ids[0])["Title"] == "New"


def fields(both: TwoSystems, object: str | None, field: str | None) -> dict[str, list[str]]:
    from crosswalk.sync.applying import fields_to_apply  # needs a configured Django

    return fields_to_apply(both.context(), object, field)


@pytest.mark.parametrize("name", ["Title", "title", "Job Title", "Job title"])
def test_a_field_is_found_by_any_of_its_names(both: TwoSystems, name: str) -> None:
    both.connect(mapping_of(fields=(*NAMES, TITLE)))
    assert fields(both, None, name) == APPLIED


@pytest.mark.parametrize(("object", "field"), [("lead", None), (None, "Rating"), ("contact", "Rating")])
def test_what_is_not_mapped_cannot_be_applied(
    both: TwoSystems, object: str | None, field: str | None
) -> None:
    both.connect(mapping_of(fields=(*NAMES, TITLE)))
    with pytest.raises(UserError):
        fields(both, object, field)


def test_without_names_everything_that_is_mapped_is_meant(both: TwoSystems) -> None:
    both.connect(mapping_of(fields=(*NAMES, TITLE)))
    assert fields(both, None, None) == {"contact": ["Email", "FirstName", "LastName", "Phone", "Title"]}
