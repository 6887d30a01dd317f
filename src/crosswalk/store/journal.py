"""The journal: what is appended to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

KEPT = "kept"  # the operation of a row that says how a vendor keeps what we sent: no write, and not counted as one
_JOURNAL_TYPES = ["bigint", "bigint", "bigint", *["text"] * 3, "bytea", "timestamptz"]


class Entry(NamedTuple):
    """One row of the journal."""

    link_id: int
    side: str
    op: str
    record_id: str
    fields: Mapping[str, tuple[Any, Any, str]]  # before, after, reason


def write_journal(
    cursor: Any, connection_id: int, run_id: int | None, entries: Sequence[Entry], now: datetime
) -> None:
    """Append rows to the journal."""
    if not entries:
        return
    with cursor.copy(
        "COPY journal (connection_id, run_id, link_id, side, op, record_id, fields, at) FROM STDIN (FORMAT BINARY)"
    ) as copy:
        copy.set_types(_JOURNAL_TYPES)
        for link_id, side, op, record_id, fields in entries:
            copy.write_row(
                (connection_id, run_id, link_id, side, op, record_id, msgspec.json.encode(fields), now)
            )
