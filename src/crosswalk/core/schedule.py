"""When a connection's runs start: at equal distances, daily, or by a cron text; with a zone and quiet hours.

A schedule is asked for one moment only, the next start after a given one. So starts that were missed while nothing ran
are made up for by a single one: whoever keeps the schedule starts once and asks again from now.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from .failures import UserError
from .language import gettext as _
from .zones import first_moment, last_moment, zone_named

MINUTES = (1, 5, 15, 30)
HOURS = (1, 2, 3, 4, 6, 8, 12)
_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
_CRON_FIELDS = 5
_HOUR_FIELD = 1


class Every(msgspec.Struct, frozen=True, kw_only=True, tag="every"):
    """Starts at equal distances, the first as soon as the schedule is set; clocks put forward or back do not matter."""

    minutes: int


class Daily(msgspec.Struct, frozen=True, kw_only=True, tag="daily"):
    """A start a day, at a time of the schedule's zone."""

    at: time


class Cron(msgspec.Struct, frozen=True, kw_only=True, tag="cron"):
    """Starts at the times that a cron text of five fields means in the schedule's zone."""

    text: str


class Quiet(msgspec.Struct, frozen=True, kw_only=True):
    """From one time of day until another, which may be the next day's, nothing starts."""

    start: time
    end: time


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """When runs start."""

    times: Every | Daily | Cron
    zone: str = "UTC"
    quiet: Quiet | None = None


def check(schedule: Schedule) -> None:
    """Raise UserError when a schedule has distances that are not offered, an unknown zone, or never starts."""
    zone_named(schedule.zone)
    if isinstance(schedule.times, Every):
        _check_distance(schedule.times.minutes)
    if isinstance(schedule.times, Cron):
        _check_cron(schedule.times.text)
    if schedule.quiet is not None and schedule.quiet.start == schedule.quiet.end:
        raise UserError(
            _("Quiet hours that end when they begin are a whole day."),
            cure=_("Leave some time for runs, for example 22:00-06:00."),
        )


def _check_distance(minutes: int) -> None:
    if minutes not in MINUTES and minutes not in [60 * hours for hours in HOURS]:
        offered = [f"{number}m" for number in MINUTES] + [f"{number}h" for number in HOURS]
        raise UserError(
            _("Runs cannot start every {minutes} minutes.").format(minutes=minutes),
            cure=_("Choose one of {offered}, or a cron text.").format(offered=", ".join(offered)),
        )


def _check_cron(text: str) -> None:
    from cronsim import CronSim, CronSimError

    cure = _('Give minute, hour, day of month, month and day of week, for example "0 6-20 * * 1-5".')
    if len(text.split()) != _CRON_FIELDS:
        raise UserError(
            _("The cron text {text} has not five fields.").format(text=repr(text)),
            cure=cure,
        )
    try:
        found = next(CronSim(text, datetime(2000, 1, 1, tzinfo=UTC)), None)
    except CronSimError as error:
        raise UserError(
            _("The cron text {text} cannot be read: {error}.").format(text=repr(text), error=error), cure=cure
        ) from None
    if found is None:
        raise UserError(_("The time that {text} means never comes.").format(text=repr(text)), cure=cure)


def next_start(schedule: Schedule, anchor: datetime, after: datetime) -> datetime:
    """Return the first start later than `after`, in UTC; `anchor` is when the schedule was set.

    What is due in quiet hours starts at their end, once. Starts are whole seconds in cron texts and daily ones; `Every`
    counts from the anchor.
    """
    zone = zone_named(schedule.zone)
    due = _next_due(schedule, anchor, _before_quiet(schedule.quiet, zone, after))
    return _end_of_quiet(schedule.quiet, zone, due)


def _next_due(schedule: Schedule, anchor: datetime, after: datetime) -> datetime:
    match schedule.times:
        case Every(minutes=minutes):
            return _next_multiple(anchor, timedelta(minutes=minutes), after)
        case Daily(at=at):
            return _next_daily(at, zone_named(schedule.zone), after)
        case Cron(text=text):
            return _next_of_cron(text, zone_named(schedule.zone), after)


def _next_multiple(anchor: datetime, distance: timedelta, after: datetime) -> datetime:
    return anchor + max(0, (after - anchor) // distance + 1) * distance


def _next_daily(at: time, zone: ZoneInfo, after: datetime) -> datetime:
    today = after.astimezone(zone).date()
    moments = (first_moment(today + number * _DAY, at, zone) for number in (-1, 0, 1, 2))
    return min(moment for moment in moments if moment > after)


def _next_of_cron(text: str, zone: ZoneInfo, after: datetime) -> datetime:
    """Take the text's times off the wall; a text for every hour also goes on while clocks repeat one."""
    found = next(moment for moment in _on_the_wall(text, zone, after) if moment > after)
    if not text.split()[_HOUR_FIELD].startswith("*"):
        return found
    return min(found, _as_time_goes(text, zone, after))


def _on_the_wall(text: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    from cronsim import CronSim

    for shown in CronSim(text, after.astimezone(zone).replace(tzinfo=None, fold=0)):
        yield first_moment(shown.date(), shown.time(), zone)


def _as_time_goes(text: str, zone: ZoneInfo, after: datetime) -> datetime:
    from cronsim import CronSim

    moments = (moment.astimezone(UTC) for moment in CronSim(text, after.astimezone(zone)))
    found: datetime = next(moment for moment in moments if moment > after)
    return found


def _periods(quiet: Quiet, zone: ZoneInfo, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the quiet hours about a moment; while clocks repeat an hour, they last as long as they can."""
    today = moment.astimezone(zone).date()
    overnight = _DAY if quiet.end <= quiet.start else timedelta(0)
    for day in (today + number * _DAY for number in (-2, -1, 0, 1)):
        yield first_moment(day, quiet.start, zone), last_moment(day + overnight, quiet.end, zone)


def _before_quiet(quiet: Quiet | None, zone: ZoneInfo, moment: datetime) -> datetime:
    """Return the moment itself, or the instant before the quiet hours that it is in."""
    while quiet is not None:
        begins = [start for start, end in _periods(quiet, zone, moment) if start <= moment < end]
        if not begins:
            break
        moment = min(begins) - _INSTANT
    return moment


def _end_of_quiet(quiet: Quiet | None, zone: ZoneInfo, moment: datetime) -> datetime:
    """Return the moment itself, or the end of the quiet hours that it is in."""
    while quiet is not None:
        ends = [end for start, end in _periods(quiet, zone, moment) if start <= moment < end]
        if not ends:
            break
        moment = max(ends)
    return moment


def outside_quiet(schedule: Schedule, moment: datetime) -> datetime:
    """Return a moment, or the end of the quiet hours that it is in."""
    return _end_of_quiet(schedule.quiet, zone_named(schedule.zone), moment)


def starts(schedule: Schedule, anchor: datetime, after: datetime) -> Iterator[datetime]:
    """Yield all starts later than `after`, without end."""
    while True:
        after = next_start(schedule, anchor, after)
        yield after
