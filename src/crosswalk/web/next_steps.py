"""What a person does next about a connection's state: a page, where there is one for it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crosswalk.core.state import Cause

from .models import User
from .roles import ADMINISTRATORS, EVERYBODY, MANAGERS, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """A page about a connection on which something is done about a cause."""

    route: str
    label: str | Promise
    roles: Collection[Role] = MANAGERS
    of_all: bool = False  # the page is about the installation

    def address(self, connection_id: int) -> str:
        """Return where the page is for a connection."""
        return reverse(self.route, args=[] if self.of_all else [connection_id])


_RUNS = Next(route="runs", label=_("See what the last runs say"), roles=EVERYBODY)
NEXT: dict[Cause, Next] = {
    Cause.SIGN_IN_LOST: Next(route="setup-connect", label=_("Sign in again"), roles=ADMINISTRATORS),
    Cause.BRAKED: Next(route="holds", label=_("See what the brake held")),
    Cause.RESTING: Next(route="runs", label=_("Let it go on")),
    Cause.PAUSED: Next(route="setup", label=_("Let the schedule go on")),
    Cause.FAILED: _RUNS,
    Cause.NO_MAPPING: Next(route="setup", label=_("Go on with the set-up")),
    Cause.FIRST_SYNC: Next(route="plans", label=_("Look at the plan")),
    Cause.MISSED: Next(
        route="doctor", label=_("Look at what Crosswalk stands on"), roles=ADMINISTRATORS, of_all=True
    ),
    Cause.UNSETTLED: _RUNS,
    Cause.UNREAD: _RUNS,
    Cause.ONE_WAY: Next(route="connection-settings", label=_("Turn it on")),
    Cause.CHOICES: Next(route="holds", label=_("Decide")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A next step as a template shows it; without an address somebody else has to take it."""

    label: str | Promise
    address: str = ""


def next_step(cause: Cause, connection_id: int, user: User) -> Shown | None:
    """Return what to do about a cause; None where nothing is to be done."""
    found = NEXT.get(cause)
    if found is None:
        return None
    if user.role not in found.roles:
        return Shown(
            label=_("An administrator can do something about it.")
            if found.roles == ADMINISTRATORS
            else _("A manager can do something about it.")
        )
    return Shown(label=found.label, address=found.address(connection_id))
