"""The org's scheduled jobs: listed in CronTrigger with their details, and started as time goes by.

Source: Object Reference, CronTrigger and CronJobDetail. Nothing else happens when one starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from crosswalk_sandbox.salesforce import values
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.store import Row

DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job that the org has from its start."""

    name: str
    type: str  # 1 is a weekly export, 3 a dashboard's refresh, 7 Apex
    expression: str
    after_midnight: timedelta
    days: int = 1  # from one start to the next; the first of seven is a Sunday

    def first(self, founded: datetime) -> datetime:
        """The first start after the org was founded."""
        midnight = founded.replace(hour=0, minute=0, second=0, microsecond=0) + DAY
        wait = (6 - midnight.weekday()) % 7 if self.days == 7 else 0
        return midnight + wait * DAY + self.after_midnight


JOBS = (
    Job(
        name="Nightly territory clean-up",
        type="7",
        expression="0 0 2 * * ?",
        after_midnight=timedelta(hours=2),
    ),
    Job(name="Pipeline dashboard", type="3", expression="0 30 6 * * ?", after_midnight=timedelta(hours=6.5)),
    Job(
        name="Weekly Export Service",
        type="1",
        expression="0 0 4 ? * SUN",
        after_midnight=timedelta(hours=4),
        days=7,
    ),
)
_DAYS = {job.expression: job.days for job in JOBS}


def fire(org: Org) -> None:
    """Start what is due by now, as often as it was."""
    triggers = org.store["CronTrigger"]
    due = [row for row in triggers.rows.values() if row["NextFireTime"] <= values.stamp(org.clock.now())]
    for row in due:
        triggers.put(_fired(row, org.clock.now()))


def _fired(row: Row, now: datetime) -> Row:
    every = _DAYS[row["CronExpression"]] * DAY
    due = values.moment(row["NextFireTime"])
    times = (now - due) // every + 1
    last = due + (times - 1) * every
    return {
        **row,
        "PreviousFireTime": values.stamp(last),
        "NextFireTime": values.stamp(last + every),
        "TimesTriggered": row["TimesTriggered"] + times,
    }
