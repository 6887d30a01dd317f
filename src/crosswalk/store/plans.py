"""Plans: a run is rehearsed in a transaction that is undone, and what it would have written is kept beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from django.db import OperationalError, transaction
from django.db import connection as database
from psycopg.errors import LockNotAvailable

from crosswalk.core.values import unpack

from . import consent_writes
from .consent_writes import ConsentWrite
from .consents import read_detail
from .models import Hold, Link

_CHANGES = (
    "SELECT side, object, op, count(*) FROM outbox WHERE connection_id = %s AND state = 'intended'"
    " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)
_INTENDED = (
    "SELECT id, side, object, op, record_id, key, expected, intended, reasons FROM outbox"
    " WHERE connection_id = %s AND state = 'intended' AND id > %s ORDER BY id LIMIT 2000"
)
_COLUMNS = {
    "plan_id": "bigint",
    **dict.fromkeys(("side", "object", "op", "record_id", "key"), "text"),
    "fields": "bytea",
}

Fields = Mapping[str, tuple[Any, Any, str]]  # before, after, reason
Row = tuple[str, str, str, str | None, str | None, Fields]  # side, object, operation, record id, key


LOCK_TIMEOUT = "5s"


class InTheWayError(Exception):
    """Somebody is changing the connection, and may wait for what the rehearsal holds."""


@contextmanager
def rehearsal() -> Iterator[None]:
    """Everything written to the database inside is undone at the end, but for what `save` keeps."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def standing(connection_id: int) -> dict[str, int]:
    """Return how many links and holds there are."""
    links = Link.objects.filter(connection_id=connection_id).exclude(state="closed")
    return {
        "links": links.filter(state="open").count(),
        "held": Hold.objects.filter(connection_id=connection_id).count(),
    }


def counted(connection_id: int, before: Mapping[str, int]) -> dict[str, int]:
    """Return a plan's counts, inside the rehearsal; `before` are the figures of `standing` from before it."""
    counts: Counter[str] = Counter()
    with database.cursor() as cursor:
        cursor.execute(_CHANGES, [connection_id])
        for side, object, op, number in cursor.fetchall():
            counts[f"{op} {side} {object}"] += number
    for write in consent_writes.writes(connection_id, consent_writes.INTENDED):
        counts[f"{write.action} {write.side} {write.object}"] += 1
    for name, number in standing(connection_id).items():
        if number != before.get(name, 0):
            counts[name] = number - before.get(name, 0)
    return dict(counts)


def save(
    connection_id: int,
    counts: Mapping[str, int],
    now: datetime,
    applied: Mapping[str, Sequence[str]] | None = None,
) -> int:
    """Keep a plan with one row per write of the rehearsal, inside it; return its number.

    The rows go from one database session to another, so that a plan of any size takes no more memory. `applied` are
    the CRM fields that its run decides anew for all links, by object. Raises InTheWayError when somebody keeps the
    connection's row locked.
    """
    chosen = {object: list(fields) for object, fields in (applied or {}).items()}
    with _beside() as cursor:
        cursor.execute(
            "INSERT INTO plan (connection_id, created_at, counts, applied) VALUES (%s, %s, '{}', %s) RETURNING id",
            [connection_id, now, _json(chosen)],
        )
        (number,) = cursor.fetchone()
        overwritten = _copy(cursor, number, connection_id)
        told = {**counts, "first-link overwrite": overwritten} if overwritten else counts
        cursor.execute("UPDATE plan SET counts = %s WHERE id = %s", [_json(told), number])
    return int(number)


@contextmanager
def _beside() -> Iterator[Any]:
    """A transaction in a database session of its own, which is kept when it ends well."""
    other = database.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            # Who holds the connection's row may wait for what the rehearsal holds: that would never end by itself.
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
            yield cursor
        other.commit()
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise InTheWayError from error
        raise
    finally:
        other.close()


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _copy(cursor: Any, number: int, connection_id: int) -> int:
    """Write a plan's rows; return how many filled fields the first link of their records overwrites."""
    overwritten = 0
    with cursor.copy(f"COPY plan_row ({', '.join(_COLUMNS)}) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(list(_COLUMNS.values()))
        for *row, fields in _rows(connection_id):
            overwritten += sum(
                reason == "first_link" and before is not None for before, _after, reason in fields.values()
            )
            copy.write_row((number, *row, msgspec.json.encode(fields)))
    return overwritten


def _rows(connection_id: int) -> Iterator[Row]:
    after = 0
    with database.cursor() as cursor:
        while True:
            cursor.execute(_INTENDED, [connection_id, after])
            found = cursor.fetchall()
            if not found:
                break
            for row in found:
                yield _row(*row[1:])
            after = found[-1][0]
    for write in consent_writes.writes(connection_id, consent_writes.INTENDED):
        yield _consent_row(write)


def _row(
    side: str,
    object: str,
    op: str,
    record_id: str | None,
    key: str | None,
    expected: bytes,
    intended: bytes,
    why: bytes,
) -> Row:
    before, reasons = unpack(expected), msgspec.json.decode(why)
    fields = {
        name: (before.get(name), value, reasons.get(name, "")) for name, value in unpack(intended).items()
    }
    return side, object, op, record_id, key, fields


def _consent_row(write: ConsentWrite) -> Row:
    before = {place.where: place.state for place in read_detail(write.before).places}
    fields = {where: (state, write.action, write.reason) for where, state in before.items()}
    return write.side, write.object, write.action, write.record_id, None, fields
