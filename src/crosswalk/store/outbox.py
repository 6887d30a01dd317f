"""Writes between intent and receipt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core.mapping import Side

from .commits import recoverable
from .hold_rows import HoldNote, end_holds, write_holds
from .journal import KEPT, Entry, write_journal
from .link_rows import LinkRow, write_links
from .outcomes import Forms
from .sightings import Leftover, settle_sightings


class OutboxRow(msgspec.Struct, frozen=True, gc=False):
    """One write intended and not yet receipted."""

    id: int
    link_id: int
    side: str
    object: str
    op: str
    record_id: str | None
    key: str | None
    state: str
    batch_id: str | None
    expected: bytes
    intended: bytes
    source: bytes
    reasons: bytes
    read_at: datetime | None
    crm_version: int | None
    activecampaign_version: int | None
    intended_at: datetime


class Settlement(msgspec.Struct, kw_only=True, gc=False):
    """A receipted write: its row, the link as it stands now, and what the journal will say."""

    row: OutboxRow
    link: LinkRow
    record_id: str
    fields: Mapping[str, tuple[Any, Any, str]]  # per target field: before, after, reason
    forms: Forms = {}  # of our values, as the vendor keeps them
    ended_holds: Sequence[int] = ()
    new_key: str | None = None  # the target's address, when this write changed it


_COLUMNS = (
    "id, link_id, side, object, op, record_id, key, state, batch_id, expected, intended, source, reasons, read_at,"
    " crm_version, activecampaign_version, intended_at"
)


def _rows(where: str, parameters: Sequence[Any]) -> list[OutboxRow]:
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {_COLUMNS} FROM outbox WHERE {where}", parameters)
        return [OutboxRow(*row) for row in cursor.fetchall()]


def intended(connection_id: int, side: Side, op: str, lane: int, after: int, limit: int) -> list[OutboxRow]:
    """Return writes of a lane later than row `after` that nobody tried to send yet, oldest first."""
    return _rows(
        "connection_id = %s AND side = %s AND op = %s AND lane = %s AND id > %s AND state = 'intended'"
        " ORDER BY id LIMIT %s",
        [connection_id, side.value, op, lane, after, limit],
    )


def sample(connection_id: int, side: Side, op: str, limit: int) -> list[OutboxRow]:
    """Return the first writes that are intended, of whatever lane."""
    return _rows(
        "connection_id = %s AND side = %s AND op = %s AND state = 'intended' ORDER BY id LIMIT %s",
        [connection_id, side.value, op, limit],
    )


def in_doubt(connection_id: int) -> list[OutboxRow]:
    """Return writes that were about to go out when a run ended."""
    return _rows("connection_id = %s AND state = 'sending' ORDER BY id", [connection_id])


def sent_batches(connection_id: int) -> list[str]:
    """Return the asynchronous batches whose writes are queued at the vendor."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT batch_id FROM outbox WHERE connection_id = %s AND state = 'sent' ORDER BY 1",
            [connection_id],
        )
        return [batch_id for (batch_id,) in cursor.fetchall()]


def sent_in(connection_id: int, batch_ids: Sequence[str], after: int, limit: int) -> list[OutboxRow]:
    """Return queued writes of these batches later than row `after`, oldest first."""
    if not batch_ids:
        return []
    return _rows(
        "connection_id = %s AND id > %s AND state = 'sent' AND batch_id = ANY(%s) ORDER BY id LIMIT %s",
        [connection_id, after, list(batch_ids), limit],
    )


def is_empty(connection_id: int) -> bool:
    """Tell whether no write waits, whatever its state."""
    with database.cursor() as cursor:
        cursor.execute("SELECT NOT EXISTS (SELECT FROM outbox WHERE connection_id = %s)", [connection_id])
        (empty,) = cursor.fetchone()
        return bool(empty)


