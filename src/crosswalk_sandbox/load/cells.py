"""What both systems need to turn cells into values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
REMEMBERED = 5000  # values of a column that need not be converted again
LONGEST_REMEMBERED = 80


class Refusal(Exception):
    """A row does not fit; its text is the reason."""


def remembering(convert: Callable[[str], T]) -> Callable[[str], T]:
    """The same function, but short texts that come again give the very value of the first time.

    That saves time, and in columns of few values most of the memory.
    """
    known: dict[str, T] = {}

    def remembered(text: str) -> T:
        value = known.get(text)
        if value is not None:
            return value
        value = convert(text)
        if len(text) <= LONGEST_REMEMBERED and len(known) < REMEMBERED:
            known[text] = value
        return value

    return remembered
