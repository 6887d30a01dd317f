"""Contacts that the CRM's records bring into ActiveCampaign, and records that share one contact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import NAMES, both_objects, mapping_of

from crosswalk.core.mapping import Direction, ObjectMapping, Selection, SelectionKind, Settings, Side

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems


def people(both: TwoSystems, count: int) -> list[str]:
    return [both.crm_new(FirstName=f"P{n}", Email=f"p{n}@example.org") for n in range(count)]


def test_a_few_are_created_singly(both: TwoSystems) -> None:
    people(both, 9)
    both.connect()
    marks = both.marks()

    assert both.sync().counts == {"activecampaign create": 9}

    assert both.routes_since(marks).count("POST /contacts") == 9
    assert both.imports() == []
    assert sorted(row["firstName"] for row in both.contacts()) == [f"P{n}" for n in range(9)]
    assert all(row["lists"] == {} for row in both.contacts())
    both.assert_quiet()


def test_ten_and_more_are_created_by_one_import_that_starts_no_automation(both: TwoSystems) -> None:
    people(both, 12)
    both.connect()

    assert both.sync().counts == {"activecampaign create": 12}

    (batch,) = both.imports()
    assert (batch["contacts"], batch["exclude_automations"]) == (12, 12)
    assert [link.state for link in both.links()] == ["open"] * 12
    assert {link.activecampaign_id for link in both.links()} == {row["id"] for row in both.contacts()}
    assert all(row["lists"] == {} for row in both.contacts())
    both.assert_quiet()


def test_after_the_first_run_automations_see_new_contacts(both: TwoSystems) -> None:
    both.connect()
    both.sync()
    people(both, 12)

    both.sync()

    (batch,) = both.imports()
    assert batch["exclude_automations"] == 0


def test_the_first_run_may_start_automations_where_the_admin_wants_it(both: TwoSystems) -> None:
    people(both, 12)
    both.connect(mapping_of(settings=Settings(exclude_automations_initially=False)))

    both.sync()

    (batch,) = both.imports()
    assert batch["exclude_automations"] == 0


def test_a_record_without_email_is_skipped_until_it_has_one(both: TwoSystems) -> None:
    crm_id = both.crm_new(FirstName="Ana")
    both.connect()
    both.sync()

    assert both.contacts() == []
    assert both.skipped(Side.CRM, crm_id) == "no_email"
    assert both.verify().excused == {"no e-mail": 1}

    both.crm_edit("contact", crm_id, Email="ana@example.org")
    both.sync()

    assert both.contact("ana@example.org")["firstName"] == "Ana"
    assert both.skipped(Side.CRM, crm_id) is None
    both.assert_quiet()


def test_nothing_is_selected_until_the_selection_says_all(both: TwoSystems) -> None:
    both.crm_new(FirstName="Ana", Email="ana@example.org")
    none = ObjectMapping(object="contact", selection=Selection(kind=SelectionKind.NONE), fields=NAMES)
    both.connect(mapping_of(none))

    assert both.sync().counts == {}
    assert both.rows("directory") == []  # nobody has to be read
    assert both.verify().excused == {"not selected": 1}

    both.set_mapping(mapping_of())
    both.sync()

    assert both.contact("ana@example.org")["firstName"] == "Ana"
    both.assert_quiet()


def test_from_now_on_takes_what_is_created_later(both: TwoSystems) -> None:
    both.crm_new(Email="old@example.org")
    both.wait(60)
    selection = Selection(kind=SelectionKind.CREATED_FROM_NOW)
    both.connect(mapping_of(ObjectMapping(object="contact", selection=selection, fields=NAMES)))
    both.wait(60)
    both.crm_new(Email="new@example.org")

    both.sync()

    assert [row["email"] for row in both.contacts()] == ["new@example.org"]
    both.assert_quiet()


def test_a_link_whose_record_leaves_the_selection_rests_and_comes_back(both: TwoSystems) -> None:
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org")
    both.connect()
    both.sync()
    contact_id = both.contact("ana@example.org")["id"]
    none = ObjectMapping(object="contact", selection=Selection(kind=SelectionKind.NONE), fields=NAMES)
    both.set_mapping(mapping_of(none))
    both.crm_edit("contact", crm_id, FirstName="Anna")
    both.contact_edit(contact_id, phone="+34 1")

    assert both.sync().counts == {}
    both.assert_quiet()

    both.set_mapping(mapping_of())
    both.sync()

    assert both.contact("ana@example.org")["firstName"] == "Anna"
    assert both.crm("contact", crm_id)["Phone"] == "+34 1"
    both.assert_quiet()


def test_an_object_that_flows_to_the_crm_alone_creates_no_contact(both: TwoSystems) -> None:
    crm_id = both.crm_new(Email="ana@example.org")
    both.connect(mapping_of(ObjectMapping(object="contact", direction=Direction.TO_CRM, fields=NAMES)))

    assert both.sync().counts == {}
    assert both.holds() == []
    both.assert_quiet()

    both.contact_new("ana@example.org", firstName="Ana")
    both.sync()

    assert both.crm("contact", crm_id)["FirstName"] == "Ana"
    both.assert_quiet()


def test_several_records_with_one_email_share_a_contact_and_the_contact_object_leads(
    both: TwoSystems,
) -> None:
    lead = both.crm_new("lead", FirstName="Lead", Email="ana@example.org")
    both.wait(5)
    contact = both.crm_new(FirstName="Contact", Email="Ana@example.org")
    both.crm_new("lead", FirstName="Second", Email="ana@example.org")
    both.connect(mapping_of(*both_objects()))

    both.sync()

    assert len(both.contacts()) == 1
    assert both.contact("ana@example.org")["firstName"] == "Contact"
    assert [(link.object, link.crm_id) for link in both.links(is_primary=True)] == [("contact", contact)]
    assert {link.activecampaign_id for link in both.links()} == {both.contact("ana@example.org")["id"]}

    both.crm_edit("lead", lead, FirstName="Louder")
    both.sync()

    assert both.contact("ana@example.org")["firstName"] == "Contact"
    both.contact_edit(both.contact("ana@example.org")["id"], firstName="Edited")
    both.sync()
    assert both.crm("contact", contact)["FirstName"] == "Edited"
    assert both.crm("lead", lead)["FirstName"] == "Louder"
    assert both.assert_quiet().excused["not primary"] > 0


@pytest.mark.parametrize("others", [0, 10])
def test_one_new_email_twice_in_a_page_makes_one_contact(both: TwoSystems, others: int) -> None:
    """Singly and by import; the oldest record leads."""
    first = both.crm_new(FirstName="First", Email="ana@example.org")
    both.wait(2)
    both.crm_new(FirstName="Second", Email="ANA@example.org")
    people(both, others)
    both.connect()

    assert both.sync().counts == {"activecampaign create": 1 + others}

    assert both.contact("ana@example.org")["firstName"] == "First"
    assert [link.crm_id for link in both.links(is_primary=True, key="ana@example.org")] == [first]
    assert [link.state for link in both.links()] == ["open"] * (2 + others)
    both.assert_quiet()


def test_when_the_primary_is_deleted_the_next_one_takes_its_place(both: TwoSystems) -> None:
    primary = both.crm_new(FirstName="Contact", Email="ana@example.org")
    heir = both.crm_new("lead", FirstName="Lead", Email="ana@example.org")
    both.connect(mapping_of(*both_objects()))
    both.sync()

    both.crm_delete("contact", primary)
    both.sync()

    assert [(link.crm_id, link.is_primary) for link in both.links(state="open")] == [(heir, True)]
    assert both.contact("ana@example.org")["firstName"] == "Lead"
    both.contact_edit(both.contact("ana@example.org")["id"], phone="+34 1")
    both.sync()
    assert both.crm("lead", heir)["Phone"] == "+34 1"
    both.assert_quiet()


def test_a_contact_record_that_appears_later_becomes_the_primary(both: TwoSystems) -> None:
    lead = both.crm_new("lead", FirstName="Lead", Email="ana@example.org")
    both.connect(mapping_of(*both_objects()))
    both.sync()

    contact = both.crm_new(FirstName="Contact", Email="ana@example.org")
    both.sync()

    assert [link.crm_id for link in both.links(is_primary=True)] == [contact]
    assert both.contact("ana@example.org")["firstName"] == "Contact"
    assert both.crm("lead", lead)["FirstName"] == "Lead"
    both.assert_quiet()
