"""What systems and their objects are called on pages."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crosswalk.core.failures import UserError
from crosswalk.core.mapping import Side
from crosswalk.store import connections
from crosswalk.store.models import Connection
from crosswalk.systems import page_of

from . import services

_SYSTEMS = {"salesforce": "Salesforce", "dynamics": "Dynamics 365", "activecampaign": "ActiveCampaign"}
_OBJECTS: Mapping[str, str | Promise] = {"lead": _("lead"), "contact": _("contact")}


def names_of(connection: Connection) -> dict[Side, str]:
    """Return what the systems of both sides are called."""
    system = connection.crm.system
    return {Side.CRM: _SYSTEMS.get(system, system), Side.ACTIVECAMPAIGN: _SYSTEMS["activecampaign"]}


def object_word(object: str) -> str:
    """Return what one record of an object is called."""
    return str(_OBJECTS.get(object, object))


def record_page(connection: Connection, side: Side, object: str, record_id: str) -> str:
    """Return where a person sees a record in the system itself; empty where that is not known."""
    tenant = connection.crm if side is Side.CRM else connection.activecampaign
    try:
        vault = services.vault()
        given, tokens = connections.credentials(vault, tenant), connections.tokens(vault, tenant)
        return page_of(tenant.system, given, tokens, object, record_id) or ""
    except UserError:  # the key is lost: the page is of use without
        return ""
