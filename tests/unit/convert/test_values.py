from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from crosswalk.convert import ConversionError, converter
from crosswalk.core.schema import Field, Option
from crosswalk.core.values import Kind, Value, date_text, datetime_text, time_text


def field(kind: Kind, *options: str) -> Field:
    choices = tuple(Option(value=option, label=option) for option in options)
    return Field(name=kind.value, label=kind.value, kind=kind, vendor_type="", options=choices)


def money(scale: int) -> Field:
    return replace(field(Kind.CURRENCY), scale=scale)


BOX = field(Kind.CHOICES, "True")


@pytest.mark.parametrize(
    ("source", "target", "value", "expected"),
    [
        (field(Kind.TEXT), field(Kind.TEXT), "Łódź\n🙂", "Łódź\n🙂"),
        (field(Kind.EMAIL), field(Kind.TEXT), "Ana@example.org", "Ana@example.org"),
        (field(Kind.CHOICE, "hot"), field(Kind.TEXT), "hot", "hot"),
        (field(Kind.NUMBER), field(Kind.TEXT), "-12.5", "-12.5"),
        (field(Kind.TEXT), field(Kind.NUMBER), "-012.50", "-12.5"),
        (field(Kind.TEXT), field(Kind.NUMBER), "+.5", "0.5"),
        (field(Kind.TEXT), field(Kind.CURRENCY), "12345678901234567.89", "12345678901234567.89"),
        (field(Kind.PERCENT), field(Kind.NUMBER), "0", "0"),
        (field(Kind.BOOLEAN), field(Kind.TEXT), True, "true"),
        (field(Kind.BOOLEAN), field(Kind.TEXT), False, "false"),
        (field(Kind.TEXT), field(Kind.BOOLEAN), "TRUE", True),
        (field(Kind.TEXT), field(Kind.BOOLEAN), "false", False),
        (field(Kind.TEXT), field(Kind.BOOLEAN), "Yes", True),
        (field(Kind.TEXT), field(Kind.NUMBER), "1,5", "1.5"),
        (field(Kind.TEXT), field(Kind.NUMBER), "1 000", "1000"),
        (field(Kind.TEXT), field(Kind.PERCENT), "12.5 %", "12.5"),
        (field(Kind.TEXT), money(2), "1.234,56 €", "1234.56"),
        (field(Kind.TEXT), money(2), "$1,234.56", "1234.56"),
        (money(2), field(Kind.TEXT), "1234.5", "1234.50"),
        (money(2), field(Kind.TEXT), "-7", "-7.00"),
        (money(0), field(Kind.TEXT), "7", "7"),
        (field(Kind.NUMBER), field(Kind.CHOICE, "1.0", "2.50"), "2.5", "2.50"),
        (field(Kind.CHOICE, "1.0", "2.50"), field(Kind.NUMBER), "2.50", "2.5"),
        (field(Kind.BOOLEAN), field(Kind.CHOICE, "Yes", "No"), False, "No"),
        (field(Kind.CHOICE, "Yes", "No"), field(Kind.BOOLEAN), "yes", True),
        (field(Kind.BOOLEAN), field(Kind.CHOICES, "TRUE", "FALSE"), True, ("TRUE",)),
        (field(Kind.CHOICES, "TRUE", "FALSE"), field(Kind.BOOLEAN), ("FALSE",), False),
        (field(Kind.REFERENCE), field(Kind.TEXT), "0035g00000AAAAAAA1", "0035g00000AAAAAAA1"),
        (field(Kind.TEXT), field(Kind.REFERENCE), "0035g00000AAAAA", "0035g00000AAAAA"),
        (field(Kind.TEXT), field(Kind.DATE), "2024-02-29", "2024-02-29"),
        (field(Kind.DATE), field(Kind.TEXT), "2024-02-29", "2024-02-29"),
        (field(Kind.TEXT), field(Kind.DATETIME), "2026-03-01T10:15:30.000+0100", "2026-03-01T09:15:30Z"),
        (field(Kind.DATETIME), field(Kind.TEXT), "2026-03-01T09:15:30Z", "2026-03-01T09:15:30Z"),
        (field(Kind.TEXT), field(Kind.TIME), "10:15", "10:15:00"),
        (field(Kind.TEXT), field(Kind.TIME), "10:15:30.000Z", "10:15:30"),
        (field(Kind.CHOICE), field(Kind.CHOICES), "a", ("a",)),
        (field(Kind.CHOICES), field(Kind.CHOICE), ("a",), "a"),
        (field(Kind.CHOICES), field(Kind.CHOICES), ("a", "b"), ("a", "b")),
        (field(Kind.BOOLEAN), BOX, True, ("True",)),
        (field(Kind.BOOLEAN), BOX, False, None),
        (BOX, field(Kind.BOOLEAN), None, False),
        (BOX, field(Kind.BOOLEAN), ("true",), True),
    ],
)
def test_a_value_is_carried(source: Field, target: Field, value: Value, expected: Value) -> None:
    carried = converter(source, target)(value)
    assert carried == expected
    assert type(carried) is type(expected)


