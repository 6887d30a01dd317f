"""Schedules of connections: kept, changed and removed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction

from crosswalk.core.schedule import Every, Schedule, check, next_start, outside_quiet
from crosswalk.core.versions import require_version

from . import acts, models

_INSTANT = timedelta(microseconds=1)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A connection's schedule."""

    schedule: Schedule
    set_at: datetime
    next_at: datetime
    paused: bool = False

    def next_after(self, moment: datetime) -> datetime:
        """Return the first start later than a moment."""
        return next_start(self.schedule, self.set_at, moment)


def of(connection: models.Connection) -> Kept | None:
    """Return a connection's schedule; None while its runs start by hand alone."""
    found = models.Schedule.objects.filter(connection=connection).first()
    return None if found is None else _kept(found)


def is_chosen(connection: models.Connection) -> bool:
    """Tell whether somebody said how runs start: by a schedule, or by hand alone."""
    by_hand = models.Connection.objects.filter(id=connection.id, by_hand=True)
    return by_hand.exists() or models.Schedule.objects.filter(connection=connection).exists()


def all_kept() -> dict[int, Kept]:
    """Return all schedules, by connection."""
    return {row.connection_id: _kept(row) for row in models.Schedule.objects.all()}


def _kept(row: models.Schedule) -> Kept:
    schedule = msgspec.convert(row.definition, Schedule)
    return Kept(schedule=schedule, set_at=row.set_at, next_at=row.next_at, paused=row.paused)


def save(
    connection: models.Connection, schedule: Schedule, now: datetime, *, expected: str | None = None
) -> Kept:
    """Give a connection a schedule instead of the one it has. Equal distances begin at once.

    `expected` is the version of the schedule that somebody saw before. Raises UserError when the schedule cannot be
    kept, Outdated among them.
    """
    check(schedule)
    with transaction.atomic():
        before = _locked(connection, expected)
        row = _store(connection, schedule, now)
        models.Connection.objects.filter(id=connection.id, by_hand=True).update(by_hand=False)
        acts.note("schedule.set", connection, before=_definition(before), after=_definition(row))
    return _kept(row)


def _store(connection: models.Connection, schedule: Schedule, now: datetime) -> models.Schedule:
    set_at = now.replace(microsecond=0)
    return models.Schedule.objects.update_or_create(
        connection=connection,
        defaults={
            "definition": msgspec.to_builtins(schedule),
            "set_at": set_at,
            "next_at": next_start(schedule, set_at, set_at - _INSTANT),
        },
    )[0]


def _locked(connection: models.Connection, expected: str | None) -> models.Schedule | None:
    """Hold a connection's schedule for one change; the connection itself is held while it has none."""
    models.Connection.objects.select_for_update().get(id=connection.id)
    row = models.Schedule.objects.filter(connection=connection).first()
    require_version(expected, None if row is None else _kept(row).schedule)
    return row


def _definition(row: models.Schedule | None) -> dict[str, Any] | None:
    return None if row is None else row.definition


def remove(connection: models.Connection, *, expected: str | None = None) -> bool:
    """Take a connection's schedule away, so that runs start by hand alone; False when it has none. Raises Outdated."""
    with transaction.atomic():
        row = _locked(connection, expected)
        models.Connection.objects.filter(id=connection.id).update(by_hand=True)
        if row is None:
            return False
        acts.note("schedule.removed", connection, before=_definition(row))
        row.delete()
    return True


def take_due(now: datetime) -> list[int]:
    """Take the starts that are due, and return their connections; within a transaction.

    Starts that were missed count as one, which waits for the end of quiet hours. What others take meanwhile is left to
    them; what is paused, connection or schedule, rests.
    """
    due = models.Schedule.objects.select_for_update(skip_locked=True)
    halted = models.Halt.objects.filter(connection__isnull=False, kind="paused").values("connection")
    due = due.filter(next_at__lte=now, paused=False).exclude(connection__in=halted)
    rows = list(due.order_by("next_at"))
    taken = []
    for row in rows:
        kept = _kept(row)
        opens = outside_quiet(kept.schedule, now)
        row.next_at = opens if opens > now else kept.next_after(now)
        if opens <= now:
            taken.append(row.connection_id)
    models.Schedule.objects.bulk_update(rows, ["next_at"])
    return taken


def begin(connection_id: int, now: datetime) -> None:
    """Let equal distances count from now on, beginning at once: the connection's set-up is finished."""
    row = models.Schedule.objects.filter(connection=connection_id).first()
    if row is not None and isinstance(_kept(row).schedule.times, Every):
        _store(row.connection, _kept(row).schedule, now)


def put_off(connection: models.Connection, until: datetime) -> None:
    """Let the next run of a connection start then, or when its quiet hours end; whatever follows is as scheduled."""
    kept = of(connection)
    if kept is not None:
        found = models.Schedule.objects.filter(connection=connection)
        found.update(next_at=outside_quiet(kept.schedule, until))


def pause(connection: models.Connection, *, paused: bool) -> bool:
    """Let a schedule rest, or go on; False when the connection has none. What was missed is made up for once."""
    with transaction.atomic():
        row = _locked(connection, None)
        if row is None:
            return False
        if row.paused != paused:
            acts.note("schedule.paused" if paused else "schedule.resumed", connection)
            models.Schedule.objects.filter(connection=connection).update(paused=paused)
    return True


def zones() -> dict[str, str]:
    """Return the time zone of each schedule, by the connection's name."""
    rows = models.Schedule.objects.select_related("connection").order_by("connection__name")
    return {row.connection.name: _kept(row).schedule.zone for row in rows}
