"""What a merged page leaves behind: links, shadows, offers, holds; and which sightings it settles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from crosswalk.core.mapping import Side
from crosswalk.core.system import Op
from crosswalk.core.values import Value, Values, pack

from .commits import recoverable
from .hold_rows import HoldNote, end_holds, write_holds
from .journal import KEPT, Entry, write_journal
from .link_rows import LinkRow, write_links
from .sightings import Leftover, settle_sightings


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
