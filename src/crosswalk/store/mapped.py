"""What runs found of mapped fields, and the listing of records whose values of a field are not known yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core.lanes import Lane
from crosswalk.core.mapping import Side

from .hold_rows import HoldNote, write_holds

Pairing = tuple[str, str, str]  # object, CRM field, ActiveCampaign field


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """One field mapping as the last run found it."""

    object: str
    crm: str
    activecampaign: str
    crm_label: str = ""
    activecampaign_label: str = ""
    crm_kind: str = ""  # empty: whatever is found is right
    activecampaign_kind: str = ""
    paused: str = ""  # the catalogue's code; empty: in use
    filled: bool = True  # what was linked before it was in use was listed to be read
    noted_at: datetime

    @property
    def pairing(self) -> Pairing:
        """Which field mapping this is."""
        return self.object, self.crm, self.activecampaign

    def name(self, side: Side) -> str:
        """Return the field's name on `side`."""
        return self.crm if side is Side.CRM else self.activecampaign

    def label(self, side: Side) -> str:
        """Return what people called the field on `side`."""
        return self.crm_label if side is Side.CRM else self.activecampaign_label

    def kind(self, side: Side) -> str:
        """Return the kind of the field on `side`."""
        return self.crm_kind if side is Side.CRM else self.activecampaign_kind


_COLUMNS = Mapped.__struct_fields__
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM mapped_field WHERE connection_id = %s"
_NOTE = (
    f"INSERT INTO mapped_field (connection_id, {', '.join(_COLUMNS)})"
    f" VALUES ({', '.join(['%s'] * (1 + len(_COLUMNS)))})"
    " ON CONFLICT (connection_id, object, crm, activecampaign) DO UPDATE SET "
    + ", ".join(f"{column} = excluded.{column}" for column in _COLUMNS[3:])
)

# `marks` are the beginnings of the fields' entries in packed values; a record that has them all is not read again.
_LACKING = "EXISTS (SELECT FROM unnest(%(marks)s::bytea[]) AS m WHERE position(m IN inbox.packed) = 0)"
_WANT_LINKED = f"""
    INSERT INTO inbox (connection_id, side, object, record_id, version, to_fetch, requested_at, deleted, lane)
    SELECT %(connection)s, %(side)s, %(target)s, l.record_id, nextval('inbox_version'), true, %(now)s, false, %(lane)s
    FROM (SELECT DISTINCT {{column}} AS record_id FROM link WHERE connection_id = %(connection)s
          AND object = %(object)s AND state = 'open' AND is_primary AND selected AND opened_at < %(before)s
          AND {{column}} IS NOT NULL) l
    ON CONFLICT (connection_id, side, object, record_id) DO UPDATE SET to_fetch = true, version = excluded.version
    WHERE NOT inbox.deleted AND (inbox.packed IS NULL OR {_LACKING})
"""
_WANT_WAITING = f"""
    UPDATE inbox SET to_fetch = true, version = nextval('inbox_version')
    WHERE connection_id = %(connection)s AND side = %(side)s AND object = %(target)s AND NOT to_fetch AND NOT deleted
          AND {_LACKING}
"""


def known(connection_id: int) -> dict[Pairing, Mapped]:
    """Return what the last run found of a connection's field mappings."""
    with database.cursor() as cursor:
        cursor.execute(_SELECT, [connection_id])
        rows = [Mapped(**dict(zip(_COLUMNS, row, strict=True))) for row in cursor.fetchall()]
    return {row.pairing: row for row in rows}


def note(
    connection_id: int,
    rows: Sequence[Mapped],
    gone: Iterable[Pairing],
    holds: Sequence[HoldNote],
    now: datetime,
) -> None:
    """Store what a run found: new and changed `rows`, those no longer mapped, and the `holds` of paused ones."""
    gone = list(gone)
    with transaction.atomic(), database.cursor() as cursor:
        _end_pauses(cursor, connection_id, [*gone, *(row.pairing for row in rows)])
        for pairing in gone:
            cursor.execute(
                "DELETE FROM mapped_field WHERE connection_id = %s AND (object, crm, activecampaign) = (%s, %s, %s)",
                [connection_id, *pairing],
            )
        cursor.executemany(_NOTE, [(connection_id, *msgspec.structs.astuple(row)) for row in rows])
        write_holds(cursor, connection_id, holds, now)


def _end_pauses(cursor: Any, connection_id: int, pairings: Sequence[Pairing]) -> None:
    cursor.execute(
        "DELETE FROM hold h USING unnest(%s::text[], %s::text[]) AS p (object, field) WHERE h.connection_id = %s"
        " AND h.kind = 'paused' AND h.object = p.object AND h.field = p.field",
        [[pairing[0] for pairing in pairings], [pairing[1] for pairing in pairings], connection_id],
    )


def accept_kinds(connection_id: int, fields: Sequence[tuple[str, str]] | None = None) -> None:
    """Take the types of mapped fields as the next run finds them; of these (object, CRM field) alone, if given."""
    chosen = "" if fields is None else " AND (object, crm) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"
    named = [] if fields is None else [[each[0] for each in fields], [each[1] for each in fields]]
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE mapped_field SET crm_kind = '', activecampaign_kind = '' WHERE connection_id = %s"
            + chosen,
            [connection_id, *named],
        )


def has_links(connection_id: int, object: str) -> bool:
    """Tell whether an object has any link that is not closed."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM link WHERE connection_id = %s AND object = %s AND state <> 'closed')",
            [connection_id, object],
        )
        (found,) = cursor.fetchone()
        return bool(found)


def want_values(
    connection_id: int, object: str, fields: Mapping[Side, Sequence[str]], before: datetime, now: datetime
) -> None:
    """List every record whose values of these fields are needed and not in the inbox: those linked before a moment.

    What waits in the inbox without them, linked or not, is read anew as well.
    """
    with transaction.atomic(), database.cursor() as cursor:
        for side, names in fields.items():
            parameters: dict[str, Any] = {
                "connection": connection_id,
                "side": side.value,
                "object": object,
                "target": object if side is Side.CRM else "contact",
                "marks": [_mark(name) for name in names],
                "before": before,
                "now": now,
                "lane": Lane.BACK_FILL,
            }
            cursor.execute(_WANT_LINKED.format(column=f"{side.value}_id"), parameters)
            cursor.execute(_WANT_WAITING, parameters)


def _mark(name: str) -> bytes:
    """Return how a field's entry begins in what `core.values.pack` writes; a value cannot contain it unescaped."""
    return msgspec.json.encode(name) + b":"


def mark_filled(connection_id: int) -> None:
    """Say that the records of every field in use were listed."""
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE mapped_field SET filled = true WHERE connection_id = %s AND paused = '' AND NOT filled",
            [connection_id],
        )
