from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosswalk.convert import PAIRS, ConversionError, converter
from crosswalk.core.schema import Field, Option
from crosswalk.core.values import (
    NUMBER_KINDS,
    TEXT_KINDS,
    Kind,
    Value,
    choices_value,
    clean_text,
    date_text,
    datetime_text,
    number_text,
    same,
    time_text,
)


def field(kind: Kind, *options: str) -> Field:
    choices = tuple(Option(value=option, label=option) for option in options)
    return Field(name=kind.value, label=kind.value, kind=kind, vendor_type="", options=choices)


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
        (field(Kind.TEXT), field(Kind.DATE), "2024-02-29", "2024-02-29"),
        (field(Kind.DATE), field(Kind.TEXT), "2024-02-29", "2024-02-29"),
        (field(Kind.TEXT), field(Kind.DATETIME), "2026-03-01T10:15:30.000+0100", "2026-03-01T09:15:30Z"),
        (field(Kind.DATETIME), field(Kind.TEXT), "2026-03-01T09:15:30Z", "2026-03-01T09:15:30Z"),
        (field(Kind.TEXT), field(Kind.TIME), "10:15", "10:15:00"),
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
        (field(Kind.TEXT), field(Kind.NUMBER), "1,5", "not_number"),
        (field(Kind.TEXT), field(Kind.NUMBER), "1 000", "not_number"),
        (field(Kind.TEXT), field(Kind.NUMBER), "1_000", "not_number"),
        (field(Kind.TEXT), field(Kind.NUMBER), "1e999999999", "not_number"),
        (field(Kind.TEXT), field(Kind.NUMBER), "NaN", "not_number"),
        (field(Kind.TEXT), field(Kind.NUMBER), "٣", "not_number"),
        (field(Kind.TEXT), field(Kind.DATE), "31.12.2026", "not_date"),
        (field(Kind.TEXT), field(Kind.DATE), "2025-02-29", "not_date"),
        (field(Kind.TEXT), field(Kind.DATETIME), "2026-03-01T10:15:30", "not_datetime"),
        (field(Kind.TEXT), field(Kind.DATETIME), "0001-01-01T00:00:00+10:00", "not_datetime"),
        (field(Kind.TEXT), field(Kind.TIME), "half past ten", "not_time"),
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


def cleaned(raw: st.SearchStrategy[str]) -> st.SearchStrategy[Value]:
    return raw.map(clean_text)


_NUMBERS: st.SearchStrategy[Value] = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=Decimal(-(10**18)), max_value=Decimal(10**18), places=4
).map(number_text)
_DATES: st.SearchStrategy[Value] = st.dates().map(date_text)
_MOMENTS: st.SearchStrategy[Value] = st.datetimes(timezones=st.just(UTC)).map(datetime_text)
_TIMES: st.SearchStrategy[Value] = st.times().map(time_text)
_READABLE = st.one_of(_NUMBERS, _DATES, _MOMENTS, _TIMES, st.sampled_from(("true", "False")))
_VALUES: dict[Kind, st.SearchStrategy[Value]] = {
    **dict.fromkeys(TEXT_KINDS, st.one_of(cleaned(st.text(max_size=12)), _READABLE)),
    **dict.fromkeys(NUMBER_KINDS, st.none() | _NUMBERS),
    Kind.BOOLEAN: st.booleans(),
    Kind.DATE: st.none() | _DATES,
    Kind.DATETIME: st.none() | _MOMENTS,
    Kind.TIME: st.none() | _TIMES,
    Kind.CHOICES: st.lists(st.text(max_size=3), max_size=3).map(choices_value),
}


def canonical(kind: Kind, value: Value) -> Value:
    """Return the canonical form of a value that is said to be canonical."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, tuple):
        return choices_value(value)
    if kind in NUMBER_KINDS:
        return number_text(value)
    forms = {Kind.DATE: date_text, Kind.DATETIME: datetime_text, Kind.TIME: time_text}
    return forms.get(kind, clean_text)(value)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        pair
        for crm, others in PAIRS.items()
        for other in sorted(others)
        if not (crm is Kind.BOOLEAN and other is Kind.CHOICES)
        for pair in ((field(crm), field(other)), (field(other), field(crm)))
    ]
    + [(field(Kind.BOOLEAN), BOX), (BOX, field(Kind.BOOLEAN))],
    ids=lambda one: str(one.kind),
)
@settings(max_examples=15, deadline=None, database=None)
@given(data=st.data())
def test_what_was_carried_is_canonical_and_comes_back_as_the_same_thing(
    source: Field, target: Field, data: st.DataObject
) -> None:
    ticks = st.sampled_from((None, ("True",), ("true",)))
    value = data.draw(ticks if source is BOX else _VALUES[source.kind])
    there, back = converter(source, target), converter(target, source)
    try:
        carried = there(value)
    except ConversionError:
        return  # it says so: nothing is lost
    assert carried == canonical(target.kind, carried)
    assert (carried is None) == (value is None) or BOX in {source, target}
    returned = back(carried)
    assert same(source.kind, returned, value) or there(returned) == carried


def test_dates_carry_no_zone_and_are_not_shifted() -> None:
    day = date_text(date(2026, 1, 1))
    assert converter(field(Kind.DATE), field(Kind.TEXT))(day) == "2026-01-01"
    assert datetime_text(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00Z"
    assert time_text(time(9, 5)) == "09:05:00"
