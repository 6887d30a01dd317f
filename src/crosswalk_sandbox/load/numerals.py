"""Numbers as people write them: `1234.5`, `1.234,5`, `1,234.5`, `1 234,5`, `1'234.5`, `€ 5`, `12 %`."""

from __future__ import annotations

import re
from decimal import Decimal

PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\Z", re.ASCII)
GAPS = "'’ \u00a0\u202f"  # between thousands anywhere
POINTED = re.compile(rf"[+-]?\d{{1,3}}(?:[,{GAPS}]\d{{3}})+(?:\.\d+)?\Z", re.ASCII)
EUROPEAN = re.compile(rf"[+-]?(?:\d+|\d{{1,3}}(?:[.{GAPS}]\d{{3}})+)(?:,\d+)?(?:[eE][+-]?\d+)?\Z", re.ASCII)
MOST_DIGITS = 30
CODE = re.compile(r"[+-]?0\d|\+\d{5}")
MARKS = re.compile(r"[€$£¥%]|\b[A-Z]{3}\b")


def read(text: str, *, commas: bool = False, points: bool = False, marks: bool = False) -> Decimal:
    """The number that the text writes. Raises ValueError when it writes none.

    Where the text leaves it open: `commas` says that `1,234` is between one and two, `points` that `1.234` is
    more than a thousand. `marks`: leave out signs and codes of currencies, and percent signs.
    """
    if text.isdigit() and text.isascii():
        return Decimal(text)
    if marks:
        text = MARKS.sub("", text).strip()
    text = text.replace("−", "-")
    european = style(text)
    if european is None:
        european = commas if "," in text else points
    if european or not PLAIN.match(text):
        if not (EUROPEAN if european else POINTED).match(text):
            raise ValueError(f"{text!r} is no number")
        text = _plain(text, european)
    number = Decimal(text)
    if number.adjusted() > MOST_DIGITS:
        raise ValueError(f"{text!r} is no number that a field can hold")
    return number


def _plain(text: str, european: bool) -> str:
    between = GAPS + ("." if european else ",")
    return text.translate(dict.fromkeys(map(ord, between))).replace(",", ".")


def style(text: str) -> bool | None:
    """Whether the text shows that it has a decimal comma (True) or a point (False); None if neither."""
    comma, point = text.rfind(","), text.rfind(".")
    if comma < 0 and point < 0:
        return None
    if comma >= 0 and point >= 0:
        return comma > point
    sign = "," if point < 0 else "."
    if text.count(sign) > 1:  # between thousands
        return sign == "."
    before, _, after = text.partition(sign)
    whole = before.lstrip("+-")
    if len(after) == 3 and after.isdigit() and 1 <= len(whole) <= 3 and whole != "0":
        return None  # 1,234 and 1.234 may be either
    return sign == ","


def is_code(text: str) -> bool:
    """Whether digits are not meant as a number: `01234` would lose its zero, `+4930123456` is a phone's."""
    return bool(CODE.match(text))
