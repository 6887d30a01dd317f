"""Conversion of canonical values from one field's kind to another's."""

from __future__ import annotations

import re
from collections.abc import Callable
from gettext import gettext as _

from ..core.schema import Field
from ..core.values import (
    NUMBER_KINDS,
    TEXT_KINDS,
    Kind,
    Value,
    date_text,
    datetime_text,
    number_text,
    time_text,
)
from .pairs import checkbox_option

Convert = Callable[[Value], Value]


class ConversionError(ValueError):
    """A value cannot be carried into the other field; `reason` says why in the user's words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def converter(source: Field, target: Field) -> Convert:
    """Return the function that carries canonical values of `source` into canonical values of `target`.

    It raises ConversionError for a value that cannot be carried. Raises ConversionError here and now when
    no value ever can; see `pairable` for what may be paired.
    """
    special = _special(source, target)
    if special is not None:
        return special
    if (
        source.kind is target.kind
        or _both_text(source.kind, target.kind)
        or _both_numbers(source.kind, target.kind)
    ):
        return unchanged
    if target.kind in TEXT_KINDS and source.kind in _PARSERS:
        return unchanged  # numbers, dates and times are text already in canonical form
    if source.kind in TEXT_KINDS and target.kind in _PARSERS:
        return _parsing(target)
    raise ConversionError(
        _("{kind} values cannot become {other}.").format(kind=source.kind, other=target.kind)
    )


def unchanged(value: Value) -> Value:
    """Carry a value as it is."""
    return value


def _both_text(source: Kind, target: Kind) -> bool:
    return source in TEXT_KINDS and target in TEXT_KINDS


def _both_numbers(source: Kind, target: Kind) -> bool:
    return source in NUMBER_KINDS and target in NUMBER_KINDS


def _special(source: Field, target: Field) -> Convert | None:
    """Return the conversion of a pair whose values differ in Python type, if it is one."""
    if source.kind is Kind.BOOLEAN and target.kind is Kind.CHOICES:
        return _ticking(target)
    if source.kind is Kind.CHOICES and target.kind is Kind.BOOLEAN:
        return _ticked(source)
    if source.kind is Kind.BOOLEAN and target.kind in TEXT_KINDS:
        return _boolean_text
    if source.kind in TEXT_KINDS and target.kind is Kind.BOOLEAN:
        return _text_boolean
    if source.kind is Kind.CHOICE and target.kind is Kind.CHOICES:
        return _one_of_many
    if source.kind is Kind.CHOICES and target.kind is Kind.CHOICE:
        return _only_one
    return None


def _option_of(field: Field) -> str:
    option = checkbox_option(field)
    if option is None:
        raise ConversionError(
            _("{field} is not a single checkbox with the value “true”.").format(field=field.label)
        )
    return option


def _ticking(target: Field) -> Convert:
    ticked = (_option_of(target),)

    def tick(value: Value) -> Value:
        return ticked if value else None

    return tick


def _ticked(source: Field) -> Convert:
    option = _option_of(source).lower()

    def is_ticked(value: Value) -> Value:
        if value is None:
            return False
        if isinstance(value, tuple) and len(value) == 1 and value[0].lower() == option:
            return True
        raise ConversionError(_("{value} is neither ticked nor unticked.").format(value=_shown(value)))

    return is_ticked


def _boolean_text(value: Value) -> Value:
    return None if value is None else ("true" if value else "false")


def _text_boolean(value: Value) -> Value:
    if value is None:
        return None
    word = str(value).lower()
    if word not in {"true", "false"}:
        raise ConversionError(_("{value} is neither true nor false.").format(value=_shown(value)))
    return word == "true"


def _one_of_many(value: Value) -> Value:
    return None if value is None else (str(value),)


def _only_one(value: Value) -> Value:
    if not isinstance(value, tuple):
        return None
    if len(value) != 1:
        raise ConversionError(_("{value} is more than one choice.").format(value=_shown(value)))
    return value[0]


# A plain decimal; what Python accepts beyond that (1_000, 1e999999999, digits of other scripts) is nobody's
# number.
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")


def _number(text: str) -> str:
    if _DECIMAL.fullmatch(text) is None:
        raise ValueError(text)
    return number_text(text)


def _no_number(text: str) -> str:
    return _("{value} is not a number.").format(value=_shown(text))


def _no_date(text: str) -> str:
    return _("{value} is not a date of the form YYYY-MM-DD.").format(value=_shown(text))


def _no_moment(text: str) -> str:
    return _("{value} is not a date and time with a time zone.").format(value=_shown(text))


def _no_time(text: str) -> str:
    return _("{value} is not a time of the form HH:MM:SS.").format(value=_shown(text))


# kind → how a text becomes one of it, and what is said when it does not
_PARSERS: dict[Kind, tuple[Callable[[str], str], Callable[[str], str]]] = {
    Kind.NUMBER: (_number, _no_number),
    Kind.CURRENCY: (_number, _no_number),
    Kind.PERCENT: (_number, _no_number),
    Kind.DATE: (date_text, _no_date),
    Kind.DATETIME: (datetime_text, _no_moment),
    Kind.TIME: (time_text, _no_time),
}


def _parsing(target: Field) -> Convert:
    parse, complaint = _PARSERS[target.kind]

    def parsed(value: Value) -> Value:
        if value is None:
            return None
        text = str(value)
        try:
            return parse(text)
        except ValueError as error:
            raise ConversionError(complaint(text)) from error

    return parsed


def _shown(value: Value) -> str:
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"
