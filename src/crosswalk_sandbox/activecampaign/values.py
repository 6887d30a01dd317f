"""Custom field values: what each field type accepts, and how it is stored (always as text)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from crosswalk_sandbox.activecampaign.errors import InvalidError
from crosswalk_sandbox.activecampaign.habits import Rules
from crosswalk_sandbox.activecampaign.store import Field, read_time, stamp

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
SEPARATOR = "||"


def stored(field: Field, value: Any, before: str, rules: Rules) -> str:
    """The text that is kept when `value` is sent for a field that holds `before`.

    Values that are no option are dropped without a word, or kept by the account's rules. Raises InvalidError
    for a value that is not of the field's type. Source: API v3, custom field values.
    """
    if value is None:
        value = ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InvalidError.unfit("fieldValues", f"The value of field {field.id} must be text.")
    text = str(value)
    if not text.strip("| ") and field.type in MULTIPLE:
        return rules.empty_multiple or text.strip()
    if not text.strip():
        return ""
    if rules.unlisted == "stored" and field.type in WITH_OPTIONS:
        return joined(_parts(text)) if field.type in MULTIPLE else text
    return rules.made_of(field.title, READERS[field.type](field, text, before))


def _text(field: Field, text: str, before: str) -> str:
    return text


def _number(field: Field, text: str, before: str) -> str:
    if not NUMBER.fullmatch(text.strip()):
        raise InvalidError.unfit("fieldValues", f"The value of field {field.id} must be a number.")
    return text.strip()


def _currency(field: Field, text: str, before: str) -> str:
    """An amount, kept with two decimal places at least."""
    whole, _, places = format(Decimal(_number(field, text, before)), "f").partition(".")
    return f"{whole}.{places.ljust(2, '0')}"


def _date(field: Field, text: str, before: str) -> str:
    try:
        if DAY.fullmatch(text.strip()):
            return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        pass  # a day that no month has is refused like any other text
    raise InvalidError.unfit("fieldValues", f"The value of field {field.id} must be a date, YYYY-MM-DD.")


def _datetime(field: Field, text: str, before: str) -> str:
    at = read_time(text.strip())
    if at is None or len(text.strip()) <= len("2026-01-01"):
        raise InvalidError.unfit(
            "fieldValues", f"The value of field {field.id} must be an ISO date and time."
        )
    return stamp(at.replace(microsecond=0))


def _one_option(field: Field, text: str, before: str) -> str:
    return text if any(option.value == text for option in field.options) else before


def _options(field: Field, text: str, before: str) -> str:
    known = {option.value for option in field.options}
    return joined(value for value in _parts(text) if value in known)


def _parts(text: str) -> list[str]:
    """The values of a text with several, each once."""
    return list(dict.fromkeys(part for part in text.split(SEPARATOR) if part))


def joined(values: Any) -> str:
    """Several values in one text: `||a||b||`."""
    parts = list(values)
    return f"{SEPARATOR}{SEPARATOR.join(parts)}{SEPARATOR}" if parts else ""


Reader = Callable[[Field, str, str], str]
READERS: dict[str, Reader] = {
    "text": _text,
    "textarea": _text,
    "hidden": _text,
    "number": _number,
    "currency": _currency,
    "date": _date,
    "datetime": _datetime,
    "dropdown": _one_option,
    "radio": _one_option,
    "listbox": _options,
    "checkbox": _options,
}
WITH_OPTIONS = frozenset({"dropdown", "radio", "listbox", "checkbox"})
MULTIPLE = frozenset({"listbox", "checkbox"})
