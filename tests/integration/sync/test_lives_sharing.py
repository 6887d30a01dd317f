"""Several CRM records with one address: who leads, who takes over, and who gives way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import NAMES, both_objects, mapping_of

from crosswalk.core.criteria import Criteria, Criterion, Operator
from crosswalk.core.mapping import CreationRule, ObjectMapping, Selection, SelectionKind, Settings, Side

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

pytestmark = pytest.mark.every_crm
ANA = "ana@example.org"
_ROW = Criterion(field="LeadSource", operator=Operator.EQUALS, values=("Web",))
WEB = Selection(kind=SelectionKind.CRITERIA, criteria=Criteria(rows=(_ROW,)))


def leader(both: TwoSystems) -> str | None:
    (link,) = both.links(state="open", is_primary=True)
    return link.crm_id


def test_the_contact_then_the_oldest_then_the_smallest_id_leads(both: TwoSystems) -> None:
    """Each takes over when the one before it is gone, and is read anew with the contact."""
    oldest = both.crm_new("lead", FirstName="Oldest", Email=ANA)
    both.wait(5)
    twins = sorted(both.crm_new("lead", FirstName=f"Twin {n}", Email=ANA) for n in range(2))
    both.wait(5)
    contact = both.crm_new(FirstName="Contact", Email=ANA)
    both.connect(mapping_of(*both_objects()))
    both.sync()
    order = [("contact", contact), ("lead", oldest), *(("lead", twin) for twin in twins)]

    for number, (object, record_id) in enumerate(order):
        assert leader(both) == record_id
        row = both.crm(object, record_id)
        assert both.contact(ANA)["firstName"] == row["FirstName"]
        both.contact_edit(both.contact(ANA)["id"], phone=f"+34 {number}")
        both.sync()
        assert both.crm(object, record_id)["Phone"] == f"+34 {number}"
        both.crm_delete(object, record_id)
        both.sync()

    assert both.links(state="open") == []
    assert [row["phone"] for row in both.contacts()] == ["+34 3"]
    both.assert_quiet()


def test_the_third_leads_when_the_first_leaves_and_the_second_is_converted(both: TwoSystems) -> None:
    """The second is nobody any more in the very run that it would take over in: nothing is written to it."""
    contact = both.crm_new(FirstName="Contact", Email=ANA, LeadSource="Web")
    second, third = [both.crm_new("lead", FirstName=f"Lead {n}", Email=ANA) for n in (2, 3)]
    both.connect(mapping_of(ObjectMapping(object="contact", fields=NAMES, selection=WEB), both_objects()[1]))
    both.sync()
    assert leader(both) == contact
    both.crm_edit("contact", contact, LeadSource=None)
    both.crm_convert(second, contactId=contact)
    before = both.crm("lead", second)

    both.sync()

    assert leader(both) == third
    assert both.contact(ANA)["firstName"] == "Lead 3"
    both.contact_edit(both.contact(ANA)["id"], phone="+34 3")
    both.sync()
    assert both.crm("lead", third)["Phone"] == "+34 3"
    assert both.crm("lead", second) == before
    assert both.crm("contact", contact)["Phone"] is None
    both.assert_quiet()


def test_on_promotion_what_is_filled_on_one_side_alone_is_not_lost(both: TwoSystems) -> None:
    """The heir has no shadow of its own yet: the contact's phone fills it, its own first name wins."""
    contact = both.crm_new(FirstName="Contact", Email=ANA)
    lead = both.crm_new("lead", FirstName="Lead", Email=ANA)
    both.connect(mapping_of(*both_objects()))
    both.sync()
    both.contact_edit(both.contact(ANA)["id"], phone="+34 1", firstName="Edited")
    both.wait(60)
    both.crm_delete("contact", contact)

    both.sync()

    assert both.crm("lead", lead)["Phone"] == "+34 1"
    assert both.contact(ANA)["firstName"] == "Lead"
    assert any(
        row["fields"].get("firstName", [None])[0] == "Edited"
        for row in both.explain(Side.CRM, lead).links[0].journal
    )
    both.assert_quiet()


def test_a_contact_record_that_takes_part_again_leads_again(both: TwoSystems) -> None:
    contact = both.crm_new(FirstName="Contact", Email=ANA, LeadSource="Web")
    lead = both.crm_new("lead", FirstName="Lead", Email=ANA)
    both.connect(
        mapping_of(
            ObjectMapping(object="contact", fields=NAMES, selection=WEB),
            ObjectMapping(object="lead", fields=NAMES),
        )
    )
    both.sync()
    both.crm_edit("contact", contact, LeadSource=None)
    both.sync()
    assert leader(both) == lead

    both.crm_edit("contact", contact, LeadSource="Web")
    both.sync()

    assert leader(both) == contact
    assert both.contact(ANA)["firstName"] == "Contact"
    both.contact_edit(both.contact(ANA)["id"], phone="+34 1")
    both.sync()
    assert (both.crm("contact", contact)["Phone"], both.crm("lead", lead)["Phone"]) == ("+34 1", None)
    both.assert_quiet()


def test_the_same_new_person_on_both_sides_at_once_is_one_link(both: TwoSystems) -> None:
    item = ObjectMapping(object="contact", fields=NAMES)
    both.connect(mapping_of(item, settings=Settings(creation=CreationRule.ALL, creation_object="contact")))
    both.sync()
    for n in range(12):
        both.crm_new(FirstName=f"P{n}", Email=f"P{n}@example.org")
        both.contact_new(f"p{n}@example.org", firstName=f"P{n}", lastName="Ruiz", phone=f"+34 {n}")

    assert both.sync().counts == {"crm update": 12}

    assert len(both.contacts()) == len(both.crm_all()) == len(both.links(state="open")) == 12
    assert both.crm_all()[3]["Phone"] is not None
    both.assert_quiet()


def test_a_swap_that_was_held_goes_on_when_a_person_makes_room(both: TwoSystems) -> None:
    ids = [both.crm_new(FirstName=name, Email=f"{name}@example.org") for name in ("ana", "bea")]
    both.connect()
    both.sync()
    contacts = {row["firstName"]: row["id"] for row in both.contacts()}
    both.crm_edit("contact", ids[0], Email="bea@example.org")
    both.crm_edit("contact", ids[1], Email="ana@example.org")
    both.sync()
    first, second = both.holds()
    for hold in (first, second):
        assert (hold["field"], hold["side"], hold["code"]) == (
            both.name("Email"),
            "activecampaign",
            "CW-3004",
        )
        assert "Another contact has this address" in hold["cure"]
    both.assert_quiet()

    both.contact_edit(contacts["bea"], email="on-the-way@example.org")
    both.sync()
    both.retry()
    both.sync()
    both.crm_edit("contact", ids[1], Email="ana@example.org")
    both.sync()

    assert {row["firstName"]: (row["id"], row["email"]) for row in both.contacts()} == {
        "ana": (contacts["ana"], "bea@example.org"),
        "bea": (contacts["bea"], "ana@example.org"),
    }
    assert both.holds() == []
    both.assert_quiet()
