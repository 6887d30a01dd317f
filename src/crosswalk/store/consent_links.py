"""Links whose consent must be looked at, their shadows, and the evidence that is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core.mapping import Side

from .consents import read_detail
from .staging import Stage

_MOVED = Stage("stage_consent_moved", link_id="bigint", due="bigint", crm="text", activecampaign="text")


class SideConsent(msgspec.Struct, frozen=True, gc=False):
    """What one side of a link said last; without standing, nothing was ever read."""

    standing: str | None
    detail: bytes | None
    ours: bool | None
    read_at: datetime | None  # when what it says was asked for, or last confirmed by a reading of its own


class DueLink(msgspec.Struct, frozen=True, gc=False):
    """One link of a contact of which at least one link is to be looked at."""

    id: int
    object: str
    crm_id: str
    activecampaign_id: str
    due: int | None
    crm_shadow: str | None
    activecampaign_shadow: str | None
    crm: SideConsent
    activecampaign: SideConsent
    moves: bool  # the CRM record was merged or converted: the link is about to go with it

    def side(self, side: Side) -> SideConsent:
        """Return what one side said last."""
        return self.crm if side is Side.CRM else self.activecampaign

    def shadow(self, side: Side) -> str | None:
        """Return what one side said when the link was settled."""
        return self.crm_shadow if side is Side.CRM else self.activecampaign_shadow

    def record(self, side: Side) -> tuple[str, str]:
        """Return object and id of one side's record."""
        return (self.object, self.crm_id) if side is Side.CRM else ("contact", self.activecampaign_id)


_DUE = """
    SELECT l.id, l.object, l.crm_id, l.activecampaign_id, d.due, d.crm, d.activecampaign,
           c.standing, c.detail, c.ours, c.read_at, a.standing, a.detail, a.ours, a.read_at,
           EXISTS (SELECT FROM directory r WHERE r.tenant_id = %(crm)s AND r.object = l.object
                   AND r.record_id = l.crm_id AND r.successor IS NOT NULL)
    FROM (SELECT DISTINCT activecampaign_id AS id FROM link WHERE id = ANY(%(links)s) AND state = 'open'
          AND crm_id IS NOT NULL AND object = ANY(%(objects)s)) p
    CROSS JOIN LATERAL (SELECT * FROM link WHERE connection_id = %(connection)s AND activecampaign_id = p.id
                        AND state = 'open' AND crm_id IS NOT NULL AND object = ANY(%(objects)s) OFFSET 0) l
    CROSS JOIN LATERAL (SELECT * FROM link_consent WHERE link_id = l.id OFFSET 0) d
    LEFT JOIN LATERAL (SELECT * FROM consent WHERE tenant_id = %(crm)s AND object = l.object
                       AND record_id = l.crm_id OFFSET 0) c ON true
    LEFT JOIN LATERAL (SELECT * FROM consent WHERE tenant_id = %(activecampaign)s AND object = 'contact'
                       AND record_id = l.activecampaign_id OFFSET 0) a ON true
    ORDER BY l.activecampaign_id, l.id
"""


def due_ids(connection_id: int, after: int, limit: int) -> list[int]:
    """Return the next links to be looked at, in order; some of them may be closed, or not open yet."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT link_id FROM link_consent WHERE connection_id = %s AND due IS NOT NULL AND link_id > %s"
            " ORDER BY link_id LIMIT %s",
            [connection_id, after, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def due(
    connection_id: int, tenants: Mapping[Side, int], objects: Sequence[str], link_ids: Sequence[int]
) -> list[DueLink]:
    """Return all open links of the contacts of these links, contact by contact."""
    parameters: dict[str, Any] = {
        "connection": connection_id,
        "objects": list(objects),
        "links": list(link_ids),
        "crm": tenants[Side.CRM],
        "activecampaign": tenants[Side.ACTIVECAMPAIGN],
    }
    with database.cursor() as cursor:
        cursor.execute(_DUE, parameters)
        return [_due_link(row) for row in cursor.fetchall()]


def _due_link(row: tuple[Any, ...]) -> DueLink:
    return DueLink(*[*row[:7], SideConsent(*row[7:11]), SideConsent(*row[11:15]), row[15]])


class Moved(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A settled link: its new shadows."""

    link: DueLink
    crm: str
    activecampaign: str


