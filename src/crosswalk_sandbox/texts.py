"""What systems make of a text: the ways that rules of the control API can name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

CUT = re.compile(r"cut (\d+)")
WAYS: dict[str, Callable[[str], str]] = {
    "trim": str.strip,
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
    "digits": lambda text: re.sub(r"[^\d+]", "", text),
    "nfc": lambda text: unicodedata.normalize("NFC", text),
    "nfd": lambda text: unicodedata.normalize("NFD", text),
    "lf": lambda text: text.replace("\r\n", "\n"),
    "crlf": lambda text: text.replace("\r\n", "\n").replace("\n", "\r\n"),
    "spaces": lambda text: " ".join(text.split()),
}


def way(name: str) -> Callable[[str], str]:
    """The way of that name, or `cut N` for the first N characters. Raises ValueError."""
    if cut := CUT.fullmatch(name):
        return lambda text: text[: int(cut[1])]
    if name not in WAYS:
        raise ValueError(f"a text can be made {', '.join(WAYS)} or cut N, not {name!r}")
    return WAYS[name]
