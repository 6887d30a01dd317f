"""The steps of a set-up, as data: what they are called, when they are done, which comes next.

Names and order are those of ActiveCampaign's own set-up, so that whoever knows it finds their way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crosswalk.core.mapping import MappingFile
from crosswalk.store import connections, schedules
from crosswalk.store.models import Connection, Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What tells how far a set-up has come."""

    connection: Connection | None  # None: both systems are not signed in to yet
    mapping: MappingFile
    scheduled: bool  # or by hand alone, as somebody said
    confirmed: bool  # somebody said that the vendor has been prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step; its page is the route `setup-<name>`."""

    name: str
    title: str | Promise
    done: Callable[[Facts], bool]
    optional: bool = False


class StepState(StrEnum):
    """How a step stands."""

    DONE = "done"
    NEXT = "next"  # the first that is to be done
    LATER = "later"
    OPTIONAL = "optional"


WORDS = {
    StepState.DONE: _("done"),
    StepState.NEXT: _("next"),
    StepState.LATER: _("later"),
    StepState.OPTIONAL: _("optional"),
}
ICONS = {
    StepState.DONE: "circle-check",
    StepState.NEXT: "circle-dot",
    StepState.LATER: "circle",
    StepState.OPTIONAL: "circle",
}


def _connected(facts: Facts) -> bool:
    return facts.connection is not None


def _confirmed(facts: Facts) -> bool:
    return facts.confirmed


def _mapped(facts: Facts) -> bool:
    return any(each.fields for each in facts.mapping.objects)


def _scheduled(facts: Facts) -> bool:
    return facts.scheduled


STEPS: dict[str, Sequence[Step]] = {
    "salesforce": (
        Step(name="connect", title=_("System connections"), done=_connected),
        Step(name="mapping", title=_("Field mapping"), done=_mapped),
        Step(name="records", title=_("Which records, how often"), done=_scheduled),
    ),
    "dynamics": (
        Step(name="install", title=_("Install"), done=_confirmed),
        Step(name="connect", title=_("Connect"), done=_connected),
        Step(name="users", title=_("User management"), done=lambda _facts: False, optional=True),
        Step(name="data", title=_("Data configuration"), done=_mapped),
        Step(name="sync", title=_("Sync configuration"), done=_scheduled),
    ),
}


def facts_of(connection: Connection) -> Facts:
    """Return how far the set-up of a connection has come."""
    return Facts(
        connection=connection,
        mapping=connections.mapping_of(connection),
        scheduled=schedules.is_chosen(connection),
        confirmed=True,
    )


def facts_of_draft(draft: Draft) -> Facts:
    """Return how far the set-up of a connection has come that is not there yet."""
    return Facts(connection=None, mapping=MappingFile(), scheduled=False, confirmed=draft.confirmed)


def states(steps: Sequence[Step], facts: Facts) -> dict[str, StepState]:
    """Return how each step stands, by its name."""
    found: dict[str, StepState] = {}
    for step in steps:
        if step.done(facts):
            found[step.name] = StepState.DONE
        elif step.optional:
            found[step.name] = StepState.OPTIONAL
        else:
            found[step.name] = StepState.LATER if StepState.NEXT in found.values() else StepState.NEXT
    return found
