"""Leads that become contacts: the link goes with the person, and nothing is written to what the lead was."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx2
import pytest
from tests.helpers.mappings import NAMES, both_objects, mapping_of

from crosswalk.core.criteria import Criteria, Criterion, Operator
from crosswalk.core.mapping import FieldMapping, ObjectMapping, Selection, SelectionKind, Side

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

pytestmark = pytest.mark.every_crm
ANA = "ana@example.org"


def leads_written(both: TwoSystems, act: Callable[[], object]) -> int:
    """How many leads were updated while `act` went on."""
    sent = 0

    def hook(route: str, request: httpx2.Request) -> None:
        nonlocal sent
        sent += both.writes_to("lead", request)

    both.wire.before.append(hook)
    act()
    both.wire.before.remove(hook)
    return sent


def linked_lead(both: TwoSystems, **values: str) -> str:
    lead = both.crm_new("lead", FirstName="Ana", Email=ANA, **values)
    both.connect(mapping_of(*both_objects()))
    both.sync()
    both.wait(120)
    return lead


def test_the_link_goes_from_the_lead_to_its_contact(both: TwoSystems) -> None:
    lead = linked_lead(both, Phone="+34 1")
    (link,) = both.links()
    contact = both.crm_convert(lead)

    assert leads_written(both, both.sync) == 0

    (moved,) = both.links()
    assert (moved.id, moved.object, moved.crm_id, moved.state) == (link.id, "contact", contact, "open")
    both.contact_edit(both.contact(ANA)["id"], phone="+34 2")
    both.sync()
    assert both.crm("contact", contact)["Phone"] == "+34 2"
    both.crm_edit("contact", contact, FirstName="Anna")
    both.sync()
    assert both.contact(ANA)["firstName"] == "Anna"
    assert len(both.contacts()) == 1
    both.assert_quiet()


def test_a_conversion_costs_no_call_more_than_a_quiet_run(both: TwoSystems) -> None:
    lead = linked_lead(both)
    both.crm_convert(lead)

    assert both.calls_of(both.sync) == {both.vendor: 2, "activecampaign": 1}
    both.assert_quiet()


def test_edits_of_both_sides_before_the_conversion_are_not_lost(both: TwoSystems) -> None:
    lead = linked_lead(both, Phone="+34 1")
    both.contact_edit(both.contact(ANA)["id"], phone="+34 2")
    both.crm_edit("lead", lead, FirstName="Anna")
    contact = both.crm_convert(lead)

    both.sync()

    assert both.crm("contact", contact)["Phone"] == "+34 2" == both.contact(ANA)["phone"]
    assert both.crm("contact", contact)["FirstName"] == "Anna" == both.contact(ANA)["firstName"]
    both.assert_quiet()


def test_what_the_contact_lacks_is_offered_to_it_and_what_it_cannot_hold_stays(both: TwoSystems) -> None:
    """Custom fields of the lead that no rule carries over, and a field that only leads are mapped with."""
    region = FieldMapping(crm="LeadSource", activecampaign=both.field("Source"))
    title = FieldMapping(crm="Title", activecampaign=both.field("Job title"))
    lead = both.crm_new("lead", FirstName="Ana", Email=ANA, Title="Captain", LeadSource="Web")
    both.connect(
        mapping_of(
            ObjectMapping(object="contact", fields=(*NAMES, title)),
            ObjectMapping(object="lead", fields=(*NAMES, title, region)),
        )
    )
    both.sync()
    contact = both.crm_convert(lead)
    both.crm_edit("contact", contact, Title=None)

    both.sync()

    assert both.crm("contact", contact)["Title"] == "Captain"
    assert both.held(ANA, "Job title") == "Captain"
    both.assert_quiet()


def test_explain_of_the_contact_tells_what_was_written_while_it_was_a_lead(both: TwoSystems) -> None:
    lead = linked_lead(both)
    both.contact_edit(both.contact(ANA)["id"], phone="+34 2")
    both.sync()
    contact = both.crm_convert(lead)
    both.sync()

    phone = both.name("Phone")
    (link,) = both.explain(Side.CRM, contact).links
    assert ("crm", lead, "+34 2") in [
        (row["side"], row["record_id"], row["fields"][phone][1])
        for row in link.journal
        if phone in row["fields"]
    ]
    of_lead = both.explain(Side.CRM, lead)
    assert of_lead.directory[0]["successor"] == f"contact {contact}"
    assert [each.crm_id for each in of_lead.links] == [contact]


def test_a_contact_that_is_seen_before_the_lead_s_conversion_takes_the_link_all_the_same(
    both: TwoSystems,
) -> None:
    """The lead is read once more before a contact with its address takes its place."""
    lead = linked_lead(both, Phone="+34 1")
    both.contact_edit(both.contact(ANA)["id"], phone="+34 2")
    contact = both.crm_convert(lead)
    both.hide_leads()

    both.sync()
    both.wire.allow()

    (link,) = both.links()
    assert (link.object, link.crm_id) == ("contact", contact)
    assert both.crm("contact", contact)["Phone"] == "+34 2" == both.contact(ANA)["phone"]
    both.assert_quiet()


@pytest.mark.parametrize("address", [ANA, "other@example.org"])
def test_a_conversion_into_a_contact_that_is_linked_joins_the_links(both: TwoSystems, address: str) -> None:
    """With the lead's own address both shared one ActiveCampaign contact; with another each had its own."""
    known = both.crm_new(FirstName="Contact", Email=address)
    lead = linked_lead(both)
    both.contact_edit(both.contact(ANA)["id"], phone="+34 2")
    before = len(both.contacts())
    both.crm_convert(lead, contactId=known, accountId=None)

    assert leads_written(both, both.sync) == 0

    (open_link,) = both.links(state="open")
    (closed,) = both.links(state="closed")
    assert (open_link.object, open_link.crm_id) == ("contact", known)
    assert (closed.crm_id, closed.closed_reason, closed.joined_id) == (lead, "converted", open_link.id)
    assert len(both.contacts()) == before
    assert [row["record_id"] for row in both.explain(Side.CRM, known).links[0].journal][-1]
    both.assert_quiet()


