from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.helpers.dataverse import (
    Environment,
    Tables,
    batch_answer,
    column,
    error,
    label,
    options,
    part,
    relation,
)

from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.schema import Field, Nature
from crosswalk.core.values import Kind
from crosswalk.systems.dynamics import Dynamics
from crosswalk.systems.dynamics.columns import KINDS, Column


def opened(*columns: dict[str, Any], **tables: Any) -> Dynamics:
    environment = Environment()
    environment.before = Tables(*columns, **tables).answer
    return environment.open()


def described(*columns: dict[str, Any], **tables: Any) -> Field:
    """The last of these columns as a field."""
    return opened(*columns, **tables).describe("contact").fields[columns[-1]["LogicalName"]]


def known(*columns: dict[str, Any], **tables: Any) -> Column:
    """The last of these columns as the connector sees it."""
    return opened(*columns, **tables)._known("contact").columns[columns[-1]["LogicalName"]]


@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (column("a"), Kind.TEXT),
        (column("a", FormatName={"Value": "Phone"}), Kind.PHONE),
        (column("a", FormatName={"Value": "Url"}), Kind.URL),
        (column("a", FormatName={"Value": "TextArea"}, MaxLength=100), Kind.TEXT),
        (column("a", FormatName={"Value": "TextArea"}, MaxLength=4000), Kind.LONG_TEXT),
        (column("a", "Memo", MaxLength=2000), Kind.LONG_TEXT),
        (column("a", "Memo", MaxLength=100), Kind.TEXT),
        (column("a", "Integer"), Kind.NUMBER),
        (column("a", "Double"), Kind.NUMBER),
        (column("a", "Money"), Kind.CURRENCY),
        (column("a", "Boolean"), Kind.BOOLEAN),
        (column("a", "DateTime", DateTimeBehavior={"Value": "DateOnly"}), Kind.DATE),
        (column("a", "DateTime", DateTimeBehavior={"Value": "UserLocal"}), Kind.DATETIME),
        (column("a", "DateTime", DateTimeBehavior={"Value": "TimeZoneIndependent"}), Kind.DATETIME),
        (column("a", "Picklist", OptionSet=options("Hot")), Kind.CHOICE),
        (column("a", "Status", OptionSet=options("New")), Kind.CHOICE),
        (column("a", "MultiSelectPicklist", OptionSet=options("Email")), Kind.CHOICES),
        (column("a", "Lookup"), Kind.REFERENCE),
    ],
)
def test_a_column_has_the_kind_of_its_type(made: dict[str, Any], kind: Kind) -> None:
    assert described(made).kind is kind


@pytest.mark.parametrize(
    "made",
    [
        column("a", "Virtual"),
        column("a", "EntityName"),
        column("a", "PartyList"),
        column("a", AttributeOf="ownerid"),
        column("a", IsValidODataAttribute=False),
        column("a", IsValidForRead=False),
        column("a", "Uniqueidentifier"),
    ],
)
def test_what_cannot_be_read_or_belongs_to_another_column_is_no_field(made: dict[str, Any]) -> None:
    assert "a" not in opened(made).describe("contact").fields


def test_options_are_labels_and_stored_as_numbers() -> None:
    found = known(column("a", "Picklist", OptionSet=options("Hot", "Cold")))

    assert [option.value for option in found.field.options] == ["Hot", "Cold"]
    assert found.numbers == {"Hot": 1, "Cold": 2}


def test_options_shared_by_many_tables_count_as_the_columns_own() -> None:
    shared = column("a", "Picklist", OptionSet=None, GlobalOptionSet=options("Hot"))

    assert known(shared).labels == {1: "Hot"}


def test_options_with_one_label_are_told_apart_by_their_numbers() -> None:
    assert known(column("a", "Picklist", OptionSet=options("Hot", "Cold", " Hot", ""))).labels == {
        1: "Hot (1)",
        2: "Cold",
        3: "Hot (3)",
        4: "4",
    }


@pytest.mark.parametrize(
    ("made", "scale"),
    [
        (column("a", "Integer", MinValue=0, MaxValue=100), 0),
        (column("a", "Decimal", Precision=4), 4),
        (column("a", "Money", Precision=4, PrecisionSource=0), 4),
        (column("a", "Money", Precision=4, PrecisionSource=1), None),
        (column("a", "Money", Precision=4, PrecisionSource=2), 3),
    ],
)
def test_an_amount_has_the_decimal_places_of_its_column_or_of_its_currency(
    made: dict[str, Any], scale: int | None
) -> None:
    assert described(made, currencies=[2, 3, 0]).scale == scale


def test_currencies_that_are_hidden_leave_the_places_open() -> None:
    assert described(column("a", "Money", Precision=2, PrecisionSource=2), currencies=None).scale is None


def test_a_number_has_as_many_digits_as_its_largest_value() -> None:
    found = described(column("a", "Decimal", Precision=2, MinValue=-100000000000.0, MaxValue=1000.0))

    assert (found.precision, found.scale) == (14, 2)


