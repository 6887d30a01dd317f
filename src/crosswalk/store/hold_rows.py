"""Holds as match and merge read and leave them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection as database

from crosswalk.core.mapping import Side
from crosswalk.core.values import Values, pack
from crosswalk.core.words import kept

from .staging import Stage

UNFIT_DEFAULT = "unfit_default"  # the kind of a hold that no record has
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


class HoldRow(msgspec.Struct, gc=False):
    """A hold as merge uses it."""

    id: int
    link_id: int
    field: str
    kind: str
    values: bytes
    fingerprint: str
    chosen: bytes | None  # what a person chose for each side


def holds_of(link_ids: Iterable[int]) -> dict[int, dict[str, HoldRow]]:
    """Return the holds of these links, by link and CRM field (empty text: the whole record)."""
    found: dict[int, dict[str, HoldRow]] = defaultdict(dict)
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT id, link_id, field, kind, values, fingerprint, chosen FROM hold WHERE link_id = ANY(%s)",
            [list(link_ids)],
        )
        for row in cursor.fetchall():
            found[row[1]][row[2]] = HoldRow(*row)
    return found


class HeldLink(msgspec.Struct, frozen=True, gc=False):
    """A hold of a link, with the ids of the link's records; or of a default for new records, which has none."""

    id: int
    kind: str
    side: str
    object: str
    field: str
    values: bytes
    fingerprint: str
    crm_id: str | None
    activecampaign_id: str | None


def held(connection_id: int) -> list[HeldLink]:
    """Return all holds of a connection's links, and of its defaults for new records."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT h.id, h.kind, h.side, h.object, h.field, h.values, h.fingerprint, l.crm_id, l.activecampaign_id"
            " FROM hold h LEFT JOIN link l ON l.id = h.link_id WHERE h.connection_id = %s"
            " AND (h.link_id IS NOT NULL OR h.kind = %s)",
            [connection_id, UNFIT_DEFAULT],
        )
        return [HeldLink(*row) for row in cursor.fetchall()]


def forget_holds(hold_ids: Sequence[int]) -> None:
    """Remove holds of fields that are no longer mapped."""
    if hold_ids:
        with database.cursor() as cursor:
            cursor.execute("DELETE FROM hold WHERE id = ANY(%s)", [list(hold_ids)])


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
