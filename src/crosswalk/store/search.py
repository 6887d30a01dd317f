"""Looking for records by e-mail address, by its beginning, or by an id of either side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import connection as database

from crosswalk.core.mapping import Side

from .models import Connection


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A record that a feed showed."""

    side: Side
    object: str
    record_id: str
    key: str | None
    skipped: str | None  # why it takes no part
    deleted: bool
    successor: str | None  # object and id of what it became


class Tied(msgspec.Struct, frozen=True, kw_only=True):
    """A link, with how much of it is held and whether something of it waits for the next run."""

    id: int
    object: str
    crm_id: str | None
    activecampaign_id: str | None
    key: str | None
    state: str
    closed_reason: str | None
    is_primary: bool
    selected: bool
    held: int
    waits: bool


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Links and records without link, by key; `after` is where the next page begins, if there is one."""

    links: Sequence[Tied]
    records: Sequence[Known]
    after: str | None = None


_COLUMNS = "object, record_id, key, skipped, deleted, successor"
# Patterns and order are byte by byte, as the index is, whatever language the database speaks.
_BY_KEY = f"""
    (SELECT 'crm' AS side, {_COLUMNS} FROM directory WHERE tenant_id = %(crm)s AND key LIKE %(like)s
       AND key ~>~ %(after)s ORDER BY key USING ~<~ LIMIT %(limit)s)
    UNION ALL
    (SELECT 'activecampaign', {_COLUMNS} FROM directory WHERE tenant_id = %(activecampaign)s AND key LIKE %(like)s
       AND key ~>~ %(after)s ORDER BY key USING ~<~ LIMIT %(limit)s)
"""
_BY_ID = f"""
    SELECT side, {_COLUMNS} FROM (VALUES ('crm', %(crm)s::bigint, 'lead'), ('crm', %(crm)s, 'contact'),
        ('activecampaign', %(activecampaign)s, 'contact')) AS place (side, tenant, of)
    JOIN directory ON tenant_id = tenant AND object = of AND record_id = %(id)s
"""
_TIED = """
    SELECT l.id, l.object, l.crm_id, l.activecampaign_id, l.key, l.state, l.closed_reason, l.is_primary, l.selected,
        (SELECT count(*) FROM hold h WHERE h.link_id = l.id),
        EXISTS (SELECT FROM inbox i WHERE i.connection_id = l.connection_id AND i.side = 'crm' AND i.object = l.object
                AND i.record_id = l.crm_id)
        OR EXISTS (SELECT FROM inbox i WHERE i.connection_id = l.connection_id AND i.side = 'activecampaign'
                   AND i.object = 'contact' AND i.record_id = l.activecampaign_id)
        OR EXISTS (SELECT FROM outbox o WHERE o.link_id = l.id)
    FROM link l WHERE l.connection_id = %s AND l.state <> 'closed'
        AND (l.crm_id = ANY(%s) OR l.activecampaign_id = ANY(%s))
    ORDER BY l.key, l.id
"""


def by_key(connection: Connection, beginning: str, *, after: str = "", limit: int = 50) -> Found:
    """Return what has an e-mail address that begins so: the first `limit` addresses behind `after`."""
    plain = beginning.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    parameters = {**_tenants(connection), "like": f"{plain}%", "after": after, "limit": 2 * limit + 1}
    rows = _known(_BY_KEY, parameters)
    ends = [last.key for side in Side if (last := _cut(rows, side, parameters["limit"])) is not None]
    keys = sorted({row.key or "" for row in rows}, key=str.encode)
    whole = [key for key in keys if all(key.encode() <= (end or "").encode() for end in ends)]
    page = set(whole[:limit])
    found = _joined(connection, [row for row in rows if row.key in page])
    more = len(whole) > limit or len(whole) < len(keys) or bool(ends)
    return msgspec.structs.replace(found, after=whole[:limit][-1] if more and whole else None)


def _cut(rows: Sequence[Known], side: Side, limit: int) -> Known | None:
    """Return a side's last row where it has more than were asked for."""
    of_side = [row for row in rows if row.side is side]
    return of_side[-1] if len(of_side) >= limit else None


def by_id(connection: Connection, record_id: str) -> Found:
    """Return what has this id on either side."""
    rows = _known(_BY_ID, {**_tenants(connection), "id": record_id})
    return _joined(connection, rows, record_id)


def _tenants(connection: Connection) -> dict[str, Any]:
    return {"crm": connection.crm_id, "activecampaign": connection.activecampaign_id}


def _known(statement: str, parameters: dict[str, Any]) -> list[Known]:
    with database.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [
            Known(**dict(zip(Known.__struct_fields__, (Side(side), *row), strict=True)))
            for side, *row in cursor.fetchall()
        ]


def _joined(connection: Connection, records: Sequence[Known], record_id: str | None = None) -> Found:
    """Return the links of records, and the records that have none."""
    ids = {side: [each.record_id for each in records if each.side is side] for side in Side}
    more = [record_id] if record_id else []
    links = _tied(connection.id, ids[Side.CRM] + more, ids[Side.ACTIVECAMPAIGN] + more)
    linked = {(Side.CRM, each.object, each.crm_id) for each in links}
    linked |= {(Side.ACTIVECAMPAIGN, "contact", each.activecampaign_id) for each in links}
    free = [each for each in records if (each.side, each.object, each.record_id) not in linked]
    return Found(links=links, records=sorted(free, key=lambda each: (each.key or "", each.record_id)))


def _tied(connection_id: int, crm_ids: list[str], contact_ids: list[str]) -> list[Tied]:
    if not crm_ids and not contact_ids:
        return []
    with database.cursor() as cursor:
        cursor.execute(_TIED, [connection_id, crm_ids, contact_ids])
        return [Tied(**dict(zip(Tied.__struct_fields__, row, strict=True))) for row in cursor.fetchall()]


def tied(connection: Connection, side: Side, record_id: str) -> list[Tied]:
    """Return the links of one record that are not closed."""
    ids = {each: [record_id] if each is side else [] for each in Side}
    return _tied(connection.id, ids[Side.CRM], ids[Side.ACTIVECAMPAIGN])
