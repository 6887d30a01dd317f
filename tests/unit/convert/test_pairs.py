from __future__ import annotations

from dataclasses import replace

import pytest

from crosswalk.convert import PAIRS, converter, is_checkbox_pair, pairable, read_only, types_for
from crosswalk.core.schema import Field, Nature, Option
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
        ("reference", "text"),
        ("time", "text"),
        ("datetime", "text"),
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
        ("boolean", "number"),
        ("number", "date"),
        ("reference", "choice"),
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


@pytest.mark.parametrize("kind", [Kind.CHOICE, Kind.CHOICES])
@pytest.mark.parametrize("options", [("true", "false"), ("No", "YES"), ("TRUE", "False")])
def test_a_boolean_pairs_with_two_options_that_spell_its_values(kind: Kind, options: tuple[str, ...]) -> None:
    assert pairable(field(Kind.BOOLEAN), field(kind, *options)) is None
    assert not is_checkbox_pair(field(Kind.BOOLEAN), field(kind, *options))


@pytest.mark.parametrize("kind", [Kind.CHOICE, Kind.CHOICES])
@pytest.mark.parametrize(
    "options", [(), ("yes",), ("true", "no"), ("yes", "no", "maybe"), ("true", "True"), ("on", "off")]
)
def test_a_boolean_does_not_pair_with_other_choices(kind: Kind, options: tuple[str, ...]) -> None:
    reason = pairable(field(Kind.BOOLEAN), field(kind, *options))
    assert reason is not None
    assert "true and false" in reason
    with pytest.raises(ValueError, match="checkbox"):
        converter(field(Kind.BOOLEAN), field(kind, *options))


def test_a_checkbox_paired_with_choices_is_an_ordinary_multi_select() -> None:
    assert not is_checkbox_pair(field(Kind.CHOICES), field(Kind.CHOICES, "true"))


@pytest.mark.parametrize("length", [256, 32_768, None])
def test_a_long_text_does_not_pair_with_a_line_that_may_cut_it(length: int | None) -> None:
    crm = field(Kind.LONG_TEXT, length=length)
    reason = pairable(crm, field(Kind.TEXT, vendor_type="text"))
    assert reason is not None
    assert "255" in reason
    assert types_for(crm) == "hidden, text area"
    assert pairable(crm, field(Kind.TEXT, vendor_type="hidden")) is None
    assert pairable(crm, field(Kind.LONG_TEXT)) is None


def test_a_text_area_as_short_as_a_line_pairs_with_a_line() -> None:
    assert pairable(field(Kind.LONG_TEXT, length=255), field(Kind.TEXT, vendor_type="text")) is None


def test_every_pair_of_the_table_converts_both_ways() -> None:
    for crm, others in PAIRS.items():
        for other in others:
            options = ("true", "false") if crm is Kind.BOOLEAN else ()
            left, right = field(crm), field(other, *options)
            assert callable(converter(left, right))
            assert callable(converter(right, left))


@pytest.mark.parametrize(
    ("crm", "activecampaign", "reason", "works"),
    [
        (Kind.DATETIME, Kind.DATE, "depends on the time zone", "text or hidden, text area, date and time"),
        (Kind.DATE, Kind.DATETIME, "would be made up", "text or hidden, text area, date"),
        (Kind.CHOICES, Kind.TEXT, "could not be told apart", "dropdown or radio, list box or checkboxes"),
        (Kind.REFERENCE, Kind.CHOICES, "would be lost", "text or hidden, text area"),
    ],
)
def test_a_refusal_says_why_and_which_types_would_work(
    crm: Kind, activecampaign: Kind, reason: str, works: str
) -> None:
    words = pairable(field(crm), field(activecampaign))
    assert words is not None
    assert reason in words
    assert words.endswith(f"these types work for it: {works}.")


@pytest.mark.parametrize(
    ("vendor_type", "cure"), [("address", "street and city"), ("location", "latitude"), ("base64", "a file")]
)
def test_a_type_that_no_field_can_hold_is_refused_with_what_to_do_instead(
    vendor_type: str, cure: str
) -> None:
    words = pairable(field(Kind.OTHER, vendor_type=vendor_type), field(Kind.TEXT))
    assert words is not None
    assert cure in words
    assert vendor_type in words


@pytest.mark.parametrize(
    ("nature", "words"),
    [
        (Nature.FORMULA, "is a formula"),
        (Nature.SUMMARY, "sums up"),
        (Nature.AUTO_NUMBER, "numbered automatically"),
        (Nature.PLAIN, "by the connection's user"),
    ],
)
def test_a_field_that_nobody_can_write_says_why(nature: Nature, words: str) -> None:
    fixed = replace(field(Kind.NUMBER), nature=nature, writable=False, creatable=False)
    reason = read_only(fixed)
    assert reason is not None
    assert words in reason
    assert read_only(replace(fixed, creatable=True)) is None
    assert pairable(fixed, field(Kind.NUMBER)) is None


def test_kinds_without_a_conversion_are_refused_when_compiled() -> None:
    with pytest.raises(ValueError, match="date cannot become a boolean"):
        converter(field(Kind.DATE), field(Kind.BOOLEAN))
