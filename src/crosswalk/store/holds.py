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
from crosswalk.core.words import again

from .hold_rows import HoldNote, write_holds


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
    " h.held_at, h.link_id, l.crm_id, l.activecampaign_id, l.key, h.said"
    " FROM hold h LEFT JOIN link l ON l.id = h.link_id WHERE h.connection_id = %s"
)


def listed(connection_id: int, *, ids: list[int] | None = None, code: str | None = None) -> list[Held]:
    """Return a connection's holds, newest first: all of them, those with these ids, or those with a code."""
    return _held(
        f"{_SELECT} AND (%s::bigint[] IS NULL OR h.id = ANY(%s::bigint[]))"
        " AND (%s::text IS NULL OR h.code = %s) ORDER BY h.id DESC",
        [connection_id, ids, ids, code, code],
    )


def _held(statement: str, parameters: list[Any]) -> list[Held]:
    with database.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [_read(row) for row in cursor.fetchall()]


def _read(row: Sequence[Any]) -> Held:
    *plain, said = row
    found = dict(zip(Held.__struct_fields__, plain, strict=True))
    found["reason"], found["cure"] = again(said, found["reason"], found["cure"])
    return Held(**{**found, "values": unpack(found["values"]), "chosen": unpack(found["chosen"])})


# --- pages of them -----------------------------------------------------------------------------------------------


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which holds are meant; empty: whatever it is."""

    code: str = ""
    object: str = ""
    field: str = ""


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """The holds of one code."""

    code: str
    count: int
    decided: int  # how many of them a person has decided, for the next run
    first_at: datetime
    last_at: datetime
    sample: Held  # the newest


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """The holds of one code that are about one field of an object."""

    object: str
    field: str
    count: int


_CAUSES = (
    "SELECT code, count(*), count(*) FILTER (WHERE chosen IS NOT NULL), min(held_at), max(held_at), max(id)"
    " FROM hold WHERE connection_id = %s GROUP BY code ORDER BY 2 DESC, 1"
)
_PARTS = (
    "SELECT object, field, count(*) AS count FROM hold WHERE connection_id = %s AND code = %s"
    " GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
)
_MEANT = " AND (%s = '' OR h.code = %s) AND (%s = '' OR h.object = %s) AND (%s = '' OR h.field = %s)"


def causes(connection_id: int) -> list[Cause]:
    """Return what holds a connection's values, the most frequent first."""
    with database.cursor() as cursor:
        cursor.execute(_CAUSES, [connection_id])
        rows = cursor.fetchall()
    samples = {hold.id: hold for hold in listed(connection_id, ids=[row[-1] for row in rows])}
    names = Cause.__struct_fields__
    return [
        Cause(**dict(zip(names, (*row[:-1], samples[row[-1]]), strict=True)))
        for row in rows
        if row[-1] in samples
    ]


def parts(connection_id: int, code: str) -> list[Part]:
    """Return which fields of which objects the holds of one code are about, the most frequent first."""
    with database.cursor() as cursor:
        cursor.execute(_PARTS, [connection_id, code])
        return [Part(object=object, field=field, count=count) for object, field, count in cursor.fetchall()]


def page(connection_id: int, wanted: Wanted, *, before: int | None, limit: int) -> list[Held]:
    """Return a page of holds, newest first: those with a smaller number than `before`."""
    return _held(
        f"{_SELECT}{_MEANT} AND (%s::bigint IS NULL OR h.id < %s) ORDER BY h.id DESC LIMIT %s",
        [connection_id, *_meant(wanted), before, before, limit],
    )


def undecided(connection_id: int, wanted: Wanted, *, after: int, limit: int | None) -> list[Held]:
    """Return the holds that nobody has decided yet, oldest first: at most `limit` with a number above `after`."""
    return _held(
        f"{_SELECT}{_MEANT} AND h.chosen IS NULL AND h.id > %s ORDER BY h.id LIMIT %s",
        [connection_id, *_meant(wanted), after, limit],
    )


def count_undecided(connection_id: int, wanted: Wanted, *, after: int) -> int:
    """Return how many of them there are."""
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM hold h WHERE h.connection_id = %s{_MEANT} AND h.chosen IS NULL AND h.id > %s",
            [connection_id, *_meant(wanted), after],
        )
        ((count,),) = cursor.fetchall()
        return int(count)


def _meant(wanted: Wanted) -> list[str]:
    return [each for each in (wanted.code, wanted.object, wanted.field) for _ in range(2)]


# --- what people decide ------------------------------------------------------------------------------------------


def numbers_of(link_ids: Sequence[int]) -> dict[tuple[str, str], int]:
    """Return the holds of links by CRM record and field (empty: the whole record)."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT l.crm_id, h.field, h.id FROM hold h JOIN link l ON l.id = h.link_id WHERE h.link_id = ANY(%s)",
            [list(link_ids)],
        )
        return {(crm_id or "", field): number for crm_id, field, number in cursor.fetchall()}


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


def lock_unchanged(held: Sequence[Held]) -> set[int]:
    """Keep others from these holds until the transaction ends; return those that are as they were read.

    The others were decided by somebody else since, have other values, or are over.
    """
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT id, values, chosen FROM hold WHERE id = ANY(%s::bigint[]) ORDER BY id FOR UPDATE",
            [[hold.id for hold in held]],
        )
        now = {number: (unpack(values), unpack(chosen)) for number, values, chosen in cursor.fetchall()}
    return {hold.id for hold in held if now.get(hold.id) == (hold.values, hold.chosen)}


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


def _candidates(hold: Held) -> list[str]:
    found = hold.values.get("candidates")
    return list(found) if isinstance(found, tuple) else []


def note_matches(connection_id: int, held: Sequence[Held], contact_id: str | None) -> None:
    """Keep who CRM records are; the holds that asked are over."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO match_choice (connection_id, object, record_id, candidates, contact_id)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (connection_id, object, record_id)"
            " DO UPDATE SET candidates = excluded.candidates, contact_id = excluded.contact_id",
            [(connection_id, each.object, each.record_id, _candidates(each), contact_id) for each in held],
        )
        cursor.execute("DELETE FROM hold WHERE id = ANY(%s)", [[hold.id for hold in held]])


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