def counts(connection_id: int) -> dict[tuple[str, str], int]:
    """Return the number of intended writes by side and operation."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT side, op, count(*) FROM outbox WHERE connection_id = %s AND state = 'intended' GROUP BY 1, 2"
            " ORDER BY 1, 2",
            [connection_id],
        )
        return {(side, op): count for side, op, count in cursor.fetchall()}


def with_versions(row: OutboxRow, crm: int | None, activecampaign: int | None) -> OutboxRow:
    """Return the row with other sightings to settle when it is receipted."""
    return msgspec.structs.replace(row, crm_version=crm, activecampaign_version=activecampaign)


def drop_taken_creates(tenant_id: int, rows: Sequence[OutboxRow]) -> set[int]:
    """Drop those of the creates whose e-mail has appeared since; return them. They are matched anew."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT key FROM directory WHERE tenant_id = %s AND object = 'contact' AND key = ANY(%s)"
            " AND NOT deleted",
            [tenant_id, [row.key for row in rows if row.key]],
        )
        keys = {key for (key,) in cursor.fetchall()}
    taken = [row.id for row in rows if row.key in keys]
    drop(taken)
    return set(taken)


def mark_sending(row_ids: Iterable[int], now: datetime) -> None:
    """Say that these writes are about to go out; committed before the call."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(
            "UPDATE outbox SET state = 'sending', sent_at = %s WHERE id = ANY(%s)", [now, list(row_ids)]
        )


def mark_again(row_ids: Sequence[int]) -> None:
    """Say that these writes certainly did not happen and may be tried again."""
    if row_ids:
        with database.cursor() as cursor:
            cursor.execute("UPDATE outbox SET state = 'intended' WHERE id = ANY(%s)", [list(row_ids)])


def mark_sent(batches: Mapping[int, str]) -> None:
    """Say in which asynchronous batch these writes were accepted."""
    if not batches:
        return
    rows: dict[str, list[int]] = {}
    for row_id, batch_id in batches.items():
        rows.setdefault(batch_id, []).append(row_id)
    with recoverable() as cursor:
        for batch_id, row_ids in rows.items():
            cursor.execute(
                "UPDATE outbox SET state = 'sent', batch_id = %s WHERE id = ANY(%s)", [batch_id, row_ids]
            )


def drop(row_ids: Sequence[int]) -> None:
    """Forget writes that did not happen; their sightings wait for a new match.

    A pending link that only a dropped create stood for goes too.
    """
    if not row_ids:
        return
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute("DELETE FROM outbox WHERE id = ANY(%s) RETURNING link_id, op", [list(row_ids)])
        rows = cursor.fetchall()
        _keep_sightings(cursor, [link_id for link_id, _ in rows])
        _forget_pending(cursor, [link_id for link_id, op in rows if op == "create"])


def _keep_sightings(cursor: Any, link_ids: Sequence[int]) -> None:
    """Give the sightings of these links a new version: the receipt of the link's other write does not settle them."""
    for side, same in (
        ("crm", "i.object = l.object AND i.record_id = l.crm_id"),
        ("activecampaign", "i.object = 'contact' AND i.record_id = l.activecampaign_id"),
    ):
        cursor.execute(
            "UPDATE inbox i SET version = nextval('inbox_version') FROM link l WHERE l.id = ANY(%s)"
            f" AND i.connection_id = l.connection_id AND i.side = %s AND {same}",
            [list(link_ids), side],
        )


