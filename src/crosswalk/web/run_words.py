"""What runs and their phases are called on pages."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from crosswalk.core import phases
from crosswalk.core.mapping import Side
from crosswalk.store.models import Connection

from .vendors import names_of

OBJECTS: Mapping[str, str | Promise] = {
    "lead": gettext_lazy("leads"),
    "contact": gettext_lazy("contacts"),
    "account": gettext_lazy("accounts"),
    "opportunity": gettext_lazy("opportunities"),
}
_PHASES: Mapping[str, str] = {
    phases.READ: gettext_noop("Reading {objects} from {system}"),
    phases.COMPARE: gettext_noop("Comparing {objects}"),
    phases.UPDATE: gettext_noop("Updating records in {system}"),
    phases.CREATE: gettext_noop("Creating records in {system}"),
    phases.SWEEP: gettext_noop("Looking through all {objects} of {system}"),
    phases.VERIFY: gettext_noop("Comparing both sides"),
}
# state → (word, icon, colour)
RUN_STATES: Mapping[str, tuple[str | Promise, str, str]] = {
    "running": (gettext_lazy("at work"), "refresh-cw", "primary"),
    "done": (gettext_lazy("done"), "circle-check", "success"),
    "tried": (gettext_lazy("tried"), "flask-conical", "success"),
    "failed": (gettext_lazy("failed"), "circle-x", "danger"),
    "braked": (gettext_lazy("stopped by a brake"), "octagon-x", "danger"),
    "stopped": (gettext_lazy("stopped by somebody"), "circle-pause", "secondary"),
    "interrupted": (gettext_lazy("interrupted"), "triangle-alert", "warning"),
}
RUN_KINDS: Mapping[str, str | Promise] = {
    "initial": gettext_lazy("First sync"),
    "manual": gettext_lazy("Asked for"),
    "scheduled": gettext_lazy("By schedule"),
    "trial": gettext_lazy("Trial of a plan"),
}
OPERATIONS: Mapping[str, str | Promise] = {
    "create": gettext_lazy("created"),
    "update": gettext_lazy("updated"),
    "opt_out": gettext_lazy("opted out"),
    "lift_opt_out": gettext_lazy("opt-out lifted"),
}


def system_of(connection: Connection, side: str) -> str:
    """Return what the system at a side of a connection is called."""
    return names_of(connection)[Side(side)]


def objects(object: str) -> str:
    """Return what several records of an object are called."""
    return str(OBJECTS.get(object, object))


def phase(connection: Connection, name: str) -> str:
    """Return a phase of a run or plan in words."""
    what, side, object = phases.parts(name)
    system = system_of(connection, side) if side else ""
    return _(_PHASES[what]).format(system=system, objects=objects(object))
