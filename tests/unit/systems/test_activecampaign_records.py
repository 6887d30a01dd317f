from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from tests.helpers.activecampaign import FIELDS, Script, reply

from crosswalk.core.schema import Schema
from crosswalk.core.system import Record
from crosswalk.core.values import Kind, Value
from crosswalk.systems.activecampaign.records import ContactAnswer, ContactPage, Reader
from crosswalk.systems.activecampaign.schema import decoder, encode

MOMENT = datetime(2026, 3, 2, 14, 11, 4, tzinfo=UTC)
ROW: dict[str, Any] = {
    "cdate": "2026-03-01T08:11:04-06:00",
    "email": " Maria.Ruiz@Example.org",
    "phone": "+34 600 123 456",
    "firstName": "Mari\u0301a",
    "lastName": "",
    "orgid": "0",
    "deleted": "0",
    "anonymized": "0",
    "udate": "2026-03-02T08:11:04-06:00",
    "deleted_at": None,
    "links": {},
    "id": "481",
}


@pytest.fixture(scope="module")
def schema() -> Schema:
    return Script().system.describe("contact")


def value_row(field: int | str, value: object, **more: Any) -> dict[str, Any]:
    return {"contact": "481", "field": field, "value": value, "udate": "2026-03-02T08:11:04-06:00", **more}


def read(schema: Schema, row: dict[str, Any], values: object, fields: list[str] | None = None) -> Record:
    page: dict[str, Any] = {"contacts": [row], "meta": {"total": "1"}}
    if values is not None:
        page["fieldValues"] = values
    decoded = msgspec.json.decode(msgspec.json.encode(page), type=ContactPage)
    return Reader(schema, fields if fields is not None else list(schema.fields)).records(decoded)[0]


def test_it_works(schema: Schema) -> None:
    record = read(schema, ROW, [value_row("7", "Madrid"), value_row(12, "||Phone||Email||")])

    assert record.id == "481"
    assert record.key == "maria.ruiz@example.org"
    assert record.stamp == MOMENT
    assert record.created == datetime(2026, 3, 1, 14, 11, 4, tzinfo=UTC)
    assert record.values["email"] == "Maria.Ruiz@Example.org"
    assert record.values["firstName"] == "María"
    assert record.values["lastName"] is None
    assert record.values["field/7"] == "Madrid"
    assert record.values["field/12"] == ("Email", "Phone")
    assert record.times == {"field/7": MOMENT, "field/12": MOMENT}


def test_a_field_without_a_value_row_is_empty_when_all_rows_were_asked_for(schema: Schema) -> None:
    assert read(schema, ROW, []).values["field/7"] is None


def test_custom_fields_are_unknown_without_the_side_load(schema: Schema) -> None:
    record = read(schema, ROW, None)

    assert "field/7" not in record.values
    assert "email" in record.values


def test_custom_fields_are_unknown_when_a_row_is_missing_that_the_contact_lists(schema: Schema) -> None:
    record = read(schema, {**ROW, "fieldValues": ["9001", "9002"]}, [value_row("7", "Madrid")])

    assert record.values["field/7"] == "Madrid"
    assert "field/8" not in record.values


def test_a_standard_field_that_the_answer_leaves_out_is_unknown(schema: Schema) -> None:
    row = {name: value for name, value in ROW.items() if name != "phone"}

    assert "phone" not in read(schema, row, []).values


def test_only_fields_asked_for_are_read(schema: Schema) -> None:
    record = read(
        schema, ROW, [value_row("7", "Madrid"), value_row("8", "x")], ["phone", "field/8", "field/99"]
    )

    assert record.values == {"phone": "+34 600 123 456", "field/8": "x"}


def test_a_value_that_cannot_be_read_is_unknown_and_spoils_nothing_else(schema: Schema) -> None:
    rows = [
        value_row("9", "many"),
        value_row("10", "31/12/2026"),
        value_row("7", {"odd": 1}),
        value_row("8", "x"),
    ]

    record = read(schema, ROW, rows)

    assert "field/9" not in record.values
    assert "field/10" not in record.values
    assert record.values["field/8"] == "x"


@pytest.mark.parametrize("flag", [{"deleted": "1"}, {"anonymized": "1"}, {"deleted": 1}, {"deleted": True}])
def test_deleted_and_erased_contacts_are_marked(schema: Schema, flag: dict[str, Any]) -> None:
    record = read(schema, {**ROW, **flag}, [])

    assert (record.deleted, record.values) == (True, {})


def test_ids_may_be_numbers_and_value_rows_may_name_the_owner(schema: Schema) -> None:
    row = {"owner": 481, "field": 7, "value": "Oslo"}

    record = read(schema, {**ROW, "id": 481}, [row])

    assert (record.id, record.values["field/7"], record.times) == ("481", "Oslo", {})


@pytest.mark.parametrize("zero", [None, "", "0000-00-00", "0000-00-00 00:00:00", "never"])
def test_zero_dates_mean_never(schema: Schema, zero: str | None) -> None:
    record = read(schema, {**ROW, "udate": zero}, [value_row("7", "Oslo", udate=zero)])

    assert record.stamp == record.created
    assert record.times == {}


def test_a_contact_without_any_stamp_is_older_than_everything(schema: Schema) -> None:
    record = read(schema, {"id": "4", "email": None}, [])

    assert record.stamp == datetime(1970, 1, 1, tzinfo=UTC)
    assert (record.key, record.created) == (None, None)


