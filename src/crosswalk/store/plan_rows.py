"""Reading a plan's rows: page by page for people, and those that a trial may write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from django.db import connection as database

from crosswalk.core.words import again

from .plan_lines import Note

_WRITTEN = "id, link_id, op, side, object, crm_object, crm_id, contact_id, fields"
_fields = msgspec.json.Decoder(dict[str, tuple[Any, Any, str]])
_note = msgspec.json.Decoder(Note)
STREAMED = 2000  # rows that are read at once where all are wanted


class Written(msgspec.Struct, frozen=True, gc=False):
    """A row that writes, as a trial looks at it."""

    id: int
    link_id: int
    op: str
    side: str
    object: str
    crm_object: str
    crm_id: str | None
    contact_id: str | None
    fields: Mapping[str, tuple[Any, Any, str]]


def _written(found: Iterable[Sequence[Any]]) -> list[Written]:
    decoded: Iterator[Sequence[Any]] = ((*row[:-1], _fields.decode(row[-1])) for row in found)
    return [Written(*row) for row in decoded]


def untried(plan_id: int, kind: str, limit: int) -> list[Written]:
    """Return the first rows of a kind (`op side object`) that no trial was to write."""
    op, side, object = kind.split()
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT {_WRITTEN} FROM plan_row WHERE plan_id = %s AND op = %s AND side = %s AND object = %s"
            " AND run_id IS NULL ORDER BY id LIMIT %s",
            [plan_id, op, side, object, limit],
        )
        return _written(cursor.fetchall())


def begun(plan_id: int, through: str) -> list[Written]:
    """Return the rows that a trial was to write which did not end in the state `through`."""
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT {_WRITTEN} FROM plan_row p WHERE plan_id = %s AND run_id IS NOT NULL"
            " AND NOT EXISTS (SELECT FROM run r WHERE r.id = p.run_id AND r.state = %s) ORDER BY id",
            [plan_id, through],
        )
        return _written(cursor.fetchall())


# What is written to both records of a link stands side by side.
_BESIDE = f"""
    SELECT DISTINCT {", ".join(f"n.{name}" for name in _WRITTEN.split(", "))}
    FROM plan_row r CROSS JOIN LATERAL (
        (SELECT * FROM plan_row WHERE plan_id = r.plan_id AND id < r.id ORDER BY id DESC LIMIT 1) UNION ALL
        (SELECT * FROM plan_row WHERE plan_id = r.plan_id AND id > r.id ORDER BY id LIMIT 1) UNION ALL
        (SELECT * FROM plan_row WHERE id = r.id)) n
    WHERE r.id = ANY(%s) AND n.link_id = r.link_id AND n.side <> '' ORDER BY n.id
"""


def of_links(rows: Sequence[Written]) -> dict[int, list[Written]]:
    """Return what is written to both records of the links of these rows, by link."""
    with database.cursor() as cursor:
        cursor.execute(_BESIDE, [[row.id for row in rows]])
        found = _written(cursor.fetchall())
    by_link: dict[int, list[Written]] = defaultdict(list)
    for row in found:
        by_link[row.link_id].append(row)
    return by_link


def mark_tried(row_ids: Sequence[int], run_id: int) -> None:
    """Keep that a trial is to write these rows."""
    with database.cursor() as cursor:
        cursor.execute("UPDATE plan_row SET run_id = %s WHERE id = ANY(%s)", [run_id, list(row_ids)])


def tried(plan_id: int, through: str) -> dict[int, int]:
    """Return how many rows each trial of a plan was to write that ended in the state `through`, by its run."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT p.run_id, count(*) FROM plan_row p JOIN run r ON r.id = p.run_id"
            " WHERE p.plan_id = %s AND p.run_id IS NOT NULL AND r.state = %s GROUP BY 1 ORDER BY 1",
            [plan_id, through],
        )
        return dict(cursor.fetchall())


# --- for people --------------------------------------------------------------------------------------------------


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which of a plan's rows are wanted."""

    kind: str = ""  # `op side object`, or an op alone; empty: all
    overwrites: bool = False  # those in which a first link replaces a filled field
    email: str = ""  # how it begins


class Row(msgspec.Struct, frozen=True, gc=False):
    """A row as people see it."""

    id: int
    op: str
    side: str
    object: str
    record_id: str | None
    key: str | None
    overwrites: bool
    crm_object: str
    crm_id: str | None
    contact_id: str | None
    run_id: int | None
    fields: Mapping[str, tuple[Any, Any, str]]
    note: Note | None


_SHOWN = (
    "id, op, side, object, record_id, key, overwrites, crm_object, crm_id, contact_id, run_id, fields, note"
)


def page(plan_id: int, asked: Asked, after: int, limit: int) -> list[Row]:
    """Return the next rows above a number, in their order."""
    where, parameters = _condition(asked)
    with database.cursor() as cursor:
        cursor.execute(
            f"SELECT {_SHOWN} FROM plan_row WHERE plan_id = %s AND id > %s{where} ORDER BY id LIMIT %s",
            [plan_id, after, *parameters, limit],
        )
        return [_row(row) for row in cursor.fetchall()]


def all_rows(plan_id: int, asked: Asked) -> Iterator[Row]:
    """Yield all rows that are wanted, some thousand at a time."""
    after = 0
    while rows := page(plan_id, asked, after, STREAMED):
        yield from rows
        after = rows[-1].id


def _row(row: Sequence[Any]) -> Row:
    *plain, fields, note = row
    values: Sequence[Any] = (*plain, _fields.decode(fields), _anew(_note.decode(note)) if note else None)
    return Row(*values)


def _anew(note: Note) -> Note:
    reason, cure = again(note.said, note.reason, note.cure)
    return msgspec.structs.replace(note, reason=reason, cure=cure)


def _condition(asked: Asked) -> tuple[str, list[Any]]:
    where, parameters = "", []
    for column, value in zip(("op", "side", "object"), asked.kind.split(), strict=False):
        where += f" AND {column} = %s"
        parameters.append(value)
    if asked.overwrites:
        where += " AND overwrites"
    if asked.email:
        where += " AND key LIKE %s"
        parameters.append(_beginning(asked.email))
    return where, parameters


def _beginning(text: str) -> str:
    """Return the pattern of what begins so."""
    for sign in "\\%_":
        text = text.replace(sign, f"\\{sign}")
    return text + "%"
