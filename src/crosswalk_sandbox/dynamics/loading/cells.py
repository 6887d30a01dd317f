"""From the text of a cell to the value that an environment stores."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from decimal import Decimal
from typing import Any

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.environment import stamp
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.records import values
from crosswalk_sandbox.dynamics.schema import CHOICES, MULTIPLE, REFERENCES, Column
from crosswalk_sandbox.load import moments, numerals
from crosswalk_sandbox.load.cells import Refusal, remembering
from crosswalk_sandbox.load.columns import split, tick
from crosswalk_sandbox.load.guesses import Manner

Reader = Callable[[Column, str, Manner], Any]


def converter(column: Column, manner: Manner) -> Callable[[str], Any]:
    """How a column is read: text in, the stored value out; references stay text. Raises Refusal."""
    if column.type in REFERENCES:
        return lambda text: text.strip("{}")
    reader = READERS.get(column.type, _text)

    def convert(text: str) -> Any:
        try:
            return values.stored(column, reader(column, text, manner))
        except ODataError as error:
            raise Refusal(error.message) from error
        except (ValueError, OverflowError) as error:
            raise Refusal(f"{column.name}: {error}") from error

    return remembering(convert)


def _text(_: Column, text: str, __: Manner) -> str:
    return text


def _labelled(column: Column, text: str) -> int | None:
    """The option of a label, whatever its case."""
    plain = text.strip().lower()
    return next((value for value, label in column.options.items() if label.lower() == plain), None)


def _option(column: Column, text: str, _: Manner) -> int:
    found = _labelled(column, text)
    if found is not None:
        return found
    plain = text.replace(",", "")
    if not plain.isdecimal():
        raise ValueError(f"there is no option {text!r}")
    return int(plain)


def _options(column: Column, text: str, manner: Manner) -> str:
    if values.OPTION_LIST.fullmatch(text):
        return text
    return ",".join(str(_option(column, part, manner)) for part in split(text))


def _boolean(column: Column, text: str, _: Manner) -> bool:
    found = _labelled(column, text)
    ticked = tick(text, widely=True) if found is None else bool(found)
    if ticked is None:
        raise ValueError(f"{text!r} is neither true nor false")
    return ticked


def _decimal(_: Column, text: str, manner: Manner) -> Decimal:
    return numerals.read(text, commas=manner.commas, points=manner.points, marks=True)


def _whole(column: Column, text: str, manner: Manner) -> int:
    number = _decimal(column, text, manner)
    if number != number.to_integral_value():
        raise ValueError(f"{text!r} is no whole number")
    return int(number)


def _moment(column: Column, text: str, manner: Manner) -> str:
    found = moments.read(text, manner.day_first)
    return found.day.isoformat() if column.behaviour == "DateOnly" else stamp(found.at(UTC))


def _guid(_: Column, text: str, __: Manner) -> str:
    found = ids.canonical(text.strip("{}"))
    if found is None:
        raise ValueError(f"{text!r} is no GUID")
    return found


READERS: dict[str, Reader] = {
    **dict.fromkeys(CHOICES, _option), MULTIPLE: _options, "Boolean": _boolean, "Decimal": _decimal,
    "Double": _decimal, "Money": _decimal, "Integer": _whole, "BigInt": _whole, "DateTime": _moment,
    "Uniqueidentifier": _guid,
}  # fmt: skip
