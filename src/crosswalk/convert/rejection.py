"""Why a value is not accepted, as a code with parameters; put into words when somebody reads it."""

from __future__ import annotations

from collections.abc import Mapping
from gettext import gettext as _

import msgspec

from ..core.values import Value


def gettext_noop(message: str) -> str:
    """Mark a message for translation where it is defined; it is translated where it is shown."""
    return message


# code → what is wrong, what to do next
_TEXTS: dict[str, tuple[str, str]] = {
    "read_only": (
        gettext_noop("{field} cannot be written."),
        gettext_noop("Set the update rule of this direction to “never”, or allow the field to be edited."),
    ),
    "required": (
        gettext_noop("{field} may not be empty."),
        gettext_noop("Fill in the other side, or set that emptying it does not empty this field."),
    ),
    "too_long": (
        gettext_noop("{field} holds {limit} characters, this value has {size}."),
        gettext_noop("Shorten the value, or make the field longer."),
    ),
    "email": (
        gettext_noop("{field}: {value} is not an e-mail address."),
        gettext_noop("Correct the address."),
    ),
    "option": (
        gettext_noop("{field} has no option {value}."),
        gettext_noop("Add an option with exactly this value, or correct the value."),
    ),
    "separator": (
        gettext_noop("{field}: the choice {value} contains {separator}, which separates choices."),
        gettext_noop("Rename the option."),
    ),
    "too_precise": (
        gettext_noop("{field} holds {limit} decimal places, {value} has {size}."),
        gettext_noop("Round the value, or give the field more decimal places."),
    ),
    "too_large": (
        gettext_noop("{value} has too many digits for {field}."),
        gettext_noop("Correct the value, or give the field more digits."),
    ),
    "not_ticked": (
        gettext_noop("{value} is neither ticked nor unticked."),
        gettext_noop("Tick or untick the box."),
    ),
    "not_boolean": (
        gettext_noop("{value} is neither true nor false."),
        gettext_noop("Write true or false, or yes or no."),
    ),
    "many_choices": (
        gettext_noop("{value} is more than one choice."),
        gettext_noop("Choose only one, or pair the field with a multi-select."),
    ),
    "not_number": (
        gettext_noop("{value} is not a number."),
        gettext_noop("Write it as a number, such as 1234.50 or $1,234.50."),
    ),
    "ambiguous_number": (
        gettext_noop("{value} may be read as two different numbers."),
        gettext_noop("Write it with a decimal point and without signs between thousands, such as 1234.50."),
    ),
    "not_reference": (
        gettext_noop("{value} is not the id of a record."),
        gettext_noop("Write the record's id, or set the update rule of this direction to “never”."),
    ),
    "not_date": (
        gettext_noop("{value} is not a date."),
        gettext_noop("Write it as year-month-day: 2026-12-31."),
    ),
    "not_datetime": (
        gettext_noop("{value} is not a date and time with a time zone."),
        gettext_noop("Write it like 2026-12-31T18:00:00Z."),
    ),
    "not_time": (
        gettext_noop("{value} is not a time of day."),
        gettext_noop("Write it like 18:00:00."),
    ),
    "conflict": (
        gettext_noop("Both sides changed this field, and they differ."),
        gettext_noop("Make both sides equal, or set another conflict policy for the field."),
    ),
}


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """Why a value is not accepted. `code` is stable, for programs; the words are in the reader's language."""

    code: str
    params: Mapping[str, str | int] = {}

    @property
    def message(self) -> str:
        """What is wrong."""
        return _(_TEXTS[self.code][0]).format(**self.params)

    @property
    def cure(self) -> str:
        """What to do next."""
        return _(_TEXTS[self.code][1])


def quoted(value: Value) -> str:
    """Return a value as a message shows it: in quotation marks, not too long."""
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"
