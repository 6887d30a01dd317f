from __future__ import annotations

from typing import Any

import pytest

from crosswalk.convert import fits
from crosswalk.convert.rejection import Rejection
from crosswalk.core.catalogue import CATALOGUE
from crosswalk.core.schema import Field, Option
from crosswalk.core.values import Kind, Value

COLOURS = (Option(value="red", label="Red"), Option(value="blue", label="Blue"))


def field(kind: Kind, **changes: Any) -> Field:
    return Field(**{"name": "f", "label": "My field", "kind": kind, "vendor_type": "", **changes})


@pytest.mark.parametrize(
    ("target", "value"),
    [
        (field(Kind.TEXT), "x" * 10_000),
        (field(Kind.TEXT, length=3), "añb"),
        (field(Kind.TEXT), None),
        (field(Kind.EMAIL), "ana.lópez+tag@mail.example.org"),
        (field(Kind.EMAIL), "o'brien@example.org"),
        (field(Kind.CHOICE, options=COLOURS, restricted=True), "red"),
        (field(Kind.CHOICE, options=COLOURS), "green"),
        (field(Kind.CHOICES, options=COLOURS, restricted=True), ("blue", "red")),
        (field(Kind.TEXT), "a||b"),
        (field(Kind.CHOICES, vendor_type="multipicklist"), ("a||b",)),
        (field(Kind.NUMBER, precision=5, scale=2), "-123.45"),
        (field(Kind.NUMBER, precision=2, scale=2), "0.25"),
        (field(Kind.NUMBER, precision=0, scale=0), "123456789"),
        (field(Kind.NUMBER), "1.23456789"),
        (field(Kind.BOOLEAN), False),
        (field(Kind.DATE, length=1), "2026-01-01"),
    ],
)
def test_a_value_fits(target: Field, value: Value) -> None:
    assert fits(target, value) is None


@pytest.mark.parametrize(
    ("target", "value", "code"),
    [
        (field(Kind.TEXT, writable=False), "x", "read_only"),
        (field(Kind.TEXT, writable=False), None, "read_only"),
        (field(Kind.TEXT, required=True), None, "required"),
        (field(Kind.BOOLEAN), None, "required"),
        (field(Kind.TEXT, length=3), "four", "too_long"),
        (field(Kind.EMAIL, length=10), "ana@example.org", "too_long"),
        (field(Kind.EMAIL), "ana", "email"),
        (field(Kind.EMAIL), "ana@example", "email"),
        (field(Kind.EMAIL), "ana@@example.org", "email"),
        (field(Kind.EMAIL), "ana lopez@example.org", "email"),
        (field(Kind.EMAIL), "ana@example..org", "email"),
        (field(Kind.EMAIL), "ana@example.org.", "email"),
        (field(Kind.EMAIL), "ana@example.org, eva@example.org", "email"),
        (field(Kind.CHOICE, options=COLOURS, restricted=True), "Red", "option"),
        (field(Kind.CHOICES, options=COLOURS, restricted=True), ("green", "red"), "option"),
        (field(Kind.CHOICES, vendor_type="listbox"), ("a||b",), "separator"),
        (field(Kind.CHOICES, vendor_type="checkbox"), ("a", "||"), "separator"),
        (field(Kind.CHOICES, vendor_type="multipicklist"), ("a;b",), "separator"),
        (field(Kind.CHOICES, length=4), ("ab", "cd"), "too_long"),
        (field(Kind.NUMBER, precision=5, scale=2), "1234", "too_large"),
        (field(Kind.CURRENCY, precision=18, scale=2), "1.005", "too_precise"),
        (field(Kind.NUMBER, scale=0), "0.5", "too_precise"),
    ],
)
def test_a_value_that_does_not_fit_is_rejected_with_a_cure(target: Field, value: Value, code: str) -> None:
    rejection = fits(target, value)
    assert rejection is not None
    assert rejection.code == code
    assert "My field" in rejection.message
    assert rejection.cure.endswith(".")


def test_the_message_names_every_unknown_option() -> None:
    target = field(Kind.CHOICES, options=COLOURS, restricted=True)
    rejection = fits(target, ("black", "red", "white"))
    assert rejection is not None
    assert rejection.message == "My field has no option “black, white”."


def test_some_fields_can_be_set_only_at_creation_and_some_never() -> None:
    once = field(Kind.TEXT, writable=False)
    assert fits(once, "x", creating=True) is None
    never = fits(field(Kind.TEXT, writable=False, creatable=False), "x", creating=True)
    assert never is not None
    assert never.code == "read_only"


@pytest.mark.parametrize("code", [name for name, each in CATALOGUE.items() if each.code.startswith("CW-2")])
def test_every_rejection_can_be_put_into_words(code: str) -> None:
    params: dict[str, str | int] = {"field": "F", "value": "V", "limit": 1, "size": 2, "separator": ";"}
    rejection = Rejection(code=code, params=params)
    assert "{" not in rejection.message + rejection.cure
