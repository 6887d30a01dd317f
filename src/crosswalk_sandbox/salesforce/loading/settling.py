"""What an org fills in by itself, and files may leave out: stamps, owners, users, stages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from crosswalk_sandbox.load.report import Report
from crosswalk_sandbox.salesforce import rules, values
from crosswalk_sandbox.salesforce.loading.rows import Taken
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.schema import Object
from crosswalk_sandbox.salesforce.store import Row

QUIET = timedelta(hours=1)  # records without stamps changed this long before the start
LATER = "stamps that lie after the sandbox's own time are set to it"


class Settler:
    """Makes rows of records that know their ids and parents."""

    def __init__(self, org: Org, rows: dict[str, list[Row]], report: Report) -> None:
        self._org = org
        self._report = report
        self._now = org.stamp()
        self._quiet = values.stamp(org.now() - QUIET)
        self._users = rows["User"]
        self._stages = rows["OpportunityStage"]
        people = (row["Id"] for row in self._users if row["IsActive"] and row["Id"] != org.caller)
        self._somebody = next(people)

    def row(self, kind: Object, taken: Taken) -> Row:
        """The row of a record. What its file says stands. Raises RecordError."""
        given = taken.values
        row = {**kind.unticked, **_defaults(kind), **given, "Id": taken.id}
        self._stamp(row, taken)
        owner = self._somebody
        if "OwnerId" in kind.fields:
            owner = row.setdefault("OwnerId", owner)
        row.setdefault("CreatedById", owner)
        row.setdefault("LastModifiedById", row["CreatedById"])
        if kind.name == "User":
            self._complete_user(row)
        stamps = {name: row[name] for name in ("CreatedDate", "LastModifiedDate", "SystemModstamp")}
        return {**rules.apply(self._org, kind, None, row, given), **given, **stamps}

    def stranger(self, name: str, record_id: str, number: int) -> Row:
        """A user or queue whom records belong to, but of whom no file tells."""
        if name == "Group":
            group = self._org.store["Group"].rows[self._org.queue]
            named = {"Name": f"Queue {number}", "DeveloperName": f"Queue_{number}"}
            return {**group, "Id": record_id, **named}
        row: Row = {"Id": record_id, "FirstName": "Unknown", "LastName": f"User {number}"}
        template = {key: self._users[0][key] for key in ("CreatedById", "LastModifiedById")}
        stamps = {key: self._users[0][key] for key in ("CreatedDate", "LastModifiedDate", "SystemModstamp")}
        self._complete_user(row)
        row["Name"] = f"Unknown User {number}"
        return {**row, **template, **stamps}

    def stages(self, deals: Iterable[Taken]) -> list[Row]:
        """Rows for the stages of opportunities that the org does not know, as their first ones say."""
        found: dict[str, Row] = {stage["ApiName"]: stage for stage in self._stages}
        for deal in deals:
            name = deal.values["StageName"]
            if name not in found:
                found[name] = self._stage(name, len(found) + 1, deal.values)
        return list(found.values())[len(self._stages) :]

    def _stage(self, name: str, number: int, given: dict[str, Any]) -> Row:
        closed, won = given.get("IsClosed", False), given.get("IsWon", False)
        category = given.get("ForecastCategoryName") or (
            "Closed" if won else "Omitted" if closed else "Pipeline"
        )
        return {
            **self._stages[0],
            "Id": self._org.new_id(self._org.schema["OpportunityStage"]),
            "MasterLabel": name,
            "ApiName": name,
            "SortOrder": number,
            "IsClosed": closed,
            "IsWon": won,
            "DefaultProbability": given.get("Probability", values.tidy(Decimal(100 if won else 0))),
            "ForecastCategory": rules.FORECASTS.get(category, "Pipeline"),
            "ForecastCategoryName": category,
        }

    def _stamp(self, row: Row, taken: Taken) -> None:
        """All three stamps, from those that the file has; none lies in the future."""
        modified = row.get("LastModifiedDate") or row.get("SystemModstamp") or row.get("CreatedDate")
        row.setdefault("LastModifiedDate", modified or self._quiet)
        row.setdefault("CreatedDate", row["LastModifiedDate"])
        row.setdefault("SystemModstamp", row["LastModifiedDate"])
        for name in ("CreatedDate", "LastModifiedDate", "SystemModstamp"):
            if row[name] > self._now:
                row[name] = self._now
                self._report.remark(taken.reading.file, taken.line, LATER)

    def _complete_user(self, row: Row) -> None:
        """Everything that a user cannot be without."""
        template = self._users[0]
        last = str(row.setdefault("LastName", "User"))
        row.setdefault("Username", f"user.{row['Id'].lower()}@org.example")
        row.setdefault("Email", row["Username"])
        row.setdefault("Alias", last[:8].lower())
        row.setdefault("CommunityNickname", row["Alias"])
        row.setdefault("IsActive", True)
        for name in ("TimeZoneSidKey", "LocaleSidKey", "EmailEncodingKey", "LanguageLocaleKey", "ProfileId"):
            row.setdefault(name, template[name])
        row.setdefault("UserType", template["UserType"])


def _defaults(kind: Object) -> Row:
    if kind.name == "User":
        return {"IsActive": True}
    return {field.name: field.default for field in kind.fields.values() if field.default is not None}
