"""How many calls a connection makes, how much of its share is gone, and where that leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

import msgspec
from django.db import transaction

from crosswalk.core.lanes import DAY, Forecast, Meter, forecast
from crosswalk.core.mapping import Settings
from crosswalk.core.schedule import starts
from crosswalk.store import acts, budget, connections, runs, schedules
from crosswalk.store.models import Connection

from .setup import check_settings

_PACE_OF = timedelta(hours=6)  # over which the pace is measured


def figures(connection: Connection, now: datetime) -> list[dict[str, Any]]:
    """Return for both systems what is used and by whom, what may be used, what stops, and the forecast."""
    share = connections.settings_of(connection).crm_calls_percent
    found = []
    for tenant in (connection.crm, connection.activecampaign):
        used = budget.usage(connection.id, tenant.id, share, now)
        meter = used.meter
        ahead = _forecast(connection, tenant.id, used, now)
        found.append(
            {
                "system": tenant.system,
                "per_second": used.per_second,
                "limit": meter.limit,
                "percent": meter.share if meter.limit is not None else None,
                "cap": meter.cap,
                "used": meter.used,
                "ours": meter.ours,
                "other_connections": used.tenant_calls - meter.ours,
                "others": used.others,
                "left": meter.left,
                "told_at": used.told_at,
                "stopped": [lane.name.lower() for lane in meter.stopped()],
                "per_hour": ahead.per_hour,
                "reached_at": None if ahead.reached_in is None else now + ahead.reached_in,
                "per_run": ahead.per_run,
                "scheduled": ahead.scheduled,
            }
        )
    return found


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """A connection's calls to one of its systems in the last 24 hours, and what it may make."""

    calls: budget.Shared
    percent: float | None  # of the limit; None where the system sets none
    cap: int | None
    left: int | None


def shares(now: datetime) -> list[Share]:
    """Return what all connections call and may call, by name; one statement."""
    return [_share(each) for each in budget.shared(now)]


def _share(calls: budget.Shared) -> Share:
    settings = msgspec.convert(calls.settings, Settings)
    meter = Meter(share=settings.crm_calls_percent, ours=calls.ours, used=calls.used, limit=calls.limit)
    return Share(
        calls=calls,
        percent=None if meter.limit is None else meter.share,
        cap=meter.cap,
        left=meter.left,
    )


def _forecast(connection: Connection, tenant_id: int, used: budget.Usage, now: datetime) -> Forecast:
    counted = budget.calls_by_hour(connection.id, tenant_id, now - DAY)
    since = max(now - _PACE_OF, counted[0][0] if counted else now)
    hours = max(1.0, (now - since).total_seconds() / 3600)
    return forecast(
        used.meter,
        calls_an_hour=_within(counted, since) / hours,
        runs=runs.number_since(connection.id, now - DAY),
        starts=_starts(connection, now),
    )


def _within(counted: Sequence[tuple[datetime, int]], since: datetime) -> int:
    return sum(calls for hour, calls in counted if hour >= since)


def _starts(connection: Connection, now: datetime) -> int | None:
    """Return how often the schedule starts within a day from now; None without a schedule."""
    kept = schedules.of(connection)
    if kept is None:
        return None
    if kept.paused:
        return 0
    return sum(1 for _ in takewhile(lambda at: at <= now + DAY, starts(kept.schedule, kept.set_at, now)))


def set_percent(connection: Connection, percent: float) -> None:
    """Give a connection another share of its CRM's calls of a day. Raises UserError when that is no share."""
    mapping = connections.mapping_of(connection)
    settings = replace(mapping.settings, crm_calls_percent=percent)
    check_settings(settings, [item.object for item in mapping.objects])
    with transaction.atomic():
        connections.save_settings(connection, settings)
        before = mapping.settings.crm_calls_percent
        if before != percent:
            acts.note("budget.changed", connection, before={"percent": before}, after={"percent": percent})
