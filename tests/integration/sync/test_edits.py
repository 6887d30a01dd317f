"""What people change after the first link: on one side, on both, to nothing, and in the e-mail address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import EMAIL, NAMES, both_objects, mapping_of

from crosswalk.core.mapping import FieldMapping, Policy, Settings, Side, UpdateRule

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

CITY = FieldMapping(crm="MailingCity", activecampaign="City")


def linked(both: TwoSystems, *fields: FieldMapping, settings: Settings | None = None) -> tuple[str, str]:
    """One linked pair named Ana; the ids of both records."""
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org", Phone="+34 0", MailingCity="Bilbao")
    contact_id = both.contact_new("ana@example.org", firstName="Ana", phone="+34 0", City="Bilbao")
    both.connect(mapping_of(fields=(*NAMES, CITY, *fields), settings=settings))
    both.sync()
    both.wait(10)
    return crm_id, contact_id


def last_fields(both: TwoSystems) -> dict[str, list[str | None]]:
    fields: dict[str, list[str | None]] = both.journal()[-1]["fields"]
    return fields


def test_an_edit_travels_to_the_other_side(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both)
    both.crm_edit("contact", crm_id, FirstName="Anna")
    both.contact_edit(contact_id, City="Sevilla")

    assert both.sync().counts == {"crm update": 1, "activecampaign update": 1}

    assert both.contact("ana@example.org")["firstName"] == "Anna"
    assert both.crm("contact", crm_id)["MailingCity"] == "Sevilla"
    assert [row["fields"] for row in both.journal()[-2:]] == [
        {"MailingCity": ["Bilbao", "Sevilla", "changed"]},
        {"firstName": ["Ana", "Anna", "changed"]},
    ]
    both.assert_quiet()


@pytest.mark.parametrize("newer", Side)
def test_the_newer_of_two_edits_wins(both: TwoSystems, newer: Side) -> None:
    crm_id, contact_id = linked(both)
    if newer is Side.CRM:
        both.contact_edit(contact_id, firstName="Contact's")
        both.wait(20)
    both.crm_edit("contact", crm_id, FirstName="CRM's")
    if newer is Side.ACTIVECAMPAIGN:
        both.wait(20)
        both.contact_edit(contact_id, firstName="Contact's")

    both.sync()

    wins, loses = ("CRM's", "Contact's") if newer is Side.CRM else ("Contact's", "CRM's")
    assert both.crm("contact", crm_id)["FirstName"] == wins
    assert both.contact("ana@example.org")["firstName"] == wins
    assert list(last_fields(both).values()) == [[loses, wins, "newest"]]
    both.assert_quiet()


def test_edits_within_seconds_go_to_the_configured_winner(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both)
    both.crm_edit("contact", crm_id, FirstName="CRM's")
    both.wait(4)
    both.contact_edit(contact_id, firstName="Contact's")

    both.sync()

    assert both.contact("ana@example.org")["firstName"] == "CRM's"
    assert list(last_fields(both).values()) == [["Contact's", "CRM's", "winner"]]
    both.assert_quiet()


def test_a_measured_clock_difference_widens_what_counts_as_the_same_time(both: TwoSystems) -> None:
    both.systems["activecampaign"].clock.advance(30)
    crm_id, contact_id = linked(both)
    both.crm_edit("contact", crm_id, FirstName="CRM's")
    both.contact_edit(contact_id, firstName="Contact's")

    both.sync()

    assert both.contact("ana@example.org")["firstName"] == "CRM's"
    assert list(last_fields(both).values()) == [["Contact's", "CRM's", "winner"]]
    both.assert_quiet()


def test_a_certain_time_that_is_older_than_a_records_time_decides_nothing(both: TwoSystems) -> None:
    """The CRM record changed later, but perhaps in another field: the winner is asked."""
    crm_id, contact_id = linked(both, settings=Settings(winner=Side.ACTIVECAMPAIGN))
    both.contact_edit(contact_id, City="Contact's")
    both.wait(60)
    both.crm_edit("contact", crm_id, MailingCity="CRM's")

    both.sync()

    assert both.crm("contact", crm_id)["MailingCity"] == "Contact's"
    both.assert_quiet()


def test_a_certain_time_that_is_newer_wins(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both)
    both.crm_edit("contact", crm_id, MailingCity="CRM's")
    both.wait(60)
    both.contact_edit(contact_id, City="Contact's")

    both.sync()

    assert both.crm("contact", crm_id)["MailingCity"] == "Contact's"
    both.assert_quiet()


def test_a_stamp_made_by_our_own_write_never_counts(both: TwoSystems) -> None:
    """Our write of the phone moved the contact's stamp; the older edit there stays the older one."""
    crm_id, contact_id = linked(both, settings=Settings(winner=Side.CRM))
    both.crm_edit("contact", crm_id, Phone="+34 1")
    both.sync()
    both.contact_edit(contact_id, firstName="Contact's")
    both.wait(60)
    both.crm_edit("contact", crm_id, FirstName="CRM's")

    both.sync()

    assert both.contact("ana@example.org")["firstName"] == "CRM's"
    both.assert_quiet()


