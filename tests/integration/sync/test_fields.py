"""A mapped field that vanished or has another type rests alone, and is caught up with when it is back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from tests.helpers.mappings import EMAIL, NAMES, mapping_of

from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.mapping import FieldMapping, ObjectMapping, Settings, Side

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

TITLE = FieldMapping(crm="Title", activecampaign="Job title")
SCORE = FieldMapping(crm="Score__c", activecampaign="Company")  # a number and a text
FIELDS = (*NAMES, TITLE, SCORE)


def linked(both: TwoSystems, **settings: object) -> tuple[str, str]:
    crm_id = both.crm_new(FirstName="Ana", Email="ana@example.org", Title="Boss", Score__c=7)
    both.connect(mapping_of(fields=FIELDS, settings=Settings(**settings)))  # type: ignore[arg-type]
    both.sync()
    both.wait(3600)
    return crm_id, both.contact("ana@example.org")["id"]


def whole(number: float) -> str:
    return str(int(number))


def test_a_hidden_field_rests_and_the_rest_of_the_record_goes_on(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both)
    both.hide_field("contact", "Title")
    both.contact_edit(contact_id, firstName="Anna", **{"Job title": "Director"})
    both.reopen()

    both.sync()

    crm = both.crm("contact", crm_id)
    assert (crm["FirstName"], crm["Title"]) == ("Anna", "Boss")
    (hold,) = both.holds()
    assert (hold["code"], hold["kind"], hold["field"]) == ("CW-5001", "paused", "Title")
    assert "Title" in hold["reason"]
    assert hold["cure"]
    assert both.assert_quiet().excused == {"held": 1}


@pytest.mark.parametrize("side", Side)
def test_what_changed_while_a_field_rested_is_caught_up_with(both: TwoSystems, side: Side) -> None:
    crm_id, contact_id = linked(both)
    both.hide_field("contact", "Title")
    if side is Side.CRM:
        both.crm_edit("contact", crm_id, Title="Director")
    else:
        both.contact_edit(contact_id, **{"Job title": "Director"})
    both.reopen()
    both.sync()
    both.wait(3600)
    both.sync()

    both.hide_field("contact", "Title", hidden=False)
    both.reopen()
    both.sync()

    assert both.crm("contact", crm_id)["Title"] == "Director"
    assert both.held("ana@example.org", "Job title") == "Director"
    assert both.holds() == []
    assert [set(row["fields"]) for row in both.journal()[1:]] in ([{"Title"}], [{both.field("Job title")}])
    assert both.assert_quiet().excused == {}


def test_a_deleted_contact_field_rests_and_empties_nothing(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both)
    both.drop_contact_field("Job title")
    both.contact_edit(contact_id, firstName="Anna")
    both.crm_edit("contact", crm_id, Title="Director")
    both.reopen()

    both.sync()

    crm = both.crm("contact", crm_id)
    assert (crm["FirstName"], crm["Title"]) == ("Anna", "Director")
    (hold,) = both.holds()
    assert hold["code"] == "CW-5001"
    assert "Job title (field/" in hold["reason"]
    both.assert_quiet()


def test_a_field_of_another_type_rests_until_the_type_is_accepted(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both)
    both.retype_field("contact", "Score__c", whole, type="string", length=80)
    both.contact_edit(contact_id, Company="seven", **{"Job title": "Director"})
    both.reopen()

    both.sync()

    (hold,) = both.holds()
    assert (hold["code"], hold["field"]) == ("CW-5002", "Score__c")
    assert "number" in hold["reason"]
    assert both.crm("contact", crm_id)["Title"] == "Director"
    both.assert_quiet()

    both.retry()
    both.reopen()
    both.sync()
    assert both.crm("contact", crm_id)["Score__c"] == "seven"
    assert both.holds() == []


def test_a_field_that_has_its_old_type_again_resumes_by_itself(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both)
    both.retype_field("contact", "Score__c", whole, type="string", length=80)
    both.reopen()
    both.sync()
    both.contact_edit(contact_id, Company="8")

    both.retype_field("contact", "Score__c", float, type="double", length=0)
    both.reopen()
    both.sync()

    assert both.crm("contact", crm_id)["Score__c"] == 8
    assert both.holds() == []
    both.assert_quiet()


def test_a_saved_mapping_accepts_the_types_as_they_are(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both)
    both.retype_field("contact", "Score__c", whole, type="string", length=80)
    both.reopen()
    both.sync()
    both.contact_edit(contact_id, Company="seven")

    both.set_mapping(mapping_of(fields=FIELDS))
    both.sync()

    assert both.crm("contact", crm_id)["Score__c"] == "seven"
    assert both.holds() == []


def test_two_fields_that_cannot_be_paired_any_more_rest(both: TwoSystems) -> None:
    _, contact_id = linked(both)
    both.retype_field("contact", "Score__c", whole, type="location")
    both.contact_edit(contact_id, firstName="Anna")
    both.reopen()

    both.sync()

    (hold,) = both.holds()
    assert hold["code"] == "CW-5003"
    both.retry()
    both.reopen()
    both.sync()
    assert [hold["code"] for hold in both.holds()] == ["CW-5003"]
    both.assert_quiet()


def test_without_its_email_field_an_object_fails(both: TwoSystems) -> None:
    linked(both)
    both.hide_field("contact", "Email")

    with pytest.raises(SystemFailure, match="e-mail field") as caught:
        both.reopen()

    assert (caught.value.kind, caught.value.entry) == (FailureKind.MAPPING, "email_gone")
    both.hide_field("contact", "Email", hidden=False)
    both.reopen()
    both.assert_quiet()


Vanish = Callable[["TwoSystems"], None]
IN_THE_MIDDLE: dict[str, tuple[str, Vanish]] = {
    "CRM, while reading": ("queryAll", lambda both: both.hide_field("contact", "Title")),
    "CRM, while writing": ("PATCH /services", lambda both: both.hide_field("contact", "Title")),
    "ActiveCampaign, while reading": (
        "GET /api/3/contacts",
        lambda both: both.drop_contact_field("Job title"),
    ),
    "ActiveCampaign, while writing": (
        "PUT /api/3/contacts",
        lambda both: both.drop_contact_field("Job title"),
    ),
}


@pytest.mark.parametrize("when", IN_THE_MIDDLE)
def test_a_field_that_vanishes_in_the_middle_of_a_run_does_not_end_it(both: TwoSystems, when: str) -> None:
    route, vanish = IN_THE_MIDDLE[when]
    crm_id, contact_id = linked(both)
    to_crm = "CRM" in when
    if to_crm:
        both.contact_edit(contact_id, firstName="Anna", **{"Job title": "Director"})
    else:
        both.crm_edit("contact", crm_id, FirstName="Anna", Title="Director")
    both.wire.once(route, lambda: vanish(both))

    assert both.sync().state == "done"

    assert both.crm("contact", crm_id)["FirstName"] == "Anna"
    assert both.contact("ana@example.org")["firstName"] == "Anna"
    assert both.crm("contact", crm_id)["Title"] == ("Boss" if to_crm else "Director")
    assert [(hold["code"], hold["field"]) for hold in both.holds()] == [("CW-5001", "Title")]
    both.assert_quiet()


def test_a_hold_of_a_record_outlives_the_rest_of_its_field(both: TwoSystems) -> None:
    crm_id, contact_id = linked(both)
    both.contact_edit(contact_id, Company="seven")
    both.sync()
    both.hide_field("contact", "Score__c")
    both.reopen()
    both.sync()
    assert sorted(hold["code"] for hold in both.holds()) == ["CW-2012", "CW-5001"]

    both.hide_field("contact", "Score__c", hidden=False)
    both.reopen()
    both.sync()

    assert [hold["code"] for hold in both.holds()] == ["CW-2012"]
    both.contact_edit(contact_id, Company="8")
    both.sync()
    assert both.crm("contact", crm_id)["Score__c"] == 8
    both.assert_quiet()


def test_explain_says_that_a_field_rests_and_what_it_held(both: TwoSystems) -> None:
    crm_id, _ = linked(both)
    both.hide_field("contact", "Title")
    both.reopen()
    both.sync()

    (link,) = both.explain(Side.CRM, crm_id).links

    field = next(each for each in link.fields if each.crm_field == "Title")
    assert (field.decision, field.crm_shadow, field.activecampaign_shadow) == ("paused", "Boss", "Boss")
    assert field.hold is not None
    assert field.hold.startswith("CW-5001: ")


def test_a_plan_says_that_a_field_rests_and_stores_nothing(both: TwoSystems) -> None:
    linked(both)
    both.hide_field("contact", "Title")
    context = both.reopen()

    assert both.plan().counts == {"held": 1}

    assert [each.code for each in context.objects["contact"].paused] == ["CW-5001"]
    assert both.holds() == []
    assert {row["paused"] for row in both.rows("mapped_field")} == {""}


def test_a_new_field_is_filled_by_reading_its_linked_records_alone(both: TwoSystems) -> None:
    """After what people changed, and without another complete reading of either side."""
    ids = [both.crm_new(FirstName=f"P{n}", Email=f"p{n}@example.org", Title=f"T{n}") for n in range(3)]
    for number in range(30):
        both.contact_new(f"stranger{number}@example.org")
    both.connect(mapping_of(fields=NAMES))
    both.sync()
    both.wait(3600)
    both.set_mapping(mapping_of(fields=(*NAMES, TITLE)))
    both.context()
    both.crm_edit("contact", ids[0], FirstName="Q0")
    marks, written = both.marks(), len(both.journal())

    both.sync()

    assert [both.held(f"p{n}@example.org", "Job title") for n in range(3)] == ["T0", "T1", "T2"]
    routes = both.routes_since(marks)
    assert routes.count("GET /queryAll") == 1
    assert routes.count("POST /composite/sobjects/{object}") <= 2
    names = [set(row["fields"]) for row in both.journal()[written:]]
    assert "firstName" in names[0]
    assert names[1:] == [{both.field("Job title")}] * len(names[1:])
    both.assert_quiet()


def test_what_a_plan_read_for_a_new_field_is_not_read_again(both: TwoSystems) -> None:
    both.crm_new(FirstName="Ana", Email="ana@example.org", Title="Boss")
    both.connect(mapping_of(fields=NAMES))
    both.sync()
    both.wait(3600)
    both.set_mapping(mapping_of(fields=(*NAMES, TITLE)))
    plan = both.plan()
    assert plan.counts == {"update activecampaign contact": 1}
    marks = both.marks()

    both.sync(plan=plan)

    assert both.held("ana@example.org", "Job title") == "Boss"
    assert "POST /composite/sobjects/{object}" not in both.routes_since(marks)
    both.assert_quiet()


def test_a_crash_before_the_back_fill_loses_nothing(both: TwoSystems) -> None:
    both.crm_new(FirstName="Ana", Email="ana@example.org", Title="Boss")
    both.connect(mapping_of(fields=NAMES))
    both.sync()
    both.set_mapping(mapping_of(fields=(*NAMES, TITLE)))
    both.context()
    both.wire.refuse(
        "composite/sobjects/Contact", 401, [{"errorCode": "INVALID_SESSION_ID", "message": "no"}]
    )
    with pytest.raises(SystemFailure):
        both.sync()
    both.wire.allow()

    both.reopen()
    both.sync()

    assert both.held("ana@example.org", "Job title") == "Boss"
    both.assert_quiet()


def test_an_idle_run_in_a_new_process_describes_and_reads_and_no_more(both: TwoSystems) -> None:
    both.crm_new(Email="ana@example.org")
    both.connect(
        mapping_of(
            ObjectMapping(object="contact", fields=FIELDS), ObjectMapping(object="lead", fields=(EMAIL,))
        )
    )
    both.sync()
    both.sync()

    def idle() -> None:
        both.reopen()
        both.sync()

    assert both.calls_of(idle) == {"activecampaign": 2, "salesforce": 4}


def test_a_field_that_vanishes_under_many_writes_costs_a_few_calls_and_one_hold(both: TwoSystems) -> None:
    for number in range(420):
        both.crm_new(FirstName="Old", Email=f"p{number}@example.org", Title="Old")
    both.connect(mapping_of(fields=(*NAMES, TITLE)))
    both.sync()
    both.wait(3600)
    for row in both.contacts():
        both.contact_edit(row["id"], firstName="New", **{"Job title": "New"})
    both.wire.once("PATCH /services", lambda: both.hide_field("contact", "Title"))
    marks = both.marks()

    both.sync()

    assert {row["FirstName"] for row in both.crm_all()} == {"New"}
    assert {row["Title"] for row in both.crm_all()} == {"Old"}
    assert [hold["code"] for hold in both.holds()] == ["CW-5001"]
    assert both.routes_since(marks).count("PATCH /composite/sobjects") <= 6
