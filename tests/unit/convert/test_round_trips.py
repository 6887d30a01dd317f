"""Every pair of the table, both ways: what a value is after it went to the other side and came back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosswalk.convert import PAIRS, ConversionError, converter, pairable
from crosswalk.core.schema import Field, Option
from crosswalk.core.values import (
    NUMBER_KINDS,
    Kind,
    Value,
    choices_value,
    clean_text,
    date_text,
    datetime_text,
    number_text,
    time_text,
)

# Pairs in which not every value of the CRM has a form in ActiveCampaign: it is held, and says why.
PARTIAL = {(Kind.TEXT, Kind.DATE), (Kind.CHOICES, Kind.CHOICE)}
# The one pair in which a value of the CRM may come back in another spelling: `20260101` as `2026-01-01`.
RESPELLED = {(Kind.TEXT, Kind.DATE)}
# ActiveCampaign's texts and options; paired with anything else they keep their own spelling while it says the same.
SPELLED = {Kind.TEXT, Kind.LONG_TEXT, Kind.CHOICE}
SPELLED_OF = NUMBER_KINDS | {Kind.BOOLEAN, Kind.DATE, Kind.DATETIME, Kind.TIME}

TRUTHS = (("True",), ("yes", "No"), ("TRUE", "false"))
NUMBERS = ("1", "2.50", "-0.125")


def field(kind: Kind, *options: str, scale: int | None = None) -> Field:
    choices = tuple(Option(value=option, label=option) for option in options)
    return Field(
        name=kind.value, label=kind.value, kind=kind, vendor_type="hidden", options=choices, scale=scale
    )


def cases() -> Iterator[tuple[Field, Field]]:
    """CRM and ActiveCampaign fields: every pair of the table, with each form that its fields may have."""
    for crm, others in PAIRS.items():
        for other in sorted(others):
            if crm is Kind.BOOLEAN and other in {Kind.CHOICE, Kind.CHOICES}:
                lists = TRUTHS if other is Kind.CHOICES else TRUTHS[1:]
                yield from ((field(crm), field(other, *options)) for options in lists)
            elif crm in NUMBER_KINDS:
                options = NUMBERS if other is Kind.CHOICE else ()
                yield from ((field(crm, scale=scale), field(other, *options)) for scale in (None, 0, 2, 5))
            else:
                yield field(crm), field(other)


CASES = list(cases())
each_case = pytest.mark.parametrize(
    ("crm", "activecampaign"),
    CASES,
    ids=[f"{crm.kind} {crm.scale or ''} {other.kind} {len(other.options)}" for crm, other in CASES],
)
few = settings(max_examples=12, deadline=None, database=None)


def numbers(scale: int | None) -> st.SearchStrategy[Value]:
    return st.decimals(
        allow_nan=False, allow_infinity=False, min_value=Decimal(-(10**12)), max_value=Decimal(10**12),
        places=4 if scale is None else scale,
    ).map(number_text)  # fmt: skip


TEXTS: st.SearchStrategy[Value] = st.text(max_size=12).map(clean_text)
DATES: st.SearchStrategy[Value] = st.dates().map(date_text)
MOMENTS: st.SearchStrategy[Value] = st.datetimes(timezones=st.just(UTC)).map(datetime_text)
TIMES: st.SearchStrategy[Value] = st.times().map(time_text)
TYPED: st.SearchStrategy[Value] = st.sampled_from(
    (
        "1,234.56",
        "1.234,56 €",
        "$ -5",
        "12 %",
        "1,234",
        "true",
        "No",
        "2026-01-31",
        "18:00",
        "2026-01-31T18:00:00+01:00",
    )
)
RECORDS: st.SearchStrategy[Value] = st.from_regex(r"00[0-9A-Za-z]{13}([0-9A-Z]{3})?", fullmatch=True)
VALUES: dict[Kind, st.SearchStrategy[Value]] = {
    Kind.DATE: DATES,
    Kind.DATETIME: MOMENTS,
    Kind.TIME: TIMES,
    Kind.CHOICES: st.lists(st.text(max_size=3), max_size=3).map(choices_value),
    Kind.REFERENCE: RECORDS,
}


def of_crm(field: Field) -> st.SearchStrategy[Value]:
    """Values that a CRM's field can hold; a checkbox is never empty."""
    if field.kind is Kind.BOOLEAN:
        return st.booleans()
    if field.kind in NUMBER_KINDS:
        return st.none() | numbers(field.scale)
    return st.none() | VALUES.get(field.kind, TEXTS | DATES)


def of_activecampaign(field: Field) -> st.SearchStrategy[Value]:
    """Values that ActiveCampaign's field can hold, whatever people type into a text."""
    if field.options:
        one = st.sampled_from([option.value for option in field.options])
        return st.none() | (one.map(lambda option: (option,)) if field.kind is Kind.CHOICES else one)
    if field.kind in NUMBER_KINDS:
        return st.none() | numbers(None)
    return st.none() | VALUES.get(field.kind, TEXTS | numbers(2) | DATES | MOMENTS | TIMES | RECORDS | TYPED)


def is_canonical(field: Field, value: Value) -> bool:
    if value is None or isinstance(value, bool):
        return value is None or field.kind is Kind.BOOLEAN
    if isinstance(value, tuple):
        return field.kind is Kind.CHOICES and value == choices_value(value)
    if field.kind in NUMBER_KINDS:
        return value == number_text(value)
    forms = {Kind.DATE: date_text, Kind.DATETIME: datetime_text, Kind.TIME: time_text}
    return value == forms.get(field.kind, clean_text)(value)


@each_case
@few
@given(data=st.data())
def test_a_value_of_the_crm_comes_back_unchanged(
    crm: Field, activecampaign: Field, data: st.DataObject
) -> None:
    assert pairable(crm, activecampaign) is None
    there, back = converter(crm, activecampaign), converter(activecampaign, crm)
    value = data.draw(of_crm(crm))
    pair = (crm.kind, activecampaign.kind)
    try:
        carried = there(value)
    except ConversionError:
        assert pair in PARTIAL
        return
    assert is_canonical(activecampaign, carried)
    returned = back(carried)
    assert returned == value or (pair in RESPELLED and there(returned) == carried)


@each_case
@few
@given(data=st.data())
def test_a_value_of_activecampaign_comes_back_or_is_kept_as_it_is_spelled(
    crm: Field, activecampaign: Field, data: st.DataObject
) -> None:
    back, there = converter(activecampaign, crm), converter(crm, activecampaign)
    value = data.draw(of_activecampaign(activecampaign))
    try:
        carried = back(value)
    except ConversionError:
        return  # it is held with the reason: nothing is lost
    assert is_canonical(crm, carried)
    returned = there(carried)
    if activecampaign.kind in SPELLED and crm.kind in SPELLED_OF and returned != value:
        assert back(returned) == carried
    elif returned != value:
        assert (value, carried, returned) == (("true",), True, ("True",))