@pytest.mark.parametrize(
    ("source", "target", "value", "code"),
    [
        (field(Kind.TEXT), field(Kind.NUMBER), "abc", "not_number"),
        (field(Kind.TEXT), field(Kind.NUMBER), "1,234", "ambiguous_number"),
        (field(Kind.TEXT), money(2), "1.234 €", "ambiguous_number"),
        (field(Kind.TEXT), field(Kind.NUMBER), "12 %", "not_number"),
        (field(Kind.TEXT), field(Kind.REFERENCE), "Acme", "not_reference"),
        (field(Kind.CHOICE, "Yes", "No"), field(Kind.BOOLEAN), "perhaps", "not_boolean"),
        (field(Kind.CHOICES, "Yes", "No"), field(Kind.BOOLEAN), ("No", "Yes"), "not_boolean"),
        (field(Kind.TEXT), field(Kind.NUMBER), "1_000", "not_number"),
        (field(Kind.TEXT), field(Kind.NUMBER), "1e999999999", "not_number"),
        (field(Kind.TEXT), field(Kind.NUMBER), "NaN", "not_number"),
        (field(Kind.TEXT), field(Kind.NUMBER), "٣", "not_number"),
        (field(Kind.TEXT), field(Kind.DATE), "31.12.2026", "not_date"),
        (field(Kind.TEXT), field(Kind.DATE), "2025-02-29", "not_date"),
        (field(Kind.TEXT), field(Kind.DATETIME), "2026-03-01T10:15:30", "not_datetime"),
        (field(Kind.TEXT), field(Kind.DATETIME), "0001-01-01T00:00:00+10:00", "not_datetime"),
        (field(Kind.TEXT), field(Kind.TIME), "half past ten", "not_time"),
        (field(Kind.TEXT), field(Kind.TIME), "10", "not_time"),
        (field(Kind.TEXT), field(Kind.TIME), "10:15+01:00", "not_time"),
        (field(Kind.TEXT), field(Kind.TIME), "25:00", "not_time"),
        (field(Kind.TEXT), field(Kind.BOOLEAN), "maybe", "not_boolean"),
        (field(Kind.CHOICES), field(Kind.CHOICE), ("a", "b"), "many_choices"),
        (BOX, field(Kind.BOOLEAN), ("maybe",), "not_ticked"),
        (BOX, field(Kind.BOOLEAN), ("maybe", "true"), "not_ticked"),
    ],
)
def test_a_value_that_cannot_be_carried_is_refused_in_words(
    source: Field, target: Field, value: Value, code: str
) -> None:
    with pytest.raises(ConversionError) as caught:
        converter(source, target)(value)
    assert caught.value.rejection.code == code
    assert ", ".join(value if isinstance(value, tuple) else (str(value),)) in caught.value.reason
    assert caught.value.rejection.cure.endswith(".")


def test_a_long_value_is_shown_shortened() -> None:
    with pytest.raises(ConversionError) as caught:
        converter(field(Kind.TEXT), field(Kind.NUMBER))("x" * 5000)
    assert len(caught.value.reason) < 100


def test_dates_carry_no_zone_and_are_not_shifted() -> None:
    day = date_text(date(2026, 1, 1))
    assert converter(field(Kind.DATE), field(Kind.TEXT))(day) == "2026-01-01"
    assert datetime_text(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00Z"
    assert time_text(time(9, 5)) == "09:05:00"