def test_two_leads_become_one_contact(both: TwoSystems) -> None:
    first = both.crm_new("lead", FirstName="First", Email=ANA)
    both.wait(2)
    second = both.crm_new("lead", FirstName="Second", Email=ANA)
    both.connect(mapping_of(*both_objects()))
    both.sync()
    contact = both.crm_convert(second)
    both.crm_convert(first, contactId=contact)

    both.sync()

    assert [(link.object, link.crm_id, link.is_primary) for link in both.links(state="open")] == [
        ("contact", contact, True)
    ]
    both.contact_edit(both.contact(ANA)["id"], phone="+34 2")
    both.sync()
    assert both.crm("contact", contact)["Phone"] == "+34 2"
    both.assert_quiet()


def test_a_second_lead_that_is_converted_outranks_the_first_one(both: TwoSystems) -> None:
    first = both.crm_new("lead", FirstName="First", Email=ANA)
    both.wait(2)
    second = both.crm_new("lead", FirstName="Second", Email=ANA)
    both.connect(mapping_of(*both_objects()))
    both.sync()
    contact = both.crm_convert(second)

    both.sync()

    assert {link.crm_id: link.is_primary for link in both.links(state="open")} == {
        first: False,
        contact: True,
    }
    assert both.contact(ANA)["firstName"] == "Second"
    both.contact_edit(both.contact(ANA)["id"], phone="+34 2")
    both.sync()
    assert both.crm("contact", contact)["Phone"] == "+34 2"
    assert both.crm("lead", first)["Phone"] is None
    both.assert_quiet()


def in_europe() -> Selection:
    row = Criterion(field="LeadSource", operator=Operator.EQUALS, values=("Web",))
    return Selection(kind=SelectionKind.CRITERIA, criteria=Criteria(rows=(row,)))


