from __future__ import annotations

import pytest

from crosswalk.convert import stored_differently
from crosswalk.core.values import Kind, Value

VENDORS = ("salesforce", "activecampaign", "dynamics")


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    ("kind", "sent", "read"),
    [
        (Kind.TEXT, "a  b\tc", "a b c"),
        (Kind.LONG_TEXT, "one\ntwo ", "one \n two"),
        (Kind.LONG_TEXT, "one\ntwo", "one two"),
        (Kind.TEXT, "ﬁve ①", "five 1"),
        (Kind.TEXT, "e\u0301te\u0301", "été"),
        (Kind.EMAIL, "Ana @example.org", "ana @example.org".replace(" ", "\u00a0")),
        (Kind.PHONE, "+34 600-123-456", "34600123456"),
        (Kind.NUMBER, "2.345", "2.35"),
        (Kind.NUMBER, "2.345", "2.34"),
        (Kind.CURRENCY, "2.996", "3"),
        (Kind.NUMBER, "-0.4", "0"),
        (Kind.DATETIME, "2026-03-01T09:15:42Z", "2026-03-01T09:15:00Z"),
        (Kind.TIME, "09:15:42", "09:15:00"),
        (Kind.NUMBER, "123456789012345678", "123456789012345680"),
        (Kind.NUMBER, "0.1234567890123456789", "0.12345678901234568"),
        (Kind.CHOICE, "HOT", "Hot"),
        (Kind.CHOICES, ("cold", "hot"), ("Cold", "Hot")),
    ],
)
def test_every_vendor_may_store_a_value_in_another_form(
    vendor: str, kind: Kind, sent: Value, read: Value
) -> None:
    assert stored_differently(vendor, kind, sent, read)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    ("kind", "sent", "read"),
    [
        (Kind.TEXT, "Ana", "Eva"),
        (Kind.TEXT, "Ana", "ANA"),
        (Kind.TEXT, "Ana", "Ana Maria"),
        (Kind.TEXT, "Ana", None),
        (Kind.TEXT, None, "Ana"),
        (Kind.TEXT, "Ana", "Ana"),
        (Kind.EMAIL, "ana@example.org", "eva@example.org"),
        (Kind.EMAIL, "ana@example.org", "ANA@example.org"),
        (Kind.PHONE, "+34 600 123 456", "+34 600 123 457"),
        (Kind.PHONE, "call me", "do not call"),
        (Kind.NUMBER, "2", "3"),
        (Kind.NUMBER, "2", "2.5"),
        (Kind.NUMBER, "2.5", "2.45"),
        (Kind.NUMBER, "2.34", "4"),
        (Kind.DATETIME, "2026-03-01T09:15:42Z", "2026-03-01T10:15:42Z"),
        (Kind.DATETIME, "2026-03-01T09:15:42Z", "2026-03-01T09:16:00Z"),
        (Kind.DATE, "2026-03-01", "2026-03-02"),
        (Kind.TIME, "09:15:42", "09:16:00"),
        (Kind.NUMBER, "123456789012345678", "123456789012345600"),
        (Kind.CHOICE, "Hot", "Warm"),
        (Kind.CHOICES, ("cold", "hot"), ("Cold", "Warm")),
        (Kind.BOOLEAN, True, False),
        (Kind.CHOICES, ("a",), ("a", "b")),
        (Kind.CHOICES, ("a", "b"), ("a", "c")),
        (Kind.CHOICES, ("a",), None),
    ],
)
def test_anything_else_is_a_change_by_that_side(vendor: str, kind: Kind, sent: Value, read: Value) -> None:
    assert not stored_differently(vendor, kind, sent, read)


@pytest.mark.parametrize(
    ("kind", "sent", "read"),
    [(Kind.TEXT, "x" * 300, "x" * 255), (Kind.TEXT, "ab cd", "ab"), (Kind.CHOICES, ("a", "b"), ("a",))],
)
def test_only_activecampaign_cuts_texts_and_drops_options(kind: Kind, sent: Value, read: Value) -> None:
    assert stored_differently("activecampaign", kind, sent, read)
    assert not stored_differently("salesforce", kind, sent, read)


def test_a_text_within_its_known_length_is_not_cut() -> None:
    assert not stored_differently("activecampaign", Kind.TEXT, "Ana Maria", "Ana", length=255)
