"""Verify's tables: both sides as just read, joined with the links page by page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection as database

from crosswalk.core.mapping import Side
from crosswalk.core.system import Record
from crosswalk.core.values import pack

_PAGE = 2000
_COLUMNS = "side, object, record_id, key, packed, stamp, created, standing"
_TYPES = ["text", "text", "text", "text", "bytea", "timestamptz", "timestamptz", "text"]


class Audited(msgspec.Struct, frozen=True, gc=False):
    """One record as read for verify."""

    record_id: str
    key: str | None
    packed: bytes
    created: datetime | None
    standing: str | None  # its consent, where it was read
    unsettled: bool  # changed after the cursor, or still waiting in the inbox or outbox


class AuditedLink(msgspec.Struct, frozen=True, gc=False):
    """One link with both records as read."""

    link_id: int
    object: str
    crm_id: str | None
    activecampaign_id: str | None
    state: str
    is_primary: bool
    crm_shadow: bytes
    activecampaign_shadow: bytes
    selected: bool
    crm: Audited | None
    activecampaign: Audited | None


class AuditedRecord(msgspec.Struct, frozen=True, gc=False):
    """A CRM record without a link."""

    object: str
    record: Audited
    skipped: str | None


def begin() -> None:
    """Make room for both sides' records in this session."""
    with database.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS audit; CREATE TEMP TABLE audit (side text, object text, record_id text, key text,"
            " packed bytea, stamp timestamptz, created timestamptz, standing text)"
        )


def add(side: Side, object: str, records: Iterable[Record]) -> None:
    """Add a page of live records."""
    command = f"COPY audit ({_COLUMNS}) FROM STDIN (FORMAT BINARY)"
    with database.cursor() as cursor, cursor.copy(command) as copy:
        copy.set_types(_TYPES)
        for record in records:
            if not record.deleted:
                values = pack(record.values)
                standing = record.consent.standing.value if record.consent else None
                copy.write_row(
                    (
                        side.value,
                        object,
                        record.id,
                        record.key,
                        values,
                        record.stamp,
                        record.created,
                        standing,
                    )
                )


def index() -> None:
    """Make the pages quick to join; call it when all records are added."""
    with database.cursor() as cursor:
        cursor.execute("CREATE INDEX ON audit (side, object, record_id); ANALYZE audit")


def end() -> None:
    """Forget the records."""
    with database.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS audit")


def _unsettled(alias: str) -> str:
    """SQL: whether the record differs from what its feed last showed, or waits for a run with what it showed.

    A sighting without values only asks: verify itself may have left it.
    """
    return (
        f"({alias}.stamp IS DISTINCT FROM (SELECT d.stamp FROM directory d WHERE d.tenant_id = %({alias}_tenant)s"
        f" AND d.object = {alias}.object AND d.record_id = {alias}.record_id)"
        f" OR EXISTS (SELECT 1 FROM inbox i WHERE i.connection_id = %(connection)s AND i.side = {alias}.side"
        f" AND i.object = {alias}.object AND i.record_id = {alias}.record_id AND NOT i.to_fetch))"
    )


def _audited(alias: str) -> str:
    return f"{alias}.record_id, {alias}.key, {alias}.packed, {alias}.created, {alias}.standing, {_unsettled(alias)}"


_LINKS = f"""
    SELECT l.id, l.object, l.crm_id, l.activecampaign_id, l.state, l.is_primary, l.crm_shadow,
           l.activecampaign_shadow, l.selected, {_audited("c")}, {_audited("a")}
    FROM link l
    LEFT JOIN audit c ON c.side = 'crm' AND c.object = l.object AND c.record_id = l.crm_id
    LEFT JOIN audit a ON a.side = 'activecampaign' AND a.object = 'contact' AND a.record_id = l.activecampaign_id
    WHERE l.connection_id = %(connection)s AND l.state <> 'closed' AND l.id > %(after)s ORDER BY l.id LIMIT {_PAGE}
"""
_STRANGERS = f"""
    SELECT c.object, {_audited("c")}, d.skipped FROM audit c
    LEFT JOIN directory d ON d.tenant_id = %(c_tenant)s AND d.object = c.object AND d.record_id = c.record_id
    WHERE c.side = 'crm' AND (c.object, c.record_id) > (%(object)s, %(record_id)s) AND NOT EXISTS (
        SELECT 1 FROM link l WHERE l.connection_id = %(connection)s AND l.object = c.object
        AND l.crm_id = c.record_id AND l.state <> 'closed')
    ORDER BY c.object, c.record_id LIMIT {_PAGE}
"""
_WIDTH = 6  # columns of a record
_HEAD = 9  # columns of a link


def _record(row: tuple[Any, ...]) -> Audited | None:
    return Audited(*row) if row[0] is not None else None


def link_pages(
    connection_id: int, crm_tenant: int, activecampaign_tenant: int
) -> Iterator[list[AuditedLink]]:
    """Yield all links that are not closed, with both records as read."""
    parameters: dict[str, Any] = {
        "connection": connection_id,
        "c_tenant": crm_tenant,
        "a_tenant": activecampaign_tenant,
        "after": 0,
    }
    while True:
        with database.cursor() as cursor:
            cursor.execute(_LINKS, parameters)
            rows = cursor.fetchall()
        if not rows:
            return
        yield [
            AuditedLink(*row[:_HEAD], *map(_record, (row[_HEAD : _HEAD + _WIDTH], row[_HEAD + _WIDTH :])))
            for row in rows
        ]
        parameters["after"] = rows[-1][0]


def stranger_pages(connection_id: int, crm_tenant: int) -> Iterator[list[AuditedRecord]]:
    """Yield all CRM records without a link."""
    parameters: dict[str, Any] = {
        "connection": connection_id,
        "c_tenant": crm_tenant,
        "object": "",
        "record_id": "",
    }
    while True:
        with database.cursor() as cursor:
            cursor.execute(_STRANGERS, parameters)
            rows = cursor.fetchall()
        if not rows:
            return
        yield [AuditedRecord(row[0], Audited(*row[1 : 1 + _WIDTH]), row[-1]) for row in rows]
        parameters |= {"object": rows[-1][0], "record_id": rows[-1][1]}
