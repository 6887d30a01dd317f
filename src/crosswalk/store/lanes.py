"""The lanes of what waits: an intended write has the most urgent lane of the sightings that it was made from."""

from __future__ import annotations

import msgspec
from django.db import connection as database

from crosswalk.core.lanes import Lane

_LOOK = """
    SELECT EXISTS (SELECT FROM inbox WHERE connection_id = %(connection)s AND lane <> 2)
           OR EXISTS (SELECT FROM outbox WHERE connection_id = %(connection)s AND lane <> 2),
           (SELECT last_value FROM inbox_version)
"""
_MARK = """
    UPDATE outbox o SET lane = w.lane
    FROM (SELECT b.id, least(c.lane, a.lane) AS lane
          FROM outbox b LEFT JOIN inbox c ON c.connection_id = b.connection_id AND c.version = b.crm_version
          LEFT JOIN inbox a ON a.connection_id = b.connection_id AND a.version = b.activecampaign_version
          WHERE b.connection_id = %(connection)s AND b.state = 'intended') w
    WHERE o.id = w.id AND w.lane <> o.lane
"""


_IN_THE_WAY = """
    SELECT o.id FROM inbox i
    JOIN link l ON l.connection_id = i.connection_id AND l.object = i.object AND l.crm_id = i.record_id
    JOIN outbox o ON o.link_id = l.id AND o.state = 'intended'
    WHERE i.connection_id = %(connection)s AND i.side = 'crm' AND i.version > %(version)s AND i.lane < %(lane)s
    UNION
    SELECT o.id FROM inbox i
    JOIN link l ON l.connection_id = i.connection_id AND l.activecampaign_id = i.record_id
    JOIN outbox o ON o.link_id = l.id AND o.state = 'intended'
    WHERE i.connection_id = %(connection)s AND i.side = 'activecampaign' AND i.version > %(version)s
          AND i.lane < %(lane)s
"""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """In which order intended writes go."""

    lanes: tuple[Lane, ...] = (Lane.SCHEDULED,)  # that there are, the most urgent first
    version: int = 0  # of the newest sighting: what comes later was not merged yet


def order(connection_id: int) -> Order:
    """Put the intended writes of a connection into their lanes."""
    parameters = {"connection": connection_id}
    with database.cursor() as cursor:
        cursor.execute(_LOOK, parameters)
        mixed, version = cursor.fetchone()
        if not mixed:
            return Order(version=version)
        cursor.execute(_MARK, parameters)
        cursor.execute(
            "SELECT DISTINCT lane FROM outbox WHERE connection_id = %(connection)s AND state = 'intended' ORDER BY 1",
            parameters,
        )
        return Order(lanes=tuple(Lane(lane) for (lane,) in cursor.fetchall()), version=version)


def overtaken(connection_id: int, lane: Lane, version: int) -> bool:
    """Tell whether a sighting later than `version` waits that is more urgent than a lane."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM inbox WHERE connection_id = %s AND version > %s AND lane < %s)",
            [connection_id, version, lane],
        )
        (found,) = cursor.fetchone()
        return bool(found)


def in_the_way(connection_id: int, lane: Lane, version: int) -> list[int]:
    """Return intended writes of records that were seen later than `version` with something more urgent than a lane."""
    with database.cursor() as cursor:
        cursor.execute(_IN_THE_WAY, {"connection": connection_id, "version": version, "lane": lane})
        return [row_id for (row_id,) in cursor.fetchall()]
