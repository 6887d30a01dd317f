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
    time_text,
)
from .numerals import AmbiguousError, read_number
from .pairs import checkbox_option, truth_options
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
    if target.kind in TEXT_KINDS and source.kind in TEXT_OF_KINDS:
        return unchanged  # numbers, dates and times are text already in canonical form
    if source.kind in TEXT_KINDS and target.kind in TEXT_OF_KINDS:
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
    """Return the conversion of a pair that needs one of its own, if it does."""
    if source.kind is Kind.BOOLEAN and target.kind in _CHOICE_KINDS:
        return _choosing(target)
    if source.kind in _CHOICE_KINDS and target.kind is Kind.BOOLEAN:
        return _chosen(source)
    if source.kind is Kind.BOOLEAN and target.kind in TEXT_KINDS:
        return _boolean_text
    if source.kind in TEXT_KINDS and target.kind is Kind.BOOLEAN:
        return _text_boolean
    if source.kind is Kind.CHOICE and target.kind is Kind.CHOICES:
        return _one_of_many
    if source.kind is Kind.CHOICES and target.kind is Kind.CHOICE:
        return _only_one
    if source.kind in NUMBER_KINDS and target.kind in TEXT_KINDS:
        return _numeral(source, target)
    if target.kind is Kind.REFERENCE and source.kind is not Kind.REFERENCE:
        return _reference
    return None


_CHOICE_KINDS = frozenset({Kind.CHOICE, Kind.CHOICES})


def _choosing(target: Field) -> Convert:
    """Tick a box, or choose the option that spells the value."""
    several = target.kind is Kind.CHOICES
    if several and checkbox_option(target) is not None:
        return _ticking(target)
    yes, no = _truth_of(target)

    def choose(value: Value) -> Value:
        if value is None:
            return None
        option = yes if value else no
        return (option,) if several else option

    return choose


def _chosen(source: Field) -> Convert:
    """Read a box, or the option that spells the value."""
    if source.kind is Kind.CHOICES and checkbox_option(source) is not None:
        return _ticked(source)
    yes, no = _truth_of(source)
    meanings = {yes.lower(): True, no.lower(): False}

    def meant(value: Value) -> Value:
        if value is None:
            return None
        one = value if isinstance(value, tuple) else (str(value),)
        if len(one) != 1 or one[0].lower() not in meanings:
            raise ConversionError("not_boolean", value)
        return meanings[one[0].lower()]

    return meant


def _truth_of(field: Field) -> tuple[str, str]:
    options = truth_options(field)
    if options is None:
        raise ValueError(f"{field.name} is neither a checkbox nor a choice of true and false")
    return options


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
    if word not in _TRUTHS:
        raise ConversionError("not_boolean", value)
    return _TRUTHS[word]


_TRUTHS = {"true": True, "yes": True, "false": False, "no": False}


def _one_of_many(value: Value) -> Value:
    return None if value is None else (str(value),)


def _only_one(value: Value) -> Value:
    if not isinstance(value, tuple):
        return None
    if len(value) != 1:
        raise ConversionError("many_choices", value)
    return value[0]


def _numeral(source: Field, target: Field) -> Convert:
    """Write a number out: an amount of money with all its decimal places, else as short as it is.

    Where the target has options, the one that is the same number is chosen, however it is spelled.
    """
    spelled = {number: option.value for option in target.options if (number := _number_in(option.value))}
    places = source.scale or 0 if source.kind is Kind.CURRENCY else 0

    def numeral(value: Value) -> Value:
        if value is None:
            return None
        text = str(value)
        return spelled.get(text) or _padded(text, places)

    return numeral


def _number_in(text: str) -> str | None:
    try:
        return read_number(text, None)
    except ValueError:
        return None


def _padded(number: str, places: int) -> str:
    whole, _point, fraction = number.partition(".")
    return f"{whole}.{fraction.ljust(places, '0')}" if places else number


# Ids of records as vendors write them: letters and digits, or groups of them. Which record it is, the vendor checks.
_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def _reference(value: Value) -> Value:
    if value is not None and _ID.fullmatch(str(value)) is None:
        raise ConversionError("not_reference", value)
    return value


_CODES = {
    **dict.fromkeys(NUMBER_KINDS, "not_number"),
    Kind.DATE: "not_date",
    Kind.DATETIME: "not_datetime",
    Kind.TIME: "not_time",
}
TEXT_OF_KINDS = frozenset(_CODES)  # kinds whose canonical value is a text that can be read back


def _parser(target: Field) -> Callable[[str], str]:
    """Return how a text becomes a value of a field."""
    if target.kind in NUMBER_KINDS:
        percent = target.kind is Kind.PERCENT
        return lambda text: read_number(text, target.scale, percent=percent)
    return {Kind.DATE: date_text, Kind.DATETIME: datetime_text, Kind.TIME: _clock_time}[target.kind]


# A bare hour may be any number, and a time of day has no zone to keep.
_CLOCK_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?Z?")


def _clock_time(text: str) -> str:
    if _CLOCK_TIME.fullmatch(text) is None:
        raise ValueError(text)
    return time_text(text)


def _parsing(target: Field) -> Convert:
    parse, code = _parser(target), _CODES[target.kind]

    def parsed(value: Value) -> Value:
        if value is None:
            return None
        try:
            return parse(str(value))
        except AmbiguousError as error:
            raise ConversionError("ambiguous_number", value) from error
        except (ValueError, OverflowError) as error:
            raise ConversionError(code, value) from error

    return parsed
