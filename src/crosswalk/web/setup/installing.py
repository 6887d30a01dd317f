"""What Dynamics 365 is prepared with, as data: three things, and the rights of the security role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from .ways import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """A right of the security role, and what it is for."""

    table: Text
    rights: Text
    why: Text


# title, how to make it, its name
INSTALLED: Sequence[tuple[Text, Text, str]] = (
    (
        _("An app"),
        _(
            "Microsoft Entra admin center, App registrations, New registration; this organizational directory only."
        ),
        "Crosswalk",
    ),
    (
        _("A security role"),
        _(
            "Power Platform admin center, Environments, your environment, Settings, Users + permissions, Security"
            " roles, New role; the rights below, each to the depth Organization."
        ),
        "Crosswalk",
    ),
    (
        _("An application user"),
        _(
            "The same place, Application users, New app user: the app, the business unit at the top, and that role. It"
            " needs no licence, and nobody can sign in with it."
        ),
        "",
    ),
)
RIGHTS: Sequence[Right] = (
    Right(
        table=_("Lead, Contact"),
        rights=_("Read"),
        why=_("to see what changes in Dynamics 365"),
    ),
    Right(
        table=_("Lead, Contact"),
        rights=_("Write"),
        why=_("to write what changed in ActiveCampaign, and opt-outs"),
    ),
    Right(
        table=_("Lead, Contact"),
        rights=_("Create"),
        why=_("only if ActiveCampaign contacts may become records"),
    ),
    Right(
        table=_("Lead, Contact; Account"),
        rights=_("Append; Append To, Read"),
        why=_("only if lookups are written"),
    ),
    Right(
        table=_("Entity, Attribute, Relationship, Option Set (Customization)"),
        rights=_("Read"),
        why=_("names, types, lengths and options of the columns"),
    ),
    Right(table=_("Currency"), rights=_("Read"), why=_("how many decimal places amounts have")),
    Right(
        table=_("Organization, User, Security Role, Privilege"),
        rights=_("Read"),
        why=_("optional: the checks can then say more"),
    ),
)
