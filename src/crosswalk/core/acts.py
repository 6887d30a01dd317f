"""What people can do that the audit log keeps: a stable name of each, and how it is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from .language import gettext as _
from .language import gettext_noop

# (person, door) in whose name what happens now happens
_actor: ContextVar[tuple[str, str]] = ContextVar("actor", default=("", ""))


@contextmanager
def acting(person: str, door: str) -> Iterator[None]:
    """Let what happens inside be done by a person through a door (web, cli)."""
    token = _actor.set((person, door))
    try:
        yield
    finally:
        _actor.reset(token)


def actor() -> tuple[str, str]:
    """Return in whose name what happens now happens, and the door; both are empty when it is in nobody's."""
    return _actor.get()


# name → how a line of the log begins
ACTS: Mapping[str, str] = {
    "connection.added": gettext_noop("Connection added"),
    "connection.removed": gettext_noop("Connection removed"),
    "connection.signed_in": gettext_noop("Signed in again"),
    "connection.settings": gettext_noop("Settings changed"),
    "connection.switched": gettext_noop("Switch turned"),
    "mapping.added": gettext_noop("Fields paired"),
    "mapping.changed": gettext_noop("Rules of a pair changed"),
    "mapping.removed": gettext_noop("Pair taken out"),
    "mapping.set": gettext_noop("Mapping replaced"),
    "direction.set": gettext_noop("Direction changed"),
    "selection.set": gettext_noop("Choice of records changed"),
    "schedule.set": gettext_noop("Schedule set"),
    "schedule.removed": gettext_noop("Schedule removed"),
    "schedule.paused": gettext_noop("Schedule paused"),
    "schedule.resumed": gettext_noop("Schedule resumed"),
    "plan.asked": gettext_noop("Plan asked for"),
    "plan.applied": gettext_noop("Plan applied"),
    "run.asked": gettext_noop("Run asked for"),
    "run.cancelled": gettext_noop("Run cancelled"),
    "runs.paused": gettext_noop("Runs paused"),
    "runs.resumed": gettext_noop("Runs resumed"),
    "all.stopped": gettext_noop("Everything stopped"),
    "all.started": gettext_noop("Everything goes on"),
    "holds.retried": gettext_noop("Holds to be tried again"),
    "holds.chosen": gettext_noop("Holds decided"),
    "person.added": gettext_noop("Person added"),
    "person.changed": gettext_noop("Rights of a person changed"),
    "person.link": gettext_noop("Link for a password made"),
    "person.entered": gettext_noop("Signed in"),
    "member.added": gettext_noop("User of the CRM let in"),
    "member.removed": gettext_noop("User of the CRM taken out"),
    "person.refused": gettext_noop("Wrong password"),
    "person.password": gettext_noop("Password chosen"),
    "notices.changed": gettext_noop("Receivers of notices changed"),
    "budget.changed": gettext_noop("Share of calls changed"),
    "tombstones.lifted": gettext_noop("Deleted people may be made again"),
    "backup.taken": gettext_noop("Backup taken"),
    "backup.restored": gettext_noop("Backup restored"),
    "key.rotated": gettext_noop("Key changed"),
}


def told(what: str) -> str:
    """Return how an act is told in the reader's language."""
    return _(ACTS[what])
