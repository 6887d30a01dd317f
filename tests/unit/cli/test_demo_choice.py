"""Which pairs of fields a demo of somebody's exports takes."""

from __future__ import annotations

from typing import Any

from crosswalk.cli.demo_choice import fitting
from crosswalk.core.mapping import FieldMapping, MappingFile, ObjectMapping, UpdateRule
from crosswalk.core.schema import Field, Option, Schema
from crosswalk.core.values import Kind

EMAILS = (("Email", Kind.EMAIL, ()), ("email", Kind.EMAIL, ()))


def schema(object: str, email: str, *fields: tuple[str, Kind, tuple[str, ...]], **more: Any) -> Schema:
    made = {
        name: Field(
            name=name,
            label=name.removesuffix("__c"),
            kind=kind,
            vendor_type="",
            options=tuple(Option(value=option, label=option) for option in options),
            restricted=bool(options),
            **more,
        )
        for name, kind, options in fields
    }
    return Schema(object=object, fields=made, email=email)


def chosen(
    standard: list[FieldMapping],
    crm: list[tuple[str, Kind, tuple[str, ...]]],
    contact: list[tuple[str, Kind, tuple[str, ...]]],
) -> dict[str, FieldMapping]:
    email = FieldMapping(crm="Email", activecampaign="email")
    mapping = MappingFile(objects=(ObjectMapping(object="lead", fields=(email, *standard)),))
    crms = {"lead": schema("lead", "Email", EMAILS[0], *crm)}
    (found,) = fitting(mapping, crms, schema("contact", "email", EMAILS[1], *contact)).objects
    return {pair.crm: pair for pair in found.fields}


def pair(crm: str, contact: str, **rules: Any) -> FieldMapping:
    return FieldMapping(crm=crm, activecampaign=contact, **rules)


def test_standard_pairs_stay_as_far_as_both_sides_have_them() -> None:
    standard = [pair("City", "City"), pair("Gone__c", "City 2"), pair("Fax", "Gone")]
    text = (Kind.TEXT, ())
    found = chosen(standard, [("City", *text), ("Fax", *text)], [("City", *text), ("City 2", *text)])
    assert list(found) == ["Email", "City"]


def test_pairs_that_do_not_fit_are_left_out_and_others_are_proposed() -> None:
    standard = [pair("Score__c", "Score"), pair("Region__c", "Region")]
    crm = [
        ("Score__c", Kind.NUMBER, ()),
        ("Region__c", Kind.CHOICE, ("Europe", "Asia")),
        ("Shoe_Size__c", Kind.NUMBER, ()),
        ("Level__c", Kind.CHOICE, ("a", "b")),
    ]
    contact = [
        ("Score", Kind.DATE, ()),
        ("Region", Kind.CHOICE, ("Europe",)),
        ("Shoe Size", Kind.NUMBER, ()),
        ("Level", Kind.CHOICE, ("b", "a")),
    ]
    found = chosen(standard, crm, contact)
    assert {name: each.activecampaign for name, each in found.items()} == {
        "Email": "email",
        "Shoe_Size__c": "Shoe Size",
        "Level__c": "Level",
    }


def test_a_pair_that_was_closed_travels_both_ways_and_other_rules_stay() -> None:
    standard = [
        pair("Rating", "Rating", to_crm=UpdateRule.NEVER),
        pair("Nickname__c", "Nickname", to_crm=UpdateRule.IF_EMPTY, blanks=False),
    ]
    text = (Kind.TEXT, ())
    found = chosen(
        standard, [("Rating", *text), ("Nickname__c", *text)], [("Rating", *text), ("Nickname", *text)]
    )
    assert found["Rating"].to_crm is UpdateRule.ALWAYS
    assert (found["Nickname__c"].to_crm, found["Nickname__c"].blanks) == (UpdateRule.IF_EMPTY, False)
