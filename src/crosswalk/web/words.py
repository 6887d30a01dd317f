"""Words for what the engine names by short codes, as pages tell them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

SYSTEMS = {
    "activecampaign": "ActiveCampaign",
    "salesforce": "Salesforce",
    "dynamics": "Dynamics 365",
}
# why a record takes no part
SKIPPED: Mapping[str, str | Promise] = {
    "not_selected": _("not among the records that are chosen"),
    "no_email": _("no e-mail address"),
    "tombstone": _("deleted on the other side"),
    "ambiguous": _("several records have the same address"),
    "direction": _("this direction makes no records"),
    "converted": _("converted lead: its contact takes part"),
}
CLOSED: Mapping[str, str | Promise] = {
    "deleted_crm": _("deleted in the CRM"),
    "deleted_activecampaign": _("deleted in ActiveCampaign"),
    "merged": _("merged into another record"),
    "converted": _("converted into another record"),
}
LANES: Mapping[str, str | Promise] = {
    "back_fill": _("back-fill and sweep"),
    "retry": _("new tries"),
    "scheduled": _("scheduled runs"),
    "live": _("runs by hand"),
}
FEEDS: Mapping[str, str | Promise] = {
    "lead": _("leads"),
    "contact": _("contacts"),
    "account": _("accounts"),
    "opportunity": _("opportunities"),
}


def closed(reason: str) -> str:
    """Say why links closed, and that a person lifted it where somebody did."""
    code, _comma, more = reason.partition(", ")
    told = str(CLOSED.get(code, code))
    return f"{told} ({_('allowed again')})" if more == "lifted" else told


def lasting(seconds: float) -> str:
    """Say how long something takes, in the largest unit that fits."""
    whole = round(seconds)
    if whole < 60:
        return ngettext("{n} second", "{n} seconds", whole).format(n=whole)
    if whole < 3600:
        return ngettext("{n} minute", "{n} minutes", whole // 60).format(n=whole // 60)
    if whole < 86400:
        return ngettext("{n} hour", "{n} hours", whole // 3600).format(n=whole // 3600)
    return ngettext("{n} day", "{n} days", whole // 86400).format(n=whole // 86400)
