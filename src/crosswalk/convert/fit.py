"""Whether a field's definition accepts a value, judged before it is sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from gettext import gettext as _

import msgspec

from ..core.schema import Field
from ..core.values import NUMBER_KINDS, Kind, Value


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """Why a field does not accept a value."""

    code: str  # stable, for programs
    message: str  # what is wrong, in the user's words
    cure: str  # what to do next


def fits(target: Field, value: Value, *, creating: bool = False) -> Rejection | None:
    """Return None when `target` accepts the canonical `value`, else why not.

    `creating` says that the value goes into a record about to be created, where other fields may be set.
    """
    if not (target.creatable if creating else target.writable):
        return Rejection(
            code="read_only",
            message=_("{field} cannot be written.").format(field=target.label),
            cure=_("Set the update rule of this direction to “never”, or allow the field to be edited."),
        )
    if value is None:
        return _empty(target)
    for check in _CHECKS.get(target.kind, _TEXT_CHECKS):
        rejection = check(target, value)
        if rejection is not None:
            return rejection
    return None


def _empty(target: Field) -> Rejection | None:
    if not target.required and target.kind is not Kind.BOOLEAN:
        return None
    return Rejection(
        code="required",
        message=_("{field} may not be empty.").format(field=target.label),
        cure=_("Fill in the other side, or turn off that emptying it empties this field."),
    )


def _length(target: Field, value: Value) -> Rejection | None:
    size = len(";".join(value)) if isinstance(value, tuple) else len(str(value))
    if target.length is None or target.length <= 0 or size <= target.length:
        return None
    return Rejection(
        code="too_long",
        message=_("{field} holds {limit} characters, this value has {size}.").format(
            field=target.label, limit=target.length, size=size
        ),
        cure=_("Shorten the value, or make the field longer."),
    )


# Simple on purpose: it refuses only what no vendor accepts.
_EMAIL = re.compile(r"[^@\s,;<>()\[\]\"]+@[^@\s,;<>()\[\]\"]+\.[^@\s,;<>()\[\]\".]+")


def _email(target: Field, value: Value) -> Rejection | None:
    text = str(value)
    if _EMAIL.fullmatch(text) is not None and ".." not in text.partition("@")[2]:
        return None
    return Rejection(
        code="email",
        message=_("{field}: “{value}” is not an e-mail address.").format(field=target.label, value=text),
        cure=_("Correct the address."),
    )


def _options(target: Field, value: Value) -> Rejection | None:
    if not target.restricted:
        return None
    known = {option.value for option in target.options}
    strangers = [item for item in _chosen(value) if item not in known]
    if not strangers:
        return None
    return Rejection(
        code="option",
        message=_("{field} has no option “{value}”.").format(
            field=target.label, value="”, “".join(strangers)
        ),
        cure=_("Add an option with exactly this value, or correct the value."),
    )


# What a vendor joins several choices with: a choice that contains it would come back as two.
_SEPARATORS = {"listbox": "||", "checkbox": "||", "multipicklist": ";"}


def _separator(target: Field, value: Value) -> Rejection | None:
    separator = _SEPARATORS.get(target.vendor_type)
    if separator is None or not any(separator in item for item in _chosen(value)):
        return None
    return Rejection(
        code="separator",
        message=_("{field}: a choice may not contain “{separator}”.").format(
            field=target.label, separator=separator
        ),
        cure=_("Rename the option."),
    )


def _chosen(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (str(value),)


def _digits(target: Field, value: Value) -> Rejection | None:
    whole, _point, fraction = str(value).lstrip("-").partition(".")
    if target.scale is not None and len(fraction) > target.scale:
        return Rejection(
            code="too_precise",
            message=_("{field} holds {limit} decimal places, {value} has {size}.").format(
                field=target.label, limit=target.scale, value=value, size=len(fraction)
            ),
            cure=_("Round the value, or give the field more decimal places."),
        )
    if target.precision and len(whole.lstrip("0")) > target.precision - (target.scale or 0):
        return Rejection(
            code="too_large",
            message=_("{value} is too large for {field}.").format(field=target.label, value=value),
            cure=_("Correct the value, or give the field more digits."),
        )
    return None


_Check = Callable[[Field, Value], Rejection | None]
_TEXT_CHECKS: tuple[_Check, ...] = (_length,)
_CHECKS: dict[Kind, tuple[_Check, ...]] = {
    Kind.EMAIL: (_length, _email),
    Kind.CHOICE: (_options, _separator, _length),
    Kind.CHOICES: (_options, _separator, _length),
    Kind.BOOLEAN: (),
    Kind.DATE: (),
    Kind.DATETIME: (),
    Kind.TIME: (),
    **dict.fromkeys(NUMBER_KINDS, (_digits,)),
}
