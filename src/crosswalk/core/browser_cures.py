"""What to do next, said in the browser, where an entry's own cure names a command: pages have buttons and links.

By the entry's name. `web.cures` knows the page on which it is done.
"""

from __future__ import annotations

from collections.abc import Mapping

from .language import gettext_noop

BROWSER_CURES: Mapping[str, str] = {
    "quota_share": gettext_noop(
        "Opt-outs travel on; all else goes on by itself as calls of yesterday cease to count. An administrator can give"
        " the connection more, in the installation's settings."
    ),
    "conflict": gettext_noop("Choose a side or type a value, or make both sides equal."),
    "ambiguous": gettext_noop("Choose one, or merge or correct the contacts in ActiveCampaign."),
    "loop": gettext_noop(
        "Look for an automation, a flow or another sync that sets this field, on either side, and stop it. Then have it"
        " tried again, or choose a side."
    ),
    "field_retyped": gettext_noop(
        "Look at its values. Then accept the new type by having it tried again; or give the field its old type back,"
        " and it resumes by itself."
    ),
    "unfit_default": gettext_noop("Correct the default for new records in the mapping, or the field."),
    "braked": gettext_noop("Make a new plan and look at it; if it is right, apply it."),
    "no_mapping": gettext_noop("Pair its fields in the set-up."),
    "overtaken": gettext_noop("Sync, then look at what is held now."),
    "no_choice": gettext_noop("Do what the hold itself says."),
    "unknown_hold": gettext_noop("See what is held."),
    "no_candidate": gettext_noop("Choose one of them, or none."),
    "mass_change": gettext_noop("Make a plan and look at it; if it is right, apply it."),
    "mass_delete": gettext_noop(
        "Look whether the records are there, and whether the connection's users may see them; then sync again. If"
        " they were deleted, make a plan, look at it and apply it."
    ),
    "mass_empty": gettext_noop(
        "Look at the field on the other side. If it is right, make a plan, look at it and apply it."
    ),
    "contact_limit": gettext_noop(
        "Select fewer records, or raise the limit in ActiveCampaign. To create them all the same, make a plan, look at"
        " it and apply it."
    ),
    "mapping_changes": gettext_noop("Wait until that is saved, then make the plan again."),
    "stopped": gettext_noop("An administrator lets everything go on, in the installation's settings."),
    "paused": gettext_noop("Let its runs go on; the button is above the list of its runs."),
    "global_sync_off": gettext_noop(
        "Turn it on in the connection's settings, and the next run decides anew."
    ),
    "first_sync": gettext_noop("Make a plan, look at it, and apply it."),
    "plan_outdated": gettext_noop("Look at the newest plan, or make a new one."),
    "plan_overtaken": gettext_noop("Make a new plan and look at it."),
}
