"""Whether a vendor stored what we sent in a form of its own."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from ..core.values import NUMBER_KINDS, TEXT_KINDS, Kind, Value, parse_moment, same


def stored_differently(
    vendor_system: str, kind: Kind, sent: Value, read: Value, *, length: int | None = None
) -> bool:
    """Tell whether `read` is what the vendor made of `sent`: a field's value sent by us and read back
    afterwards.

    `kind` and `length` (None: not known) are the written field's. Accepted: blanks, Unicode form and line
    ends, letter case of e-mails and options, other punctuation in a phone number with equal digits, rounding
    of numbers, seconds cut from a time, and where the vendor is known to do so: a text cut although its
    length is not known, options dropped. Never accepted: equal values (there is no difference), and a value
    that became empty, which the design holds. The caller checks the stamp: the side must not have changed
    after our write was acknowledged.
    """
    if sent is None or read is None or same(kind, sent, read):
        return False
    habits = [*_HABITS, *_HABITS_OF.get(vendor_system, ())]
    return any(habit(kind, sent, read, length) for habit in habits)


_Habit = Callable[[Kind, Value, Value, int | None], bool]


_CASELESS = frozenset({Kind.EMAIL, Kind.CHOICE})


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _form(kind: Kind, sent: Value, read: Value, _length: int | None) -> bool:
    """Blanks, line ends, Unicode form; for e-mails and options also letter case."""
    if isinstance(sent, tuple) and isinstance(read, tuple):
        return {_fold(each).casefold() for each in sent} == {_fold(each).casefold() for each in read}
    if not isinstance(sent, str) or not isinstance(read, str) or kind not in TEXT_KINDS:
        return False
    if kind in _CASELESS:
        sent, read = sent.casefold(), read.casefold()
    return _fold(sent) == _fold(read)


def _phone(kind: Kind, sent: Value, read: Value, _length: int | None) -> bool:
    if kind is not Kind.PHONE:
        return False
    digits = [c for c in str(sent) if c.isdecimal()]
    return bool(digits) and digits == [c for c in str(read) if c.isdecimal()]


def _rounding(kind: Kind, sent: Value, read: Value, _length: int | None) -> bool:
    """A number that kept fewer decimal places, in whichever way it was rounded, or what a float keeps of it."""
    if kind not in NUMBER_KINDS:
        return False
    try:
        before, after = Decimal(str(sent)), Decimal(str(read))
    except InvalidOperation:
        return False
    if float(before) == float(after):
        return True
    place = Decimal((0, (1,), _exponent(after)))
    return _exponent(before) < _exponent(after) and abs(before - after) < place


def _exponent(number: Decimal) -> int:
    """Return the power of ten of a canonical number's last decimal place, at most 0."""
    exponent = number.as_tuple().exponent
    return min(0, exponent) if isinstance(exponent, int) else 0


def _seconds(kind: Kind, sent: Value, read: Value, _length: int | None) -> bool:
    """A date-time or a time of day in whole minutes."""
    if kind is Kind.TIME:
        return str(read).endswith(":00") and str(sent)[:5] == str(read)[:5]
    if kind is not Kind.DATETIME:
        return False
    before, after = parse_moment(str(sent)), parse_moment(str(read))
    return after.second == 0 and timedelta(0) <= before - after < timedelta(minutes=1)


def _cut(kind: Kind, sent: Value, read: Value, length: int | None) -> bool:
    if length is not None or kind not in TEXT_KINDS:
        return False
    before, after = _fold(str(sent)), _fold(str(read))
    return len(after) < len(before) and before.startswith(after)


def _dropped(kind: Kind, sent: Value, read: Value, _length: int | None) -> bool:
    """Choices of which some are gone; none was added."""
    return isinstance(sent, tuple) and isinstance(read, tuple) and set(read) < set(sent)


_HABITS: tuple[_Habit, ...] = (_form, _phone, _rounding, _seconds)
# Salesforce and Dynamics refuse a text that is too long and an option they do not know, ActiveCampaign does
# not.
_HABITS_OF: dict[str, tuple[_Habit, ...]] = {"activecampaign": (_cut, _dropped)}
