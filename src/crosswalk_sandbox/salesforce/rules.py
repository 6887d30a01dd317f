"""What an org fills in by itself: fields that follow from others, and other records that follow.

Source: Salesforce object reference, Opportunity, OpportunityContactRole and Task.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from crosswalk_sandbox.salesforce.errors import RecordError
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.schema import Object
from crosswalk_sandbox.salesforce.store import Row
from crosswalk_sandbox.salesforce.values import tidy

FORECASTS = {
    "Omitted": "Omitted",
    "Pipeline": "Pipeline",
    "Best Case": "BestCase",
    "Commit": "Forecast",
    "Closed": "Closed",
}
# a stage that the org does not list: unknown text is accepted, and tells nothing
NO_STAGE: Row = {"ForecastCategoryName": "Pipeline", "IsClosed": False, "IsWon": False}
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A record about to be saved: what it was (None: nothing), what it becomes, what was sent."""

    org: Org
    old: Row | None
    new: Row
    sent: Mapping[str, Any]

    def moves(self, name: str) -> bool:
        """Whether the field gets another value; in a new record every field does."""
        return self.old is None or self.old.get(name) != self.new.get(name)


def derive(kind: Object, row: Row) -> Row:
    """The row with the fields that follow from its own fields alone."""
    if "LastName" in row:
        row["Name"] = " ".join(filter(None, (row.get("FirstName"), row["LastName"])))
    if "PhotoUrl" in kind.fields:
        row["PhotoUrl"] = f"/services/images/photo/{row['Id']}"
    if "IsEmailBounced" in kind.fields:
        row["IsEmailBounced"] = "EmailBouncedReason" in row or "EmailBouncedDate" in row
    return row


def apply(org: Org, kind: Object, old: Row | None, new: Row, sent: Mapping[str, Any]) -> Row:
    """The new row with all fields that the org fills in. Raises RecordError."""
    if rule := BEFORE.get(kind.name):
        rule(Change(org=org, old=old, new=new, sent=sent))
    filled = {name: value for name, value in new.items() if value is not None}
    return derive(kind, filled)


def follow(org: Org, kind: Object, row: Row) -> None:
    """Bring other records up to date after this one was saved, deleted or brought back."""
    if kind.name == "OpportunityContactRole":
        _follow_role(org, row)


def _opportunity(change: Change) -> None:
    """Probability and forecast come from the stage whenever it moves, unless they were sent with it."""
    new, sent = change.new, change.sent
    stage = _stage(change.org, new["StageName"])
    if change.moves("StageName"):
        if sent.get("Probability") is None:
            new["Probability"] = stage.get("DefaultProbability")
        if sent.get("ForecastCategoryName") is None:
            new["ForecastCategoryName"] = stage["ForecastCategoryName"]
        if change.old is not None:
            new["LastStageChangeDate"] = change.org.stamp()
    new |= {"IsClosed": stage["IsClosed"], "IsWon": stage["IsWon"]}
    new["ForecastCategory"] = FORECASTS.get(new.get("ForecastCategoryName") or "", "Pipeline")
    new["ExpectedRevenue"] = _share(new.get("Amount"), new.get("Probability"))
    _date_fiscally(new)


def _stage(org: Org, name: str) -> Row:
    stages = org.store["OpportunityStage"].rows.values()
    return next((stage for stage in stages if stage["ApiName"] == name), NO_STAGE)


def _share(amount: Decimal | None, percent: Decimal | None) -> Decimal | None:
    if amount is None or percent is None:
        return None
    return tidy((amount * percent / 100).quantize(CENT))


def _date_fiscally(new: Row) -> None:
    """The fiscal year is the calendar's."""
    closes = date.fromisoformat(new["CloseDate"])
    quarter = (closes.month + 2) // 3
    new |= {"FiscalYear": closes.year, "FiscalQuarter": quarter, "Fiscal": f"{closes.year} {quarter}"}


def _task(change: Change) -> None:
    new, org = change.new, change.org
    _refuse_lead_with_relation(new)
    closed = new.get("Status") == "Completed"
    if closed and not (change.old or {}).get("IsClosed"):
        new["CompletedDateTime"] = org.stamp()
    if not closed:
        new["CompletedDateTime"] = None
    new |= {"IsClosed": closed, "IsHighPriority": new.get("Priority") == "High"}
    new["AccountId"] = _account_of_task(org, new)


def _refuse_lead_with_relation(new: Row) -> None:
    if new.get("WhatId") and (new.get("WhoId") or "").startswith("00Q"):
        text = "Related To ID: a task of a lead cannot be related to another record"
        raise RecordError("FIELD_INTEGRITY_EXCEPTION", text, ("WhoId", "WhatId"))


def _account_of_task(org: Org, new: Row) -> str | None:
    """The account that the task is related to, or the one of its opportunity or contact."""
    what = org.row(new.get("WhatId"))
    if what is None:
        who = org.row(new.get("WhoId"))
        return who.get("AccountId") if who else None
    related = what["Id"] if what["Id"].startswith("001") else what.get("AccountId")
    return str(related) if related else None


def _follow_role(org: Org, role: Row) -> None:
    """One primary role of an opportunity at most, whose contact the opportunity names.

    The opportunity's own stamp does not move with it.
    """
    roles = org.store["OpportunityContactRole"].find("OpportunityId", role["OpportunityId"])
    primary = [each for each in roles if each["IsPrimary"] and not each["IsDeleted"]]
    if role in primary:
        for other in primary:
            if other is not role:
                stamps = {
                    name: role[name] for name in ("LastModifiedDate", "LastModifiedById", "SystemModstamp")
                }
                org.store.put("OpportunityContactRole", {**other, "IsPrimary": False, **stamps})
        primary = [role]
    deal = org.store["Opportunity"].rows.get(role["OpportunityId"])
    contact = primary[0]["ContactId"] if primary else None
    if deal is not None and deal.get("ContactId") != contact:
        rest = {name: value for name, value in deal.items() if name != "ContactId"}
        org.store.put("Opportunity", {**rest, "ContactId": contact} if contact else rest)


BEFORE: dict[str, Callable[[Change], None]] = {"Opportunity": _opportunity, "Task": _task}