@pytest.mark.parametrize(
    ("made", "required"),
    [
        (column("a", level="SystemRequired"), True),
        (column("a", level="ApplicationRequired"), False),
        (column("a", level="SystemRequired", IsValidForCreate=False), False),
        (column("a", "State", level="SystemRequired", OptionSet=options("Active")), False),
        (column("a", "Owner", level="SystemRequired"), False),
        (column("a", "Picklist", level="SystemRequired", DefaultFormValue=1, OptionSet=options("x")), False),
        (column("a", "Picklist", level="SystemRequired", DefaultFormValue=-1, OptionSet=options("x")), True),
    ],
)
def test_only_what_the_api_enforces_and_does_not_fill_in_is_required(
    made: dict[str, Any], required: bool
) -> None:
    assert described(made).required is required


@pytest.mark.parametrize(
    ("more", "nature"),
    [
        ({"SourceType": 1}, Nature.FORMULA),
        ({"SourceType": 2}, Nature.SUMMARY),
        ({"AutoNumberFormat": "R-{SEQNUM:6}"}, Nature.AUTO_NUMBER),
        ({"FormatName": {"Value": "RichText"}}, Nature.RICH_TEXT),
        ({"AutoNumberFormat": ""}, Nature.PLAIN),
    ],
)
def test_a_column_that_is_calculated_says_so(more: dict[str, Any], nature: Nature) -> None:
    assert described(column("a", **more)).nature is nature


@pytest.mark.parametrize(
    ("type_", "tables", "writable"),
    [
        ("Lookup", ["contact"], True),
        ("Lookup", [], False),
        ("Customer", ["account", "contact"], False),
        ("Owner", ["systemuser"], False),
    ],
)
def test_a_lookup_is_written_where_it_is_clear_to_which_table_it_points(
    type_: str, tables: list[str], writable: bool
) -> None:
    relations = [relation("a", table, f"A_{table}") for table in tables]

    found = known(column("a", type_), relations=relations)

    assert (found.wire_name, found.field.writable) == ("_a_value", writable)
    assert [target.navigation for target in found.targets] == [f"A_{table}" for table in tables]


def test_ids_are_given_by_us_alone() -> None:
    key = opened().describe("contact").fields["contactid"]

    assert not key.creatable
    assert not key.writable


def test_what_the_platform_keeps_for_itself_is_no_field() -> None:
    assert (
        "overriddencreatedon" not in opened(column("overriddencreatedon", "DateTime")).describe("lead").fields
    )


def test_both_columns_about_mail_are_matters_of_consent() -> None:
    schema = opened(column("donotemail", "Boolean")).describe("contact")

    assert schema.opt_out == "donotbulkemail"
    assert schema.holds_consent("donotemail")


def test_a_column_without_label_goes_by_its_name() -> None:
    nameless = column("acx_odd", DisplayName={"LocalizedLabels": [], "UserLocalizedLabel": None})

    assert described(nameless).label == "acx_odd"


def test_standard_columns_have_names_that_people_use() -> None:
    city = column("address1_city", DisplayName=label("Address 1: City"))

    assert described(city).aliases == ("City",)
    assert described(column("acx_town", DisplayName=label("city")), city).aliases == ()


def test_an_environment_without_sales_has_no_leads_and_says_so() -> None:
    missing = {"error": {"code": "0x80060888", "message": "no such entity"}}
    environment = Environment(batch_answer(*[part(404, missing)] * 15))

    with pytest.raises(SystemFailure) as caught:
        environment.open().describe("lead")

    assert caught.value.kind is FailureKind.MAPPING
    assert "Sales" in caught.value.cure


@pytest.mark.parametrize("place", ["/token", "/$batch"])
def test_a_page_in_place_of_an_answer_says_nothing_about_tables(place: str) -> None:
    environment = Environment()
    page = httpx2.Response(404, html="<html>Nothing here</html>")
    environment.before = lambda request: page if request.url.path.endswith(place) else None

    with pytest.raises(SystemFailure) as caught:
        environment.open().describe("lead")

    assert caught.value.kind is FailureKind.PERMISSION
    assert "table" not in caught.value.message
    assert ("authority" in caught.value.cure) == (place == "/token")


def test_a_role_that_may_not_see_definitions_is_a_matter_of_rights() -> None:
    environment = Environment(error("0x80040220", "missing prvReadEntity", status=403))

    with pytest.raises(SystemFailure) as caught:
        environment.open().describe("lead")

    assert caught.value.kind is FailureKind.PERMISSION


def test_every_type_of_column_is_in_the_documentation() -> None:
    text = (Path(__file__).parents[3] / "docs" / "field-types.md").read_text(encoding="utf-8")
    rows = [row for row in text.partition("## Dynamics 365")[2].splitlines() if row.startswith("|")]
    documented = {word.strip() for row in rows for word in row.split("|")[1].split(",")}
    named = {word.split(" ")[0] for word in documented}

    assert set(KINDS) <= named
