"""What we write is not taken for a change, what the vendors make of it neither; what others make of it is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import EMAIL, NAMES, both_objects, mapping_of

from crosswalk.core.mapping import CreationRule, FieldMapping, Policy, Settings, Side

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems


def test_a_quiet_run_is_one_call_for_each_feed(both: TwoSystems) -> None:
    both.crm_new(FirstName="Ana", Email="ana@example.org")
    both.crm_new("lead", FirstName="Ben", Email="ben@example.org")
    both.contact_new("eve@example.org")
    both.connect(mapping_of(*both_objects()))
    both.sync()
    both.sync()

    assert both.calls_of(both.sync) == {"salesforce": 2, "activecampaign": 1}

    both.wait(600)  # late rows are looked for by one small call, changes of lists by another
    assert both.calls_of(both.sync) == {"salesforce": 2, "activecampaign": 3}


def test_with_a_tag_to_look_for_a_quiet_run_asks_for_it_too(both: TwoSystems) -> None:
    tagged = both.contact_new("eve@example.org", lastName="Ruiz")
    both.contact_tag(tagged, "create lead")
    settings = Settings(creation=CreationRule.TAGGED, creation_tag="create lead", creation_object="lead")
    both.connect(mapping_of(*both_objects(creation_defaults={"Company": "unknown"}), settings=settings))
    both.sync()
    both.sync()

    assert both.calls_of(both.sync) == {"salesforce": 2, "activecampaign": 2}


@pytest.mark.parametrize("count", [3, 15])
def test_the_run_after_a_change_reads_the_echo_and_writes_nothing(both: TwoSystems, count: int) -> None:
    ids = [both.crm_new(FirstName=f"P{n}", Email=f"p{n}@example.org") for n in range(count)]
    both.connect()
    both.sync()
    both.sync()
    for crm_id in ids:
        both.crm_edit("contact", crm_id, Phone="+34 1")
    for row in both.contacts():
        both.contact_edit(row["id"], firstName="Edited")
    both.sync()

    marks = both.marks()
    assert both.sync().counts == {}
    assert both.routes_since(marks) == ["GET /contacts", "GET /queryAll"]
    both.assert_quiet()


@pytest.mark.parametrize("written", Side)
def test_our_own_write_is_no_edit_that_wins_over_the_next_one(both: TwoSystems, written: Side) -> None:
    """The side that we wrote wins every conflict, and nobody edited there: there is none."""
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org")
    contact_id = both.contact_new("ana@example.org", firstName="Ana", lastName="Ruiz")
    both.connect(mapping_of(settings=Settings(policy=Policy(written.value))))
    both.sync()
    for name in ("Anna", "Annika"):
        both.wait(60)
        if written is Side.CRM:
            both.contact_edit(contact_id, firstName=name)
        else:
            both.crm_edit("contact", crm_id, FirstName=name)
        both.sync()

    assert both.crm("contact", crm_id)["FirstName"] == "Annika"
    assert both.contact("ana@example.org")["firstName"] == "Annika"
    both.assert_quiet()


# a CRM field, its partner, a value there, and how ActiveCampaign stores it
FORMS = {
    "blanks": ("Title", "Job title", "two   words ", "two   words"),
    "line ends": ("Notes__c", "Notes", "one\r\ntwo\nthree", "one\ntwo\nthree"),
    "composed letters": ("Title", "Job title", "Jose\u0301 Nun\u0303ez", "José Nuñez"),
    "a fraction": ("Score__c", "Score", 12.5, "12.5"),
    "zero": ("Score__c", "Score", 0, "0"),
    "not ticked": ("Partner__c", "Partner", False, ""),
    "ticked": ("Partner__c", "Partner", True, "||true||"),
    "a date": ("Birthday__c", "Birthday", "1980-02-29", "1980-02-29"),
    "a moment": ("Last_Meeting__c", "Last meeting", "2026-03-01T09:08:07Z", "2026-03-01T03:08:07-06:00"),
    "choices": ("Interests__c", "Interests", "Webinars;Email", "||Email||Webinars||"),
    "a long text": ("Notes__c", "Notes", "x" * 3000, "x" * 3000),
}


@pytest.mark.parametrize("name", FORMS)
def test_what_the_vendors_store_in_forms_of_their_own_comes_to_rest(both: TwoSystems, name: str) -> None:
    """Also when the rest of the record is edited on either side."""
    crm_field, title, value, stored = FORMS[name]
    crm_id = both.crm_new(Email="Ana.Ruiz@Example.org", **{crm_field: value})
    both.connect(mapping_of(fields=(EMAIL, FieldMapping(crm=crm_field, activecampaign=title))))
    both.sync()
    before = both.crm("contact", crm_id)[crm_field]

    assert both.held("ana.ruiz@example.org", title) == stored
    assert both.assert_quiet().excused == {}
    both.contact_edit(both.contact("ana.ruiz@example.org")["id"], email="ana.RUIZ@example.ORG")
    assert both.sync().counts == {}
    both.crm_edit("contact", crm_id, Email="ANA.ruiz@example.org")
    assert both.sync().counts == {}
    assert both.crm("contact", crm_id)[crm_field] == before
    assert both.assert_quiet().excused == {}


@pytest.mark.parametrize("others", [0, 11], ids=["created singly", "created by import"])
def test_a_phone_number_that_the_vendor_writes_in_its_own_way_does_not_travel_back(
    both: TwoSystems, others: int
) -> None:
    for number in range(others):
        both.crm_new(Email=f"p{number}@example.org")
    crm_id = both.crm_new(Email="ana@example.org", Phone="+34 600 123 456")
    both.connect()

    def reformat() -> None:
        both.undo("ana@example.org", phone="+34600123456")

    both.wire.once("POST /api/3/contacts", reformat, after=True)
    both.wire.after_import(reformat)
    both.sync()

    assert both.assert_quiet().excused == {"stored differently": 1}
    assert both.crm("contact", crm_id)["Phone"] == "+34 600 123 456"
    both.contact_edit(both.contact("ana@example.org")["id"], phone="+34 1")
    both.sync()
    assert both.crm("contact", crm_id)["Phone"] == "+34 1"
    both.assert_quiet()


def test_what_an_automation_makes_of_our_value_travels_back(both: TwoSystems) -> None:
    crm_id = both.crm_new(FirstName="ana", Email="ana@example.org")
    both.connect()

    def automation() -> None:
        both.wait(3)
        both.contact_edit(both.contact("ana@example.org")["id"], firstName="Ana (VIP)")

    both.wire.once("POST /api/3/contacts", automation, after=True)
    both.sync()
    both.sync()

    assert both.crm("contact", crm_id)["FirstName"] == "Ana (VIP)"
    both.assert_quiet()


def test_what_an_automation_makes_within_the_second_of_our_write_travels_back(both: TwoSystems) -> None:
    """Its stamp is not later than our acknowledgement, but no habit of the vendor explains the value."""
    crm_id = both.crm_new(FirstName="ana", Email="ana@example.org")
    both.connect()
    both.sync()
    both.wait(10)
    both.crm_edit("contact", crm_id, FirstName="anna")
    both.wire.once(
        "PUT /api/3/contacts",
        lambda: both.contact_edit(both.contact("ana@example.org")["id"], firstName="Anna (VIP)"),
        after=True,
    )

    both.sync()
    both.sync()

    assert both.crm("contact", crm_id)["FirstName"] == "Anna (VIP)"
    both.assert_quiet()


def test_an_automation_of_the_crm_travels_to_activecampaign(both: TwoSystems) -> None:
    crm_id = both.crm_new(FirstName="ana", Email="ana@example.org")
    both.connect()
    both.sync()
    both.wait(10)
    both.contact_edit(both.contact("ana@example.org")["id"], firstName="anna")
    both.wire.once(
        "PATCH /services/data",
        lambda: both.crm_edit("contact", crm_id, FirstName="Anna (VIP)"),
        after=True,
    )

    both.sync()
    both.sync()

    assert both.contact("ana@example.org")["firstName"] == "Anna (VIP)"
    both.assert_quiet()


@pytest.mark.parametrize("side", ["crm", "activecampaign"])
def test_a_value_that_the_target_empties_at_once_is_held_and_empties_nothing(
    both: TwoSystems, side: str
) -> None:
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org", Title="Boss")
    job = FieldMapping(crm="Title", activecampaign="Job title")
    both.connect(mapping_of(fields=(*NAMES, job)))
    both.sync()
    both.wait(10)
    contact_id = both.contact("ana@example.org")["id"]
    if side == "activecampaign":
        both.wire.once(
            "PUT /api/3/contacts",
            lambda: both.contact_edit(contact_id, **{"Job title": ""}),
            after=True,
        )
        both.crm_edit("contact", crm_id, Title="Director")
    else:
        both.wire.once(
            "PATCH /services/data", lambda: both.crm_edit("contact", crm_id, Title=None), after=True
        )
        both.contact_edit(contact_id, **{"Job title": "Director"})
    both.sync()
    both.sync()

    kept = (
        both.crm("contact", crm_id)["Title"]
        if side == "activecampaign"
        else both.held("ana@example.org", "Job title")
    )
    assert kept == "Director"
    (hold,) = both.holds()
    assert (hold["field"], hold["side"]) == ("Title", side)
    assert both.assert_quiet().excused == {"held": 1}

    both.crm_edit("contact", crm_id, Title="Chair")
    both.contact_edit(contact_id, **{"Job title": "Chair"})
    both.sync()
    assert both.holds() == []
    both.assert_quiet()


def test_an_import_that_an_automation_follows_travels_back(both: TwoSystems) -> None:
    ids = [both.crm_new(FirstName=f"p{n}", Email=f"p{n}@example.org") for n in range(12)]
    both.connect()

    def automation() -> None:
        both.contact_edit(both.contact("p5@example.org")["id"], firstName="VIP", phone="+34 1")

    both.wire.once("GET /api/3/import/info", automation, after=True)
    both.sync()
    both.sync()

    assert (both.crm("contact", ids[5])["FirstName"], both.crm("contact", ids[5])["Phone"]) == (
        "VIP",
        "+34 1",
    )
    both.assert_quiet()


def test_an_edit_while_an_import_is_under_way_survives(both: TwoSystems) -> None:
    """Of the CRM record, after it was sent and before it was confirmed."""
    ids = [both.crm_new(FirstName=f"P{n}", Email=f"p{n}@example.org") for n in range(12)]
    both.connect()
    both.wire.once(
        "POST /api/3/import/bulk_import",
        lambda: both.crm_edit("contact", ids[5], FirstName="Edited"),
        after=True,
    )
    both.sync()
    both.sync()

    assert both.contact("p5@example.org")["firstName"] == "Edited"
    assert both.crm("contact", ids[5])["FirstName"] == "Edited"
    both.assert_quiet()