class Evidence(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a link's side said, to be kept."""

    link_id: int
    side: Side
    standing: str
    kind: str
    detail: bytes


class Intent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A write that was decided."""

    link_id: int
    side: Side
    object: str
    record_id: str
    action: str
    reason: str
    before: bytes


def settle(
    connection_id: int,
    moved: Sequence[Moved],
    evidence: Sequence[Evidence],
    intents: Sequence[Intent],
    now: datetime,
) -> int:
    """Store what was decided in one transaction; return how many writes are newly intended.

    What was refused not long ago waits; see `consent_writes.refuse`.
    """
    with transaction.atomic(), database.cursor() as cursor:
        _move(cursor, moved)
        if evidence:
            cursor.executemany(
                "INSERT INTO consent_evidence (connection_id, link_id, side, standing, kind, detail, seen_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [
                    (connection_id, each.link_id, each.side.value, each.standing, each.kind, each.detail, now)
                    for each in evidence
                ],
            )
        return _intend(cursor, connection_id, intents, now)


def _move(cursor: Any, moved: Sequence[Moved]) -> None:
    if moved:
        _MOVED.fill(cursor, ((each.link.id, each.link.due, each.crm, each.activecampaign) for each in moved))
        cursor.execute(
            "WITH moved AS (UPDATE link_consent d SET crm = m.crm, activecampaign = m.activecampaign,"
            " due = CASE WHEN d.due IS NOT DISTINCT FROM m.due THEN NULL ELSE d.due END"
            " FROM stage_consent_moved m WHERE d.link_id = m.link_id RETURNING d.link_id)"
            " DELETE FROM hold h USING moved m WHERE h.link_id = m.link_id AND h.kind = 'consent'"
        )


def _intend(cursor: Any, connection_id: int, intents: Sequence[Intent], now: datetime) -> int:
    if not intents:
        return 0
    names = ("link_id", "side", "object", "record_id", "action", "reason", "before")
    columns = [[getattr(each, name) for each in intents] for name in names]
    cursor.execute(
        "INSERT INTO consent_write (connection_id, state, intended_at, link_id, side, object, record_id, action,"
        " reason, before) SELECT %s, 'intended', %s, i.* FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[],"
        " %s::text[], %s::text[], %s::bytea[]) AS i (link_id, side) WHERE NOT EXISTS (SELECT FROM hold h"
        " WHERE h.link_id = i.link_id AND h.side = i.side AND h.kind = 'consent' AND h.fingerprint COLLATE \"C\" > %s)"
        " ON CONFLICT (connection_id, side, object, record_id) DO NOTHING",
        [connection_id, now, *columns, now.isoformat()],
    )
    return int(cursor.rowcount)


# --- what people and verify see ----------------------------------------------------------------------------------


def evidence_of(link_id: int) -> list[dict[str, Any]]:
    """Return all evidence of a link, oldest first."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT side, standing, kind, detail, seen_at FROM consent_evidence WHERE link_id = %s ORDER BY id",
            [link_id],
        )
        return [_shown(*row) for row in cursor.fetchall()]


def _shown(side: str, standing: str, kind: str, packed: bytes, seen_at: datetime) -> dict[str, Any]:
    detail = read_detail(packed)
    places = [{"where": place.where, "state": place.state, "at": place.at} for place in detail.places]
    shown = {"side": side, "standing": standing, "kind": kind, "places": places, "by": detail.by}
    return {**shown, "seen_at": seen_at}


def shadows_of(link_id: int) -> tuple[str | None, str | None]:
    """Return both sides' standing as last settled: CRM, ActiveCampaign."""
    with database.cursor() as cursor:
        cursor.execute("SELECT crm, activecampaign FROM link_consent WHERE link_id = %s", [link_id])
        row = cursor.fetchone()
    return (row[0], row[1]) if row else (None, None)