def test_our_own_write_makes_an_edit_before_it_no_newer(both: TwoSystems) -> None:
    """The contact's name was changed first, then the record's, then we wrote the contact's phone."""
    crm_id, contact_id = linked(both, settings=Settings(winner=Side.CRM))
    both.crm_edit("contact", crm_id, Phone="+34 1")

    def both_edit() -> None:
        both.contact_edit(contact_id, firstName="Contact's")
        both.wait(20)
        both.crm_edit("contact", crm_id, FirstName="CRM's")
        both.wait(20)

    both.wire.once("PUT", both_edit)
    both.sync()
    both.sync()

    assert both.contact("ana@example.org")["firstName"] == "CRM's"
    assert list(last_fields(both).values()) == [["Contact's", "CRM's", "winner"]]
    both.assert_quiet()


def test_both_edits_of_one_value_agree(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both)
    both.crm_edit("contact", crm_id, FirstName="Anna")
    both.contact_edit(contact_id, firstName=" Anna ")

    assert both.sync().counts == {}

    both.assert_quiet()


def test_edits_of_different_fields_both_travel(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both)
    both.crm_edit("contact", crm_id, FirstName="Anna", Phone="+34 1")
    both.wait(60)
    both.contact_edit(contact_id, City="Sevilla", phone="+34 2")

    both.sync()

    crm, contact = both.crm("contact", crm_id), both.contact("ana@example.org")
    assert (crm["FirstName"], crm["MailingCity"], crm["Phone"]) == ("Anna", "Sevilla", "+34 2")
    assert (contact["firstName"], contact["phone"]) == ("Anna", "+34 2")
    both.assert_quiet()


def test_emptying_empties_the_other_side(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both)
    both.crm_edit("contact", crm_id, FirstName="", MailingCity=None)
    both.contact_edit(contact_id, phone="")

    both.sync()

    assert both.crm("contact", crm_id)["Phone"] is None
    assert both.contact("ana@example.org")["firstName"] == ""
    assert both.held("ana@example.org", "City") == ""
    both.assert_quiet()


def test_with_the_blank_rule_off_an_emptied_field_stays_filled_over_there(both: TwoSystems) -> None:
    nickname = FieldMapping(crm="Nickname__c", activecampaign="Nickname", blanks=False)
    title = FieldMapping(crm="Title", activecampaign="Job title", blanks=False)
    crm_id = both.crm_new(Email="ana@example.org", Nickname__c="Annie", Title="Boss")
    both.connect(mapping_of(fields=(EMAIL, nickname, title)))
    both.sync()
    both.wait(10)

    both.crm_edit("contact", crm_id, Nickname__c=None)
    both.contact_edit(both.contact("ana@example.org")["id"], **{"Job title": ""})

    assert both.sync().counts == {}
    assert both.held("ana@example.org", "Nickname") == "Annie"
    assert both.crm("contact", crm_id)["Title"] == "Boss"
    assert both.assert_quiet().excused == {"blank rule": 2}

    both.crm_edit("contact", crm_id, Nickname__c="Anni")
    both.sync()
    assert both.held("ana@example.org", "Nickname") == "Anni"


def test_a_direction_that_is_never_written_keeps_both_values(both: TwoSystems) -> None:
    title = FieldMapping(crm="Title", activecampaign="Job title", to_crm=UpdateRule.NEVER)
    crm_id, contact_id = linked(both, title)

    both.contact_edit(contact_id, **{"Job title": "Boss"})

    assert both.sync().counts == {}
    assert both.assert_quiet().excused == {"never": 1}
    both.crm_edit("contact", crm_id, Title="Director")
    both.sync()
    assert both.held("ana@example.org", "Job title") == "Director"
    both.assert_quiet()


