"""Both sides' fields for pages that show them often: as they were described last, or read now."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta

import msgspec

from crosswalk.core.clock import Clock
from crosswalk.core.failures import SystemFailure
from crosswalk.core.mapping import Side
from crosswalk.core.schema import Schema
from crosswalk.store import described, models
from crosswalk.store.vault import Vault
from crosswalk.systems import open_system

from .context import CONTACT
from .mapping_edit import Schemas, known_object
from .setup import open_systems
from .sign_in import Opener

FRESH = timedelta(hours=1)  # for so long a description is shown without asking again


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides' fields of some objects, and when the oldest description was read."""

    schemas: Schemas
    read_at: datetime


def schemas(
    connection: models.Connection,
    objects: Iterable[str],
    vault: Vault,
    clock: Clock,
    *,
    anew: bool = False,
    opener: Opener = open_system,
) -> Described:
    """Return both sides' fields of these CRM objects; with `anew` they are asked for also where they are known.

    Where a system cannot be asked, what it said last is returned; with `anew`, and where it never said anything, that
    raises SystemFailure. Raises UserError for an unknown object.
    """
    wanted = [known_object(each) for each in objects]
    places = [*((connection.crm, each) for each in wanted), (connection.activecampaign, CONTACT)]
    now = clock.now()
    found = {place: described.known(*place) for place in places}
    if anew or any(each is None or now - each.read_at > FRESH for each in found.values()):
        try:
            found = _read(connection, places, vault, clock, opener)
        except SystemFailure:
            if anew or None in found.values():
                raise
    shown = {place: each for place, each in found.items() if each is not None}
    crm = {object: shown[connection.crm, object].schema for object in wanted}
    contact = shown[connection.activecampaign, CONTACT].schema
    oldest = min(each.read_at for each in shown.values())
    return Described(schemas=Schemas(crm=crm, contact=contact), read_at=oldest)


Place = tuple[models.Tenant, str]


def _read(
    connection: models.Connection, places: list[Place], vault: Vault, clock: Clock, opener: Opener
) -> dict[Place, described.Known | None]:
    systems = open_systems(connection, vault, clock, opener)
    now = clock.now()
    read: dict[Place, described.Known | None] = {}
    with closing(systems[Side.CRM]) as crm, closing(systems[Side.ACTIVECAMPAIGN]) as activecampaign:
        for tenant, object in places:
            system = crm if tenant == connection.crm else activecampaign
            schema: Schema = system.describe(object)
            described.keep(tenant, schema, now)
            read[tenant, object] = described.Known(schema=schema, read_at=now)
    return read
