"""A schedule in words."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crosswalk.core.schedule import Cron, Daily, Every, Schedule

_HOUR = 60


def distance_words(minutes: int) -> str:
    """Return a distance in words."""
    if minutes % _HOUR:
        return ngettext("every minute", "every %(number)s minutes", minutes) % {"number": minutes}
    hours = minutes // _HOUR
    return ngettext("every hour", "every %(number)s hours", hours) % {"number": hours}


def schedule_words(schedule: Schedule) -> str:
    """Return when runs start, in words."""
    said = [_times(schedule.times)]
    if not isinstance(schedule.times, Every) or schedule.quiet is not None:
        said.append(schedule.zone)
    if schedule.quiet is not None:
        quiet = {"start": f"{schedule.quiet.start:%H:%M}", "end": f"{schedule.quiet.end:%H:%M}"}
        said.append(_("nothing from %(start)s until %(end)s") % quiet)
    return ", ".join(said)


def _times(times: Every | Daily | Cron) -> str:
    match times:
        case Every(minutes=minutes):
            return distance_words(minutes)
        case Daily(at=at):
            return _("daily at %(time)s") % {"time": f"{at:%H:%M}"}
        case Cron(text=text):
            return _("by the cron text %(text)s") % {"text": text}
