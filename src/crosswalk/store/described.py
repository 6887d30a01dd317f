"""Objects' fields as tenants described them last."""

from __future__ import annotations

from datetime import datetime

import msgspec

from crosswalk.core.schema import Schema

from .models import Described, Tenant

_decoder = msgspec.json.Decoder(Schema)


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A description and when it was read."""

    schema: Schema
    read_at: datetime


def known(tenant: Tenant, object: str) -> Known | None:
    """Return how an object was described last; None: it never was, or by another version of Crosswalk."""
    row = Described.objects.filter(tenant=tenant, object=object).first()
    if row is None:
        return None
    try:
        return Known(schema=_decoder.decode(bytes(row.definition)), read_at=row.read_at)
    except msgspec.ValidationError:
        return None


def keep(tenant: Tenant, schema: Schema, now: datetime) -> None:
    """Keep a description instead of the one before."""
    Described.objects.update_or_create(
        tenant=tenant,
        object=schema.object,
        defaults={"definition": msgspec.json.encode(schema), "read_at": now},
    )