_LATEST = """
    SELECT e.link_id, e.side, e.standing, e.kind, max(e.id) FROM consent_evidence e
    WHERE e.link_id = ANY(%s) GROUP BY 1, 2, 3, 4
"""


def excused(link_ids: Sequence[int]) -> set[int]:
    """Return the links with evidence that the sides differ for a reason.

    The contact became active on a list after the CRM's opt-out, or the box was unchecked after the contact's.
    """
    latest: dict[int, dict[str, tuple[int, str, str]]] = {}
    with database.cursor() as cursor:
        cursor.execute(_LATEST, [list(link_ids)])
        for link_id, side, standing, kind, number in cursor.fetchall():
            sides = latest.setdefault(link_id, {})
            if number > sides.get(side, (0, "", ""))[0]:
                sides[side] = (number, standing, kind)
    return {link_id for link_id, sides in latest.items() if _explains(sides)}


def _explains(sides: Mapping[str, tuple[int, str, str]]) -> bool:
    """Tell whether the later of both sides' evidence is a person's change away from an opt-out."""
    if len(sides) < len(Side):
        return False
    _, standing, kind = max(sides.values())
    return kind == "changed" and standing in {"in", "none"}


def held(link_ids: Sequence[int]) -> set[int]:
    """Return the links whose opt-out a system refused."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT link_id FROM hold WHERE link_id = ANY(%s) AND kind = 'consent'", [list(link_ids)]
        )
        return {row[0] for row in cursor.fetchall()}


_OUT = "d.crm = 'out' AND d.activecampaign IN ('out', 'shared')"


def figures(connection_id: int) -> dict[str, int]:
    """Return how many links are opted out on both sides, differ, wait, and have evidence."""
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FILTER (WHERE {_OUT}),"
            " count(*) FILTER (WHERE (d.crm = 'out' AND d.activecampaign = 'in')"
            " OR (d.crm = 'none' AND d.activecampaign = 'out')),"
            " count(*) FILTER (WHERE d.due IS NOT NULL),"
            " (SELECT count(*) FROM consent_evidence e WHERE e.connection_id = %s)"
            " FROM link_consent d JOIN link l ON l.id = d.link_id AND l.state = 'open' WHERE d.connection_id = %s"
            # what counts nowhere is left out before links, which are wide rows, are looked up
            " AND (d.due IS NOT NULL OR d.crm = 'out' OR d.activecampaign = 'out')",
            [connection_id, connection_id],
        )
        names = ("opted_out", "differs", "waiting", "evidence")
        return dict(zip(names, map(int, cursor.fetchone()), strict=True))


def opted_out(connection_id: int) -> int:
    """Return how many open links are opted out on both sides."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM link_consent d JOIN link l ON l.id = d.link_id AND l.state = 'open'"
            f" WHERE d.connection_id = %s AND {_OUT}",
            [connection_id],
        )
        (count,) = cursor.fetchone()
        return int(count)


class KnownLink(msgspec.Struct, frozen=True, gc=False):
    """What was read last of both sides of a link, and whether it is still to be looked at."""

    crm: str | None
    activecampaign: str | None
    due: bool


def known(link_ids: Sequence[int], tenants: Mapping[Side, int]) -> dict[int, KnownLink]:
    """Return what was read last of these links."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT l.id, c.standing, a.standing, d.due IS NOT NULL FROM link l JOIN link_consent d ON d.link_id = l.id"
            " LEFT JOIN consent c ON c.tenant_id = %s AND c.object = l.object AND c.record_id = l.crm_id"
            " LEFT JOIN consent a ON a.tenant_id = %s AND a.object = 'contact' AND a.record_id = l.activecampaign_id"
            " WHERE l.id = ANY(%s)",
            [tenants[Side.CRM], tenants[Side.ACTIVECAMPAIGN], list(link_ids)],
        )
        return {row[0]: KnownLink(*row[1:]) for row in cursor.fetchall()}
