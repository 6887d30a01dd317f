"""Holds as people use them: chosen by number or cause, tried again, decided by a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core.mapping import Side
from crosswalk.core.values import Value, Values, pack, unpack

from .outcomes import HoldNote, write_holds


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """One hold, with the records it is about."""

    id: int
    code: str  # of the catalogue
    kind: str
    side: str  # that was not written
    object: str
    record_id: str
    field: str  # the CRM field; empty: the whole record
    reason: str
    cure: str
    values: dict[str, Value]
    chosen: dict[str, Value]  # what a person chose for each side; empty: nothing yet
    held_at: datetime
    link_id: int | None
    crm_id: str | None
    activecampaign_id: str | None
    key: str | None  # the link's e-mail

    def ids(self) -> dict[Side, str | None]:
        """Return the linked records' ids."""
        return {Side.CRM: self.crm_id, Side.ACTIVECAMPAIGN: self.activecampaign_id}


_SELECT = (
    "SELECT h.id, h.code, h.kind, h.side, h.object, h.record_id, h.field, h.reason, h.cure, h.values, h.chosen,"
    " h.held_at, h.link_id, l.crm_id, l.activecampaign_id, l.key"
    " FROM hold h LEFT JOIN link l ON l.id = h.link_id WHERE h.connection_id = %s"
)


def listed(connection_id: int, *, ids: list[int] | None = None, code: str | None = None) -> list[Held]:
    """Return a connection's holds, newest first: all of them, those with these ids, or those with a code."""
    with database.cursor() as cursor:
        cursor.execute(
            f"{_SELECT} AND (%s::bigint[] IS NULL OR h.id = ANY(%s::bigint[]))"
            " AND (%s::text IS NULL OR h.code = %s) ORDER BY h.id DESC",
            [connection_id, ids, ids, code, code],
        )
        names = Held.__struct_fields__
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [Held(**{**row, "values": unpack(row["values"]), "chosen": unpack(row["chosen"])}) for row in rows]


def note(connection_id: int, notes: Sequence[HoldNote], now: datetime) -> None:
    """Store holds that stand for themselves."""
    with transaction.atomic(), database.cursor() as cursor:
        write_holds(cursor, connection_id, notes, now)


def forget_decisions(hold_ids: Iterable[int]) -> None:
    """Let what these holds keep be sent again, and forget what a person chose."""
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE hold SET fingerprint = '', chosen = NULL WHERE id = ANY(%s::bigint[])", [list(hold_ids)]
        )


def note_choices(choices: Mapping[int, tuple[Values, str]]) -> None:
    """Keep what a person chose, by hold: the value of each side, and the fingerprint under which it counts."""
    with database.cursor() as cursor:
        cursor.executemany(
            "UPDATE hold SET chosen = %s, fingerprint = %s WHERE id = %s",
            [(pack(values), fingerprint, hold_id) for hold_id, (values, fingerprint) in choices.items()],
        )


class MatchChoice(msgspec.Struct, frozen=True, gc=False):
    """Which of several candidates a person chose for a CRM record; None: none of them."""

    candidates: Sequence[str]
    contact_id: str | None


def note_match(connection_id: int, hold: Held, contact_id: str | None) -> None:
    """Keep who a CRM record is; the hold that asked is over."""
    candidates = list(hold.values["candidates"] or ())  # type: ignore[arg-type]
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(
            "INSERT INTO match_choice (connection_id, object, record_id, candidates, contact_id)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (connection_id, object, record_id)"
            " DO UPDATE SET candidates = excluded.candidates, contact_id = excluded.contact_id",
            [connection_id, hold.object, hold.record_id, candidates, contact_id],
        )
        cursor.execute("DELETE FROM hold WHERE id = %s", [hold.id])


def match_choices(connection_id: int, object: str, record_ids: Sequence[str]) -> dict[str, MatchChoice]:
    """Return what a person chose for these CRM records, by id."""
    parameters: list[Any] = [connection_id, object, list(record_ids)]
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT record_id, candidates, contact_id FROM match_choice WHERE connection_id = %s AND object = %s"
            " AND record_id = ANY(%s)",
            parameters,
        )
        return {row[0]: MatchChoice(*row[1:]) for row in cursor.fetchall()}
