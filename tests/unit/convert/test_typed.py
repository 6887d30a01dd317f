"""What a person types becomes a field's value, or is refused with the reason."""

from __future__ import annotations

import pytest

from crosswalk.convert import ConversionError, typed_value
from crosswalk.core.schema import Field
from crosswalk.core.values import Kind, Value


def field(kind: Kind) -> Field:
    return Field(name="F", label="My field", kind=kind, vendor_type="")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.TEXT, "  Ana ", "Ana"),
        (Kind.TEXT, " ", None),
        (Kind.NUMBER, "7.50", "7.5"),
        (Kind.DATE, "2026-12-31", "2026-12-31"),
        (Kind.DATETIME, "2026-12-31T19:00:00+01:00", "2026-12-31T18:00:00Z"),
        (Kind.TIME, "18:00", "18:00:00"),
        (Kind.BOOLEAN, "True", True),
        (Kind.BOOLEAN, "", False),
        (Kind.CHOICE, "Europe", "Europe"),
        (Kind.CHOICES, "Wine; Food;Wine", ("Food", "Wine")),
        (Kind.CHOICES, "", None),
    ],
)
def test_a_text_becomes_the_value_it_stands_for(kind: Kind, text: str, value: Value) -> None:
    assert typed_value(field(kind), text) == value


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        (Kind.NUMBER, "seven", "not_number"),
        (Kind.DATE, "31.12.2026", "not_date"),
        (Kind.DATETIME, "2026-12-31 18:00", "not_datetime"),
        (Kind.TIME, "6 pm", "not_time"),
        (Kind.BOOLEAN, "perhaps", "not_boolean"),
    ],
)
def test_a_text_that_stands_for_nothing_is_refused(kind: Kind, text: str, code: str) -> None:
    with pytest.raises(ConversionError) as caught:
        typed_value(field(kind), text)
    assert caught.value.code == code
