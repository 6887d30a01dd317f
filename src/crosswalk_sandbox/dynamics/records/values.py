"""Values of columns: from JSON to what is stored, and back. Source: Dataverse Web API, property types."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NoReturn

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.schema import MULTIPLE, Column

PAYLOAD = "0x80048d19"
MOST_INTEGER = 2_147_483_647
MOST_BIG = 2**63 - 1
MOST_NUMBER = 100_000_000_000
MOST_MONEY = 922_337_203_685_477
EARLIEST = "1753-01-01"
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MONEY_SHOWN = Decimal("0.0001")
OPTION_LIST = re.compile(r"\d+(,\d+)*")


def stored(column: Column, value: Any) -> Any:
    """What a value of JSON is stored as; None is empty. Raises ODataError."""
    if value is None or value == "":
        return None
    return READERS[column.type](column, value)


def payload_error(column: Column, text: str) -> NoReturn:
    """Refuse a value whose type is wrong. Raises ODataError."""
    where = f"Error identified in Payload provided by the user for Entity :'{column.table}'"
    raise ODataError(PAYLOAD, f"{where}, Error Details : {text}")


def _wrong(column: Column, value: Any, wanted: str) -> NoReturn:
    payload_error(
        column, f"Cannot convert the value '{value}' of '{column.name}' to the expected type '{wanted}'."
    )


def _text(column: Column, value: Any) -> str:
    if not isinstance(value, str):
        _wrong(column, value, "Edm.String")
    if any("\ud800" <= each <= "\udfff" for each in value):
        payload_error(column, f"The text of '{column.name}' has half a character.")
    if column.length is not None and len(value) > column.length:
        text = (
            f"The length of the '{column.name}' attribute of the '{column.table}' entity exceeded the "
            f"maximum allowed length of '{column.length}'."
        )
        raise ODataError("0x80044331", text)
    return value


def _integer(column: Column, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        _wrong(column, value, "Edm.Int32")
    most = MOST_INTEGER if column.type == "Integer" else MOST_BIG
    if not _fits(column, value, -most - 1, most):
        raise ODataError(
            "0x8004432F", f"A validation error occurred. The value of '{column.name}' is out of range."
        )
    return value


def _fits(column: Column, value: int | Decimal, least: int, most: int) -> bool:
    """Whether a number is within the bounds of its column, or of its type."""
    lower = least if column.minimum is None else column.minimum
    return lower <= value <= (most if column.maximum is None else column.maximum)


def _number(column: Column, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        _wrong(column, value, "Edm.Decimal")
    number = Decimal(value)
    most = MOST_MONEY if column.type == "Money" else MOST_NUMBER
    if not _fits(column, number, -most, most):
        text = f"A validation error occurred. The value of '{column.name}' is outside the valid range."
        raise ODataError("0x80044330", text)
    rounded = round(number, column.precision if column.precision is not None else 10)
    return rounded.quantize(MONEY_SHOWN) if column.type == "Money" else rounded


def _double(column: Column, value: Any) -> float:
    return float(_number(column, value))


def _boolean(column: Column, value: Any) -> bool:
    if not isinstance(value, bool):
        _wrong(column, value, "Edm.Boolean")
    return value


def _option(column: Column, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        _wrong(column, value, "Edm.Int32")
    if value not in column.options:
        _out_of_range(column, value)
    return value


def _out_of_range(column: Column, value: Any) -> NoReturn:
    text = (
        f"A validation error occurred. The value {value} of '{column.name}' on record of type "
        f"'{column.table}' is outside the valid range. Accepted Values: {','.join(map(str, column.options))}"
    )
    raise ODataError("0x8004431A", text)


def _options(column: Column, value: Any) -> str:
    """Several options, in their order. Source: MultiSelectPicklist."""
    if not isinstance(value, str) or not OPTION_LIST.fullmatch(value):
        _wrong(column, value, "Edm.String")
    chosen = {int(part) for part in value.split(",")}
    for each in sorted(chosen - column.options.keys()):
        _out_of_range(column, each)
    return ",".join(map(str, sorted(chosen)))


def _moment(column: Column, value: Any) -> str:
    if not isinstance(value, str):
        _wrong(column, value, "Edm.DateTimeOffset")
    if column.behaviour == "DateOnly":
        return _day(column, value)
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        _wrong(column, value, "Edm.DateTimeOffset")
    if found.tzinfo is not None:
        keeps = column.behaviour == "TimeZoneIndependent"
        found = found.replace(tzinfo=None) if keeps else found.astimezone(UTC)
    return _not_too_early(column, f"{found:%Y-%m-%dT%H:%M:%SZ}")


def _day(column: Column, value: str) -> str:
    if not DAY.fullmatch(value):
        _wrong(column, value, "Edm.Date")
    try:
        date.fromisoformat(value)
    except ValueError:
        _wrong(column, value, "Edm.Date")
    return _not_too_early(column, value)


def _not_too_early(column: Column, text: str) -> str:
    if text < EARLIEST:
        raise ODataError(
            "0x80040239", f"DateTime is less than minimum value supported by CrmDateTime: {column.name}."
        )
    return text


def _image(column: Column, value: Any) -> str:
    """A picture in Base64."""
    try:
        content = base64.b64decode(value, validate=True) if isinstance(value, str) else None
    except ValueError:
        content = None
    if content is None:
        _wrong(column, value, "Edm.Binary")
    if len(content) > (column.max_kilobytes or 0) * 1024:
        raise ODataError("0x8004418a", f"The image is too large for the column {column.name}.")
    return base64.b64encode(content).decode()


def _guid(column: Column, value: Any) -> str:
    found = ids.canonical(value) if isinstance(value, str) else None
    if found is None:
        _wrong(column, value, "Edm.Guid")
    return found


READERS: dict[str, Callable[[Column, Any], Any]] = {
    "String": _text, "Memo": _text, "Integer": _integer, "BigInt": _integer, "Decimal": _number,
    "Money": _number, "Double": _double, "Boolean": _boolean, "Picklist": _option, "State": _option,
    "Status": _option, MULTIPLE: _options, "DateTime": _moment, "Uniqueidentifier": _guid, "Image": _image,
}  # fmt: skip
