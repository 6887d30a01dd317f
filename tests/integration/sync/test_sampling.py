"""A live sample of real records: what each rule would do with them, in few calls and without a trace."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.helpers.mappings import NAMES, mapping_of

from crosswalk.core.criteria import Criteria, Criterion, Operator
from crosswalk.core.failures import UserError
from crosswalk.core.mapping import (
    Direction,
    FieldMapping,
    ObjectMapping,
    Policy,
    Selection,
    SelectionKind,
    UpdateRule,
)

if TYPE_CHECKING:
    from tests.helpers.two_systems import TwoSystems

    from crosswalk.sync.sampled import Cell, Sample


def sampled(both: TwoSystems, object: str = "contact", **more: Any) -> Sample:
    from crosswalk.sync.sampling import sample

    return sample("demo", object, both.vault, both.clock, opener=both.opener, **more)


def cells(found: Sample, activecampaign: str) -> dict[str, Cell]:
    """One pair's cells by record."""
    (row,) = [each for each in found.rows if each.activecampaign == activecampaign]
    return {cell.record: cell for cell in row.cells}


def words(found: Sample, activecampaign: str) -> dict[str, str]:
    from crosswalk.sync.sampled import cell_words

    return {record: cell_words(cell, "the CRM") for record, cell in cells(found, activecampaign).items()}


def contact_mapping(**rules: Any) -> ObjectMapping:
    """The standard fields, the phone under other rules."""
    return ObjectMapping(object="contact", fields=(*NAMES[:3], replace(NAMES[3], **rules)))


@pytest.mark.every_crm
def test_before_the_first_run_it_says_what_would_be_linked_made_and_won(both: TwoSystems) -> None:
    both.crm_new(Email="ana@example.org", FirstName="Ana", Phone="+49 30 1")
    both.crm_new(Email="ben@example.org", FirstName="Ben", Phone="+49 30 2")
    both.crm_new(FirstName="Without")
    both.contact_new("ana@example.org", firstName="Ana", lastName="Other")
    both.connect()

    calls = both.calls_of(lambda: sampled(both))
    assert calls == {both.vendor: calls[both.vendor], "activecampaign": 3}  # fields, and an address each
    found = sampled(both)
    assert sorted(found.records) == ["ana@example.org", "ben@example.org"]
    assert words(found, "firstName") == {
        "ana@example.org": "equal",
        "ben@example.org": "would be part of a new contact",
    }
    phone = cells(found, "phone")["ana@example.org"]
    assert (phone.crm, phone.activecampaign, phone.becomes) == ("+49 30 1", None, "+49 30 1")
    assert words(found, "phone")["ana@example.org"].startswith("would be written to ActiveCampaign")
    assert words(found, "lastName")["ana@example.org"].startswith(
        "conflict, the CRM wins: would be written to ActiveCampaign"
    )


@pytest.mark.every_crm
def test_linked_records_are_decided_by_what_was_settled_and_contacts_are_read_in_one_call(
    both: TwoSystems,
) -> None:
    ids = [both.crm_new(Email=f"p{n}@example.org", Phone=f"+49 30 {n}") for n in range(5)]
    both.connect()
    both.sync(plan=both.plan())
    both.crm_edit("contact", ids[0], Phone="+49 30 77")
    both.contact_edit(str(both.contact("p1@example.org")["id"]), phone="+49 30 88")

    calls = both.calls_of(lambda: sampled(both))
    assert calls["activecampaign"] == 2  # the fields and all contacts
    assert calls[both.vendor] <= 4
    found = words(sampled(both), "phone")
    assert found["p0@example.org"] == "would be written to ActiveCampaign. Only this side changed."
    assert found["p1@example.org"] == "would be written to the CRM. Only this side changed."
    assert found["p2@example.org"] == "equal"


