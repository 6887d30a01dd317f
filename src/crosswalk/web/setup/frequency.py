"""What the last step of both CRMs has in common: the switches, new CRM records, and how often."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.forms import BoundField
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.functional import cached_property

from crosswalk.core.failures import SystemFailure, UserError
from crosswalk.core.schedule import Schedule
from crosswalk.core.schema import Schema
from crosswalk.core.versions import Outdated, version_of
from crosswalk.store import connections, runs, schedules, switches
from crosswalk.store.models import Connection
from crosswalk.sync.creation import UnfitDefault, creation_of, set_creation, tag_names
from crosswalk.sync.crm_jobs import crm_jobs, elsewhere
from crosswalk.web import alerts, services
from crosswalk.web.pages import now

from . import schedule_form
from .creation_form import CreationForm
from .schedule_form import ScheduleForm
from .schedule_words import schedule_words
from .switches_form import SwitchesForm
from .zones import zones

# what a button asks for → the part of the page that shows it
_PARTS = {
    "preview": "web/records/ahead.html",
    "jobs": "web/records/jobs.html",
    "tags": "web/records/tags.html",
}


class NotSaved(Exception):
    """What was sent cannot be saved; the page says why."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


class Frequency:
    """The three forms of a connection, filled in from what is stored or from what was sent."""

    def __init__(self, connection: Connection, schemas: Mapping[str, Schema], sent: QueryDict | None) -> None:
        self.connection = connection
        self._schemas = schemas
        self._sent = None if sent is None else sent.copy()
        self.kept = schedules.of(connection)
        self.by_hand = self.kept is None and schedules.is_chosen(connection)
        self.creation_stored = creation_of(connections.mapping_of(connection))
        self.alerts: dict[str, alerts.Alert] = {}
        self._make()

    def _make(self) -> None:
        initial = schedule_form.initial(self.kept, by_hand=self.by_hand)
        self.schedule = ScheduleForm(self._sent, initial=initial)
        self.creation = CreationForm(self._sent, stored=self.creation_stored, schemas=self._schemas)
        self.switches = SwitchesForm(self._sent, stored=switches.of(self.connection))

    def is_valid(self) -> bool:
        """Tell whether what was sent may be saved as far as it was looked at."""
        looked_at = [form.is_valid() for form in (self.schedule, self.creation, self.switches)]
        return all(looked_at)

    def wrong_fields(self) -> list[BoundField]:
        """Return the fields beside which something is said, in the order of the page."""
        shown = (self.schedule, self.creation)
        return [field for form in shown for field in form.visible_fields() if field.errors]

    def save(self) -> None:
        """Save what somebody changed, within a transaction. Raises NotSaved, with all said beside the fields."""
        self._try("schedule", self._save_schedule)
        self._try("creation", self._save_creation)
        switches.turn(self.connection, **self.switches.turned())

    def _save_schedule(self) -> None:
        if self.schedule.is_untouched() and (self.by_hand or self.kept is not None):
            return
        wanted, version = self.schedule.schedule, self.schedule.cleaned_data["version"]
        if wanted is None:
            schedules.remove(self.connection, expected=version)
        else:
            schedules.save(self.connection, wanted, now(), expected=version)

    def _save_creation(self) -> None:
        if not self.creation.is_untouched():
            version = self.creation.cleaned_data["version"]
            set_creation(self.connection, self.creation.creation, self._schemas, now(), expected=version)

    def _try(self, section: str, save: Callable[[], None]) -> None:
        try:
            save()
        except Outdated as error:
            self.alerts[section] = alerts.failed(error)
            self._renew_versions()
            raise NotSaved(409) from None
        except UnfitDefault as error:
            self.creation.refuse(*error.place, f"{error} {error.cure}")
            raise NotSaved(400) from None
        except UserError as error:
            self.alerts[section] = alerts.failed(error)
            raise NotSaved(400) from None

    def _renew_versions(self) -> None:
        """Let the next try replace what is stored now; what was typed stays."""
        assert self._sent is not None
        self._sent["schedule-version"] = version_of(None if self.kept is None else self.kept.schedule)
        self._sent["creation-version"] = version_of(self.creation_stored)
        self._make()

    # --- the schedule's own buttons ---

    def act(self, request: HttpRequest) -> str | None:
        """Do what a button of the schedule says; return which part of the page that changes, None for no part."""
        what = request.POST.get("do", "")
        if what == "remove":
            self._removed()
            return "web/records/schedule_now.html"
        if what in ("pause", "resume"):
            schedules.pause(self.connection, paused=what == "pause")
            self.kept = schedules.of(self.connection)
            return "web/records/schedule_now.html"
        return _PARTS.get(what)

    def _removed(self) -> None:
        assert self._sent is not None
        try:
            schedules.remove(self.connection, expected=self._sent.get("schedule-version"))
        except Outdated as error:
            self.alerts["schedule"] = alerts.failed(error)
            self._renew_versions()
            return
        self.kept, self.by_hand = None, True
        self._sent["schedule-how"] = "hand"
        self._sent["schedule-version"] = version_of(None)
        self._make()

    @cached_property
    def ahead(self) -> list[schedule_form.Start]:
        """The next starts of what stands in the form."""
        wanted = self._wanted()
        return [] if wanted is None else schedule_form.ahead(wanted, now(), self.kept)

    def _wanted(self) -> Schedule | None:
        if self._sent is None:
            return None if self.kept is None else self.kept.schedule
        return self.schedule.schedule if self.schedule.is_valid() else None

    def jobs(self) -> dict[str, Any]:
        """Return the CRM's own scheduled jobs; ask for them."""
        try:
            found = crm_jobs(self.connection, services.vault(), services.clock())
        except (UserError, SystemFailure) as error:
            return {"jobs_alert": alerts.failed(error)}
        return {"jobs_asked": True, "jobs": found, "jobs_elsewhere": elsewhere(self.connection)}

    def tags(self, search: str) -> dict[str, Any]:
        """Return ActiveCampaign's tags whose names contain a text; ask for them."""
        vault, clock = services.vault(), services.clock()
        try:
            return {"tags_asked": True, "tags": tag_names(self.connection, search.strip(), vault, clock)}
        except (UserError, SystemFailure) as error:
            return {"tags_alert": alerts.failed(error)}

    def context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what templates show."""
        shown: dict[str, Any] = {
            "frequency": self,
            "zones": zones(),
            "distances": schedule_form.distances(),
            "kept_words": schedule_words(self.kept.schedule) if self.kept is not None else "",
            "waits": not runs.finished_before(self.connection.id),
        }
        match request.POST.get("do"):
            case "jobs":
                return shown | self.jobs()
            case "tags":
                return shown | self.tags(request.POST.get("creation-tag", ""))
        return shown

    def part(self, request: HttpRequest, template: str) -> HttpResponse:
        """Answer with a part of the page."""
        return render(request, template, self.context(request))
