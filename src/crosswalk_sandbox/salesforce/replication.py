"""What changed and what was deleted in a span of time.

Source: Salesforce REST, sObject Get Updated and Get Deleted.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from crosswalk_sandbox.salesforce.answers import Answer, Call
from crosswalk_sandbox.salesforce.errors import ApiError
from crosswalk_sandbox.salesforce.org import KEPT_IN_BIN
from crosswalk_sandbox.salesforce.values import moment, stamp

MINUTE = timedelta(minutes=1)
UPDATES_KNOWN = timedelta(days=30)


def updated(call: Call) -> Answer:
    """`GET /sobjects/{object}/updated`: ids of records created or changed from `start` to before `end`."""
    start, end = _span(call)
    if start < call.org.now() - UPDATES_KNOWN:
        text = f"start date: {stamp(start)} is more than 30 days ago"
        raise ApiError("INVALID_REPLICATION_DATE", text)
    rows = call.org.store[call.kind.name].between(stamp(start), _before(end))
    found = [row["Id"] for row in rows if call.org.shows(row) and not row.get("IsDeleted")]
    return Answer(content={"ids": found, "latestDateCovered": _covered(call, end)})


def deleted(call: Call) -> Answer:
    """`GET /sobjects/{object}/deleted`: records deleted from `start` to before `end`, still in the bin."""
    start, end = _span(call)
    rows = call.org.store[call.kind.name].between(stamp(start), _before(end))
    found = [
        {"id": row["Id"], "deletedDate": row["SystemModstamp"]}
        for row in rows
        if call.org.shows(row) and row.get("IsDeleted")
    ]
    earliest = max(filter(None, (call.org.now() - KEPT_IN_BIN, call.org.emptied)))
    content = {
        "deletedRecords": found,
        "earliestDateAvailable": stamp(earliest),
        "latestDateCovered": _covered(call, end),
    }
    return Answer(content=content)


def _span(call: Call) -> tuple[datetime, datetime]:
    """The span asked for, in whole minutes. Raises ApiError."""
    if "replicateable" not in call.kind.is_:
        raise ApiError("INVALID_TYPE_FOR_OPERATION", f"{call.kind.name} is not replicateable")
    start, end = (_time(call, name) for name in ("start", "end"))
    if end - start < MINUTE:
        text = f"end date {stamp(end)} must be at least one minute greater than start date {stamp(start)}"
        raise ApiError("INVALID_REPLICATION_DATE", text)
    return start, end


def _time(call: Call, name: str) -> datetime:
    text = call.request.param(name)
    if not text:
        raise ApiError("MISSING_ARGUMENT", f"The {name} parameter is required")
    try:
        return moment(text).replace(second=0)
    except ValueError:
        raise ApiError("INVALID_REPLICATION_DATE", f"invalid {name} date: {text}") from None


def _before(end: datetime) -> str:
    return stamp(end - timedelta(seconds=1))


def _covered(call: Call, end: datetime) -> str:
    return stamp(min(end, call.org.now().replace(second=0)))
