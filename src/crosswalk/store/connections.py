"""Tenants, connections and mappings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core.failures import UserError
from crosswalk.core.mapping import MappingFile, ObjectMapping, Settings

from . import models
from .vault import Vault


def _row_name(system: str, identity: str) -> str:
    return f"tenant {system} {identity}"


def save_tenant(
    vault: Vault, system: str, identity: str, credentials: dict[str, str], now: datetime
) -> models.Tenant:
    """Insert a tenant, or give the one that is known new credentials."""
    sealed = vault.seal(credentials, _row_name(system, identity))
    tenant, _ = models.Tenant.objects.update_or_create(
        system=system,
        identity=identity,
        defaults={"credentials": sealed},
        create_defaults={"credentials": sealed, "created_at": now},
    )
    return tenant


def credentials(vault: Vault, tenant: models.Tenant) -> dict[str, str]:
    """Open a tenant's credentials. Raises UserError with another key file."""
    return vault.open(bytes(tenant.credentials), _row_name(tenant.system, tenant.identity))


def create(name: str, crm: models.Tenant, activecampaign: models.Tenant, now: datetime) -> models.Connection:
    """Join two tenants. Raises UserError when the name is taken."""
    if models.Connection.objects.filter(name=name).exists():
        raise UserError(
            f"There is a connection called {name} already.", cure="Choose another name, or remove it."
        )
    return models.Connection.objects.create(
        name=name,
        crm=crm,
        activecampaign=activecampaign,
        settings=msgspec.to_builtins(Settings()),
        created_at=now,
    )


def get(name: str) -> models.Connection:
    """Return a connection with its tenants. Raises UserError when there is none of that name."""
    found = models.Connection.objects.select_related("crm", "activecampaign").filter(name=name).first()
    if found is None:
        names = ", ".join(models.Connection.objects.order_by("name").values_list("name", flat=True))
        raise UserError(
            f"There is no connection called {name}.", cure=f"Known connections: {names or 'none yet'}."
        )
    return found


def all_connections() -> list[models.Connection]:
    """Return every connection, by name."""
    return list(models.Connection.objects.select_related("crm", "activecampaign").order_by("name"))


# Tables whose rows belong to one connection, in an order that respects their references.
_OWNED = ("outbox", "hold", "journal", "inbox", "plan_row", "plan", "link", "run", "tombstone", "mapping")


def remove(connection: models.Connection) -> None:
    """Forget a connection, and tenants that no other connection uses; synced data stays on both sides."""
    with transaction.atomic(), database.cursor() as cursor:
        for table in _OWNED:
            where = (
                "plan_id IN (SELECT id FROM plan WHERE connection_id = %s)"
                if table == "plan_row"
                else "connection_id = %s"
            )
            cursor.execute(f"DELETE FROM {table} WHERE {where}", [connection.id])
        tenants = [connection.crm_id, connection.activecampaign_id]
        cursor.execute("DELETE FROM connection WHERE id = %s", [connection.id])
        cursor.execute(
            "SELECT id FROM tenant WHERE id = ANY(%s) AND NOT EXISTS (SELECT 1 FROM connection c"
            " WHERE c.crm_id = tenant.id OR c.activecampaign_id = tenant.id)",
            [tenants],
        )
        unused = [row[0] for row in cursor.fetchall()]
        for table in ("directory", "tagged", "feed", "budget"):
            cursor.execute(f"DELETE FROM {table} WHERE tenant_id = ANY(%s)", [unused])
        cursor.execute("DELETE FROM tenant WHERE id = ANY(%s)", [unused])


def mapping_of(connection: models.Connection) -> MappingFile:
    """Return a connection's settings and mappings."""
    rows = models.Mapping.objects.filter(connection=connection).order_by("object")
    return MappingFile(
        settings=msgspec.convert(connection.settings, Settings),
        objects=tuple(msgspec.convert(row.definition, ObjectMapping) for row in rows),
    )


def save_mapping(connection: models.Connection, mapping: MappingFile, now: datetime) -> None:
    """Replace a connection's settings and mappings."""
    with transaction.atomic():
        connection.settings = msgspec.to_builtins(mapping.settings)
        connection.save(update_fields=["settings"])
        models.Mapping.objects.filter(connection=connection).exclude(
            object__in=[item.object for item in mapping.objects]
        ).delete()
        models.Inbox.objects.filter(connection=connection, side="crm").exclude(
            object__in=[item.object for item in mapping.objects]
        ).delete()
        for item in mapping.objects:
            models.Mapping.objects.update_or_create(
                connection=connection,
                object=item.object,
                defaults={"definition": msgspec.to_builtins(item), "saved_at": now},
            )


def facts(connection: models.Connection) -> dict[str, Any]:
    """Return what a list of connections shows; no secrets."""
    return {
        "name": connection.name,
        "crm": f"{connection.crm.system} {connection.crm.identity}",
        "activecampaign": connection.activecampaign.identity,
    }
