"""Contacts that may become CRM records, and everybody who may not: strangers, the deleted, the known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import NAMES, both_objects, mapping_of

from crosswalk.core.mapping import (
    CreationRule,
    Direction,
    MappingFile,
    ObjectMapping,
    Selection,
    SelectionKind,
    Settings,
    Side,
)

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

TAG = "create lead"


def creating(rule: CreationRule, **lead: object) -> MappingFile:
    """Contacts and leads; contacts of ActiveCampaign become leads."""
    settings = Settings(creation=rule, creation_object="lead", creation_tag=TAG)
    return mapping_of(
        *both_objects(**{"creation_defaults": {"Company": "unknown"}, **lead}), settings=settings
    )


def test_by_default_nobody_is_created_in_the_crm(both: TwoSystems) -> None:
    both.contact_new("ana@example.org", lastName="Ruiz")
    both.connect(mapping_of(*both_objects()))

    assert both.sync().counts == {}

    assert both.crm_all("lead") == []
    assert both.waiting() == 0
    both.assert_quiet()


def test_tagged_contacts_become_leads(both: TwoSystems) -> None:
    ana = both.contact_new("ana@example.org", firstName="Ana", lastName="Ruiz")
    both.contact_new("ben@example.org", lastName="Berg")
    both.connect(creating(CreationRule.TAGGED))
    both.sync()
    assert both.crm_all("lead") == []

    both.contact_tag(ana, TAG)
    assert both.sync().counts == {"crm create": 1}

    (lead,) = both.crm_all("lead")
    assert (lead["FirstName"], lead["LastName"], lead["Email"]) == ("Ana", "Ruiz", "ana@example.org")
    assert lead["Company"] == "unknown"
    assert [(link.object, link.state, link.activecampaign_id) for link in both.links()] == [
        ("lead", "open", ana)
    ]
    both.assert_quiet()
    both.crm_edit("lead", lead["Id"], FirstName="Anna")
    both.sync()
    assert both.contact("ana@example.org")["firstName"] == "Anna"
    both.assert_quiet()


def test_with_all_every_contact_becomes_a_lead_in_one_call(both: TwoSystems) -> None:
    for number in range(15):
        both.contact_new(f"p{number}@example.org", lastName=f"P{number}")
    both.connect(creating(CreationRule.ALL))
    marks = both.marks()

    assert both.sync().counts == {"crm create": 15}

    assert both.routes_since(marks).count("POST /composite/sobjects") == 1
    assert sorted(row["LastName"] for row in both.crm_all("lead")) == sorted(f"P{n}" for n in range(15))
    both.assert_quiet()


def test_a_rule_that_is_widened_later_reaches_contacts_known_for_long(both: TwoSystems) -> None:
    both.contact_new("ana@example.org", lastName="Ruiz")
    both.connect(creating(CreationRule.NEVER))
    both.sync()
    both.assert_quiet()

    both.set_mapping(creating(CreationRule.ALL))
    both.sync()

    assert [row["LastName"] for row in both.crm_all("lead")] == ["Ruiz"]
    both.assert_quiet()


def test_a_tag_taken_away_before_the_run_creates_nobody(both: TwoSystems) -> None:
    ana = both.contact_new("ana@example.org")
    both.connect(creating(CreationRule.TAGGED))
    both.contact_tag(ana, TAG)
    both.sync()
    (hold,) = both.holds()
    assert "Last Name" in hold["reason"]

    both.contact_untag(ana, TAG)
    both.contact_edit(ana, lastName="Ruiz")
    both.sync()

    assert both.crm_all("lead") == []
    assert both.holds() == []
    both.assert_quiet()


def test_an_object_that_does_not_flow_to_the_crm_is_not_created_there(both: TwoSystems) -> None:
    both.contact_new("ana@example.org", lastName="Ruiz")
    both.connect(creating(CreationRule.ALL, direction=Direction.TO_ACTIVECAMPAIGN))

    assert both.sync().counts == {}

    assert both.holds() == []
    both.assert_quiet()


def test_required_fields_take_the_default_only_without_a_value(both: TwoSystems) -> None:
    both.contact_new("ana@example.org", firstName="Ana", lastName="")
    both.contact_new("ben@example.org", lastName="Berg")
    defaults = {"Company": "unknown", "LastName": "(none)"}
    both.connect(creating(CreationRule.ALL, creation_defaults=defaults))

    both.sync()

    names = {row["Email"]: row["LastName"] for row in both.crm_all("lead")}
    assert names == {"ana@example.org": "(none)", "ben@example.org": "Berg"}
    both.sync()
    assert both.contact("ana@example.org")["lastName"] == "(none)"  # equal on both sides
    both.assert_quiet()


def test_a_contact_whose_record_exists_in_the_crm_is_linked_instead(both: TwoSystems) -> None:
    """Any person object counts: the tagged contact would become a lead, but is a contact already."""
    crm_id = both.crm_new(LastName="Ruiz", Email="Ana@example.org")
    both.contact_new("ana@example.org", firstName="Ana")
    both.connect(creating(CreationRule.ALL))

    both.sync()

    assert both.crm_all("lead") == []
    assert both.crm("contact", crm_id)["FirstName"] == "Ana"
    both.assert_quiet()


def test_a_record_made_in_the_crm_just_now_is_found_by_look_up(both: TwoSystems) -> None:
    """After our reading of leads and before our writing, a person types the same lead in."""
    both.contact_new("ana@example.org", firstName="Ana", lastName="Ruiz")
    both.connect(creating(CreationRule.ALL))
    both.wire.once(
        "GET /api/3/contacts", lambda: both.crm_new("lead", LastName="Typed", Email="ana@example.org")
    )

    both.sync()

    (lead,) = both.crm_all("lead")
    assert (lead["FirstName"], lead["LastName"]) == ("Ana", "Typed")
    assert both.contact("ana@example.org")["lastName"] == "Typed"
    both.assert_quiet()


@pytest.mark.parametrize("known", [True, False], ids=["read before", "found by look-up"])
def test_a_record_outside_the_selection_keeps_its_contact_from_being_created(
    both: TwoSystems, known: bool
) -> None:
    both.contact_new("ana@example.org", lastName="Ruiz")
    nobody = Selection(kind=SelectionKind.NONE)
    mapping = creating(CreationRule.ALL, selection=nobody)
    both.connect(mapping)

    def outsider() -> None:
        both.crm_new("lead", LastName="Ruiz", Email="ana@example.org")

    if known:
        outsider()
    else:
        both.wire.once("GET /api/3/contacts", outsider)

    both.sync()

    assert len(both.crm_all("lead")) == 1
    (hold,) = both.holds()
    assert (hold["side"], hold["record_id"]) == ("crm", both.contact("ana@example.org")["id"])
    assert hold["cure"]
    both.assert_quiet()

    both.crm_delete("lead", both.crm_all("lead")[0]["Id"])
    both.retry()
    both.sync()
    assert both.crm_all("lead") == []  # its record was deleted: only a person makes it again
    assert both.holds() == []
    both.assert_quiet()


def test_leads_that_we_made_need_not_be_selected_before(both: TwoSystems) -> None:
    """Selected from now on: what we create is created from now on."""
    both.contact_new("ana@example.org", lastName="Ruiz")
    both.connect(creating(CreationRule.ALL, selection=Selection(kind=SelectionKind.CREATED_FROM_NOW)))

    both.sync()
    (lead,) = both.crm_all("lead")
    both.crm_edit("lead", lead["Id"], FirstName="Ana")
    both.sync()

    assert both.contact("ana@example.org")["firstName"] == "Ana"
    both.assert_quiet()


# --- the deleted -------------------------------------------------------------------------------------------------


def test_a_contact_deleted_in_activecampaign_is_not_made_again(both: TwoSystems) -> None:
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org")
    both.connect()
    both.sync()
    both.contact_delete(both.contact("ana@example.org")["id"])

    both.crm_edit("contact", crm_id, FirstName="Anna")
    both.sync()
    both.crm_edit("contact", crm_id, FirstName="Annie")
    both.sync()

    assert both.contacts() == []
    assert [(link.state, link.closed_reason) for link in both.links()] == [
        ("closed", "deleted_activecampaign")
    ]
    assert both.skipped(Side.CRM, crm_id) == "tombstone"
    assert both.crm("contact", crm_id)["FirstName"] == "Annie"
    assert both.assert_quiet().excused == {"tombstone": 1}


def test_a_deletion_that_verify_finds_is_settled_by_the_next_run(both: TwoSystems) -> None:
    both.crm_new(FirstName="Ana", Email="ana@example.org")
    both.connect()
    both.sync()
    both.contact_delete(both.contact("ana@example.org")["id"])

    assert both.verify().excused == {"deleted on one side": 1}
    both.sync()

    assert [link.closed_reason for link in both.links()] == ["deleted_activecampaign"]
    assert both.assert_quiet().excused == {"tombstone": 1}


@pytest.mark.parametrize("edited", [True, False], ids=["the CRM record is edited", "nothing else happens"])
def test_a_contact_deleted_and_made_anew_is_a_new_link(both: TwoSystems, edited: bool) -> None:
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org", Phone="+34 0")
    both.connect()
    both.sync()
    both.contact_delete(both.contact("ana@example.org")["id"])
    anew = both.contact_new("ana@example.org", firstName="New")
    if edited:
        both.crm_edit("contact", crm_id, Phone="+34 1")

    both.sync()

    assert [link.activecampaign_id for link in both.links(state="open")] == [anew]
    assert both.contact("ana@example.org")["phone"] == ("+34 1" if edited else "+34 0")
    assert both.contact("ana@example.org")["firstName"] == "Ana"
    both.assert_quiet()


def test_every_address_of_a_deleted_contact_is_remembered(both: TwoSystems) -> None:
    """It was renamed and deleted between two runs."""
    both.crm_new(FirstName="Ana", Email="ana@example.org")
    both.connect()
    both.sync()
    contact_id = both.contact("ana@example.org")["id"]
    both.contact_edit(contact_id, email="renamed@example.org")
    both.sync()
    both.contact_delete(contact_id)
    both.verify()
    both.sync()

    both.crm_new(FirstName="Ana", Email="renamed@example.org")
    both.sync()

    assert both.contacts() == []
    both.assert_quiet()


def test_a_deleted_crm_record_closes_the_link_and_the_contact_stays(both: TwoSystems) -> None:
    crm_id = both.crm_new("lead", LastName="Ruiz", Email="ana@example.org")
    both.connect(creating(CreationRule.ALL))
    both.sync()
    contact_id = both.contact("ana@example.org")["id"]

    both.crm_delete("lead", crm_id)
    both.sync()
    both.contact_edit(contact_id, firstName="Ana")
    both.sync()

    assert both.contact("ana@example.org")["id"] == contact_id
    assert [(link.state, link.closed_reason) for link in both.links()] == [("closed", "deleted_crm")]
    assert both.crm_all("lead") == []
    both.assert_quiet()


def test_an_older_contact_does_not_make_a_deleted_crm_record_again(both: TwoSystems) -> None:
    """The contact took the address over from the one that was linked."""
    crm_id = both.crm_new("lead", LastName="Ruiz", Email="ana@example.org")
    older = both.contact_new("older@example.org", lastName="Older")
    both.connect(creating(CreationRule.NEVER))
    both.sync()
    both.crm_delete("lead", crm_id)
    both.sync()
    both.contact_delete(both.contact("ana@example.org")["id"])
    both.contact_edit(older, email="ana@example.org")

    both.set_mapping(creating(CreationRule.ALL))
    both.sync()
    assert both.crm_all("lead") == []
    both.assert_quiet()

    both.contact_delete(older)
    both.wait(60)
    both.contact_new("ana@example.org", lastName="Younger")
    both.sync()
    assert [row["LastName"] for row in both.crm_all("lead")] == ["Younger"]
    both.assert_quiet()


def test_a_crm_record_deleted_and_made_anew_is_a_new_link(both: TwoSystems) -> None:
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org")
    both.connect()
    both.sync()
    contact_id = both.contact("ana@example.org")["id"]

    both.crm_delete("contact", crm_id)
    anew = both.crm_new(FirstName="Again", Email="ana@example.org")
    both.sync()

    assert [(link.crm_id, link.activecampaign_id) for link in both.links(state="open")] == [
        (anew, contact_id)
    ]
    assert both.contact("ana@example.org")["firstName"] == "Again"
    both.assert_quiet()


def test_a_crm_record_brought_back_is_linked_again(both: TwoSystems) -> None:
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org")
    both.connect()
    both.sync()
    both.crm_delete("contact", crm_id)
    both.sync()
    both.contact_edit(both.contact("ana@example.org")["id"], phone="+34 1")
    both.sync()

    both.crm_undelete("contact", crm_id)
    both.sync()

    assert both.crm("contact", crm_id)["Phone"] == "+34 1"
    assert [link.state for link in both.links()] == ["open"]
    both.assert_quiet()


def test_a_deletion_in_an_object_that_is_read_anew_is_not_missed(both: TwoSystems) -> None:
    """A longer mapping makes a complete reading necessary, which shows the living alone."""
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org")
    both.connect(mapping_of(fields=NAMES[:3]))
    both.sync()
    both.wait(3600)
    both.crm_delete("contact", crm_id)
    both.wait(3600)

    both.set_mapping(mapping_of(ObjectMapping(object="contact", fields=NAMES)))
    both.sync()

    assert [link.closed_reason for link in both.links()] == ["deleted_crm"]
    both.assert_quiet()
