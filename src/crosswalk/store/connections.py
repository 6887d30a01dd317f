"""Tenants, connections and mappings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from hashlib import blake2b
from operator import attrgetter
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core.failures import UserError
from crosswalk.core.mapping import MappingFile, ObjectMapping, Settings
from crosswalk.core.words import keepable as _

from . import acts, models
from .keys import CREDENTIALS, TOKENS, sealing
from .vault import Vault


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One system as it was signed in to."""

    system: str
    identity: str  # the vendor's own key
    credentials: Mapping[str, str]
    tokens: Mapping[str, str] = {}  # what the vendor gave for them

    def __repr__(self) -> str:
        return f"<Account {self.system} {self.identity}>"


def _save_tenant(vault: Vault, account: Account, now: datetime) -> models.Tenant:
    """Insert a tenant, or give the one that is known new credentials and tokens."""
    whose = (account.system, account.identity)
    secrets = {
        "credentials": vault.seal(account.credentials, CREDENTIALS.row(*whose)),
        "tokens": vault.seal(account.tokens, TOKENS.row(*whose)) if account.tokens else b"",
    }
    tenant, _ = models.Tenant.objects.update_or_create(
        system=account.system,
        identity=account.identity,
        defaults=secrets,
        create_defaults={**secrets, "created_at": now},
    )
    return tenant


def credentials(vault: Vault, tenant: models.Tenant) -> dict[str, str]:
    """Open a tenant's credentials. Raises UserError with another key file."""
    return vault.open(bytes(tenant.credentials), CREDENTIALS.row(tenant.system, tenant.identity))


def tokens(vault: Vault, tenant: models.Tenant) -> dict[str, str]:
    """Open a tenant's tokens; there may be none. Raises UserError with another key file."""
    sealed = bytes(tenant.tokens)
    return vault.open(sealed, TOKENS.row(tenant.system, tenant.identity)) if sealed else {}


def sign_in_again(vault: Vault, account: Account, now: datetime) -> None:
    """Give a tenant that is stored new credentials and tokens."""
    with sealing():
        _save_tenant(vault, account, now)


def add(name: str, vault: Vault, crm: Account, activecampaign: Account, now: datetime) -> models.Connection:
    """Join two accounts under a name; where that stands for the same two already, their new credentials are kept.

    Raises UserError when the name is taken otherwise; nothing is stored then.
    """
    known = models.Connection.objects.select_related("crm", "activecampaign").filter(name=name).first()
    if known is not None and not _renews(vault, known, crm, activecampaign):
        raise UserError(
            _("There is a connection called {name} already.").format(name=name),
            cure=_("Choose another name, or remove it."),
        )
    with sealing():
        tenants = [_save_tenant(vault, account, now) for account in (crm, activecampaign)]
        if known is not None:
            acts.note("connection.signed_in", known, systems=[crm.system, activecampaign.system])
            return known
        made = models.Connection.objects.create(
            name=name,
            crm=tenants[0],
            activecampaign=tenants[1],
            settings=msgspec.to_builtins(Settings()),
            created_at=now,
        )
        acts.note("connection.added", made, crm=crm.identity, activecampaign=activecampaign.identity)
        return made


def _renews(vault: Vault, known: models.Connection, *accounts: Account) -> bool:
    """Tell whether a connection joins these accounts and has other credentials for them."""
    pairs = list(zip((known.crm, known.activecampaign), accounts, strict=True))
    same = all((tenant.system, tenant.identity) == (given.system, given.identity) for tenant, given in pairs)
    return same and any(not _has(vault, tenant, given.credentials) for tenant, given in pairs)


def _has(vault: Vault, tenant: models.Tenant, given: Mapping[str, str]) -> bool:
    """Tell whether these are a tenant's credentials; those that cannot be opened any more are not."""
    try:
        return credentials(vault, tenant) == dict(given)
    except UserError:
        return False


