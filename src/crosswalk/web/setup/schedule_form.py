"""How often, as a form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from itertools import islice
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from crosswalk.core.failures import UserError
from crosswalk.core.schedule import HOURS, MINUTES, Cron, Daily, Every, Quiet, Schedule, check, starts
from crosswalk.core.versions import version_of
from crosswalk.core.zones import zone_named
from crosswalk.store.schedules import Kept

from .choices import Option
from .schedule_words import distance_words

_HOUR = 60
_USUAL = 15  # minutes between two runs, until somebody says otherwise
_SHOWN = 3  # starts ahead
_WAYS = (
    ("every", _("At equal distances")),
    ("daily", _("Once a day")),
    ("cron", _("At times of your own")),
    ("hand", _("By hand alone")),
)


def distances() -> list[tuple[int, str]]:
    """Return the distances that are offered, in minutes, with their names."""
    offered = [*MINUTES, *(number * _HOUR for number in HOURS)]
    return [(minutes, distance_words(minutes)) for minutes in offered]


class ScheduleForm(forms.Form):
    """A schedule; `schedule` is what it says once it is valid, None where runs start by hand."""

    how = forms.ChoiceField(choices=_WAYS)
    minutes = forms.TypedChoiceField(coerce=int, label=_("Distance"), required=False, empty_value=None)
    daily = forms.TimeField(label=_("Time of day"), required=False)
    cron = forms.CharField(label=_("Cron text"), required=False, max_length=200)
    zone = forms.CharField(label=_("Time zone"), required=False, max_length=100)
    quiet_start = forms.TimeField(label=_("from"), required=False)
    quiet_end = forms.TimeField(label=_("until"), required=False)
    version = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, sent: QueryDict | None, *, initial: dict[str, Any]) -> None:
        super().__init__(sent, prefix="schedule", initial=initial)
        distance = self.fields["minutes"]
        assert isinstance(distance, forms.TypedChoiceField)
        distance.choices = [(str(value), word) for value, word in distances()]
        distance.widget.attrs["class"] = "form-select"
        self.schedule: Schedule | None = None

    def ways(self) -> list[Option]:
        """Return the ways in which runs may start."""
        chosen = str(self["how"].value())
        return [Option(value=value, label=label, is_chosen=value == chosen) for value, label in _WAYS]

    def quiet(self) -> list[forms.BoundField]:
        """Return the fields of the quiet hours."""
        return [self["quiet_start"], self["quiet_end"]]

    def is_untouched(self) -> bool:
        """Tell whether a valid form says what stood in it when it was made."""
        return bool(self.cleaned_data["version"] == version_of(self.schedule))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = self.cleaned_data
        given["zone"] = given.get("zone") or "UTC"
        self._try("zone", lambda: zone_named(given["zone"]))
        times = self._times(given)
        quiet = self._quiet(given)
        if times is not None and not self.errors:
            self.schedule = Schedule(times=times, zone=given["zone"], quiet=quiet)
        return given

    def _times(self, given: dict[str, Any]) -> Every | Daily | Cron | None:
        how = given.get("how")
        if how == "every" and given.get("minutes"):
            return Every(minutes=given["minutes"])
        if how == "cron":
            text = given.get("cron", "")
            self._try("cron", lambda: check(Schedule(times=Cron(text=text))))
            return Cron(text=text)
        if how == "daily" and "daily" in given:
            if given["daily"] is not None:
                return Daily(at=given["daily"])
            self.add_error("daily", _("Give a time of day, such as 03:30."))
        return None

    def _quiet(self, given: dict[str, Any]) -> Quiet | None:
        start, end = given.get("quiet_start"), given.get("quiet_end")
        if start is None and end is None:
            return None
        if start is None or end is None:
            self.add_error("quiet_end", _("Give both times, or none."))
            return None
        quiet = Quiet(start=start, end=end)
        self._try("quiet_end", lambda: check(Schedule(times=Every(minutes=_HOUR), quiet=quiet)))
        return quiet

    def _try(self, field: str, attempt: Callable[[], object]) -> None:
        try:
            attempt()
        except UserError as error:
            self.add_error(field, f"{error} {error.cure}")


def initial(kept: Kept | None, *, by_hand: bool) -> dict[str, Any]:
    """Return what stands in the form of a schedule; `by_hand`: that there is none was chosen."""
    known = {"version": version_of(None if kept is None else kept.schedule), "minutes": _USUAL}
    if kept is None:
        return {**known, "how": "hand" if by_hand else "every", "zone": ""}
    schedule = kept.schedule
    known["zone"] = schedule.zone
    if schedule.quiet is not None:
        known |= {"quiet_start": _clock(schedule.quiet.start), "quiet_end": _clock(schedule.quiet.end)}
    match schedule.times:
        case Every(minutes=minutes):
            return {**known, "how": "every", "minutes": minutes}
        case Daily(at=at):
            return {**known, "how": "daily", "daily": _clock(at)}
        case Cron(text=text):
            return {**known, "how": "cron", "cron": text}


def _clock(at: time) -> str:
    return f"{at:%H:%M}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A start as the clocks of a schedule's zone show it: templates would turn a moment to another zone."""

    clock: datetime
    zone: str  # as it is written behind a time: CET


def ahead(schedule: Schedule, now: datetime, kept: Kept | None) -> list[Start]:
    """Return the next starts of a schedule; one that is not saved yet counts from now."""
    zone = zone_named(schedule.zone)
    anchor = kept.set_at if kept is not None and kept.schedule == schedule else now
    moments = (moment.astimezone(zone) for moment in islice(starts(schedule, anchor, now), _SHOWN))
    return [Start(clock=each.replace(tzinfo=None), zone=each.tzname() or "") for each in moments]