def test_if_empty_writes_once(both: TwoSystems) -> None:
    title = FieldMapping(crm="Title", activecampaign="Job title", to_activecampaign=UpdateRule.IF_EMPTY)
    crm_id, _ = linked(both, title)

    both.crm_edit("contact", crm_id, Title="Boss")
    both.sync()
    assert both.held("ana@example.org", "Job title") == "Boss"

    both.crm_edit("contact", crm_id, Title="Director")
    both.sync()
    assert both.held("ana@example.org", "Job title") == "Boss"
    assert both.assert_quiet().excused == {"if_empty": 1}


def test_choices_edited_on_both_sides_are_joined(both: TwoSystems) -> None:
    interests = FieldMapping(crm="Interests__c", activecampaign="Interests", policy=Policy.UNION)
    crm_id = both.crm_new(Email="ana@example.org", Interests__c="Email;Phone")
    both.connect(mapping_of(fields=(EMAIL, interests)))
    both.sync()

    both.crm_edit("contact", crm_id, Interests__c="Phone;Events")
    both.contact_edit(both.contact("ana@example.org")["id"], Interests=["Email", "Phone", "Webinars"])
    both.sync()

    assert sorted(both.crm("contact", crm_id)["Interests__c"].split(";")) == ["Events", "Phone", "Webinars"]
    assert both.held("ana@example.org", "Interests") == "||Events||Phone||Webinars||"
    both.assert_quiet()


# --- the e-mail address ------------------------------------------------------------------------------------------


def test_a_new_email_of_a_sole_record_renames_its_contact(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both)
    both.crm_edit("contact", crm_id, Email="Ana.Ruiz@example.org", FirstName="Anna")
    marks = both.marks()

    both.sync()

    assert both.contact("ana.ruiz@example.org")["id"] == contact_id
    assert both.contact("ana.ruiz@example.org")["firstName"] == "Anna"
    assert both.routes_since(marks).count("PUT /contacts/{id}") == 1
    assert [(link.key, link.state) for link in both.links()] == [("ana.ruiz@example.org", "open")]
    both.assert_quiet()


def test_a_new_email_of_a_contact_reaches_the_crm(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both)
    both.contact_edit(contact_id, email="ana.ruiz@example.org")

    both.sync()

    assert both.crm("contact", crm_id)["Email"] == "ana.ruiz@example.org"
    assert [(link.key, link.activecampaign_id) for link in both.links()] == [
        ("ana.ruiz@example.org", contact_id)
    ]
    both.assert_quiet()


def test_an_email_that_another_contact_has_is_held_and_nothing_is_lost(both: TwoSystems) -> None:
    crm_id, _ = linked(both)
    other = both.contact_new("taken@example.org", firstName="Other")
    both.crm_edit("contact", crm_id, Email="taken@example.org", FirstName="Anna")

    both.sync()

    assert both.contact("ana@example.org")["firstName"] == "Anna"
    assert both.contact("taken@example.org")["firstName"] == "Other"
    assert both.crm("contact", crm_id)["Email"] == "taken@example.org"
    (hold,) = both.holds()
    assert (hold["field"], hold["side"]) == ("Email", "activecampaign")
    marks = both.marks()
    both.assert_quiet()
    assert "PUT /contacts/{id}" not in both.routes_since(marks)

    both.contact_delete(other)
    both.crm_edit("contact", crm_id, Email="free@example.org")
    both.sync()
    assert both.contact("free@example.org")["firstName"] == "Anna"
    assert both.holds() == []
    both.assert_quiet()


