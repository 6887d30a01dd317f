"""Consents being written: intended before the call, receipted with the journal after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core.consent import Consent
from crosswalk.core.mapping import Side

from . import consents
from .hold_rows import HoldNote, write_holds

INTENDED, SENDING, REFUSED = "intended", "sending", "refused"
LONGEST = timedelta(days=1)  # between two tries of what is refused again and again


class ConsentWrite(msgspec.Struct, frozen=True, gc=False):
    """One write that is not receipted."""

    id: int
    link_id: int
    side: str
    object: str
    record_id: str
    action: str
    reason: str
    before: bytes


_WRITE = "id, link_id, side, object, record_id, action, reason, before"


def writes(connection_id: int, state: str) -> list[ConsentWrite]:
    """Return the writes in a state, oldest first."""
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT {_WRITE} FROM consent_write WHERE connection_id = %s AND state = %s ORDER BY id",
            [connection_id, state],
        )
        return [ConsentWrite(*row) for row in cursor.fetchall()]


def mark(write_ids: Iterable[int], state: str) -> None:
    """Say what became of these writes; `sending` is committed before the call."""
    with database.cursor() as cursor:
        cursor.execute("UPDATE consent_write SET state = %s WHERE id = ANY(%s)", [state, list(write_ids)])


def forget(write_ids: Iterable[int]) -> None:
    """Forget writes that did not happen: their links are still to be looked at."""
    with database.cursor() as cursor:
        cursor.execute("DELETE FROM consent_write WHERE id = ANY(%s)", [list(write_ids)])


def forget_unsent(connection_id: int) -> None:
    """Forget the writes that no call was made for, or that were refused: the next look decides them anew."""
    with database.cursor() as cursor:
        cursor.execute(
            "DELETE FROM consent_write WHERE connection_id = %s AND state <> 'sending'", [connection_id]
        )


class Done(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A receipted write: what the record says now, and what the journal will say."""

    write: ConsentWrite
    after: Consent
    fields: Mapping[str, tuple[Any, Any, str]]


def commit(
    connection_id: int,
    run_id: int,
    tenants: Mapping[Side, int],
    done: Sequence[Done],
    now: datetime,
    ahead: Mapping[Side, timedelta],
) -> None:
    """Store receipts in one transaction: standing, journal, ended holds; the links are looked at once more.

    `ahead`: by how much later than our clock each system's stamps may be of one and the same moment.
    """
    if not done:
        return
    with transaction.atomic(), database.cursor() as cursor:
        for (side, object), some in _grouped(done).items():
            rows = [consents.row_of(each.write.record_id, each.after, now) for each in some]
            consents.store(cursor, tenants[side], side, object, rows, ours=True)
            ids = [each.write.record_id for each in some]
            _acknowledge(cursor, connection_id, side, object, ids, now, ahead[side])
        note(connection_id, run_id, done, now)
        cursor.execute("DELETE FROM consent_write WHERE id = ANY(%s)", [[each.write.id for each in done]])
        _end_holds(cursor, [each.write for each in done])


def _acknowledge(
    cursor: Any,
    connection_id: int,
    side: Side,
    object: str,
    record_ids: Sequence[str],
    now: datetime,
    ahead: timedelta,
) -> None:
    """The stamps of these records are ours now: they say nothing of when a person changed a field.

    Where a person's edit waits, what the next reading shows is not how the vendor kept the fields that we wrote before.
    """
    of_object = "AND object = %(object)s" if side is Side.CRM else ""
    cursor.execute(
        f"UPDATE link SET {side.value}_acked_at = %(now)s, {side.value}_unconfirmed = CASE WHEN EXISTS ("
        f" SELECT FROM inbox i WHERE (i.connection_id, i.side, i.object, i.record_id) = (link.connection_id, %(side)s,"
        f" %(object)s, link.{side.value}_id) AND i.stamp > link.{side.value}_acked_at + %(ahead)s) THEN ''::bytea"
        f" ELSE {side.value}_unconfirmed END WHERE connection_id = %(connection)s AND state = 'open'"
        f" AND {side.value}_id = ANY(%(ids)s) {of_object}",
        {
            "connection": connection_id,
            "side": side.value,
            "object": object,
            "ids": list(record_ids),
            "now": now,
            "ahead": ahead,
        },
    )


def note(connection_id: int, run_id: int, done: Sequence[Done], now: datetime) -> None:
    """Write the journal of what was changed."""
    rows = [_journal_row(connection_id, run_id, each, now) for each in done if each.fields]
    with database.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO journal (connection_id, run_id, link_id, side, op, record_id, fields, at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            rows,
        )


def _grouped(done: Sequence[Done]) -> dict[tuple[Side, str], list[Done]]:
    groups: dict[tuple[Side, str], list[Done]] = {}
    for each in done:
        groups.setdefault((Side(each.write.side), each.write.object), []).append(each)
    return groups


def _journal_row(connection_id: int, run_id: int, done: Done, now: datetime) -> tuple[Any, ...]:
    write, fields = done.write, msgspec.json.encode(done.fields)
    return connection_id, run_id, write.link_id, write.side, write.action, write.record_id, fields, now


def _end_holds(cursor: Any, done: Sequence[ConsentWrite]) -> None:
    cursor.execute(
        "DELETE FROM hold h USING unnest(%s::bigint[], %s::text[]) AS d (link_id, side)"
        " WHERE h.link_id = d.link_id AND h.side = d.side AND h.kind = 'consent'",
        [[each.link_id for each in done], [each.side for each in done]],
    )


def refuse(connection_id: int, write_ids: Sequence[int], holds: Sequence[HoldNote], now: datetime) -> None:
    """Hold what a system refused. It is tried again with the next run, then after twice the time, a day at most.

    From when on is the hold's fingerprint, which a person's retry takes away.
    """
    with transaction.atomic(), database.cursor() as cursor:
        mark(write_ids, REFUSED)
        cursor.execute(
            "SELECT link_id, held_at FROM hold WHERE link_id = ANY(%s) AND kind = 'consent'",
            [[hold.link_id for hold in holds]],
        )
        tried: dict[int | None, datetime] = dict(cursor.fetchall())
        for hold in holds:
            distance = min(2 * (now - tried.get(hold.link_id, now)), LONGEST)
            hold.fingerprint = (now + distance).isoformat()
        write_holds(cursor, connection_id, holds, now)


def contacts_of(link_ids: Sequence[int]) -> dict[int, str]:
    """Return the contacts of these links that are open."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT id, activecampaign_id FROM link WHERE id = ANY(%s) AND state = 'open'"
            " AND activecampaign_id IS NOT NULL",
            [list(link_ids)],
        )
        return dict(cursor.fetchall())
