"""A connection's switches *Global synchronisation* and *Initial synchronisation*, and what they ask of the inbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection as database
from django.db import transaction

from crosswalk.core.mapping import Side

from . import acts, models


class Switches(msgspec.Struct, frozen=True, kw_only=True):
    """How a connection's switches stand."""

    global_sync: bool = True  # off: nothing goes from the CRM to ActiveCampaign
    initial_sync: bool = (
        True  # off: what existed before the first run is left as it is until somebody edits it
    )
    initial_at: datetime | None = None  # when what existed was listed; that happens once
    left_at: datetime | None = None  # when what existed was left as it is

    @property
    def initial_due(self) -> bool:
        """Tell whether the next run is the initial synchronisation."""
        return self.global_sync and self.initial_sync and self.initial_at is None


def of(connection: models.Connection) -> Switches:
    """Return a connection's switches."""
    return Switches(
        global_sync=connection.global_sync,
        initial_sync=connection.initial_sync,
        initial_at=connection.initial_at,
        left_at=connection.left_at,
    )


def turn(
    connection: models.Connection, *, global_sync: bool | None = None, initial_sync: bool | None = None
) -> Switches:
    """Turn switches on or off, for runs that begin from now on; None leaves one as it is."""
    wanted = {"global_sync": global_sync, "initial_sync": initial_sync}
    with transaction.atomic():
        known = models.Connection.objects.select_for_update().get(id=connection.id)
        turned = {name: to for name, to in wanted.items() if to is not None and to != getattr(known, name)}
        for name, to in turned.items():
            setattr(known, name, to)
            acts.note("connection.switched", connection, switch=name, to=to)
        known.save(update_fields=["global_sync", "initial_sync"])
    return of(known)


_LEAVE = """
    DELETE FROM inbox WHERE connection_id = %(connection)s AND side = ANY(%(sides)s)
      AND NOT EXISTS (SELECT FROM link l WHERE l.connection_id = %(connection)s AND NOT EXISTS (
          SELECT FROM journal j JOIN run r ON r.id = j.run_id WHERE j.link_id = l.id AND r.kind = 'trial'))
"""
_LIST = """
    INSERT INTO inbox (connection_id, side, object, record_id, version, to_fetch, requested_at, deleted)
    SELECT %(connection)s, 'crm', d.object, d.record_id, nextval('inbox_version'), true, %(now)s, false
    FROM directory d
    WHERE d.tenant_id = %(tenant)s AND d.object = ANY(%(objects)s) AND NOT d.deleted AND d.successor IS NULL
      AND NOT EXISTS (SELECT FROM link l WHERE l.connection_id = %(connection)s AND l.object = d.object
                      AND l.crm_id = d.record_id)
    ON CONFLICT (connection_id, side, object, record_id) DO NOTHING
"""


def leave_what_exists(connection_id: int, sides: Sequence[Side], now: datetime) -> None:
    """Forget what a first reading showed of these sides, unless a run that was no trial has linked some of it."""
    parameters: dict[str, Any] = {"connection": connection_id, "sides": [side.value for side in sides]}
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(_LEAVE, parameters)
        models.Connection.objects.filter(id=connection_id).update(left_at=now)


def list_what_exists(connection_id: int, tenant_id: int, objects: Sequence[str], now: datetime) -> None:
    """List every known CRM record without a link, to be read again."""
    parameters: dict[str, Any] = {
        "connection": connection_id,
        "tenant": tenant_id,
        "objects": list(objects),
        "now": now,
    }
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(_LIST, parameters)
        note_initial(connection_id, now)


def note_initial(connection_id: int, now: datetime) -> None:
    """Keep that what existed was listed."""
    models.Connection.objects.filter(id=connection_id).update(initial_at=now)