def test_addresses_that_are_passed_on_go_in_order(both: TwoSystems) -> None:
    """One gives up its address to the next, which gives up its own; a swap is held."""
    ids = [both.crm_new(FirstName=f"P{n}", Email=f"p{n}@example.org") for n in range(5)]
    both.connect()
    both.sync()
    contacts = {row["firstName"]: row["id"] for row in both.contacts()}

    for number, address in enumerate(["p1", "p2", "free", "p4", "p3"]):
        both.crm_edit("contact", ids[number], Email=f"{address}@example.org")
    both.sync()

    found = {row["firstName"]: (row["id"], row["email"]) for row in both.contacts()}
    assert found["P0"] == (contacts["P0"], "p1@example.org")
    assert found["P1"] == (contacts["P1"], "p2@example.org")
    assert found["P2"] == (contacts["P2"], "free@example.org")
    assert [hold["field"] for hold in both.holds()] == ["Email", "Email"]
    both.assert_quiet()


@pytest.mark.parametrize("object", ["contact", "lead"])
def test_a_new_record_with_an_address_that_is_just_given_up_gets_a_contact_of_its_own(
    both: TwoSystems, object: str
) -> None:
    """In whatever order the objects are worked on."""
    mover = both.crm_new("lead", FirstName="Mover", Email="old@example.org")
    both.connect(mapping_of(*both_objects()))
    both.sync()
    moved = both.contact("old@example.org")["id"]

    both.crm_edit("lead", mover, Email="new@example.org")
    both.crm_new(object, FirstName="Newcomer", Email="old@example.org")
    both.sync()

    assert both.contact("new@example.org")["id"] == moved
    assert both.contact("new@example.org")["firstName"] == "Mover"
    assert both.contact("old@example.org")["firstName"] == "Newcomer"
    assert all(link.is_primary for link in both.links())
    both.assert_quiet()


def test_a_new_record_with_an_address_that_is_just_taken_shares_the_contact(both: TwoSystems) -> None:
    mover = both.crm_new("lead", FirstName="Mover", Email="old@example.org")
    both.connect(mapping_of(*both_objects()))
    both.sync()

    both.crm_edit("lead", mover, Email="new@example.org")
    both.crm_new("lead", FirstName="Newcomer", Email="new@example.org")
    both.sync()

    assert [row["email"] for row in both.contacts()] == ["new@example.org"]
    assert [link.is_primary for link in both.links()] == [True, False]
    both.assert_quiet()


@pytest.mark.parametrize("whose", ["primary", "other"])
def test_a_new_email_of_one_of_several_records_gives_it_a_contact_of_its_own(
    both: TwoSystems, whose: str
) -> None:
    primary = both.crm_new(FirstName="Contact", Email="ana@example.org")
    other = both.crm_new("lead", FirstName="Lead", Email="ana@example.org")
    both.connect(mapping_of(*both_objects()))
    both.sync()
    shared = both.contact("ana@example.org")["id"]

    if whose == "primary":
        both.crm_edit("contact", primary, Email="new@example.org")
    else:
        both.crm_edit("lead", other, Email="new@example.org")
    both.sync()

    names = {"primary": ("Contact", "Lead"), "other": ("Lead", "Contact")}[whose]
    assert both.contact("new@example.org")["firstName"] == names[0]
    assert (both.contact("ana@example.org")["id"], both.contact("ana@example.org")["firstName"]) == (
        shared,
        names[1],
    )
    assert [link.is_primary for link in both.links(state="open")] == [True, True]
    both.assert_quiet()


def test_a_record_that_waited_for_a_contact_gets_it_although_the_first_one_left(both: TwoSystems) -> None:
    """Two records share a new address whose creation is refused; the first takes another address."""
    first = both.crm_new(FirstName="First", Email="ana@example.org")
    both.wait(2)
    both.crm_new(FirstName="Second", Email="ana@example.org")
    both.connect()
    both.wire.refuse("POST /api/3/contacts", 422, {"errors": [{"title": "no", "source": {"pointer": "/x"}}]})
    both.sync()
    assert both.contacts() == []
    both.wire.allow()

    both.crm_edit("contact", first, Email="first@example.org")
    both.sync()

    assert both.contact("first@example.org")["firstName"] == "First"
    assert both.contact("ana@example.org")["firstName"] == "Second"
    both.assert_quiet()


def test_an_emptied_email_is_held(both: TwoSystems) -> None:
    crm_id, _ = linked(both)
    both.crm_edit("contact", crm_id, Email=None, FirstName="Anna")

    both.sync()

    assert both.contact("ana@example.org")["firstName"] == "Anna"
    (hold,) = both.holds()
    assert (hold["field"], hold["kind"]) == ("Email", "rejected")
    both.assert_quiet()
