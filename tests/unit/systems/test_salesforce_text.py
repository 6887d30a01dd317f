from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

import pytest

from crosswalk.core.values import Kind, Value
from crosswalk.systems.salesforce import soql
from crosswalk.systems.salesforce.ids import is_id, long_id
from crosswalk.systems.salesforce.records import to_json


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("001D000000IqhSL", "001D000000IqhSLIAZ"),
        ("00Q000000000001", "00Q000000000001EAA"),
        ("0035g00000AbCdE", "0035g00000AbCdEAAV"),
    ],
)
def test_a_short_id_gets_its_three_check_characters(short: str, long: str) -> None:
    assert long_id(short) == long
    assert long_id(long) == long


@pytest.mark.parametrize(
    "text", ["", "0035g00000AbCd", "0035g00000AbCdE'", "0035g00000AbCdEAAV0", "me@example.org"]
)
def test_other_text_is_no_id(text: str) -> None:
    assert not is_id(text)


@pytest.mark.parametrize(
    ("value", "literal"),
    [
        ("plain", "'plain'"),
        ("O'Neil", r"'O\'Neil'"),
        (r"a\b", r"'a\\b'"),
        (r"\' OR Name != '", r"'\\\' OR Name != \''"),
        ("two\nlines\r\tend", r"'two\nlines\r\tend'"),
        ("žluťoučký 🐎", "'žluťoučký 🐎'"),
    ],
)
def test_a_text_cannot_leave_its_quotes(value: str, literal: str) -> None:
    assert soql.text(value) == literal


def test_moments_are_written_unquoted_in_utc() -> None:
    moment = datetime(2026, 3, 1, 11, 15, 30, tzinfo=timezone(timedelta(hours=1)))

    assert soql.moment(moment) == "2026-03-01T10:15:30Z"
    assert soql.moment(datetime(2026, 3, 1, 10, 15, 30, 250_000, tzinfo=UTC)) == "2026-03-01T10:15:30.250Z"


def test_a_statement_joins_its_conditions() -> None:
    where = ["IsDeleted = false", soql.within("Email", ["'a'", "'b'"])]

    statement = soql.select(["Id", "Email"], "Lead", where=where, tail="ORDER BY Id")

    assert (
        statement == "SELECT Id, Email FROM Lead WHERE IsDeleted = false AND Email IN ('a','b') ORDER BY Id"
    )


def test_long_lists_are_cut_by_number_and_by_bytes_in_the_address() -> None:
    literals = [soql.text(f"müller{number}@example.org") for number in range(50)]

    portions = list(soql.portions(literals, room=400, most=7))

    assert [each for portion in portions for each in portion] == literals
    assert max(len(portion) for portion in portions) <= 7
    assert max(len(quote(",".join(portion))) for portion in portions) <= 400


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Kind.TEXT, "Rita", "Rita"),
        (Kind.TEXT, None, None),
        (Kind.DATE, "2026-03-01", "2026-03-01"),
        (Kind.DATETIME, "2026-03-01T10:15:30Z", "2026-03-01T10:15:30Z"),
        (Kind.TIME, "10:15:30", "10:15:30.000Z"),
        (Kind.CHOICES, ("a", "b"), "a;b"),
        (Kind.BOOLEAN, False, False),
        (Kind.BOOLEAN, None, False),
    ],
)
def test_values_take_the_vendors_json_form(kind: Kind, value: Value, expected: object) -> None:
    assert to_json(kind, value) == expected


def test_a_number_keeps_every_digit() -> None:
    assert bytes(to_json(Kind.CURRENCY, "1234567890123456.78")) == b"1234567890123456.78"  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("kind", "value"), [(Kind.NUMBER, "many"), (Kind.TEXT, True), (Kind.BOOLEAN, "yes"), (Kind.TEXT, ("a",))]
)
def test_a_value_of_another_kind_is_not_written(kind: Kind, value: Value) -> None:
    with pytest.raises(ValueError, match=r"."):
        to_json(kind, value)
