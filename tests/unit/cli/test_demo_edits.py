"""What people do in a demo fits the fields that are mapped, whichever they are."""

from __future__ import annotations

from typing import Any

import pytest

from crosswalk.cli.demo_edits import edits_of
from crosswalk.convert import PAIRS
from crosswalk.core.mapping import FieldMapping, UpdateRule
from crosswalk.core.schema import Field, Option
from crosswalk.core.values import Kind
from crosswalk.merge import FieldPlan, compile_field


def field(name: str, kind: Kind, *options: str, **more: Any) -> Field:
    choices = tuple(Option(value=option, label=option) for option in options)
    return Field(
        name=name,
        label=name,
        kind=kind,
        vendor_type="hidden",
        options=choices,
        restricted=bool(options),
        **more,
    )


def plan(crm: Field, contact: Field, **rules: Any) -> FieldPlan:
    return compile_field(FieldMapping(crm=crm.name, activecampaign=contact.name, **rules), crm, contact)


CASES = [
    (crm, other) for crm, others in PAIRS.items() if crm is not Kind.REFERENCE for other in sorted(others)
]


@pytest.mark.parametrize(("crm", "contact"), CASES)
def test_every_pair_of_types_has_edits_on_both_sides(crm: Kind, contact: Kind) -> None:
    options = {Kind.BOOLEAN: ("Yes", "No"), Kind.NUMBER: ("1", "2")}.get(crm, ("a", "b"))
    on_contact = options if contact in {Kind.CHOICE, Kind.CHOICES} else ()
    of_crm = ("a", "b") if crm in {Kind.CHOICE, Kind.CHOICES} else ()
    edits = edits_of([plan(field("F__c", crm, *of_crm), field("field/7", contact, *on_contact))])
    assert edits.crm
    assert edits.contact
    assert all(set(edit) == {"F__c"} for edit in edits.crm)
    assert all(set(edit) == {"7"} for edit in edits.contact)
    assert all(left["F__c"] != right["7"] for left, right in edits.conflicts)


def test_values_are_entered_as_each_system_takes_them() -> None:
    several = plan(field("A__c", Kind.CHOICES, "x", "y"), field("field/1", Kind.CHOICES, "x", "y"))
    amount = plan(field("B__c", Kind.CURRENCY, scale=2), field("field/2", Kind.TEXT))
    edits = edits_of([several, amount])
    assert {"A__c": "x;y"} in edits.crm
    assert {"1": ["x", "y"]} in edits.contact
    assert {"B__c": 1250.5} in edits.crm
    assert {"2": "1250.50"} in edits.contact


def test_what_does_not_fit_is_not_typed() -> None:
    short = plan(field("A__c", Kind.TEXT, length=4), field("firstName", Kind.TEXT))
    whole = plan(field("B__c", Kind.NUMBER, scale=0, precision=1), field("field/2", Kind.NUMBER))
    lists = plan(field("C__c", Kind.CHOICE, "x", "y"), field("field/3", Kind.CHOICE, "y", "z"))
    edits = edits_of([short, whole, lists])
    assert {edit["A__c"] for edit in edits.crm if "A__c" in edit} == {"Zoë", None}
    assert {edit["B__c"] for edit in edits.crm if "B__c" in edit} == {0, 7, None}
    assert {edit["C__c"] for edit in edits.crm if "C__c" in edit} == {"y", None}


@pytest.mark.parametrize(
    ("crm", "rules", "sides"),
    [
        ({}, {}, {"crm", "contact", "conflicts"}),
        ({}, {"to_crm": UpdateRule.NEVER}, {"crm"}),
        ({}, {"to_crm": UpdateRule.IF_EMPTY}, {"crm"}),
        ({}, {"to_activecampaign": UpdateRule.NEVER}, {"contact"}),
        ({"writable": False}, {}, set()),
        ({"writable": False}, {"to_crm": UpdateRule.NEVER}, set()),
    ],
)
def test_nobody_edits_what_would_not_travel(
    crm: dict[str, Any], rules: dict[str, Any], sides: set[str]
) -> None:
    edits = edits_of([plan(field("A__c", Kind.TEXT, **crm), field("field/1", Kind.TEXT), **rules)])
    assert {side for side in ("crm", "contact", "conflicts") if getattr(edits, side)} == sides


def test_nothing_is_emptied_that_may_not_be_or_whose_emptiness_does_not_travel() -> None:
    required = plan(field("A__c", Kind.TEXT, required=True), field("field/1", Kind.TEXT))
    blank = plan(field("B__c", Kind.TEXT), field("field/2", Kind.TEXT), blanks=False)
    email = plan(field("Email", Kind.EMAIL), field("email", Kind.EMAIL))
    edits = edits_of([required, blank, email])
    assert None not in [value for edit in edits.crm for value in edit.values()]
    assert "" not in [value for edit in edits.contact for value in edit.values()]
    assert "Email" not in {name for edit in edits.crm for name in edit}


def test_choices_that_a_crm_stores_by_number_are_entered_as_numbers() -> None:
    region = plan(
        field("region", Kind.CHOICE, "Asia", "Europe"), field("field/7", Kind.CHOICE, "Asia", "Europe")
    )
    topics = plan(field("topics", Kind.CHOICES, "Art", "Law"), field("field/8", Kind.CHOICES, "Art", "Law"))
    numbers = {"region": {"1": "Asia", "2": "Europe"}, "topics": {"5": "Art", "3": "Law"}}

    edits = edits_of([region, topics], numbers).crm

    assert {"region": 2} in edits
    assert {"topics": "3,5"} in edits
    assert {"region": None} in edits
