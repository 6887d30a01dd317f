"""Conversion of canonical values from one field's kind to another's."""

from __future__ import annotations

import re
from collections.abc import Callable

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
from .rejection import Rejection, quoted

Convert = Callable[[Value], Value]


class ConversionError(ValueError):
    """A value cannot be carried into the other field; `rejection` says why."""

    def __init__(self, code: str, value: Value) -> None:
        super().__init__(code)
        self.code = code
        self.value = value

    @property
    def rejection(self) -> Rejection:
        """What is wrong with the value and what cures it."""
        return Rejection(code=self.code, params={"value": quoted(self.value)})

    @property
    def reason(self) -> str:
        """What is wrong with the value, in the reader's words."""
        return self.rejection.message


def converter(source: Field, target: Field) -> Convert:
    """Return the function that carries canonical values of `source` into canonical values of `target`.

    It raises ConversionError for a value that cannot be carried. Raises ValueError here and now for fields
    that are not to be paired, see `pairable`.
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
    raise ValueError(f"a {source.kind} cannot become a {target.kind}")


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
        raise ValueError(f"{field.name} is not a checkbox with the single option true")
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
        raise ConversionError("not_ticked", value)

    return is_ticked


def _boolean_text(value: Value) -> Value:
    return None if value is None else ("true" if value else "false")


def _text_boolean(value: Value) -> Value:
    if value is None:
        return None
    word = str(value).lower()
    if word not in {"true", "false"}:
        raise ConversionError("not_boolean", value)
    return word == "true"


def _one_of_many(value: Value) -> Value:
    return None if value is None else (str(value),)


def _only_one(value: Value) -> Value:
    if not isinstance(value, tuple):
        return None
    if len(value) != 1:
        raise ConversionError("many_choices", value)
    return value[0]


# What Python accepts beyond a plain decimal (1_000, 1e999999999, digits of other scripts) is nobody's number.
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")


def _number(text: str) -> str:
    if _DECIMAL.fullmatch(text) is None:
        raise ValueError(text)
    return number_text(text)


# kind → how a text becomes one of it, and the code of the rejection when it does not
_PARSERS: dict[Kind, tuple[Callable[[str], str], str]] = {
    Kind.NUMBER: (_number, "not_number"),
    Kind.CURRENCY: (_number, "not_number"),
    Kind.PERCENT: (_number, "not_number"),
    Kind.DATE: (date_text, "not_date"),
    Kind.DATETIME: (datetime_text, "not_datetime"),
    Kind.TIME: (time_text, "not_time"),
}


def _parsing(target: Field) -> Convert:
    parse, code = _PARSERS[target.kind]

    def parsed(value: Value) -> Value:
        if value is None:
            return None
        try:
            return parse(str(value))
        except (ValueError, OverflowError) as error:
            raise ConversionError(code, value) from error

    return parsed
