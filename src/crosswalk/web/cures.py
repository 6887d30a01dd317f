"""What people can do about a cause, as a heading that tells them to.

The catalogue's cures name commands, and a hold's own cure names its record; a heading does neither.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crosswalk.core import catalogue

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


def heading(code: str) -> str:
    """Return what to do about a cause in general."""
    entry = catalogue.find(code)
    if entry is None:
        return code
    if entry.name in _HEADINGS:
        return _(_HEADINGS[entry.name])
    general = entry.cure and "{" not in entry.cure and _COMMAND not in entry.cure
    return _(entry.cure).rstrip(".") if general else entry.headline


def cure(code: str, said: str) -> str:
    """Return what to do about one hold: as it says, unless that is a command."""
    return said if said and _COMMAND not in said else heading(code)
