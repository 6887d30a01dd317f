"""What a merged page leaves behind: links, shadows, offers, holds; and which sightings it settles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from crosswalk.core.mapping import Side
from crosswalk.core.system import Op
from crosswalk.core.values import Value, Values, pack
from crosswalk.core.words import kept

from .commits import recoverable
from .link_rows import LinkRow
from .staging import Stage


class Offer(msgspec.Struct, kw_only=True, gc=False):
    """A write to make on one side of a link, per field."""

    side: Side
    object: str  # the target side's object
    op: Op
    record_id: str | None
    key: str | None
    expected: Values  # what the target holds, per target field; of a create: the fields that stay empty
    intended: Values  # what it shall hold, per target field
    source: Values  # what the other side holds once this is receipted, per source field
    reasons: Mapping[str, str]  # per target field
    read_at: datetime | None  # when the target's values were asked for; None when they come from the shadow


class HoldNote(msgspec.Struct, kw_only=True, gc=False):
    """A decision that waits for a cure."""

    link_id: int | None
    side: Side  # the side that was not written
    object: str
    record_id: str
    field: str = ""  # the CRM field; empty: the whole record
    kind: str
    code: str  # of the catalogue
    reason: str
    cure: str = ""
    values: Values = {}
    fingerprint: str = ""


Forms = Mapping[str, tuple[Value, Value, str]]  # per field: what we sent, what the vendor keeps, why


class Merged(msgspec.Struct, kw_only=True, gc=False):
    """The outcome of one pair."""

    link: LinkRow  # with the shadows as they shall stand
    changed: bool  # the link's row must be written
    offers: Sequence[Offer] = ()
    holds: Sequence[HoldNote] = ()
    ended_holds: Sequence[int] = ()
    forms: Mapping[Side, Forms] = {}  # of our values, as this reading showed them
    crm_version: int | None = None  # the sightings this outcome was made from
    activecampaign_version: int | None = None
    unread: Side | None = None  # nothing was decided: this side's record must be read first


class Entry(NamedTuple):
    """One row of the journal."""

    link_id: int
    side: str
    op: str
    record_id: str
    fields: Mapping[str, tuple[Any, Any, str]]  # before, after, reason


# Seconds from an edit to its write: as far apart as people tell them apart.
LATENCY_BOUNDS = [
    1.0,
    2.0,
    5.0,
    10.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    1800.0,
    3600.0,
    7200.0,
    21600.0,
    86400.0,
]

KEPT = "kept"  # the operation of a row that says how a vendor keeps what we sent: no write, and not counted as one


class Leftover(msgspec.Struct, kw_only=True, gc=False):
    """A sighting that needs no merge, perhaps with the reason why its record does not take part."""

    side: Side
    object: str
    record_id: str
    version: int
    skipped: str | None = None
    written: bool = False  # the other side was written because of it


_LINK_COLUMNS = (
    "id",
    "connection_id",
    "object",
    "crm_id",
    "activecampaign_id",
    "key",
    "state",
    "is_primary",
    "crm_shadow",
    "activecampaign_shadow",
    "crm_unconfirmed",
    "activecampaign_unconfirmed",
    "crm_acked_at",
    "activecampaign_acked_at",
    "selected",
    "opened_at",
)
_LINK_STAGE = Stage(
    "stage_link",
    **dict(
        zip(
            _LINK_COLUMNS,
            (
                "bigint",
                "bigint",
                *["text"] * 5,
                "bool",
                *["bytea"] * 4,
                *["timestamptz"] * 2,
                "bool",
                "timestamptz",
            ),
            strict=True,
        )
    ),
)
_OUTBOX_COLUMNS = (
    "connection_id, link_id, side, object, op, record_id, key, state, expected, intended, source, reasons, read_at,"
    " crm_version, activecampaign_version, intended_at"
)
_OUTBOX_TYPES = [
    "bigint",
    "bigint",
    *["text"] * 6,
    *["bytea"] * 4,
    "timestamptz",
    "bigint",
    "bigint",
    "timestamptz",
]
_JOURNAL_TYPES = ["bigint", "bigint", "bigint", *["text"] * 3, "bytea", "timestamptz"]
_SETTLED_STAGE = Stage(
    "stage_settled",
    side="text",
    object="text",
    record_id="text",
    version="bigint",
    skipped="text",
    written="bool",
)
_HOLD_STAGE = Stage(
    "stage_hold",
    link_id="bigint",
    side="text",
    object="text",
    record_id="text",
    field="text",
    kind="text",
    code="text",
    reason="text",
    cure="text",
    said="text",
    values="bytea",
    fingerprint="text",
)


def commit_merged(
    connection_id: int,
    tenant_ids: Mapping[Side, int],
    merged: Sequence[Merged],
    leftovers: Sequence[Leftover],
    holds: Sequence[HoldNote],
    now: datetime,
    run_id: int | None,
) -> None:
    """Store the outcome of one page in one transaction.

    Sightings go when nothing was offered from them; the others wait for their receipts.
    """
    with recoverable() as cursor:
        write_links(cursor, connection_id, [item.link for item in merged if item.changed], now)
        _copy_offers(cursor, connection_id, merged, now)
        settled = [row for item in merged if not item.offers for row in _sightings(item)]
        settle_sightings(cursor, connection_id, tenant_ids, [*settled, *leftovers])
        end_holds(cursor, [hold_id for item in merged for hold_id in item.ended_holds])
        write_holds(cursor, connection_id, [*holds, *(hold for item in merged for hold in item.holds)], now)
        journal = [entry for item in merged if item.forms for entry in _kept(item)]
        write_journal(cursor, connection_id, run_id, journal, now)


def _kept(item: Merged) -> Iterable[Entry]:
    """Say in the journal how a vendor keeps what we sent."""
    for side, forms in item.forms.items():
        yield Entry(item.link.id, side.value, KEPT, item.link.record_id(side) or "", forms)


def write_journal(
    cursor: Any, connection_id: int, run_id: int | None, entries: Sequence[Entry], now: datetime
) -> None:
    """Append rows to the journal."""
    if not entries:
        return
    with cursor.copy(
        "COPY journal (connection_id, run_id, link_id, side, op, record_id, fields, at) FROM STDIN (FORMAT BINARY)"
    ) as copy:
        copy.set_types(_JOURNAL_TYPES)
        for link_id, side, op, record_id, fields in entries:
            copy.write_row(
                (connection_id, run_id, link_id, side, op, record_id, msgspec.json.encode(fields), now)
            )


def _sightings(item: Merged) -> Iterable[Leftover]:
    if item.crm_version is not None and item.link.crm_id is not None:
        yield Leftover(
            side=Side.CRM, object=item.link.object, record_id=item.link.crm_id, version=item.crm_version
        )
    if item.activecampaign_version is not None and item.link.activecampaign_id is not None:
        yield Leftover(
            side=Side.ACTIVECAMPAIGN,
            object="contact",
            record_id=item.link.activecampaign_id,
            version=item.activecampaign_version,
        )


def write_links(cursor: Any, connection_id: int, links: Sequence[LinkRow], now: datetime) -> None:
    """Insert or update links."""
    if not links:
        return
    _LINK_STAGE.fill(
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
    columns = ", ".join(_LINK_COLUMNS)
    moved = ", ".join(f"{column} = excluded.{column}" for column in _LINK_COLUMNS[2:-1])
    cursor.execute(
        f"INSERT INTO link ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM stage_link"
        f" ON CONFLICT (id) DO UPDATE SET {moved}"
    )
    if any(link.is_new for link in links):
        cursor.execute(
            "INSERT INTO link_consent (link_id, connection_id, due) SELECT id, connection_id, 0 FROM stage_link"
            " ON CONFLICT DO NOTHING"
        )


def _copy_offers(cursor: Any, connection_id: int, merged: Sequence[Merged], now: datetime) -> None:
    if not any(item.offers for item in merged):
        return
    with cursor.copy(f"COPY outbox ({_OUTBOX_COLUMNS}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(_OUTBOX_TYPES)
        for item in merged:
            for offer in item.offers:
                copy.write_row(
                    (
                        connection_id,
                        item.link.id,
                        offer.side.value,
                        offer.object,
                        offer.op.value,
                        offer.record_id,
                        offer.key,
                        "intended",
                        pack(offer.expected),
                        pack(offer.intended),
                        pack(offer.source),
                        msgspec.json.encode(offer.reasons),
                        offer.read_at,
                        item.crm_version,
                        item.activecampaign_version,
                        now,
                    )
                )


def write_holds(cursor: Any, connection_id: int, holds: Sequence[HoldNote], now: datetime) -> None:
    """Insert holds; one that stands already for the same field takes the new reason and values."""
    if not holds:
        return
    _HOLD_STAGE.fill(
        cursor,
        (
            (
                hold.link_id,
                hold.side.value,
                hold.object,
                hold.record_id,
                hold.field,
                hold.kind,
                hold.code,
                hold.reason,
                hold.cure,
                kept(hold.reason, hold.cure),
                pack(hold.values),
                hold.fingerprint,
            )
            for hold in holds
        ),
    )
    cursor.execute(
        "INSERT INTO hold (connection_id, link_id, side, object, record_id, field, kind, code, reason, cure, said,"
        " values, fingerprint, held_at) SELECT %s, h.*, %s FROM stage_hold h"
        " ON CONFLICT (connection_id, object, record_id, link_id, field) DO UPDATE SET side = excluded.side,"
        " kind = excluded.kind, code = excluded.code, reason = excluded.reason, cure = excluded.cure,"
        " said = excluded.said, values = excluded.values,"
        " fingerprint = excluded.fingerprint, held_at = excluded.held_at, chosen = NULL",
        [connection_id, now],
    )


def end_holds(cursor: Any, hold_ids: Sequence[int]) -> None:
    """Remove holds whose fields are settled."""
    if hold_ids:
        cursor.execute("DELETE FROM hold WHERE id = ANY(%s)", [list(hold_ids)])


_SETTLE = """
    DELETE FROM inbox i USING stage_settled s WHERE i.connection_id = %(connection)s AND i.side = s.side
    AND i.object = s.object AND i.record_id = s.record_id AND i.version = s.version
