"""Links as match and merge read and leave them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection as database

from crosswalk.core.mapping import Side

from .staging import Stage


class LinkRow(msgspec.Struct, gc=False):
    """A link as match and merge use it; `is_new` marks one that is not in the database yet."""

    id: int
    object: str
    crm_id: str | None
    activecampaign_id: str | None
    key: str | None
    state: str
    is_primary: bool
    crm_shadow: bytes
    activecampaign_shadow: bytes
    crm_acked_at: datetime | None
    activecampaign_acked_at: datetime | None
    crm_unconfirmed: bytes
    activecampaign_unconfirmed: bytes
    selected: bool = True  # false while the CRM record is out of the selection
    is_new: bool = False

    def record_id(self, side: Side) -> str | None:
        """Return the id of the record on `side`."""
        return self.crm_id if side is Side.CRM else self.activecampaign_id

    def shadow(self, side: Side) -> bytes:
        """Return the packed shadow of `side`."""
        return self.crm_shadow if side is Side.CRM else self.activecampaign_shadow

    def acked_at(self, side: Side) -> datetime | None:
        """Return when our last write to `side` was acknowledged."""
        return self.crm_acked_at if side is Side.CRM else self.activecampaign_acked_at

    def unconfirmed(self, side: Side) -> bytes:
        """Return the packed fields of `side` that were sent and not read since."""
        return self.crm_unconfirmed if side is Side.CRM else self.activecampaign_unconfirmed


LINK_COLUMNS = (
    "l.id, l.object, l.crm_id, l.activecampaign_id, l.key, l.state, l.is_primary, l.crm_shadow,"
    " l.activecampaign_shadow, l.crm_acked_at, l.activecampaign_acked_at, l.crm_unconfirmed,"
    " l.activecampaign_unconfirmed, l.selected"
)


def links_of(
    connection_id: int, activecampaign_tenant: int, keys: Iterable[str], contact_ids: Iterable[str]
) -> list[LinkRow]:
    """Return the links that are not closed and have one of these contacts, or one of these keys, oldest first.

    A link whose contact is known under another address by now does not count for its key.
    """
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT {LINK_COLUMNS} FROM link l WHERE l.connection_id = %(connection)s AND l.state <> 'closed'"
            " AND l.activecampaign_id = ANY(%(contacts)s)"
            f" UNION SELECT {LINK_COLUMNS} FROM link l WHERE l.connection_id = %(connection)s AND l.state <> 'closed'"
            " AND l.key = ANY(%(keys)s) AND NOT EXISTS (SELECT FROM directory d WHERE d.tenant_id = %(tenant)s"
            " AND d.object = 'contact' AND d.record_id = l.activecampaign_id AND (d.key <> l.key OR d.deleted))"
            " ORDER BY 1",
            {
                "connection": connection_id,
                "tenant": activecampaign_tenant,
                "keys": list(keys),
                "contacts": list(contact_ids),
            },
        )
        return [LinkRow(*row) for row in cursor.fetchall()]


def links_of_records(connection_id: int, crm_ids: Iterable[str]) -> dict[tuple[str, str], LinkRow]:
    """Return the links of CRM records that are not closed, by object and id."""
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT {LINK_COLUMNS} FROM link l"
            " WHERE l.connection_id = %s AND l.state <> 'closed' AND l.crm_id = ANY(%s)",
            [connection_id, list(crm_ids)],
        )
        links = [LinkRow(*row) for row in cursor.fetchall()]
        return {(link.object, str(link.crm_id)): link for link in links}


def links_by_id(link_ids: Iterable[int]) -> dict[int, LinkRow]:
    """Return links by id."""
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {LINK_COLUMNS} FROM link l WHERE l.id = ANY(%s)", [list(link_ids)])
        return {row[0]: LinkRow(*row) for row in cursor.fetchall()}


def link_of(connection_id: int, side: Side, record_id: str) -> list[LinkRow]:
    """Return the links of one record that are not closed, the primary first."""
    column = "crm_id" if side is Side.CRM else "activecampaign_id"
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT {LINK_COLUMNS} FROM link l WHERE l.connection_id = %s AND l.{column} = %s AND l.state <> 'closed'"
            " ORDER BY l.is_primary DESC, l.id",
            [connection_id, record_id],
        )
        return [LinkRow(*row) for row in cursor.fetchall()]


def unlinked(connection_id: int, contact_ids: Iterable[str]) -> list[str]:
    """Return those of the contacts that have no link, not even a closed one."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT c.id FROM unnest(%s::text[]) AS c (id) WHERE NOT EXISTS ("
            "SELECT 1 FROM link l WHERE l.connection_id = %s AND l.activecampaign_id = c.id)",
            [sorted(contact_ids), connection_id],
        )
        return [row[0] for row in cursor.fetchall()]


def new_link_ids(count: int) -> list[int]:
    """Reserve ids for new links."""
    if not count:
        return []
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('link', 'id')) FROM generate_series(1, %s)", [count]
        )
        return [row[0] for row in cursor.fetchall()]


_WRITTEN = {
    "id": "bigint",
    "connection_id": "bigint",
    "object": "text",
    "crm_id": "text",
    "activecampaign_id": "text",
    "key": "text",
    "state": "text",
    "is_primary": "bool",
    "crm_shadow": "bytea",
    "activecampaign_shadow": "bytea",
    "crm_unconfirmed": "bytea",
    "activecampaign_unconfirmed": "bytea",
    "crm_acked_at": "timestamptz",
    "activecampaign_acked_at": "timestamptz",
    "selected": "bool",
    "opened_at": "timestamptz",
}
_STAGE = Stage("stage_link", **_WRITTEN)
_MOVED = ", ".join(
    f"{column} = excluded.{column}"
    for column in _WRITTEN
    if column not in {"id", "connection_id", "opened_at"}
)
_WRITE = (
    f"INSERT INTO link ({', '.join(_WRITTEN)}) OVERRIDING SYSTEM VALUE SELECT {', '.join(_WRITTEN)} FROM stage_link"
    f" ON CONFLICT (id) DO UPDATE SET {_MOVED}"
)


def write_links(cursor: Any, connection_id: int, links: Sequence[LinkRow], now: datetime) -> None:
    """Insert or update links."""
    if not links:
        return
    _STAGE.fill(
        cursor,
        (
            (
                link.id,
                connection_id,
                link.object,
                link.crm_id,
                link.activecampaign_id,
                link.key,
                link.state,
                link.is_primary,
                link.crm_shadow,
                link.activecampaign_shadow,
                link.crm_unconfirmed,
                link.activecampaign_unconfirmed,
                link.crm_acked_at,
                link.activecampaign_acked_at,
                link.selected,
                now,
            )
            for link in links
        ),
    )
    cursor.execute(_WRITE)
    if any(link.is_new for link in links):
        cursor.execute(
            "INSERT INTO link_consent (link_id, connection_id, due) SELECT id, connection_id, 0 FROM stage_link"
            " ON CONFLICT DO NOTHING"
        )
