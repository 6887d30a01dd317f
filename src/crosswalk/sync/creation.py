"""Which ActiveCampaign contacts become CRM records, of which object, and what is filled in for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime

import msgspec

from crosswalk.convert import fits
from crosswalk.core.clock import Clock
from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import CreationRule, MappingFile, Side
from crosswalk.core.schema import Field, Schema, Standard
from crosswalk.core.versions import require_version
from crosswalk.store import acts, connections, models
from crosswalk.store.vault import Vault
from crosswalk.systems import open_system

from .setup import check_settings, open_systems
from .sign_in import Opener

MOST_TAGS = 20  # that are offered at once


class Creation(msgspec.Struct, frozen=True, kw_only=True):
    """What a connection says of new CRM records."""

    rule: CreationRule = CreationRule.NEVER
    object: str = "lead"
    tag: str = ""
    defaults: Mapping[str, Mapping[str, str]] = {}  # object → CRM field → text


class UnfitDefault(UserError):
    """What shall be filled in does not fit its field."""

    def __init__(self, object: str, field: str, message: str, *, cure: str) -> None:
        super().__init__(message, cure=cure)
        self.place = (object, field)


def creation_of(mapping: MappingFile) -> Creation:
    """Return what a connection says of new CRM records."""
    settings = mapping.settings
    return Creation(
        rule=settings.creation,
        object=settings.creation_object,
        tag=settings.creation_tag,
        defaults={item.object: item.creation_defaults for item in mapping.objects if item.creation_defaults},
    )


def wanted_fields(schema: Schema, given: Mapping[str, str]) -> list[Field]:
    """Return the fields of a CRM object for which a default makes sense.

    They are those without which it makes no record, the last name, which its forms ask for, and what has one already.
    """
    names = [field.name for field in schema.fields.values() if field.required and field.creatable]
    names += [schema.standard[what] for what in (Standard.LAST_NAME,) if what in schema.standard]
    names += given
    return [
        schema.fields[name]
        for name in dict.fromkeys(names)
        if name in schema.fields and name != schema.email and not schema.holds_consent(name)
    ]


def tag_names(
    connection: models.Connection, search: str, vault: Vault, clock: Clock, opener: Opener = open_system
) -> Sequence[str]:
    """Return some of ActiveCampaign's tags whose names contain a text, in one call. Raises SystemFailure."""
    systems = open_systems(connection, vault, clock, opener)
    with closing(systems[Side.CRM]), closing(systems[Side.ACTIVECAMPAIGN]) as activecampaign:
        return activecampaign.tag_names(search, MOST_TAGS)


def set_creation(
    connection: models.Connection,
    creation: Creation,
    schemas: Mapping[str, Schema],
    now: datetime,
    *,
    expected: str | None = None,
) -> None:
    """Say what becomes of contacts that the CRM lacks; `schemas` are the CRM's. Raises UserError, Outdated among them.

    Of objects that have no entry in `defaults` nothing is filled in any more.
    """
    for object, defaults in creation.defaults.items():
        _check_defaults(object, defaults, schemas[object])
    with connections.locked(connection.name) as held:
        whole = connections.mapping_of(held)
        before = creation_of(whole)
        require_version(expected, before)
        if before == creation:
            return
        changed = _with(whole, creation)
        check_settings(changed.settings, [item.object for item in changed.objects])
        connections.save_mapping(held, changed, now)
        acts.note(
            "connection.settings",
            held,
            before=msgspec.to_builtins(before),
            after=msgspec.to_builtins(creation),
        )


def _with(whole: MappingFile, creation: Creation) -> MappingFile:
    settings = replace(
        whole.settings,
        creation=creation.rule,
        creation_object=creation.object,
        creation_tag=creation.tag,
    )
    objects = tuple(
        replace(item, creation_defaults=dict(creation.defaults.get(item.object, {})))
        for item in whole.objects
    )
    return replace(whole, settings=settings, objects=objects)


def _check_defaults(object: str, defaults: Mapping[str, str], schema: Schema) -> None:
    for name, text in defaults.items():
        field = schema.fields.get(name)
        rejection = None if field is None else fits(field, text, creating=True)
        if rejection is not None:
            raise UnfitDefault(
                object,
                name,
                rejection.said.message,
                cure=rejection.said.cure or _("Give another text, or leave it empty."),
            )
