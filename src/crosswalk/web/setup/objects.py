"""How the CRM's objects are called on pages, and in which order they come."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LABELS: dict[str, str | Promise] = {"lead": _("Leads"), "contact": _("Contacts")}


def label(object: str) -> str | Promise:
    """Return what records of an object are called."""
    return LABELS.get(object, object)
