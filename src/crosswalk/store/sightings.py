"""Sightings that are settled leave the inbox, and tell how long edits took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from crosswalk.core.mapping import Side

from .staging import Stage

# Seconds from an edit to its write: as far apart as people tell them apart.
LATENCY_BOUNDS = [
    1.0,
    2.0,
    5.0,
    10.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    1800.0,
    3600.0,
    7200.0,
    21600.0,
    86400.0,
]
_SETTLED_STAGE = Stage(
    "stage_settled",
    side="text",
    object="text",
    record_id="text",
    version="bigint",
    skipped="text",
    written="bool",
)


class Leftover(msgspec.Struct, kw_only=True, gc=False):
    """A sighting that needs no merge, perhaps with the reason why its record does not take part."""

    side: Side
    object: str
    record_id: str
    version: int
    skipped: str | None = None
    written: bool = False  # the other side was written because of it


_SETTLE = """
    DELETE FROM inbox i USING stage_settled s WHERE i.connection_id = %(connection)s AND i.side = s.side
    AND i.object = s.object AND i.record_id = s.record_id AND i.version = s.version
"""
_SETTLE_WRITTEN = f"""
    WITH settled AS ({_SETTLE} RETURNING i.edited_at, s.written),
    took AS (SELECT greatest(0, extract(epoch FROM %(now)s - edited_at))::float8 AS seconds FROM settled
             WHERE written AND edited_at IS NOT NULL)
    INSERT INTO latency AS l (connection_id, bound, count, seconds)
    SELECT %(connection)s,
           (%(bounds)s::float8[] || 'infinity'::float8)[1 + width_bucket(seconds, %(bounds)s::float8[])] AS bound,
           count(*), sum(seconds) FROM took GROUP BY 2
    ON CONFLICT (connection_id, bound) DO UPDATE SET count = l.count + excluded.count,
        seconds = l.seconds + excluded.seconds
"""


def settle_sightings(
    cursor: Any,
    connection_id: int,
    tenant_ids: Mapping[Side, int],
    rows: Sequence[Leftover],
    written_at: datetime | None = None,
) -> None:
    """Remove sightings in the version that was seen; mark those that do not take part in the directory.

    What held these records as a whole, before they had a link, is over. How long edits took that are on the other side
    at `written_at` goes into the connection's histogram.
    """
    if not rows:
        return
    _SETTLED_STAGE.fill(
        cursor,
        ((row.side.value, row.object, row.record_id, row.version, row.skipped, row.written) for row in rows),
    )
    cursor.execute(
        _SETTLE if written_at is None else _SETTLE_WRITTEN,
        {"connection": connection_id, "now": written_at, "bounds": LATENCY_BOUNDS},
    )
    cursor.execute(
        "DELETE FROM hold h USING stage_settled s WHERE h.connection_id = %s AND h.link_id IS NULL"
        " AND h.side <> s.side AND h.record_id = s.record_id"
        " AND (s.side = 'activecampaign' OR h.object = s.object)",
        [connection_id],
    )
    for side, tenant_id in tenant_ids.items():
        if any(row.skipped for row in rows if row.side is side):
            cursor.execute(
                "UPDATE directory d SET skipped = s.skipped FROM stage_settled s WHERE s.side = %s"
                " AND s.skipped IS NOT NULL AND d.tenant_id = %s AND d.object = s.object"
                " AND d.record_id = s.record_id",
                [side.value, tenant_id],
            )
