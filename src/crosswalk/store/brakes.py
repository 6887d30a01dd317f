"""What brakes ask of the database, and the one hold that a braked run leaves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from django.db import connection as database

from crosswalk.core.catalogue import Said
from crosswalk.core.words import again, kept

BRAKE = "brake"  # the kind of hold


class Brake(msgspec.Struct, frozen=True, kw_only=True):
    """A run that was stopped and waits for a person."""

    code: str  # of the catalogue
    reason: str
    cure: str
    held_at: datetime


def open_links(connection_id: int) -> int:
    """Return how many links a connection has whose both records exist."""
    with database.cursor() as cursor:  # links are wide rows; both counts are of an index
        cursor.execute(
            "SELECT (SELECT count(*) FROM link WHERE connection_id = %(connection)s)"
            " - (SELECT count(*) FROM link WHERE connection_id = %(connection)s AND state <> 'open')",
            {"connection": connection_id},
        )
        (count,) = cursor.fetchone()
        return int(count)


# Texts are looked through for the word first: most writes empty nothing. What is compared is JSON, never its text.
_EMPTIED = """
    SELECT side, name, count(*) FROM (
        SELECT o.side, e.key AS name FROM outbox o, json_each(convert_from(o.intended, 'UTF8')::json) AS e
        WHERE o.connection_id = %(connection)s AND o.state = 'intended' AND o.op = 'update'
              AND position('null'::bytea IN o.intended) > 0 AND e.value::text = 'null'
        UNION ALL
        SELECT j.side, e.key FROM journal j, json_each(convert_from(j.fields, 'UTF8')::json) AS e
        WHERE j.id > %(after)s AND j.run_id = %(run)s AND j.op = 'update'
              AND position('null'::bytea IN j.fields) > 0 AND (e.value -> 1)::text = 'null'
    ) AS emptied GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 1
"""


def most_emptied(connection_id: int, run_id: int, journal_from: int) -> tuple[str, str, int]:
    """Return the field that a run emptied and would empty most often: side, name and in how many records.

    `journal_from` is the last row of the journal from before the run. Without any such field: nothing, 0 times.
    """
    parameters: dict[str, Any] = {"connection": connection_id, "run": run_id, "after": journal_from}
    with database.cursor() as cursor:
        cursor.execute(_EMPTIED, parameters)
        side, name, count = cursor.fetchone() or ("", "", 0)
        return side, name, count


def note(connection_id: int, said: Said, now: datetime) -> None:
    """Keep why the connection's last run was braked; there is one such hold."""
    with database.cursor() as cursor:
        cursor.execute(
            "INSERT INTO hold (connection_id, link_id, side, object, record_id, field, kind, code, reason, cure,"
            " said, values, fingerprint, held_at) VALUES (%s, NULL, '', '', '', '', %s, %s, %s, %s, %s, '', '', %s)"
            " ON CONFLICT (connection_id, object, record_id, link_id, field) DO UPDATE SET code = excluded.code,"
            " reason = excluded.reason, cure = excluded.cure, said = excluded.said, held_at = excluded.held_at",
            [connection_id, BRAKE, *said, kept(said.message, said.cure), now],
        )


def look_again(connection_id: int) -> None:
    """Have records that were seen deleted read by id before their links are closed: a right may be given back."""
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE inbox SET to_fetch = true, version = nextval('inbox_version')"
            " WHERE connection_id = %s AND deleted AND NOT to_fetch AND successor IS NULL",
            [connection_id],
        )


def current(connection_id: int) -> Brake | None:
    """Return why the connection's last run was braked, or None."""
    return all_current(connection_id).get(connection_id)


def all_current(connection_id: int | None = None) -> dict[int, Brake]:
    """Return why last runs were braked, by connection; of one connection, or of all."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT connection_id, code, reason, cure, said, held_at FROM hold WHERE object = '' AND record_id = ''"
            " AND kind = %s AND (%s OR connection_id = %s)",
            [BRAKE, connection_id is None, connection_id or 0],
        )
        return {row[0]: _brake(*row[1:]) for row in cursor.fetchall()}


def _brake(code: str, reason: str, cure: str, said: str, held_at: datetime) -> Brake:
    reason, cure = again(said, reason, cure)
    return Brake(code=code, reason=reason, cure=cure, held_at=held_at)