def get(name: str) -> models.Connection:
    """Return a connection with its tenants. Raises UserError when there is none of that name."""
    found = models.Connection.objects.select_related("crm", "activecampaign").filter(name=name).first()
    if found is None:
        names = ", ".join(models.Connection.objects.order_by("name").values_list("name", flat=True))
        raise UserError(
            _("There is no connection called {name}.").format(name=name),
            cure=_("Known connections: {names}.").format(names=names or "none yet"),
        )
    return found


def by_number(number: int) -> models.Connection | None:
    """Return a connection with its tenants; None: there is none (any more)."""
    return models.Connection.objects.select_related("crm", "activecampaign").filter(id=number).first()


def all_connections() -> list[models.Connection]:
    """Return every connection, by name."""
    return list(models.Connection.objects.select_related("crm", "activecampaign").order_by("name"))


def own_tenants(connection: models.Connection) -> list[models.Tenant]:
    """Return the tenants that no other connection uses: they go with this one."""
    others = models.Connection.objects.exclude(id=connection.id)
    used = {number for pair in others.values_list("crm_id", "activecampaign_id") for number in pair}
    return [tenant for tenant in (connection.crm, connection.activecampaign) if tenant.id not in used]


# Tables whose rows belong to one connection, in an order that respects their references.
_OWNED = (
    "call_count",
    "consent_write",
    "consent_evidence",
    "link_consent",
    "outbox",
    "hold",
    "journal",
    "inbox",
    "plan_row",
    "plan",
    "schedule",
    "latency",
    "notice_cause",
    "link",
    "run",
    "tombstone",
    "crossing",
    "mapped_field",
    "match_choice",
    "mapping",
    "task",
    "progress",
    "browser_sign_in",
    "checked",
    "halt",
)


def remove(connection: models.Connection) -> None:
    """Forget a connection, and tenants that no other connection uses; synced data stays on both sides."""
    with transaction.atomic(), database.cursor() as cursor:
        acts.note("connection.removed", connection)
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
        for table in ("directory", "consent", "tagged", "feed", "budget", "described"):
            cursor.execute(f"DELETE FROM {table} WHERE tenant_id = ANY(%s)", [unused])
        cursor.execute("DELETE FROM tenant WHERE id = ANY(%s)", [unused])


def settings_of(connection: models.Connection) -> Settings:
    """Return a connection's settings."""
    return msgspec.convert(connection.settings, Settings)


def mapping_of(connection: models.Connection) -> MappingFile:
    """Return a connection's settings and mappings."""
    rows = models.Mapping.objects.filter(connection=connection).order_by("object")
    return MappingFile(
        settings=settings_of(connection),
        objects=tuple(msgspec.convert(row.definition, ObjectMapping) for row in rows),
    )


# Settings that change nothing of what a run writes.
_BESIDE = ("sweep_share", "crm_calls_percent", "journal_days", "runs_days", "brakes")


def basis(connection: models.Connection, mapping: MappingFile) -> str:
    """Return a hash of all that a person chose and that decides what a run writes: mappings, settings, switches."""
    settings = msgspec.to_builtins(mapping.settings)
    chosen = [
        {name: value for name, value in settings.items() if name not in _BESIDE},
        msgspec.to_builtins(sorted(mapping.objects, key=attrgetter("object"))),
        [connection.global_sync, connection.initial_sync],
    ]
    return blake2b(msgspec.json.encode(chosen, order="sorted"), digest_size=12).hexdigest()


@contextmanager
def locked(name: str) -> Iterator[models.Connection]:
    """Hold a connection's mapping for one change: other changes wait. Raises UserError when there is none."""
    get(name)
    with transaction.atomic():
        models.Connection.objects.select_for_update().get(name=name)
        yield get(name)


def save_settings(connection: models.Connection, settings: Settings) -> None:
    """Replace a connection's settings."""
    with locked(connection.name):
        connection.settings = msgspec.to_builtins(settings)
        connection.save(update_fields=["settings"])


def save_mapping(connection: models.Connection, mapping: MappingFile, now: datetime) -> None:
    """Replace a connection's settings and mappings."""
    with locked(connection.name):
        save_settings(connection, mapping.settings)
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
