"""Names of people, as somebody types them who looks for one."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_MOST = 5  # words that are looked for
_LONGEST = 80  # signs of one


def words(typed: str) -> list[str]:
    """Return the words of a name: each must be found, in any order, and others may stand between them."""
    found = (word.strip(",;") for word in unicodedata.normalize("NFC", typed).split())
    return [word[:_LONGEST] for word in found if word][:_MOST]


def holds(text: str, wanted: Sequence[str]) -> bool:
    """Tell whether a text has each of these words, letter case and accents aside."""
    whole = _folded(text)
    return all(_folded(word) in whole for word in wanted)


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if not unicodedata.combining(sign))