def drop_intended(connection_id: int) -> None:
    """Forget all writes that nobody tried to send; their sightings are still in the inbox."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM outbox WHERE connection_id = %s AND state = 'intended'", [connection_id]
        )
        drop([row[0] for row in cursor.fetchall()])


def _forget_pending(cursor: Any, link_ids: Sequence[int]) -> None:
    """Remove pending links without a hold; the others that wait for the same contact are matched anew."""
    cursor.execute(
        "DELETE FROM link l WHERE l.id = ANY(%s) AND l.state = 'pending'"
        " AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.link_id = l.id)",
        [list(link_ids)],
    )


def open_of(link_ids: Iterable[int]) -> list[tuple[int, int]]:
    """Return the writes of these links that are not receipted, as (row id, link id)."""
    with database.cursor() as cursor:
        cursor.execute("SELECT id, link_id FROM outbox WHERE link_id = ANY(%s)", [list(link_ids)])
        return [(row_id, link_id) for row_id, link_id in cursor.fetchall()]


def commit_receipts(
    connection_id: int,
    run_id: int,
    tenant_ids: Mapping[Side, int],
    settlements: Sequence[Settlement],
    now: datetime,
) -> None:
    """Store receipts in one transaction: links with shadows, journal; outbox rows and their sightings go.

    A sighting goes only in the version from which the offers were made, and when no other write of the link is open.
    """
    if not settlements:
        return
    with recoverable() as cursor:
        write_links(
            cursor, connection_id, list({item.link.id: item.link for item in settlements}.values()), now
        )
        entries = [entry for item in settlements for entry in _entries(item)]
        write_journal(cursor, connection_id, run_id, entries, now)
        _note_addresses(cursor, tenant_ids, settlements)
        cursor.execute("DELETE FROM outbox WHERE id = ANY(%s)", [[item.row.id for item in settlements]])
        end_holds(cursor, [hold for item in settlements for hold in item.ended_holds])
        still_open = {link_id for _, link_id in open_of(item.link.id for item in settlements)}
        done = [item for item in settlements if item.link.id not in still_open]
        settle_sightings(
            cursor, connection_id, tenant_ids, [row for item in done for row in _sightings(item)], now
        )
        _open_siblings(cursor, connection_id, [item.link for item in settlements if item.row.op == "create"])


def _sightings(item: Settlement) -> Iterable[Leftover]:
    row, link = item.row, item.link
    if row.crm_version is not None and link.crm_id is not None:
        yield Leftover(
            side=Side.CRM,
            object=link.object,
            record_id=link.crm_id,
            version=row.crm_version,
            written=row.side == Side.ACTIVECAMPAIGN,
        )
    if row.activecampaign_version is not None and link.activecampaign_id is not None:
        yield Leftover(
            side=Side.ACTIVECAMPAIGN,
            object="contact",
            record_id=link.activecampaign_id,
            version=row.activecampaign_version,
            written=row.side == Side.CRM,
        )


def _entries(item: Settlement) -> Iterable[Entry]:
    """Say in the journal what was written, and how the vendor keeps it where that is another form."""
    row = item.row
    yield Entry(row.link_id, row.side, row.op, item.record_id, item.fields)
    if item.forms:
        yield Entry(row.link_id, row.side, KEPT, item.record_id, item.forms)


def _note_addresses(cursor: Any, tenant_ids: Mapping[Side, int], settlements: Sequence[Settlement]) -> None:
    """Let the directory know of addresses that we changed, before the feed shows them."""
    moved = [item for item in settlements if item.new_key is not None]
    if moved:
        cursor.execute(
            "UPDATE directory d SET key = m.key FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[])"
            " AS m (tenant_id, object, record_id, key) WHERE d.tenant_id = m.tenant_id AND d.object = m.object"
            " AND d.record_id = m.record_id",
            [
                [tenant_ids[Side(item.row.side)] for item in moved],
                [item.row.object for item in moved],
                [item.record_id for item in moved],
                [item.new_key for item in moved],
            ],
        )


def _open_siblings(cursor: Any, connection_id: int, created: Sequence[LinkRow]) -> None:
    """Give the links that waited for a contact its id."""
    contacts = {link.key: link.activecampaign_id for link in created if link.key and link.activecampaign_id}
    if contacts:
        cursor.execute(
            "UPDATE link SET activecampaign_id = c.id, state = 'open'"
            " FROM unnest(%s::text[], %s::text[]) AS c (key, id) WHERE link.connection_id = %s"
            " AND link.state = 'pending' AND link.activecampaign_id IS NULL AND link.key = c.key"
            " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.link_id = link.id)",
            [list(contacts), list(contacts.values()), connection_id],
        )


def refuse(connection_id: int, row_ids: Sequence[int], holds: Sequence[HoldNote], now: datetime) -> None:
    """Hold what a system refused; the rest of the record is matched again from its sightings."""
    with transaction.atomic(), database.cursor() as cursor:
        write_holds(cursor, connection_id, holds, now)
        cursor.execute("DELETE FROM outbox WHERE id = ANY(%s) RETURNING link_id", [list(row_ids)])
        _keep_sightings(cursor, [row[0] for row in cursor.fetchall()])
