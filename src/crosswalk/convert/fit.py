"""Whether a field's definition accepts a value, judged before it is sent."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..core.schema import Field
from ..core.values import NUMBER_KINDS, Kind, Value
from .rejection import Rejection, quoted


def fits(target: Field, value: Value, *, creating: bool = False) -> Rejection | None:
    """Return None when `target` accepts the canonical `value`, else why not.

    `creating` says that the value goes into a record about to be created, where other fields may be set.
    """
    if not (target.creatable if creating else target.writable):
        return _refuse("read_only", target)
    if value is None:
        return _refuse("required", target) if target.required or target.kind is Kind.BOOLEAN else None
    for check in _CHECKS.get(target.kind, _TEXT_CHECKS):
        rejection = check(target, value)
        if rejection is not None:
            return rejection
    return None


def _refuse(code: str, target: Field, **params: str | int) -> Rejection:
    return Rejection(code=code, params={"field": target.label, **params})


def _length(target: Field, value: Value) -> Rejection | None:
    size = len(";".join(value)) if isinstance(value, tuple) else len(str(value))
    if not target.length or size <= target.length:
        return None
    return _refuse("too_long", target, limit=target.length, size=size)


# Simple on purpose: it refuses only what no vendor accepts.
_EMAIL = re.compile(r"[^@\s,;<>()\[\]\"]+@[^@\s,;<>()\[\]\"]+\.[^@\s,;<>()\[\]\".]+")


def _email(target: Field, value: Value) -> Rejection | None:
    text = str(value)
    if _EMAIL.fullmatch(text) is not None and ".." not in text.partition("@")[2]:
        return None
    return _refuse("email", target, value=quoted(text))


def _options(target: Field, value: Value) -> Rejection | None:
    if not target.restricted:
        return None
    options = target.options
    strangers = tuple(item for item in _chosen(value) if all(item != option.value for option in options))
    return _refuse("option", target, value=quoted(strangers)) if strangers else None


# What a vendor joins several choices with: a choice that contains it would come back as two.
_SEPARATORS = {"listbox": "||", "checkbox": "||", "multipicklist": ";"}


def _separator(target: Field, value: Value) -> Rejection | None:
    separator = _SEPARATORS.get(target.vendor_type)
    split = tuple(item for item in _chosen(value) if separator is not None and separator in item)
    if separator is None or not split:
        return None
    return _refuse("separator", target, value=quoted(split), separator=separator)


def _chosen(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (str(value),)


def _digits(target: Field, value: Value) -> Rejection | None:
    text = str(value)
    whole, _point, fraction = text.lstrip("-").partition(".")
    if target.scale is not None and len(fraction) > target.scale:
        return _refuse("too_precise", target, limit=target.scale, value=quoted(text), size=len(fraction))
    if target.precision and len(whole.lstrip("0")) > target.precision - (target.scale or 0):
        return _refuse("too_large", target, value=quoted(text))
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