"""
_SETTLE_WRITTEN = f"""
    WITH settled AS ({_SETTLE} RETURNING i.edited_at, s.written),
    took AS (SELECT greatest(0, extract(epoch FROM %(now)s - edited_at))::float8 AS seconds FROM settled
             WHERE written AND edited_at IS NOT NULL)
    INSERT INTO latency AS l (connection_id, bound, count, seconds)
    SELECT %(connection)s,
           (%(bounds)s::float8[] || 'infinity'::float8)[1 + width_bucket(seconds, %(bounds)s::float8[])] AS bound,
           count(*), sum(seconds) FROM took GROUP BY 2
    ON CONFLICT (connection_id, bound) DO UPDATE SET count = l.count + excluded.count,
        seconds = l.seconds + excluded.seconds
"""


def settle_sightings(
    cursor: Any,
    connection_id: int,
    tenant_ids: Mapping[Side, int],
    rows: Sequence[Leftover],
    written_at: datetime | None = None,
) -> None:
    """Remove sightings in the version that was seen; mark those that do not take part in the directory.

    What held these records as a whole, before they had a link, is over. How long edits took that are on the other side
    at `written_at` goes into the connection's histogram.
    """
    if not rows:
        return
    _SETTLED_STAGE.fill(
        cursor,
        ((row.side.value, row.object, row.record_id, row.version, row.skipped, row.written) for row in rows),
    )
    cursor.execute(
        _SETTLE if written_at is None else _SETTLE_WRITTEN,
        {"connection": connection_id, "now": written_at, "bounds": LATENCY_BOUNDS},
    )
    cursor.execute(
        "DELETE FROM hold h USING stage_settled s WHERE h.connection_id = %s AND h.link_id IS NULL"
        " AND h.side <> s.side AND h.record_id = s.record_id"
        " AND (s.side = 'activecampaign' OR h.object = s.object)",
        [connection_id],
    )
    for side, tenant_id in tenant_ids.items():
        if any(row.skipped for row in rows if row.side is side):
            cursor.execute(
                "UPDATE directory d SET skipped = s.skipped FROM stage_settled s WHERE s.side = %s"
                " AND s.skipped IS NOT NULL AND d.tenant_id = %s AND d.object = s.object"
                " AND d.record_id = s.record_id",
                [side.value, tenant_id],
            )
