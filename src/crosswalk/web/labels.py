"""What fields are called in a connection's systems, as far as that is known without asking them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from crosswalk.core.mapping import Side
from crosswalk.merge import ConsentReason, Reason
from crosswalk.store import described, mapped
from crosswalk.store.models import Connection
from crosswalk.sync.creating import DEFAULT

CONTACT = "contact"
_REASONS: Mapping[str, Reason | ConsentReason] = {
    each.value: each for reasons in (Reason, ConsentReason) for each in reasons
}
Labels = Mapping[tuple[str, str], Mapping[str, str]]  # side and object → field → what a person calls it


def labels_of(connection: Connection) -> Labels:
    """Return the labels of a connection's fields: as its systems described them last, or its runs noted them."""
    noted = mapped.known(connection.id).values()
    found: dict[tuple[str, str], dict[str, str]] = {}
    for field in noted:
        for side, object in ((Side.CRM, field.object), (Side.ACTIVECAMPAIGN, CONTACT)):
            if label := field.label(side):
                found.setdefault((side.value, object), {})[field.name(side)] = label
    objects = {field.object for field in noted} | {each.object for each in connection.mapping_set.all()}
    places = {(Side.CRM, connection.crm, object) for object in objects}
    for side, tenant, object in (*places, (Side.ACTIVECAMPAIGN, connection.activecampaign, CONTACT)):
        if known := described.known(tenant, object):
            labels = found.setdefault((side.value, object), {})
            labels |= {name: field.label for name, field in known.schema.fields.items()}
    return found


def reason(code: str) -> str:
    """Return in words why a field was written."""
    if code == DEFAULT:
        return _("A default for new records: the other side has no value.")
    found = _REASONS.get(code)
    return code if found is None else found.text
