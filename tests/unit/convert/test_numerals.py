from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswalk.convert.numerals import AmbiguousError, read_number
from crosswalk.core.values import number_text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.234,56 €", "1234.56"),
        ("$1,234.56", "1234.56"),
        ("1 234,5", "1234.5"),
        ("1\u00a0234\u202f567", "1234567"),
        ("1'234.50", "1234.5"),
        ("CHF 1’000", "1000"),
        ("1,234,567", "1234567"),
        ("1.234.567,8", "1234567.8"),
        ("1.234,567", "1234.567"),
        ("12,34,567.89", "1234567.89"),
        ("1,5", "1.5"),
        ("0,123", "0.123"),
        ("1234,567", "1234.567"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-5", "-5"),
        ("−€5", "-5"),
        ("€ -5", "-5"),
        ("US$ 5", "5"),
        ("5 kr.", "5"),
        ("EUR 5", "5"),
        ("+5", "5"),
        ("007", "7"),
    ],
)
def test_a_number_is_read_as_people_write_it(text: str, number: str) -> None:
    assert read_number(text, 2) == number


@pytest.mark.parametrize("text", ["1,234", "1.234", "-12,345", "€ 123.456", "1.234 EUR"])
def test_one_sign_before_three_digits_may_mean_two_numbers(text: str) -> None:
    with pytest.raises(AmbiguousError):
        read_number(text, 2)


def test_three_decimals_after_a_point_are_our_own_writing_where_the_field_has_room_for_them() -> None:
    assert read_number("1.234", 3) == read_number("1.234", None) == "1.234"
    with pytest.raises(AmbiguousError):
        read_number("1.234 €", 3)
    with pytest.raises(AmbiguousError):
        read_number("1,234", 3)


@pytest.mark.parametrize(
    "text",
    ["abc", "", ",", "1,23,4", "1.2.3", "1 23", "1_000", "1e5", "NaN", "٣", "--5", "-€-5", "$5€", "€€5", "5 pcs",
     "12 %", "5/6", "1,234.5,6", "(5)"],
)  # fmt: skip
def test_what_is_no_number_is_not_made_one(text: str) -> None:
    with pytest.raises(ValueError, match="not a number") as caught:
        read_number(text, 2)
    assert not isinstance(caught.value, AmbiguousError)


def test_only_a_percentage_may_have_a_percent_sign() -> None:
    assert read_number("12,5 %", 2, percent=True) == "12.5"
    assert read_number("€ 5", 2, percent=True) == "5"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4), st.sampled_from([4, 18, None]))
def test_every_number_is_read_as_we_write_it(number: Decimal, scale: int | None) -> None:
    text = number_text(number)
    assert read_number(text, scale) == text


@given(st.integers(1000, 10**12), st.integers(0, 99), st.sampled_from([",.", ".,", " .", " ,", "’."]))
def test_grouped_amounts_are_read_whatever_their_signs(whole: int, cents: int, signs: str) -> None:
    group, point = signs[0], signs[1]
    written = f"{whole:,}".replace(",", group) + f"{point}{cents:02d}"
    assert read_number(written, 2) == number_text(f"{whole}.{cents:02d}")