def test_the_answer_to_a_write_says_nothing_of_fields_it_does_not_hold(schema: Schema) -> None:
    body = {"contact": ROW, "fieldValues": [value_row("7", "Madrid")]}
    answer = msgspec.json.decode(msgspec.json.encode(body), type=ContactAnswer)

    record = Reader(schema, ["email", "field/7", "field/8"]).record(answer, complete=False)

    assert record.values == {"email": "Maria.Ruiz@Example.org", "field/7": "Madrid"}


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (Kind.TEXT, " a\r\nb ", "a\nb"),
        (Kind.TEXT, "", None),
        (Kind.TEXT, 0, "0"),
        (Kind.NUMBER, "1234.50", "1234.5"),
        (Kind.NUMBER, 0, "0"),
        (Kind.NUMBER, "", None),
        (Kind.DATE, "2026-05-19", "2026-05-19"),
        (Kind.DATE, "2026-05-19 00:00:00", "2026-05-19"),
        (Kind.DATE, "0000-00-00", None),
        (Kind.DATE, "", None),
        (Kind.DATETIME, "2026-05-19T02:45:00-05:00", "2026-05-19T07:45:00Z"),
        (Kind.DATETIME, "0000-00-00 00:00:00", None),
        (Kind.CHOICE, "hot", "hot"),
        (Kind.CHOICES, "||a||b||", ("a", "b")),
        (Kind.CHOICES, "||a||", ("a",)),
        (Kind.CHOICES, "a", ("a",)),
        (Kind.CHOICES, ["b", "a"], ("a", "b")),
        (Kind.CHOICES, "", None),
        (Kind.CHOICES, "||", None),
        (Kind.CHOICES, "||||", None),
    ],
)
def test_values_from_the_wire_become_canonical(kind: Kind, raw: object, value: Value) -> None:
    assert decoder(kind)(raw) == value


def test_a_date_time_without_zone_cannot_be_read() -> None:
    with pytest.raises(ValueError, match="without zone"):
        decoder(Kind.DATETIME)("2026-05-19 02:45:00")


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Kind.TEXT, "María\nRuiz", "María\nRuiz"),
        (Kind.TEXT, None, ""),
        (Kind.CHOICES, None, ""),
        (Kind.NUMBER, "-12.5", "-12.5"),
        (Kind.DATE, "2026-05-19", "2026-05-19"),
        (Kind.DATETIME, "2026-05-19T07:45:00Z", "2026-05-19T07:45:00+00:00"),
        (Kind.CHOICES, ("a", "b"), "||a||b||"),
        (Kind.CHOICES, ("a",), "||a||"),
    ],
)
def test_canonical_values_become_the_vendors(kind: Kind, value: Value, text: str) -> None:
    assert encode(value, kind) == text
    assert decoder(kind)(text) == value


@pytest.mark.parametrize("value", [("a||b", "c"), True])
def test_what_the_vendor_cannot_hold_is_refused(value: Value) -> None:
    with pytest.raises(ValueError, match=r"\|\||yes/no"):
        encode(value, Kind.CHOICES)


def test_an_amount_is_written_with_decimal_places_and_read_only_with_some() -> None:
    assert [encode(amount, Kind.CURRENCY) for amount in ("12", "12.5", "-0.125", None)] == [
        "12.00",
        "12.50",
        "-0.125",
        "",
    ]
    read = decoder(Kind.CURRENCY)
    assert [read(raw) for raw in ("12.00", "1234.50", "", " 0.00 ")] == ["12", "1234.5", None, "0"]
    with pytest.raises(ValueError, match="decimal places"):
        read("1234")


def test_the_schema_holds_standard_and_custom_fields(schema: Schema) -> None:
    assert list(schema.fields)[:4] == ["email", "firstName", "lastName", "phone"]
    assert schema.fields["email"].required
    channels = schema.fields["field/12"]
    assert channels.aliases == ("CHANNELS", "Channels")
    assert [(option.value, option.label) for option in channels.options] == [
        ("Email", "By e-mail"),
        ("Phone", "By phone"),
    ]
    assert (channels.kind, channels.restricted) == (Kind.CHOICES, True)
    assert (schema.fields["field/7"].kind, schema.fields["field/7"].restricted) == (Kind.TEXT, False)


def test_a_field_of_unknown_type_is_shown_but_not_written(schema: Schema) -> None:
    field = schema.fields["field/14"]

    assert (field.kind, field.vendor_type, field.writable) == (Kind.OTHER, "signature", False)


def test_choices_are_open_when_the_answer_holds_no_options_at_all() -> None:
    script = Script()
    script.on("GET", "/fields", reply(200, {"fields": FIELDS["fields"]}))

    assert not script.system.describe("contact").fields["field/13"].restricted


@pytest.mark.parametrize("size", [100, 20])
def test_all_pages_of_fields_are_read(size: int) -> None:
    script = Script()
    rows = [{"id": str(n), "title": f"F{n}", "type": "text", "perstag": f"F{n}"} for n in range(1, 141)]
    pages = [rows[start : start + size] for start in range(0, 140, size)]
    answers = [{"fields": page, "fieldOptions": [], "meta": {"total": "140"}} for page in pages]
    script.on("GET", "/fields", *(reply(200, answer) for answer in answers))

    assert len(script.system.describe("contact").fields) == 144
    assert len(script.requests) == len(pages)
    assert script.requests[1].url.params["offset"] == str(size)
