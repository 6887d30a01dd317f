"""What cannot be written: only that field waits, nothing is sent twice, and a cure ends it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import EMAIL, NAMES, both_objects, mapping_of

from crosswalk.core.mapping import FieldMapping, Policy, Settings, Side
from crosswalk.core.system import Op

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

FIELDS = (
    *NAMES,
    FieldMapping(crm="Region__c", activecampaign="Nickname"),  # a picklist and a text
    FieldMapping(crm="Score__c", activecampaign="Company"),  # a number and a text
    FieldMapping(crm="Title", activecampaign="Job title"),
)


def linked(both: TwoSystems, settings: Settings | None = None) -> tuple[str, str]:
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org", Title="Boss")
    both.connect(mapping_of(fields=FIELDS, settings=settings))
    both.sync()
    both.wait(10)
    return crm_id, both.contact("ana@example.org")["id"]


WRONG = {
    "too long": ("FirstName", "firstName", "x" * 41, "Anna"),
    "unknown choice": ("Region__c", "Nickname", "Mars", "Europe"),
    "no number": ("Score__c", "Company", "seven", "7"),
    "required": ("LastName", "lastName", "", "Lopez"),
    "no address": ("Email", "email", "josé@example.org", "jose@example.org"),
}


@pytest.mark.parametrize("name", WRONG)
def test_only_the_field_that_does_not_fit_is_held_until_a_value_fits(both: TwoSystems, name: str) -> None:
    crm_field, contact_field, wrong, right = WRONG[name]
    crm_id, contact_id = linked(both)
    before = both.crm("contact", crm_id)[crm_field]
    both.contact_edit(contact_id, **{contact_field: wrong, "Job title": "Director"})

    both.sync()

    crm = both.crm("contact", crm_id)
    assert (crm["Title"], crm[crm_field]) == ("Director", before)
    (hold,) = both.holds()
    assert (hold["kind"], hold["side"], hold["field"]) == ("rejected", "crm", crm_field)
    assert hold["reason"]
    assert hold["cure"]
    assert both.assert_quiet().excused == {"held": 1}

    marks = both.marks()
    both.contact_edit(contact_id, **{"Job title": "Chair"})
    both.sync()
    assert both.crm("contact", crm_id)["Title"] == "Chair"
    assert both.routes_since(marks).count("PATCH /composite/sobjects") == 1

    both.contact_edit(contact_id, **{contact_field: right})
    both.sync()
    assert str(both.crm("contact", crm_id)[crm_field]) in (right, f"{right}.0")
    assert both.holds() == []
    both.assert_quiet()


def test_a_held_field_is_settled_by_the_other_side_too(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both)
    both.contact_edit(contact_id, firstName="x" * 41)
    both.sync()
    both.wait(60)
    both.crm_edit("contact", crm_id, FirstName="Anna")

    both.sync()

    assert both.contact("ana@example.org")["firstName"] == "Anna"
    assert both.holds() == []
    both.assert_quiet()


def test_a_held_value_that_goes_back_ends_the_hold(both: TwoSystems) -> None:
    _, contact_id = linked(both)
    both.contact_edit(contact_id, firstName="x" * 41)
    both.sync()
    both.contact_edit(contact_id, firstName="Ana")

    assert both.sync().counts == {}

    assert both.holds() == []
    both.assert_quiet()


def test_what_the_vendor_refuses_is_sent_once(both: TwoSystems) -> None:
    """Salesforce refuses an address that we did not find wrong; the rest of the record goes."""
    crm_id, contact_id = linked(both)
    both.contact_edit(contact_id, email="ana@exämple.org", **{"Job title": "Director"})
    marks = both.marks()

    both.sync()

    assert both.crm("contact", crm_id)["Title"] == "Director"
    assert both.crm("contact", crm_id)["Email"] == "ana@example.org"
    assert both.routes_since(marks).count("PATCH /composite/sobjects") == 2
    (hold,) = both.holds()
    assert (hold["field"], hold["values"]) == (
        "Email",
        {"crm": "ana@example.org", "activecampaign": "ana@exämple.org"},
    )
    marks = both.marks()
    both.assert_quiet()
    assert "PATCH /composite/sobjects" not in both.routes_since(marks)


def test_a_refusal_loses_nothing_of_a_record_that_changed_on_both_sides(both: TwoSystems) -> None:
    """What was not refused goes, and what the write to the other side replaced does not come back."""
    crm_id, contact_id = linked(both)
    both.crm_edit("contact", crm_id, Phone="+34 1")
    both.contact_edit(contact_id, email="ana@exämple.org", **{"Job title": "Director"})

    both.sync()

    assert both.contact("ana@exämple.org")["phone"] == "+34 1"
    crm = both.crm("contact", crm_id)
    assert (crm["Phone"], crm["Title"]) == ("+34 1", "Director")
    assert [hold["field"] for hold in both.holds()] == ["Email"]
    both.assert_quiet()


def test_retry_sends_it_again(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both)
    both.contact_edit(contact_id, email="ana@exämple.org")
    both.sync()
    (hold,) = both.holds()

    assert both.retry() == 1
    marks = both.marks()
    both.sync()
    assert both.routes_since(marks).count("PATCH /composite/sobjects") == 1
    assert [row["reason"] for row in both.holds()] == [hold["reason"]]
    both.assert_quiet()

    both.crm_edit("contact", crm_id, Email="ana.ruiz@example.org")
    both.wait(60)
    both.contact_edit(contact_id, email="ana.ruiz@example.org")
    both.retry()
    both.sync()
    assert both.holds() == []
    both.assert_quiet()


def test_a_refusal_of_the_whole_record_holds_what_was_sent(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both)
    rule = {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "Not on Sundays.", "fields": []}
    both.wire.refuse("PATCH /services/data", 200, [{"id": crm_id, "success": False, "errors": [rule]}])
    both.contact_edit(contact_id, firstName="Anna", phone="+34 1")

    both.sync()

    assert sorted(hold["field"] for hold in both.holds()) == ["FirstName", "Phone"]
    assert {hold["reason"] for hold in both.holds()} == {"Not on Sundays."}
    both.wire.calls.clear()
    assert both.assert_quiet().excused == {"held": 2}

    both.wire.allow()
    both.contact_edit(contact_id, phone="+34 2")
    both.sync()
    assert both.crm("contact", crm_id)["Phone"] == "+34 2"
    assert [hold["field"] for hold in both.holds()] == ["FirstName"]
    both.retry()
    both.sync()
    assert both.crm("contact", crm_id)["FirstName"] == "Anna"
    assert both.holds() == []
    both.assert_quiet()


def test_a_changed_mapping_of_the_field_is_a_new_try(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both, Settings(policy=Policy.ASK))
    both.crm_edit("contact", crm_id, FirstName="CRM's", Title="CRM's")
    both.contact_edit(contact_id, firstName="Contact's", **{"Job title": "Contact's"})
    both.sync()
    assert [hold["kind"] for hold in both.holds()] == ["conflict", "conflict"]

    decided = [
        replace(pair, policy=Policy.ACTIVECAMPAIGN) if pair.crm == "FirstName" else pair for pair in FIELDS
    ]
    both.set_mapping(mapping_of(fields=decided, settings=Settings(policy=Policy.ASK)))
    both.sync()

    assert both.crm("contact", crm_id)["FirstName"] == "Contact's"
    assert both.crm("contact", crm_id)["Title"] == "CRM's"
    assert [hold["field"] for hold in both.holds()] == ["Title"]
    both.assert_quiet()


def test_a_changed_definition_of_the_field_is_a_new_try(both: TwoSystems) -> None:
    """The picklist learns an option that ActiveCampaign asked for long ago."""
    crm_id = both.crm_new(Email="ana@example.org", Region__c="Europe")
    both.connect(mapping_of(fields=(EMAIL, FieldMapping(crm="Region__c", activecampaign="Nickname"))))
    both.sync()
    both.contact_edit(both.contact("ana@example.org")["id"], Nickname="Mars")
    both.sync()
    assert [hold["field"] for hold in both.holds()] == ["Region__c"]

    both.add_option("Region__c", "Mars")
    both.reopen()
    both.sync()

    assert both.crm("contact", crm_id)["Region__c"] == "Mars"
    assert both.holds() == []
    both.assert_quiet()


def test_a_conflict_waits_for_a_person_and_keeps_both_values(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both, Settings(policy=Policy.ASK))
    both.crm_edit("contact", crm_id, FirstName="CRM's")
    both.contact_edit(contact_id, firstName="Contact's", phone="+34 1")

    both.sync()

    assert both.crm("contact", crm_id)["Phone"] == "+34 1"
    (hold,) = both.holds()
    assert (hold["kind"], hold["values"]) == (
        "conflict",
        {"crm": "CRM's", "activecampaign": "Contact's"},
    )
    assert both.assert_quiet().excused == {"held": 1}

    both.contact_edit(contact_id, phone="+34 2")
    both.sync()
    assert [hold["kind"] for hold in both.holds()] == ["conflict"]

    both.contact_edit(contact_id, firstName="CRM's")
    both.sync()
    assert both.holds() == []
    both.assert_quiet()


@pytest.mark.parametrize("others", [0, 11])
def test_a_contact_that_the_vendor_refuses_is_held_and_made_when_corrected(
    both: TwoSystems, others: int
) -> None:
    """Singly, and as the one bad contact of an import."""
    for number in range(others):
        both.crm_new(Email=f"p{number}@example.org")
    crm_id = both.crm_new(FirstName="Odd", Email="odd@example.org")
    both.wire.refuse_address("odd@example.org")
    both.connect()

    both.sync()

    assert len(both.contacts()) == others
    (hold,) = both.holds()
    assert (hold["kind"], hold["field"], hold["record_id"]) == ("rejected", "Email", crm_id)
    marks = both.marks()
    assert both.assert_quiet().excused == {"held": 1}
    assert not any(route.startswith("POST") for route in both.routes_since(marks))

    both.crm_edit("contact", crm_id, Email="even@example.org")
    both.sync()
    assert both.contact("even@example.org")["firstName"] == "Odd"
    assert both.holds() == []
    both.assert_quiet()


def test_a_creation_without_its_required_value_is_held_until_it_has_one(both: TwoSystems) -> None:
    """A contact that may become a lead has no last name."""
    settings = Settings(creation="all", creation_object="lead")  # type: ignore[arg-type]
    lead = both_objects(creation_defaults={"Company": "unknown"})[1]
    contact_id = both.contact_new("ana@example.org", firstName="Ana")
    both.connect(mapping_of(lead, settings=settings))

    both.sync()

    assert both.crm_all("lead") == []
    (hold,) = both.holds()
    assert (hold["kind"], hold["side"], hold["record_id"]) == ("rejected", "crm", contact_id)
    assert "Last Name" in hold["reason"]
    both.assert_quiet()

    both.contact_edit(contact_id, lastName="Ruiz")
    both.sync()
    (made,) = both.crm_all("lead")
    assert (made["FirstName"], made["LastName"], made["Company"]) == ("Ana", "Ruiz", "unknown")
    assert both.holds() == []
    both.assert_quiet()


def test_a_creation_is_tried_again_when_the_mapping_gets_a_default(both: TwoSystems) -> None:
    settings = Settings(creation="all", creation_object="lead")  # type: ignore[arg-type]
    both.contact_new("ana@example.org", lastName="Ruiz")
    both.connect(mapping_of(both_objects()[1], settings=settings))
    both.sync()
    assert ["Company" in hold["reason"] for hold in both.holds()] == [True]

    lead = both_objects(creation_defaults={"Company": "unknown"})[1]
    both.set_mapping(mapping_of(lead, settings=settings))
    both.sync()

    assert [row["Company"] for row in both.crm_all("lead")] == ["unknown"]
    assert both.holds() == []
    both.assert_quiet()


def test_a_field_that_cannot_be_read_is_held_as_unreadable(both: TwoSystems) -> None:
    """A number that is none any more: the connector knows no value, and nothing is decided."""
    score = FieldMapping(crm="Score__c", activecampaign="Score")
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org", Score__c=7)
    both.connect(mapping_of(fields=(*NAMES, score)))
    both.sync()
    both.wait(10)
    both.spoil("ana@example.org", "Score", "seven")
    both.contact_edit(both.contact("ana@example.org")["id"], firstName="Anna")

    both.sync()

    assert both.crm("contact", crm_id)["FirstName"] == "Anna"
    assert both.crm("contact", crm_id)["Score__c"] == 7
    (hold,) = both.holds()
    assert (hold["kind"], hold["field"]) == ("unreadable", "Score__c")
    both.assert_quiet()

    both.contact_edit(both.contact("ana@example.org")["id"], Score="8")
    both.sync()
    assert both.crm("contact", crm_id)["Score__c"] == 8
    assert both.holds() == []
    both.assert_quiet()


def test_every_side_may_be_the_one_that_is_not_written(both: TwoSystems) -> None:
    """The hold names the side that waits."""
    crm_id, contact_id = linked(both)
    both.crm_edit("contact", crm_id, Email=None)
    both.contact_edit(contact_id, lastName="")

    both.sync()

    assert {(hold["field"], Side(hold["side"])) for hold in both.holds()} == {
        ("Email", Side.ACTIVECAMPAIGN),
        ("LastName", Side.CRM),
    }
    assert Op.CREATE not in both.sync().counts
    both.assert_quiet()
