"""Mappings that tests write down briefly. Needs no database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crosswalk.core.mapping import FieldMapping, MappingFile, ObjectMapping, Settings

SOBJECTS = {"contact": "Contact", "lead": "Lead"}
EMAIL = FieldMapping(crm="Email", activecampaign="email")
NAMES = (
    EMAIL,
    FieldMapping(crm="FirstName", activecampaign="firstName"),
    FieldMapping(crm="LastName", activecampaign="lastName"),
    FieldMapping(crm="Phone", activecampaign="phone"),
)

DYNAMICS_NAMES = (
    FieldMapping(crm="emailaddress1", activecampaign="email"),
    FieldMapping(crm="firstname", activecampaign="firstName"),
    FieldMapping(crm="lastname", activecampaign="lastName"),
    FieldMapping(crm="telephone1", activecampaign="phone"),
)


def mapping_of(
    *objects: ObjectMapping, settings: Settings | None = None, fields: Iterable[FieldMapping] = NAMES
) -> MappingFile:
    """A mapping file; without objects: CRM contacts with the standard fields, or `fields`."""
    return MappingFile(
        settings=settings or Settings(),
        objects=objects or (ObjectMapping(object="contact", fields=tuple(fields)),),
    )


def both_objects(
    fields: Iterable[FieldMapping] = NAMES, /, **lead: Any
) -> tuple[ObjectMapping, ObjectMapping]:
    """Contacts and leads with the same fields."""
    return (
        ObjectMapping(object="contact", fields=tuple(fields)),
        ObjectMapping(object="lead", fields=tuple(fields), **lead),
    )
