from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswalk.convert import pairable, suggest
from crosswalk.core.mapping import FieldMapping, Side, UpdateRule
from crosswalk.core.schema import Field, Nature, Option, Schema
from crosswalk.core.values import Kind


def field(
    name: str,
    label: str = "",
    kind: Kind = Kind.TEXT,
    *options: str,
    fixed: bool = False,
    nature: Nature = Nature.PLAIN,
) -> Field:
    return Field(
        name=name,
        label=label or name,
        kind=kind,
        vendor_type="",
        writable=not fixed,
        creatable=not fixed,
        nature=nature,
        options=tuple(Option(value=option, label=option) for option in options),
        restricted=bool(options),
    )


EMAILS = (field("Email", kind=Kind.EMAIL), field("email", kind=Kind.EMAIL))


def schemas(crm: list[Field], contact: list[Field]) -> tuple[Schema, Schema]:
    ours = {each.name: each for each in [EMAILS[0], *crm]}
    theirs = {each.name: each for each in [EMAILS[1], *contact]}
    return (
        Schema(object="lead", fields=ours, email="Email"),
        Schema(object="contact", fields=theirs, email="email"),
    )


def pairs(crm: list[Field], contact: list[Field]) -> list[tuple[str, str, str]]:
    """Names and reasons of what is proposed beside the e-mails."""
    found = suggest(*schemas(crm, contact)).pairs
    assert found[0].mapping == FieldMapping(crm="Email", activecampaign="email")
    return [(each.crm.name, each.activecampaign.name, each.why) for each in found[1:]]


@pytest.mark.parametrize(
    ("crm", "contact", "why"),
    [
        (field("FirstName", "First Name"), field("firstName", "First name"), "same name"),
        (field("Shoe_Size__c", "Size"), field("field/7", "Shoe size"), "same name"),
        (field("acme__Shoe_Size__c", "Size"), field("field/7", "Shoe size"), "same name"),
        (field("X__c", "Straße"), field("field/7", "STRASSE"), "same name"),
        (field("X__c", "Größe"), field("field/7", "groesse größe"), None),
        (field("Company"), field("field/7", "Account Name"), "another name for the same thing"),
        (field("Birthdate"), field("field/7", "Date of birth"), "another name for the same thing"),
        (field("MobilePhone", "Mobile", Kind.PHONE), field("phone", "Phone", Kind.PHONE), "similar name"),
        (field("Shoe_Size__c"), field("field/7", "Your shoe size"), "similar name"),
        (field("Favourite_Color__c"), field("field/7", "Favourite colour"), "similar name"),
        (field("Line_1__c"), field("field/7", "Line 2"), None),
        (field("Survey_2023__c"), field("field/7", "Survey 2024"), None),
        (field("City"), field("field/7", "Kite"), None),
        (field("company", "Company Phone", Kind.PHONE), field("field/7", "Company"), None),
    ],
)
def test_names_are_compared_as_people_would(crm: Field, contact: Field, why: str | None) -> None:
    assert pairs([crm], [contact]) == ([(crm.name, contact.name, why)] if why else [])


def test_a_better_name_goes_before_a_worse_one_whatever_the_order() -> None:
    crm = [field("MobilePhone", "Mobile", Kind.PHONE), field("Phone", "Business Phone", Kind.PHONE)]
    contact = [field("phone", "Phone", Kind.PHONE), field("field/9", "Cell phone")]
    assert [pair[:2] for pair in pairs(crm, contact)] == [("Phone", "phone"), ("MobilePhone", "field/9")]


def test_of_two_namesakes_the_one_of_the_same_kind_is_proposed() -> None:
    contact = [field("field/1", "Score"), field("field/2", "Score", Kind.NUMBER)]
    assert [pair[:2] for pair in pairs([field("Score__c", "Score", Kind.NUMBER)], contact)] == [
        ("Score__c", "field/2")
    ]


def test_namesakes_that_cannot_be_paired_are_named_with_the_reason() -> None:
    crm, contact = schemas([field("Due__c", "Due", Kind.DATETIME)], [field("field/1", "Due", Kind.DATE)])
    found = suggest(crm, contact)
    ((left, right, why),) = found.refused
    assert (left.name, right.name) == ("Due__c", "field/1")
    assert "time zone" in why
    assert [each.name for each in found.rest[Side.CRM]] == ["Due__c"]
    assert [each.name for each in found.rest[Side.ACTIVECAMPAIGN]] == ["field/1"]


def test_what_is_only_read_and_lookups_are_proposed_one_way_and_system_fields_only_by_their_own_name() -> (
    None
):
    crm = [
        field("Label__c", "Label", fixed=True, nature=Nature.FORMULA),
        field("OwnerId", "Owner", Kind.REFERENCE),
        field("CreatedDate", "Created Date", Kind.DATETIME, fixed=True),
    ]
    contact = [
        field("field/1", "Label"),
        field("field/2", "Owner"),
        field("field/3", "Created dates", Kind.DATETIME),
    ]
    found = suggest(*schemas(crm, contact)).pairs[1:]
    assert [(each.crm.name, each.mapping.to_crm) for each in found] == [
        ("Label__c", UpdateRule.NEVER),
        ("OwnerId", UpdateRule.NEVER),
    ]
    assert all("out of the CRM only" in each.why for each in found)


def test_options_of_one_side_only_are_said() -> None:
    crm = [field("Region__c", "Region", Kind.CHOICE, "Europe", "Asia")]
    contact = [field("field/1", "Region", Kind.CHOICE, "Europe", "Africa")]
    (_names, pair) = suggest(*schemas(crm, contact)).pairs
    assert pair.missing == ("Asia", "Africa")
    assert pair.why == "same name; options of one side only: Asia, Africa"


def test_neither_what_is_mapped_nor_consent_is_proposed() -> None:
    crm, contact = schemas([field("City"), field("Fax")], [field("field/1", "City"), field("field/2", "Fax")])
    taken = [
        FieldMapping(crm="Email", activecampaign="email"),
        FieldMapping(crm="City", activecampaign="field/2"),
    ]
    assert suggest(crm, contact, taken).pairs == ()
    for consenting in (replace(crm, opt_out="Fax"), replace(crm, no_mail=("Fax",))):
        assert [each.crm.name for each in suggest(consenting, contact).pairs] == ["Email", "City"]


LABELS = st.sampled_from(["City", "Town", "Phone", "Mobile", "Score", "Score 2", "Customer city", "Company"])
KINDS = st.sampled_from([Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.DATETIME, Kind.CHOICES, Kind.BOOLEAN])


@given(st.lists(st.tuples(LABELS, KINDS), max_size=6), st.lists(st.tuples(LABELS, KINDS), max_size=6))
def test_no_field_is_proposed_twice_and_every_pair_may_be_made(
    ours: list[tuple[str, Kind]], theirs: list[tuple[str, Kind]]
) -> None:
    crm = [field(f"F{number}__c", *each) for number, each in enumerate(ours)]
    contact = [field(f"field/{number}", *each) for number, each in enumerate(theirs)]
    found = suggest(*schemas(crm, contact))
    for names in (
        [each.crm.name for each in found.pairs],
        [each.activecampaign.name for each in found.pairs],
    ):
        assert len(names) == len(set(names))
    assert all(pairable(each.crm, each.activecampaign) is None for each in found.pairs)
    paired = {each.crm.name for each in found.pairs}
    assert paired.isdisjoint(each.name for each in found.rest[Side.CRM])
