"""Record ids: 15 case-sensitive characters, and 3 more that check them."""

from __future__ import annotations

import re
from functools import lru_cache

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
POD = "5g0"
_FORM = re.compile(r"[0-9A-Za-z]{15}(?:[A-Z0-5]{3})?\Z")


@lru_cache(maxsize=4096)
def check_characters(id15: str) -> str:
    """The three characters that make an id safe where upper and lower case are not told apart.

    Bit k of each character says whether the k-th of its five is a capital. Source: Salesforce, record ids.
    """
    groups = (id15[0:5], id15[5:10], id15[10:15])
    return "".join(CHECKS[sum(char.isupper() << k for k, char in enumerate(group))] for group in groups)


def canonical(text: str) -> str | None:
    """The 18 characters of an id given with 15 or 18; None when it is no id."""
    if not _FORM.match(text):
        return None
    full = text[:15] + check_characters(text[:15])
    return full if text in (full, full[:15]) else None


def make(prefix: str, number: int) -> str:
    """The `number`-th id of an object with that key prefix."""
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = DIGITS[rest] + digits
    short = prefix + POD + digits.rjust(9, "0")
    return short + check_characters(short)


def number(text: str) -> int:
    """Which id of its object this one (18 characters) is, if it could have been made here; else 0."""
    if text[3:6] != POD:
        return 0
    found = 0
    for char in text[6:15]:
        found = found * 62 + DIGITS.index(char)
    return found