def test_a_conversion_to_a_contact_out_of_the_selection_closes_the_link(both: TwoSystems) -> None:
    lead = both.crm_new("lead", FirstName="Ana", Email=ANA)
    contacts = ObjectMapping(object="contact", fields=NAMES, selection=in_europe())
    both.connect(mapping_of(contacts, ObjectMapping(object="lead", fields=NAMES)))
    both.sync()
    contact = both.crm_convert(lead)

    both.sync()

    assert [(link.state, link.closed_reason) for link in both.links()] == [
        ("closed", "converted_not_selected")
    ]
    assert [each.closed_reason for each in both.explain(Side.CRM, lead).links] == ["converted_not_selected"]
    assert both.contact(ANA)["firstName"] == "Ana"
    assert both.assert_quiet().excused["not selected"] > 0

    both.crm_edit("contact", contact, LeadSource="Web")
    both.sync()
    assert [link.crm_id for link in both.links(state="open")] == [contact]
    both.assert_quiet()


def test_without_a_mapping_of_contacts_the_link_of_a_converted_lead_closes(both: TwoSystems) -> None:
    lead = both.crm_new("lead", FirstName="Ana", Email=ANA)
    both.connect(mapping_of(ObjectMapping(object="lead", fields=NAMES)))
    both.sync()
    both.crm_convert(lead)
    both.contact_edit(both.contact(ANA)["id"], phone="+34 2")

    assert leads_written(both, both.sync) == 0

    assert [link.closed_reason for link in both.links()] == ["converted_not_mapped"]
    assert both.contact(ANA)["phone"] == "+34 2"
    both.assert_quiet()


def test_leads_that_were_converted_long_ago_take_no_part(both: TwoSystems) -> None:
    lead = both.crm_new("lead", FirstName="Lead", Email=ANA)
    contact = both.crm_convert(lead)
    both.crm_edit("contact", contact, Email="new@example.org")
    both.connect(mapping_of(*both_objects()))

    both.sync()

    assert [row["email"] for row in both.contacts()] == ["new@example.org"]
    assert both.skipped(Side.CRM, lead) == "converted"
    assert [link.crm_id for link in both.links()] == [contact]
    both.assert_quiet()


@pytest.mark.parametrize("late", ["before the guard", "between the guard and the write"])
def test_a_lead_that_is_converted_while_a_write_to_it_is_under_way_is_followed(
    both: TwoSystems, late: str
) -> None:
    lead = linked_lead(both, Phone="+34 1")
    both.contact_edit(both.contact(ANA)["id"], phone="+34 2")
    if late == "before the guard":
        both.at_guard("lead", lambda: both.crm_convert(lead))
    else:
        both.at_write(lambda: both.crm_convert(lead))

    both.sync()

    contact = both.crm("lead", lead)["ConvertedContactId"]
    assert both.holds() == []
    assert both.crm("contact", contact)["Phone"] == "+34 2"
    assert [(link.object, link.crm_id) for link in both.links()] == [("contact", contact)]
    both.assert_quiet()


def test_a_lead_that_is_converted_while_its_contact_is_made_is_followed(both: TwoSystems) -> None:
    lead = both.crm_new("lead", FirstName="Ana", Email=ANA)
    both.connect(mapping_of(*both_objects()))
    both.wire.once("POST /api/3/contacts", lambda: both.crm_convert(lead))

    both.sync()
    both.sync()

    contact = both.crm("lead", lead)["ConvertedContactId"]
    assert [row["firstName"] for row in both.contacts()] == ["Ana"]
    assert [(link.object, link.crm_id) for link in both.links(state="open")] == [("contact", contact)]
    both.assert_quiet()


def test_a_held_edit_of_the_contact_goes_to_the_contact_record(both: TwoSystems) -> None:
    """The lead could not take the value; its contact can."""
    long = FieldMapping(crm="Department", activecampaign=both.field("Job title"))
    short = FieldMapping(crm="Salutation", activecampaign=both.field("Job title"))
    lead = both.crm_new("lead", FirstName="Ana", Email=ANA)
    both.connect(
        mapping_of(
            ObjectMapping(object="contact", fields=(*NAMES, long)),
            ObjectMapping(object="lead", fields=(*NAMES, short)),
        )
    )
    both.sync()
    both.contact_edit(both.contact(ANA)["id"], **{"Job title": "x" * 60})
    both.sync()
    assert len(both.holds()) == 1
    both.wait(600)
    contact = both.crm_convert(lead)

    both.sync()

    assert both.crm("contact", contact)["Department"] == "x" * 60
    assert both.holds() == []
    both.assert_quiet()


