"""The tables. Rows of the hot path (directory, inbox, link, outbox, journal) are written by set-based SQL only.

Packed columns (`*_shadow`, `values`, `expected`, …) hold what `core.values.pack` wrote. Times named `*_at` are ours,
`stamp` and `created` are the vendor's. Rows that come by the thousand refer to their connection, tenant and run without
a constraint: to check it for each row took a fifth of the database's time. `connections.remove` leaves none behind.
"""

from __future__ import annotations

from .acts import Act
from .connections import CallCount, Connection, Halt, Schedule
from .consents import Consent, ConsentEvidence, ConsentWrite, LinkConsent
from .feeds import Directory, Feed, Inbox, Tagged
from .holds import Hold
from .links import Crossing, Link, MatchChoice, Tombstone
from .mapping import MappedField, Mapping
from .notices import Notice, NoticeCause, NoticeReceiver
from .plans import Plan, PlanRow
from .runs import Latency, Progress, Run, Task
from .setup import BrowserSignIn, Checked, Draft
from .tenants import Budget, Described, Tenant
from .upkeep import Upkeep
from .writes import Journal, Outbox

__all__ = [
    "Act",
    "BrowserSignIn",
    "Budget",
    "CallCount",
    "Checked",
    "Connection",
    "Consent",
    "ConsentEvidence",
    "ConsentWrite",
    "Crossing",
    "Described",
    "Directory",
    "Draft",
    "Feed",
    "Halt",
    "Hold",
    "Inbox",
    "Journal",
    "Latency",
    "Link",
    "LinkConsent",
    "MappedField",
    "Mapping",
    "MatchChoice",
    "Notice",
    "NoticeCause",
    "NoticeReceiver",
    "Outbox",
    "Plan",
    "PlanRow",
    "Progress",
    "Run",
    "Schedule",
    "Tagged",
    "Task",
    "Tenant",
    "Tombstone",
    "Upkeep",
]
