"""Consent: what records said last about mail to their persons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core.consent import Consent, Place
from crosswalk.core.mapping import Side
from crosswalk.core.system import Record

from .feeds import move
from .models import Feed
from .staging import Stage

Reading = tuple[datetime, Sequence[Record]]  # when it was asked for, and what it showed

_READ = Stage(
    "stage_consent",
    record_id="text",
    standing="text",
    wording="text",
    marks="text",
    detail="bytea",
    read_at="timestamptz",
)

# A reading that was asked for before the last one, or before our own write was acknowledged, says nothing.
_TAKE = """
    WITH news AS (
        SELECT s.*, c.standing IS DISTINCT FROM s.standing AS turned FROM stage_consent s
        LEFT JOIN LATERAL (SELECT * FROM consent WHERE tenant_id = %(tenant)s AND object = %(object)s
                           AND record_id = s.record_id OFFSET 0) c ON true
        WHERE c.record_id IS NULL OR (c.read_at <= s.read_at AND ((%(ours)s AND NOT c.ours)
              OR (c.standing, c.wording, c.marks) IS DISTINCT FROM (s.standing, s.wording, s.marks)))
    ), kept AS (
        INSERT INTO consent (tenant_id, object, record_id, standing, wording, marks, detail, ours, read_at)
        SELECT %(tenant)s, %(object)s, record_id, standing, wording, marks, detail, %(ours)s, read_at FROM news
        ON CONFLICT (tenant_id, object, record_id) DO UPDATE SET standing = excluded.standing,
            wording = excluded.wording, marks = excluded.marks, detail = excluded.detail, read_at = excluded.read_at,
            ours = excluded.ours OR (consent.ours AND consent.standing = excluded.standing)
        WHERE consent.read_at <= excluded.read_at
    )
    UPDATE link_consent d SET due = nextval('inbox_version') FROM news n CROSS JOIN LATERAL (
        SELECT l.id FROM connection k JOIN link l ON l.connection_id = k.id AND l.{side}_id = n.record_id
        AND l.state <> 'closed' {of_object} WHERE k.{side}_id = %(tenant)s OFFSET 0) l
    WHERE (n.turned OR %(ours)s) AND d.link_id = l.id
"""
_TAKES = {
    Side.CRM: _TAKE.format(side="crm", of_object="AND l.object = %(object)s"),
    Side.ACTIVECAMPAIGN: _TAKE.format(side="activecampaign", of_object=""),
}


class Detail(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The evidence of a standing."""

    places: tuple[Place, ...] = ()
    by: str | None = None


_detail = msgspec.json.Decoder(Detail)


def read_detail(packed: bytes | memoryview | None) -> Detail:
    """Decode a row's evidence."""
    return _detail.decode(packed) if packed else Detail()


def pack_detail(consent: Consent) -> bytes:
    """Encode a consent's evidence."""
    return msgspec.json.encode(Detail(places=consent.places, by=consent.by))


def row_of(record_id: str, consent: Consent, read_at: datetime) -> tuple[Any, ...]:
    """Return what is stored of one record."""
    wording = "; ".join(f"{place.where}: {place.state}" for place in consent.places)
    return record_id, consent.standing.value, wording, " ".join(consent.marks), pack_detail(consent), read_at


def take(cursor: Any, tenant_id: int, side: Side, object: str, read: Iterable[Reading]) -> None:
    """Note what records say, inside a transaction; links whose side turned are to be looked at."""
    told = {
        each.id: row_of(each.id, each.consent, read_at)
        for read_at, records in read
        for each in records
        if each.consent is not None
    }
    if told:
        store(cursor, tenant_id, side, object, told.values(), ours=False)


def store(
    cursor: Any,
    tenant_id: int,
    side: Side,
    object: str,
    rows: Iterable[Sequence[Any]],
    *,
    ours: bool,
) -> None:
    """Note rows of `row_of`; `ours` says that a write of ours made it so."""
    # Readings of two connections may meet at the same rows, in different orders.
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext('consent'), %s)", [tenant_id])
    _READ.fill(cursor, rows)
    parameters: dict[str, Any] = {
        "tenant": tenant_id,
        "object": object,
        "ours": ours,
    }
    cursor.execute(_TAKES[side], parameters)


def take_page(
    feed: Feed,
    side: Side,
    object: str,
    records: Sequence[Record],
    requested_at: datetime,
    cursor_text: str | None,
    now: datetime,
) -> None:
    """Store one page of a reading of consents, with where it goes on."""
    with transaction.atomic(), database.cursor() as cursor:
        take(cursor, feed.tenant_id, side, object, [(requested_at, records)])
        feed.cursor, feed.read_at = cursor_text, now
        move(feed)


def take_read(tenant_id: int, side: Side, object: str, records: Sequence[Record], read_at: datetime) -> None:
    """Note what records say that were read for their consent alone, and when, also where it is as before."""
    with transaction.atomic(), database.cursor() as cursor:
        take(cursor, tenant_id, side, object, [(read_at, records)])
        cursor.execute(
            "UPDATE consent SET read_at = %s WHERE tenant_id = %s AND object = %s AND record_id = ANY(%s)"
            " AND read_at < %s",
            [read_at, tenant_id, object, [each.id for each in records if each.consent], read_at],
        )


def opted_out(tenant_id: int, object: str, record_ids: Sequence[str]) -> set[str]:
    """Return which of these records said last that their person opted out."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT record_id FROM consent WHERE tenant_id = %s AND object = %s AND record_id = ANY(%s)"
            " AND standing = 'out'",
            [tenant_id, object, list(record_ids)],
        )
        return {row[0] for row in cursor.fetchall()}


class Known:
    """What is known of a tenant's live records by their marks; see `core.system.KnownConsents`."""

    def __init__(self, tenant_id: int, object: str) -> None:
        self._of: list[Any] = [tenant_id, object]

    def count(self, mark: str) -> int:
        (row,) = self._select("count(*)", "%s = ANY(string_to_array(c.marks, ' '))", [mark])
        return int(row[0])

    def others(self, marks: Sequence[str], seen: Sequence[str]) -> list[str]:
        among = (
            "string_to_array(c.marks, ' ') && %s::text[]"
            " AND NOT EXISTS (SELECT FROM unnest(%s::text[]) AS s (id) WHERE s.id = c.record_id)"
        )
        return [row[0] for row in self._select("c.record_id", among, [list(marks), list(seen)])]

    def _select(self, what: str, where: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        with database.cursor() as cursor:
            cursor.execute(
                f"SELECT {what} FROM consent c JOIN directory d ON d.tenant_id = c.tenant_id"
                " AND d.object = c.object AND d.record_id = c.record_id AND NOT d.deleted"
                f" WHERE c.tenant_id = %s AND c.object = %s AND {where}",
                [*self._of, *parameters],
            )
            return list(cursor.fetchall())