@pytest.mark.parametrize("existing", [False, True])
def test_an_opt_out_of_the_lead_holds_for_the_contact(both: TwoSystems, existing: bool) -> None:
    """A conversion into an existing contact leaves that contact's box as it is."""
    known = both.crm_new(FirstName="Ana") if existing else None
    lead = linked_lead(both)
    both.contact_edit(both.contact(ANA)["id"], lists={"1": 1})
    both.sync()
    both.crm_edit("lead", lead, HasOptedOutOfEmail=True)
    contact = both.crm_convert(lead, **({"contactId": known} if known else {}))

    assert leads_written(both, both.sync) == 0

    assert both.crm("contact", contact)["HasOptedOutOfEmail"] is True
    assert both.contact(ANA)["lists"] == {"1": "2"}
    both.assert_quiet()


def test_a_refusal_that_no_reading_explains_is_held(salesforce: TwoSystems) -> None:
    linked_lead(salesforce)
    error = {"statusCode": "CANNOT_UPDATE_CONVERTED_LEAD", "message": "cannot reference converted lead"}
    salesforce.wire.refuse("PATCH /services/data", 200, [{"success": False, "errors": [error]}])
    salesforce.contact_edit(salesforce.contact(ANA)["id"], phone="+34 2")

    salesforce.sync()

    (hold,) = salesforce.holds()
    assert (hold["field"], hold["code"]) == ("Phone", "CW-3004")
    salesforce.wire.allow()
    salesforce.assert_quiet()


def test_a_lead_that_is_converted_while_an_import_makes_its_contact_is_followed(both: TwoSystems) -> None:
    leads = [both.crm_new("lead", FirstName=f"P{n}", Email=f"p{n}@example.org") for n in range(12)]
    both.connect(mapping_of(*both_objects()))
    both.wire.after_import(lambda: both.crm_convert(leads[0]))

    both.sync()
    both.sync()

    contact = both.crm("lead", leads[0])["ConvertedContactId"]
    assert len(both.contacts()) == 12
    assert [link.crm_id for link in both.links(state="open", object="contact")] == [contact]
    both.contact_edit(both.contact("p0@example.org")["id"], phone="+34 2")
    both.sync()
    assert both.crm("contact", contact)["Phone"] == "+34 2"
    both.assert_quiet()


def test_of_two_connections_each_follows_the_conversion(both: TwoSystems) -> None:
    lead = both.crm_new("lead", FirstName="Ana", Email=ANA)
    second = both.second_account()
    both.connect(mapping_of(*both_objects()), "one")
    both.connect(mapping_of(*both_objects()), "two", account="second account")
    both.sync("one")
    both.sync("two")
    contact = both.crm_convert(lead)

    both.sync("one")
    both.sync("two")

    for name in ("one", "two"):
        assert [(link.object, link.crm_id) for link in both.links(name)] == [("contact", contact)], name
    (row,) = second.dump()["contact"]
    second.person("contact", "edit", record_id=str(row["id"]), values={"phone": "+34 2"})
    both.sync("two")
    both.sync("one")
    assert both.crm("contact", contact)["Phone"] == "+34 2" == both.contact(ANA)["phone"]
    both.assert_quiet("one")
    both.assert_quiet("two")


def test_a_plan_shows_what_a_conversion_brings_and_moves_no_link(both: TwoSystems) -> None:
    lead = linked_lead(both, Phone="+34 1")
    both.contact_edit(both.contact(ANA)["id"], phone="+34 2")
    contact = both.crm_convert(lead)

    plan = both.plan()

    assert plan.counts == {"update crm contact": 1}
    assert [link.crm_id for link in both.links()] == [lead]
    assert both.sync(plan=plan).counts == {"crm update": 1}
    assert both.crm("contact", contact)["Phone"] == "+34 2"
    both.assert_quiet()
