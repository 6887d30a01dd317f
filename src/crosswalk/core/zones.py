"""Local times of day in a zone, also on the days on which clocks are put forward or back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .failures import UserError
from .language import gettext as _

_SECOND = timedelta(seconds=1)


def zone_named(name: str) -> ZoneInfo:
    """Return a zone of the IANA's table. Raises UserError for a name that is not in it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UserError(
            _("There is no time zone called {name}.").format(name=name),
            cure=_("Give a name of the IANA's table, such as Europe/Berlin or America/Chicago."),
        ) from None


def first_moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return when clocks first show this time, in UTC; where they skip it, the first moment after the gap."""
    return _moment(datetime.combine(day, at, zone))


def last_moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return when clocks last show this time; where they skip it, the first moment after the gap."""
    return _moment(datetime.combine(day, at, zone).replace(fold=1))


def _moment(local: datetime) -> datetime:
    found = local.astimezone(UTC)
    shown = found.astimezone(local.tzinfo)
    return found if shown.replace(tzinfo=None) == local.replace(tzinfo=None) else _end_of_gap(local)


def _end_of_gap(local: datetime) -> datetime:
    """Find the second at which the offset changes: it lies between the time as either offset has it."""
    low, high = local.replace(fold=1).astimezone(UTC), local.replace(fold=0).astimezone(UTC)
    after = high.astimezone(local.tzinfo).utcoffset()
    while high - low > _SECOND:
        middle = low + timedelta(seconds=(high - low) // _SECOND // 2)
        if middle.astimezone(local.tzinfo).utcoffset() == after:
            high = middle
        else:
            low = middle
    return high