def test_rules_that_nobody_saved_are_tried_and_nothing_is_stored(salesforce: TwoSystems) -> None:
    both = salesforce
    crm_id = both.crm_new(Email="ana@example.org", Phone="+49 30 1")
    both.connect()
    both.sync(plan=both.plan())
    both.crm_edit("contact", crm_id, Phone="+49 30 77")
    both.contact_edit(str(both.contact("ana@example.org")["id"]), phone="+49 30 88")
    before, marks = both.reopen().objects["contact"].saved, both.marks()

    tried = {
        "newest": contact_mapping(),
        "ask": contact_mapping(policy=Policy.ASK),
        "crm": contact_mapping(policy=Policy.CRM),
        "if_empty": contact_mapping(to_activecampaign=UpdateRule.IF_EMPTY, to_crm=UpdateRule.IF_EMPTY),
        "never": contact_mapping(to_activecampaign=UpdateRule.NEVER),
        "one_way": replace(contact_mapping(), direction=Direction.TO_ACTIVECAMPAIGN),
    }
    said = {
        name: words(sampled(both, mapping=each), "phone")["ana@example.org"] for name, each in tried.items()
    }
    assert said["newest"].startswith("conflict, ")
    assert said["ask"] == "conflict: a person would be asked"
    assert said["crm"].startswith("conflict, the CRM wins: would be written to ActiveCampaign")
    assert said["if_empty"].startswith("left alone. The update rule is “only if empty”")
    assert said["never"].startswith("would be written to the CRM. Both sides differ")
    assert said["one_way"].startswith("would be written to ActiveCampaign. Both sides differ")
    assert both.reopen().objects["contact"].saved == before
    assert not any(route.startswith(("PUT", "PATCH", "DELETE")) for route in both.routes_since(marks))


def test_a_value_that_the_other_side_does_not_take_is_told_with_the_reason(salesforce: TwoSystems) -> None:
    both = salesforce
    both.crm_new(Email="ana@example.org")
    both.contact_new("ana@example.org", NOTES="x" * 300)
    fields = (NAMES[0], FieldMapping(crm="Nickname__c", activecampaign="NOTES"))
    both.connect(mapping_of(fields=fields))
    (row,) = [each for each in sampled(both).rows if each.crm == "Nickname__c"]
    from crosswalk.sync.sampled import cell_words

    assert cell_words(row.cells[0], "the CRM").startswith("would be refused. Nickname")


@pytest.mark.every_crm
def test_only_records_that_the_selection_takes_are_shown_and_none_is_no_error(both: TwoSystems) -> None:
    both.crm_new(Email="old@example.org")
    none = Selection(kind=SelectionKind.NONE)
    both.connect(mapping_of(ObjectMapping(object="contact", fields=NAMES, selection=none)))
    assert sampled(both).records == []
    since = Selection(kind=SelectionKind.CREATED_FROM_NOW)
    both.wait(60)
    both.set_mapping(mapping_of(ObjectMapping(object="contact", fields=NAMES, selection=since)))
    both.wait(60)
    both.crm_new(Email="new@example.org")
    assert sampled(both).records == ["new@example.org"]


def liking(both: TwoSystems, field: str) -> list[str]:
    """Which of three people are shown of whom a field has to say something."""
    for name in ("Ana", "Ben", "Cid"):
        both.crm_new(Email=f"{name.lower()}@example.org", **{field: f"Likes {name}"})
    row = Criterion(field=field, operator=Operator.CONTAINS, values=("Likes B",))
    chosen = Selection(kind=SelectionKind.CRITERIA, criteria=Criteria(rows=(row,)))
    both.connect(mapping_of(ObjectMapping(object="contact", fields=NAMES, selection=chosen)))
    return list(sampled(both).records)


@pytest.mark.every_crm
def test_criteria_decide_which_records_are_shown(both: TwoSystems) -> None:
    assert liking(both, "Nickname__c") == ["ben@example.org"]


def test_criteria_that_the_crm_cannot_be_asked_are_judged_here(salesforce: TwoSystems) -> None:
    assert liking(salesforce, "Notes__c") == ["ben@example.org"]


def test_of_records_that_share_a_contact_one_leads_and_the_others_take_no_part(
    salesforce: TwoSystems,
) -> None:
    both = salesforce
    both.crm_new(Email="shared@example.org", FirstName="First")
    both.crm_new(Email="shared@example.org", FirstName="Second")
    both.connect()
    both.sync(plan=both.plan())
    from crosswalk.sync.sampled import Fate

    (row,) = [each for each in sampled(both).rows if each.activecampaign == "firstName"]
    assert sorted((cell.crm, cell.fate) for cell in row.cells) == [
        ("First", Fate.EQUAL),
        ("Second", Fate.ASIDE),
    ]


def test_an_object_without_pairs_has_no_sample(salesforce: TwoSystems) -> None:
    salesforce.connect()
    with pytest.raises(UserError, match="no mapping of lead"):
        sampled(salesforce, "lead")
