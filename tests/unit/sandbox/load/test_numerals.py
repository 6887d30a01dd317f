from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosswalk_sandbox.load import numerals


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", "0"), ("-5", "-5"), ("+5", "5"), ("1234.5", "1234.5"), ("1234,5", "1234.5"), (".5", "0.5"),
        ("1.234,56", "1234.56"), ("1,234.56", "1234.56"), ("1.234.567", "1234567"), ("1,234,567", "1234567"),
        ("1 234,5", "1234.5"), ("1\u00a0234,5", "1234.5"), ("1\u202f234.5", "1234.5"), ("1'234.5", "1234.5"),
        ("1E+7", "10000000"), ("0,125", "0.125"), ("0.125", "0.125"), ("−3", "-3"),
    ],
)  # fmt: skip
def test_a_number_is_read_in_every_form(text: str, number: str) -> None:
    assert numerals.read(text) == Decimal(number)


def test_one_group_of_three_means_what_the_rest_of_the_column_says() -> None:
    assert numerals.read("1,234") == 1234
    assert numerals.read("1,234", commas=True) == Decimal("1.234")
    assert numerals.read("1.234") == Decimal("1.234")
    assert numerals.read("1.234", points=True) == 1234


@pytest.mark.parametrize(
    ("text", "number"), [("€ 5", 5), ("12 %", 12), ("1.200,50 €", Decimal("1200.5")), ("USD 7", 7)]
)
def test_signs_of_currencies_are_left_out_where_a_number_is_expected(text: str, number: Decimal) -> None:
    assert numerals.read(text, marks=True) == number
    with pytest.raises(ValueError, match="is no number"):
        numerals.read(text)


@pytest.mark.parametrize("text", ["", "five", "1.2.3", "12,34,5", "0x10", "nan", "1e999999999", "١٢"])
def test_what_is_no_number_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match="is no number"):
        numerals.read(text)


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_numbers_with_two_decimals_are_the_same_in_both_styles(number: Decimal) -> None:
    pointed = f"{number:,.2f}"
    european = pointed.translate(str.maketrans(",.", ".,"))
    assert numerals.read(pointed) == numerals.read(european) == number
