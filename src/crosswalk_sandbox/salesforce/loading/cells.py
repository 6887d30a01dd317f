"""From the text of a cell to the value that an org stores."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from crosswalk_sandbox.load import moments, numerals
from crosswalk_sandbox.load.cells import Refusal, remembering
from crosswalk_sandbox.load.columns import split, tick
from crosswalk_sandbox.load.guesses import Manner
from crosswalk_sandbox.salesforce import values
from crosswalk_sandbox.salesforce.errors import RecordError
from crosswalk_sandbox.salesforce.schema import Field

Convert = Callable[[str], Any]
Reader = Callable[[str, Manner], Any]


EXPORTED = "2025-12-31T08:30:00.000Z"


def converter(field: Field, manner: Manner) -> Convert:
    """How a column of that field is read: text in, the stored value out. Raises Refusal."""
    reader = READERS.get(field.type)
    if reader is None and field.type not in values.CHECKERS:
        return remembering(
            lambda text: text if len(text) <= field.length else _converted(field, None, text, manner)
        )
    return remembering(lambda text: _converted(field, reader, text, manner))


def _converted(field: Field, reader: Reader | None, text: str, manner: Manner) -> Any:
    try:
        value = reader(text, manner) if reader else text
        return value if field.type in values.ID_TYPES else values.check(field, value)
    except RecordError as error:
        raise Refusal(error.problem.message) from error
    except (ValueError, OverflowError) as error:
        raise Refusal(f"{field.label}: {error}") from error


def _boolean(text: str, manner: Manner) -> bool:
    ticked = tick(text, widely=True)
    if ticked is None:
        raise ValueError(f"{text!r} is neither true nor false")
    return ticked


def _decimal(text: str, manner: Manner) -> Decimal:
    return numerals.read(text, commas=manner.commas, points=manner.points, marks=True)


def _whole(text: str, manner: Manner) -> int:
    number = _decimal(text, manner)
    if number != number.to_integral_value():
        raise ValueError(f"{text!r} is no whole number")
    return int(number)


def _date(text: str, manner: Manner) -> str:
    return moments.read(text, manner.day_first).day.isoformat()


def _datetime(text: str, manner: Manner) -> str:
    if len(text) == len(EXPORTED) and text.endswith("Z") and moments.year_first(text):
        datetime.fromisoformat(text)  # as nearly all are written: there is nothing to convert, only to check
        return f"{text[:10]}T{text[11:19]}.000+0000"
    return values.stamp(moments.read(text, manner.day_first).at(UTC))


def _time(text: str, manner: Manner) -> str:
    return values.clock_time(text)


def _several(text: str, manner: Manner) -> str:
    return ";".join(split(text))


READERS: dict[str, Reader] = {
    "boolean": _boolean,
    "int": _whole,
    "double": _decimal,
    "currency": _decimal,
    "percent": _decimal,
    "date": _date,
    "datetime": _datetime,
    "time": _time,
    "multipicklist": _several,
}
