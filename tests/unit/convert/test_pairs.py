from __future__ import annotations

import pytest

from crosswalk.convert import PAIRS, converter, is_checkbox_pair, pairable
from crosswalk.core.schema import Field, Option
from crosswalk.core.values import Kind


def field(kind: Kind, *options: str, length: int | None = 80, vendor_type: str = "") -> Field:
    return Field(
        name=kind.value,
        label=f"My {kind.value}",
        kind=kind,
        vendor_type=vendor_type,
        options=tuple(Option(value=option, label=option) for option in options),
        length=length,
    )


@pytest.mark.parametrize(
    ("crm", "activecampaign"),
    [
        ("text", "text"),
        ("text", "long_text"),
        ("text", "choice"),
        ("text", "date"),
        ("long_text", "long_text"),
        ("email", "email"),
        ("email", "text"),
        ("phone", "phone"),
        ("phone", "text"),
        ("url", "text"),
        ("number", "text"),
        ("number", "number"),
        ("currency", "currency"),
        ("currency", "text"),
        ("percent", "text"),
        ("boolean", "text"),
        ("date", "date"),
        ("date", "text"),
        ("datetime", "datetime"),
        ("choice", "choice"),
        ("choice", "text"),
        ("choices", "choices"),
    ],
)
def test_pairs_that_lose_nothing_may_be_made(crm: Kind, activecampaign: Kind) -> None:
    assert pairable(field(Kind(crm)), field(Kind(activecampaign))) is None


@pytest.mark.parametrize(
    ("crm", "activecampaign"),
    [
        ("datetime", "date"),
        ("date", "datetime"),
        ("date", "choice"),
        ("choices", "text"),
        ("text", "choices"),
        ("text", "number"),
        ("text", "email"),
        ("boolean", "choice"),
        ("boolean", "number"),
        ("number", "date"),
        ("reference", "text"),
        ("other", "text"),
        ("text", "other"),
    ],
)
def test_pairs_that_could_lose_something_are_refused_by_name(crm: Kind, activecampaign: Kind) -> None:
    reason = pairable(field(Kind(crm)), field(Kind(activecampaign)))
    assert reason is not None
    assert f"My {crm}" in reason
    assert f"My {activecampaign}" in reason


@pytest.mark.parametrize("spelling", ["true", "True", "TRUE"])
def test_a_boolean_pairs_with_a_single_checkbox_in_any_letter_case(spelling: str) -> None:
    assert pairable(field(Kind.BOOLEAN), field(Kind.CHOICES, spelling)) is None
    assert is_checkbox_pair(field(Kind.BOOLEAN), field(Kind.CHOICES, spelling))


@pytest.mark.parametrize("options", [(), ("yes",), ("true", "false")])
def test_a_boolean_does_not_pair_with_other_choices(options: tuple[str, ...]) -> None:
    reason = pairable(field(Kind.BOOLEAN), field(Kind.CHOICES, *options))
    assert reason is not None
    assert "true" in reason
    with pytest.raises(ValueError, match="checkbox"):
        converter(field(Kind.BOOLEAN), field(Kind.CHOICES, *options))


def test_a_checkbox_paired_with_choices_is_an_ordinary_multi_select() -> None:
    assert not is_checkbox_pair(field(Kind.CHOICES), field(Kind.CHOICES, "true"))


@pytest.mark.parametrize("length", [256, 32_768, None])
def test_a_long_text_does_not_pair_with_a_line_that_may_cut_it(length: int | None) -> None:
    crm = field(Kind.LONG_TEXT, length=length)
    reason = pairable(crm, field(Kind.TEXT, vendor_type="text"))
    assert reason is not None
    assert "255" in reason
    assert pairable(crm, field(Kind.TEXT, vendor_type="hidden")) is None
    assert pairable(crm, field(Kind.LONG_TEXT)) is None


def test_a_text_area_as_short_as_a_line_pairs_with_a_line() -> None:
    assert pairable(field(Kind.LONG_TEXT, length=255), field(Kind.TEXT, vendor_type="text")) is None


def test_every_pair_of_the_table_converts_both_ways() -> None:
    for crm, others in PAIRS.items():
        for other in others:
            options = ("true",) if crm is Kind.BOOLEAN else ()
            left, right = field(crm), field(other, *options)
            assert callable(converter(left, right))
            assert callable(converter(right, left))


def test_kinds_without_a_conversion_are_refused_when_compiled() -> None:
    with pytest.raises(ValueError, match="date cannot become a boolean"):
        converter(field(Kind.DATE), field(Kind.BOOLEAN))
