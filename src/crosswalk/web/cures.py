"""What people can do about a cause: a heading that tells them to, and the page on which it is done.

A hold's own cure names its record, and on the command line commands; a heading does neither.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from crosswalk.core import catalogue
from crosswalk.core.language import gettext as said_here
from crosswalk.store.models import Connection

from .models import User
from .next_steps import Next, Shown
from .roles import ADMINISTRATORS, EVERYBODY

_PLAN = gettext_noop("Look at the plan, and apply it if it is right")
# name in the catalogue → heading
_HEADINGS: Mapping[str, str] = {
    "read_only": gettext_noop("Allow the field to be edited, or set its update rule to “never”"),
    "required": gettext_noop("Fill in the other side, or let emptied values stay where they are"),
    "too_long": gettext_noop("Shorten the values, or make the field longer"),
    "refused_value": gettext_noop("Correct the values that a system refused"),
    "refused_right": gettext_noop("Give the connection's user the right to write this"),
    "refused_field": gettext_noop(
        "Mend the field that a system does not take, or take it out of the mapping"
    ),
    "refused_record": gettext_noop("Clear up the other record that stands in the way"),
    "refused_limit": gettext_noop("Make room: a limit of the system stands in the way"),
    "conflict": gettext_noop("Choose which value counts"),
    "ambiguous": gettext_noop("Say which contact each record belongs to"),
    "outside_selection": gettext_noop("Let these CRM records take part, or give the contacts another e-mail"),
    "creation_lacks": gettext_noop("Fill in what new records lack, or set a default for it"),
    "unreadable": gettext_noop("Look at the values that could not be read"),
    "emptied": gettext_noop("Find what empties the field again, then try again"),
    "opt_out_refused": gettext_noop("Opt these people out by hand"),
    "loop": gettext_noop("Find what sets the field back, and stop it"),
    "field_gone": gettext_noop("Make the field visible again, or take it out of the mapping"),
    "field_retyped": gettext_noop("Accept the field's new type, or give it its old type back"),
    "field_unpairable": gettext_noop("Give the field its old type back, or take the pair out of the mapping"),
    "unfit_default": gettext_noop("Correct the default for new records"),
    "braked": _PLAN,
    "mass_change": _PLAN,
    "mass_delete": gettext_noop("Look whether the records are really gone, then at the plan"),
    "mass_empty": gettext_noop("Look at the field that would be emptied, then at the plan"),
    "contact_limit": gettext_noop("Select fewer records, or raise ActiveCampaign's contact limit"),
    "global_sync_off": gettext_noop("Turn global synchronisation on again"),
}
_COMMAND = "crosswalk "

_MAPPING = Next(route="setup-mapping", label=gettext_lazy("To the mapping"), roles=EVERYBODY)
_TO_PLAN = Next(route="plans", label=gettext_lazy("To the plan"), roles=EVERYBODY)
_HELD = Next(route="holds", label=gettext_lazy("See what is held"), roles=EVERYBODY)
_INSTALLATION = Next(
    route="settings", label=gettext_lazy("To the installation's settings"), roles=ADMINISTRATORS, of_all=True
)
# name in the catalogue → the page on which something is done about it
DOORS: Mapping[str, Next] = {
    "auth": Next(route="setup-connect", label=gettext_lazy("Sign in again"), roles=ADMINISTRATORS),
    "permission": Next(route="setup-connect", label=gettext_lazy("See what is missing"), roles=EVERYBODY),
    "mapping": _MAPPING,
    "quota_share": _INSTALLATION,
    "creation_lacks": _MAPPING,
    "field_gone": _MAPPING,
    "field_unpairable": _MAPPING,
    "unfit_default": _MAPPING,
    "braked": _TO_PLAN,
    "no_mapping": Next(route="setup", label=gettext_lazy("Go on with the set-up"), roles=EVERYBODY),
    "email_gone": _MAPPING,
    "overtaken": _HELD,
    "no_choice": _HELD,
    "unknown_hold": _HELD,
    "mass_change": _TO_PLAN,
    "mass_delete": _TO_PLAN,
    "mass_empty": _TO_PLAN,
    "contact_limit": _TO_PLAN,
    "mapping_changes": _TO_PLAN,
    "stopped": _INSTALLATION,
    "paused": Next(route="runs", label=gettext_lazy("To the runs")),
    "global_sync_off": Next(route="connection-settings", label=gettext_lazy("To the connection's settings")),
    "first_sync": _TO_PLAN,
    "plan_outdated": _TO_PLAN,
    "plan_overtaken": _TO_PLAN,
}


def heading(code: str) -> str:
    """Return what to do about a cause in general."""
    entry = catalogue.find(code)
    if entry is None:
        return code
    if entry.name in _HEADINGS:
        return _(_HEADINGS[entry.name])
    general = said_here(entry.cure)
    return general.rstrip(".") if general and "{" not in general else entry.headline


def cure(code: str, said: str) -> str:
    """Return what to do about one hold: as it says, unless that is a command."""
    return said if said and _COMMAND not in said else heading(code)


def door(code: str, connection: Connection | None, user: User) -> Shown | None:
    """Return the page on which somebody does what a code asks for; None where there is none that they may open."""
    entry = catalogue.find(code)
    found = DOORS.get(entry.name) if entry is not None else None
    if found is None or user.role not in found.roles or (connection is None and not found.of_all):
        return None
    return Shown(label=found.label, address=found.address(connection.id if connection else 0))
