"""What we write is not taken for a change, what the vendors make of it neither; what others make of it is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import EMAIL, NAMES, both_objects, mapping_of

from crosswalk.core.mapping import CreationRule, FieldMapping, Settings

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

    both.wait(600)  # late rows are looked for by one small call
    assert both.calls_of(both.sync) == {"salesforce": 2, "activecampaign": 2}


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


# sent by us → what the vendor makes of it
HABITS = {
    "cut": ("Title", "firstName", "é" * 128, None),
    "blanks": ("Title", "Job title", "  two   words ", None),
    "line ends": ("Notes__c", "Notes", "one\r\ntwo\nthree", None),
    "decomposed letters": ("Title", "Job title", "Jose\u0301 Nun\u0303ez", None),
    "many places": ("Score__c", "Score", 12.5, None),
    "nothing ticked": ("Partner__c", "Partner", False, None),
    "a date and a time": ("Last_Meeting__c", "Last meeting", "2026-03-01T09:08:07Z", None),
    "zero": ("Score__c", "Score", 0, None),
}


@pytest.mark.parametrize("name", HABITS)
def test_what_the_vendors_store_differently_comes_to_rest(both: TwoSystems, name: str) -> None:
    crm_field, contact_field, value, _ = HABITS[name]
    crm_id = both.crm_new(Email="Ana.Ruiz@Example.org", **{crm_field: value})
    both.connect(mapping_of(fields=(EMAIL, FieldMapping(crm=crm_field, activecampaign=contact_field))))
    both.sync()
    both.assert_quiet()

    contact_id = both.contact("ana.ruiz@example.org")["id"]
    both.contact_edit(contact_id, tags=["seen"], email="ana.RUIZ@example.ORG")
    both.sync()
    both.crm_edit("contact", crm_id, Email="ANA.ruiz@example.org")
    both.sync()
    assert both.crm("contact", crm_id)[crm_field] in (value, str(value).strip(), value or None) or name in (
        "line ends",
        "a date and a time",
        "decomposed letters",
    )
    both.assert_quiet()


def test_a_long_name_is_cut_by_activecampaign_and_stays_whole_in_the_crm(both: TwoSystems) -> None:
    long = "x" * 255
    company = FieldMapping(crm="Description", activecampaign="Notes")
    crm_id = both.crm_new(Email="ana@example.org", Description=long * 4)
    both.connect(mapping_of(fields=(EMAIL, company)))
    both.sync()

    assert both.held("ana@example.org", "Notes") == long * 4
    assert both.crm("contact", crm_id)["Description"] == long * 4
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
