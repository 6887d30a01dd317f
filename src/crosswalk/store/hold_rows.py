"""Holds as match and merge read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec
from django.db import connection as database

UNFIT_DEFAULT = "unfit_default"  # the kind of a hold that no record has


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
