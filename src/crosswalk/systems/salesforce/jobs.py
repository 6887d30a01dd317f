"""The org's scheduled jobs: exports, reports, Apex, of whatever package.

Source: Object Reference, CronTrigger (query) and CronJobDetail (JobType with its values).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from ...core.language import gettext as _
from ...core.system import ScheduledJob
from ..answers import mark
from . import soql
from .client import Client

_MOST = 2000
_KINDS = {
    "0": mark("data export"),
    "1": mark("weekly export"),
    "3": mark("dashboard refresh"),
    "4": mark("reporting snapshot"),
    "5": mark("system"),
    "6": mark("scheduled flow"),
    "7": mark("scheduled Apex"),
    "8": mark("report run"),
    "9": mark("batch job"),
    "A": mark("analytics notification"),
}
_GONE = frozenset({"DELETED"})
_STATEMENT = soql.select(
    [
        "CronJobDetail.Name",
        "CronJobDetail.JobType",
        "State",
        "CronExpression",
        "TimeZoneSidKey",
        "NextFireTime",
        "PreviousFireTime",
        "TimesTriggered",
    ],
    "CronTrigger",
    tail=f"ORDER BY NextFireTime NULLS LAST LIMIT {_MOST}",
)
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class _Detail(msgspec.Struct, frozen=True, rename="pascal"):
    name: str | None = None
    job_type: str | None = None


class _Trigger(msgspec.Struct, frozen=True, rename="pascal"):
    cron_job_detail: _Detail | None = None
    state: str | None = None
    cron_expression: str | None = None
    time_zone_sid_key: str | None = None
    next_fire_time: _Moment | None = None
    previous_fire_time: _Moment | None = None
    times_triggered: int | None = None


class _Page(msgspec.Struct, frozen=True):
    records: list[_Trigger]


def read_jobs(client: Client) -> list[ScheduledJob]:
    """Read the org's scheduled jobs in one call, the next one first; those that somebody deleted are left out."""
    found = client.query(_STATEMENT).decode(_Page).records
    return [_job(each) for each in found if each.state not in _GONE]


def _job(found: _Trigger) -> ScheduledJob:
    detail = found.cron_job_detail or _Detail()
    kind = detail.job_type or ""
    return ScheduledJob(
        name=detail.name or "",
        kind=_(_KINDS[kind]) if kind in _KINDS else kind,
        state=found.state or "",
        times=found.cron_expression or "",
        zone=found.time_zone_sid_key or "",
        next_at=found.next_fire_time,
        last_at=found.previous_fire_time,
        started=found.times_triggered,
    )
