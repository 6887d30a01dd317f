"""Values of fields: from JSON to what is stored.

Stored values are what goes over the wire: text, booleans, whole numbers, Decimals, dates as YYYY-MM-DD and
date-times as YYYY-MM-DDThh:mm:ss.000+0000, always in UTC, so that both compare as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from crosswalk_sandbox.salesforce import ids
from crosswalk_sandbox.salesforce.errors import RecordError
from crosswalk_sandbox.salesforce.schema import Field

DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
DATETIME = re.compile(
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}:?\d{2})\Z", re.ASCII | re.IGNORECASE
)
TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.\d{1,3})?)?Z?\Z", re.ASCII | re.IGNORECASE)
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z", re.ASCII)
WHOLE = re.compile(r"[+-]?\d+\Z", re.ASCII)
EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}\Z"
)
HALF_CHARACTER = re.compile("[\ud800-\udfff]")
EARLIEST_YEAR, LATEST_YEAR = 1700, 4000
WHOLE_DIGITS = 8
BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


class WrongKindError(Exception):
    """The JSON value is of a kind that the field cannot hold."""


def read(field: Field, raw: object) -> Any:
    """A JSON value as the stored kind, not yet checked. None stays None. Raises WrongKindError."""
    return None if raw is None else READERS.get(field.type, _text)(raw)


def _text(raw: object) -> str | None:
    if not isinstance(raw, str) or HALF_CHARACTER.search(raw):
        raise WrongKindError
    return raw.strip() or None


def _boolean(raw: object) -> bool:
    found = raw if isinstance(raw, bool) else BOOLEANS.get(raw.lower()) if isinstance(raw, str) else None
    if found is None:
        raise WrongKindError
    return found


def _whole(raw: object) -> Any:
    if isinstance(raw, str):
        return _from_text(raw, WHOLE, int)
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise WrongKindError
    return raw


def _decimal(raw: object) -> Any:
    if isinstance(raw, str):
        return _from_text(raw, NUMBER, Decimal)
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        raise WrongKindError
    return Decimal(repr(raw)) if isinstance(raw, float) else Decimal(raw)


def _date(raw: object) -> Any:
    return _from_text(raw, DATE, lambda text: date.fromisoformat(text).isoformat())


def _datetime(raw: object) -> Any:
    return _from_text(raw, DATETIME, lambda text: stamp(moment(text)))


def _time(raw: object) -> Any:
    return _from_text(raw, TIME, clock_time)


def clock_time(text: str) -> str:
    """A time of day as stored: to the second, without a zone. Raises ValueError.

    Source: Salesforce REST, time fields.
    """
    found = TIME.match(text)
    if found is None:
        raise ValueError(f"{text!r} is no time of day")
    hour, minute, second = found.groups(default="00")
    return f"{hour}:{minute}:{second}.000Z"


def _from_text(raw: object, form: re.Pattern[str], make: Callable[[str], Any]) -> Any:
    """What `make` reads from text of that form; None for blank text."""
    if not isinstance(raw, str):
        raise WrongKindError
    text = raw.strip()
    if not text:
        return None
    if not form.match(text):
        raise WrongKindError
    try:
        return make(text)
    except (ValueError, OverflowError) as error:  # such as 30 February
        raise WrongKindError from error


READERS: dict[str, Callable[[object], Any]] = {
    "boolean": _boolean,
    "int": _whole,
    "double": _decimal,
    "currency": _decimal,
    "percent": _decimal,
    "date": _date,
    "datetime": _datetime,
    "time": _time,
}


def moment(text: str) -> datetime:
    """The date-time that text of the DATETIME form names, aware. Raises ValueError."""
    found = DATETIME.match(text)
    if found is None:
        raise ValueError(f"no date-time: {text}")
    zone = "+00:00" if found[3] in "Zz" else found[3]
    return datetime.fromisoformat(found[1].upper() + zone)


def stamp(at: datetime) -> str:
    """A date-time (aware) as stored: UTC, whole seconds, the offset without a colon."""
    return at.astimezone(UTC).isoformat()[:19] + ".000+0000"


def check(field: Field, value: Any) -> Any:
    """The value as it is saved. Raises RecordError with the vendor's words."""
    if value is None:
        if field.type == "boolean":
            raise _refused("INVALID_TYPE_ON_FIELD_IN_RECORD", field, "value not of required type: ")
        return None
    checker = CHECKERS.get(field.type)
    value = checker(field, value) if checker else value
    if field.length and isinstance(value, str) and len(value) > field.length and field.type not in ID_TYPES:
        raise _refused("STRING_TOO_LONG", field, f"data value too large: {value} (max length={field.length})")
    return value


ID_TYPES = frozenset({"id", "reference"})


def _refused(code: str, field: Field, text: str) -> RecordError:
    return RecordError(code, f"{field.label}: {text}", (field.name,))


def _email(field: Field, value: str) -> str:
    if not EMAIL.match(value):
        raise _refused("INVALID_EMAIL_ADDRESS", field, f"invalid email address: {value}")
    return value


def _picklist(field: Field, value: str) -> str:
    if "restricted" in field.is_ and value not in field.values:
        raise _unlisted(field, value)
    return value


def _multipicklist(field: Field, value: str) -> str | None:
    """Each value once, those of the list in its order, others after them."""
    chosen = dict.fromkeys(part.strip() for part in value.split(";") if part.strip())
    if "restricted" in field.is_:
        for part in chosen:
            if part not in field.values:
                raise _unlisted(field, part)
    listed = [part for part in field.values if part in chosen]
    return ";".join(listed + [part for part in chosen if part not in field.values]) or None


def _unlisted(field: Field, value: str) -> RecordError:
    text = f"bad value for restricted picklist field: {value}"
    return _refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", field, text)


def _number(field: Field, value: Decimal) -> Decimal:
    """Rounded to the field's scale. Source: Salesforce, number fields round half up."""
    try:
        rounded = value.quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP)
    except InvalidOperation:
        rounded = None
    if rounded is None or abs(rounded) >= Decimal(10) ** (field.precision - field.scale):
        raise _out_of_range(field, value)
    return tidy(rounded)


def _small(field: Field, value: int) -> int:
    if abs(value) >= 10**WHOLE_DIGITS:
        raise _out_of_range(field, value)
    return value


def _out_of_range(field: Field, value: object) -> RecordError:
    text = f"value outside of valid range on numeric field: {value}"
    return _refused("NUMBER_OUTSIDE_VALID_RANGE", field, text)


def _year(field: Field, value: str) -> str:
    if not EARLIEST_YEAR <= int(value[:4]) <= LATEST_YEAR:
        raise _refused("NUMBER_OUTSIDE_VALID_RANGE", field, f"invalid date: {value}")
    return value


def _reference(field: Field, value: str) -> str:
    """The 18 characters of an id of one of the objects that the field may point to."""
    full = ids.canonical(value)
    if full is None:
        raise _refused("MALFORMED_ID", field, f"id value of incorrect type: {value}")
    return full


CHECKERS: dict[str, Callable[[Field, Any], Any]] = {
    "email": _email,
    "picklist": _picklist,
    "multipicklist": _multipicklist,
    "double": _number,
    "currency": _number,
    "percent": _number,
    "int": _small,
    "date": _year,
    "datetime": _year,
    "reference": _reference,
}


def tidy(number: Decimal) -> Decimal:
    """Without needless zeros, but 5 as 5.0 and ten million as 1E+7, the way the vendor writes doubles."""
    short = number.normalize()
    exponent = short.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= 0 and short.adjusted() < 7:
        return short.quantize(Decimal("0.1"))
    return short or Decimal("0.0")
