from __future__ import annotations

import httpx2
import pytest
from tests.helpers.salesforce import Org, field

from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.schema import Field, Nature, Option
from crosswalk.core.values import Kind


def described(*fields: dict[str, object]) -> dict[str, Field]:
    return dict(Org(fields=fields).open().describe("contact").fields)


def test_it_works() -> None:
    raw = field("Level__c", "picklist", label="Level", length=255, restrictedPicklist=True)
    raw["picklistValues"] = [
        {"active": True, "label": "Gold customer", "value": "gold", "defaultValue": False, "validFor": None},
        {"active": False, "label": "Old", "value": "old", "defaultValue": False, "validFor": None},
    ]

    schema = Org(fields=[raw, field("Email", "email", nillable=True)]).open().describe("contact")

    assert (schema.object, schema.email) == ("contact", "Email")
    assert schema.fields["Level__c"] == Field(
        name="Level__c",
        label="Level",
        kind=Kind.CHOICE,
        vendor_type="picklist",
        options=(Option(value="gold", label="Gold customer"),),
        restricted=True,
        length=255,
    )


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("string", Kind.TEXT),
        ("email", Kind.EMAIL),
        ("phone", Kind.PHONE),
        ("url", Kind.URL),
        ("boolean", Kind.BOOLEAN),
        ("int", Kind.NUMBER),
        ("double", Kind.NUMBER),
        ("currency", Kind.CURRENCY),
        ("percent", Kind.PERCENT),
        ("date", Kind.DATE),
        ("datetime", Kind.DATETIME),
        ("time", Kind.TIME),
        ("picklist", Kind.CHOICE),
        ("combobox", Kind.CHOICE),
        ("multipicklist", Kind.CHOICES),
        ("reference", Kind.REFERENCE),
        ("id", Kind.REFERENCE),
        ("address", Kind.OTHER),
        ("location", Kind.OTHER),
        ("encryptedstring", Kind.TEXT),
        ("something new", Kind.OTHER),
    ],
)
def test_a_type_has_its_kind(type_: str, kind: Kind) -> None:
    assert described(field("X__c", type_))["X__c"].kind is kind


@pytest.mark.parametrize(
    ("length", "kind"), [(255, Kind.TEXT), (256, Kind.LONG_TEXT), (32_000, Kind.LONG_TEXT)]
)
def test_a_text_area_is_long_above_255_characters(length: int, kind: Kind) -> None:
    found = described(field("X__c", "textarea", length=length))["X__c"]

    assert (found.kind, found.length) == (kind, length)


@pytest.mark.parametrize(
    ("raw", "required"),
    [
        ({"nillable": False}, True),
        ({"nillable": True}, False),
        ({"nillable": False, "defaultedOnCreate": True}, False),
        ({"nillable": False, "createable": False}, False),
        ({"nillable": False, "type": "boolean"}, False),
    ],
)
def test_a_field_is_required_when_a_create_without_it_fails(raw: dict[str, object], required: bool) -> None:
    assert described({**field("X__c"), **raw})["X__c"].required is required


def test_digits_are_counted_for_numbers_only() -> None:
    fields = described(
        field("Amount__c", "currency", length=0, precision=18, scale=2),
        field("Staff__c", "int", length=0, digits=8),
        field("Plain__c", "double", length=0),
        field("Name__c", "string", length=40, precision=0),
    )

    digits = {name: (found.length, found.precision, found.scale) for name, found in fields.items()}
    assert digits == {
        "Amount__c": (None, 18, 2),
        "Staff__c": (None, 8, 0),
        "Plain__c": (None, None, None),
        "Name__c": (40, None, None),
    }


def test_a_formula_has_its_type_but_is_not_written() -> None:
    found = described(
        field(
            "Age__c",
            "double",
            length=0,
            calculated=True,
            createable=False,
            updateable=False,
            filterable=False,
        )
    )["Age__c"]

    assert (found.kind, found.creatable, found.writable) == (Kind.NUMBER, False, False)
    assert not found.readable_by_filter


@pytest.mark.parametrize(
    ("raw", "nature"),
    [
        (field("X__c"), Nature.PLAIN),
        (field("X__c", "double", calculated=True, calculatedFormula="1 + 1"), Nature.FORMULA),
        (field("X__c", "currency", calculated=True, calculatedFormula=None), Nature.SUMMARY),
        (field("X__c", autoNumber=True), Nature.AUTO_NUMBER),
        (field("X__c", "textarea", length=32_768, htmlFormatted=True), Nature.RICH_TEXT),
        (field("X__c", "encryptedstring"), Nature.ENCRYPTED),
    ],
)
def test_what_is_special_about_a_field_is_known(raw: dict[str, object], nature: Nature) -> None:
    assert described(raw)["X__c"].nature is nature


def test_an_object_out_of_reach_is_a_missing_permission() -> None:
    org = Org()
    body = [{"message": "sObject type 'Contact' is not supported.", "errorCode": "INVALID_TYPE"}]
    org.before = lambda request: (
        httpx2.Response(400, json=body) if request.url.path.endswith("describe") else None
    )

    with pytest.raises(SystemFailure, match="Contact") as caught:
        org.open().describe("contact")
    assert caught.value.kind is FailureKind.PERMISSION
    assert "read" in caught.value.cure
