r"""Canonical values: the one form in which values are compared, stored in shadows and handed between rooms.

| kind | canonical value |
|---|---|
| text kinds, choice | `str`: trimmed, Unicode NFC, line ends as `\n`; never `""` |
| number | `str`: plain decimal without exponent, plus sign or trailing zeros (`-12.5`, `0`) |
| boolean | `bool` |
| date | `str` `YYYY-MM-DD`, no zone |
| date-time | `str` `YYYY-MM-DDTHH:MM:SSZ`, UTC, whole seconds |
| time | `str` `HH:MM:SS` |
| choices | `tuple[str, ...]`: sorted, without doubles; never `()` |
| every kind | `None` is *empty*; a field absent from a mapping of values is *unknown* |
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum

import msgspec

Value = str | bool | tuple[str, ...] | None
Values = Mapping[str, Value]


class Kind(StrEnum):
    """What a field holds, in one vocabulary for all systems."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    NUMBER = "number"
    CURRENCY = "currency"
    PERCENT = "percent"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    CHOICE = "choice"
    CHOICES = "choices"
    REFERENCE = "reference"
    OTHER = "other"


TEXT_KINDS = frozenset(
    {Kind.TEXT, Kind.LONG_TEXT, Kind.EMAIL, Kind.PHONE, Kind.URL, Kind.CHOICE, Kind.REFERENCE, Kind.OTHER}
)
NUMBER_KINDS = frozenset({Kind.NUMBER, Kind.CURRENCY, Kind.PERCENT})


def clean_text(raw: str) -> str | None:
    """Trim, compose (NFC) and unify line ends; `None` when nothing is left."""
    if raw.isascii():
        text = raw.strip()
    else:
        text = unicodedata.normalize("NFC", raw).strip()
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text or None


def number_text(raw: str | float | Decimal) -> str:
    """Return the canonical text of a decimal number.

    Raises ValueError when `raw` is not a finite decimal number.
    """
    try:
        number = Decimal(str(raw).strip())
    except InvalidOperation as error:
        raise ValueError(f"not a number: {raw!r}") from error
    if not number.is_finite():
        raise ValueError(f"not a finite number: {raw!r}")
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def date_text(raw: str | date) -> str:
    """Return `YYYY-MM-DD`. Raises ValueError when `raw` is no ISO date."""
    return raw.isoformat() if isinstance(raw, date) else date.fromisoformat(raw.strip()).isoformat()


def time_text(raw: str | time) -> str:
    """Return `HH:MM:SS`. Raises ValueError when `raw` is no ISO time."""
    parsed = raw if isinstance(raw, time) else time.fromisoformat(raw.strip())
    return parsed.replace(microsecond=0, tzinfo=None).isoformat()


def datetime_text(raw: str | datetime) -> str:
    """Return `YYYY-MM-DDTHH:MM:SSZ`. Raises ValueError when `raw` is no date-time or has no zone."""
    moment = raw if isinstance(raw, datetime) else parse_moment(raw)
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_moment(raw: str) -> datetime:
    """Parse an ISO date-time with a zone (`Z`, `+0000` or `+00:00`). Raises ValueError otherwise."""
    moment = datetime.fromisoformat(raw.strip())
    if moment.tzinfo is None:
        raise ValueError(f"a date-time without zone: {raw!r}")
    return moment


def choices_value(raw: Iterable[str]) -> tuple[str, ...] | None:
    """Return a set of chosen options in canonical order; `None` when nothing is chosen."""
    chosen = {text for item in raw if (text := clean_text(item)) is not None}
    return tuple(sorted(chosen)) or None


def normal_email(raw: str | None) -> str | None:
    """Return the match key of an e-mail address: trimmed and lower case; `None` when empty."""
    text = clean_text(raw) if raw else None
    return text.lower() if text else None


def same(kind: Kind, left: Value, right: Value) -> bool:
    """Tell whether two canonical values of one kind are equal; e-mails compare without case."""
    if left == right and type(left) is type(right):
        return True
    if kind is Kind.EMAIL and isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    return False


_decoder = msgspec.json.Decoder(dict[str, Value])
_encoder = msgspec.json.Encoder(order="deterministic")


def pack(values: Values) -> bytes:
    """Encode values for one database column (JSON; survives every character a vendor may send)."""
    return _encoder.encode(values)


def unpack(packed: bytes | memoryview | None) -> dict[str, Value]:
    """Decode what `pack` wrote; an absent column is an empty mapping."""
    return _decoder.decode(packed) if packed else {}
