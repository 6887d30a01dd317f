from __future__ import annotations

from dataclasses import replace

from crosswalk.core.criteria import Criteria, Criterion, Operator
from crosswalk.core.mapping import (
    CreationRule,
    Direction,
    FieldMapping,
    MappingFile,
    ObjectMapping,
    Selection,
    SelectionKind,
    Settings,
    Side,
    UpdateRule,
)
from crosswalk.core.uses import uses_of

EMAIL = FieldMapping(crm="Email", activecampaign="email")
PHONE = FieldMapping(crm="Phone", activecampaign="phone", to_crm=UpdateRule.NEVER)
CRITERIA = Criteria(rows=(Criterion(field="Rating", operator=Operator.STARTS_WITH, values=("H",)),))


def mapped(creation: CreationRule = CreationRule.NEVER) -> MappingFile:
    selection = Selection(kind=SelectionKind.CRITERIA, criteria=CRITERIA)
    lead = ObjectMapping(object="lead", selection=selection, fields=(EMAIL, PHONE))
    contact = ObjectMapping(object="contact", direction=Direction.TO_ACTIVECAMPAIGN, fields=(EMAIL,))
    return MappingFile(settings=Settings(creation=creation), objects=(lead, contact))


def test_what_is_mapped_is_read_and_what_a_rule_allows_is_written() -> None:
    lead, contact = uses_of(mapped())[Side.CRM]

    assert (lead.reads, lead.writes) == (["Email", "Phone", "Rating"], ["Email"])
    assert (contact.reads, contact.writes) == (["Email"], [])


def test_the_contact_has_the_fields_of_all_objects() -> None:
    (contact,) = uses_of(mapped())[Side.ACTIVECAMPAIGN]

    assert (contact.reads, contact.writes) == (["email", "phone"], ["email", "phone"])
    assert contact.creates


def test_opt_outs_travel_unless_that_is_turned_off() -> None:
    off = replace(mapped(), settings=Settings(consent=False))

    assert all(use.consent for side in Side for use in uses_of(mapped())[side])
    assert not any(use.consent for side in Side for use in uses_of(off)[side])


def test_only_the_object_that_contacts_become_is_created() -> None:
    assert [use.creates for use in uses_of(mapped())[Side.CRM]] == [False, False]
    assert [use.creates for use in uses_of(mapped(CreationRule.ALL))[Side.CRM]] == [True, False]


def test_a_connection_without_a_mapping_needs_nothing_in_particular() -> None:
    assert uses_of(MappingFile()) == {Side.CRM: [], Side.ACTIVECAMPAIGN: []}
