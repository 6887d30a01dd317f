"""The org's scheduled jobs, as queries see them."""

from __future__ import annotations

from typing import Any

from tests.helpers.sandbox_org import SalesforceOrg

LISTED = (
    "SELECT CronJobDetail.Name, CronJobDetail.JobType, State, CronExpression, TimeZoneSidKey, NextFireTime,"
    " PreviousFireTime, TimesTriggered FROM CronTrigger ORDER BY NextFireTime"
)


def test_jobs_are_listed_with_their_details(org: SalesforceOrg) -> None:
    jobs = {each["CronJobDetail"]["Name"]: each for each in org.query(LISTED)}

    nightly = jobs["Nightly territory clean-up"]
    assert (nightly["CronJobDetail"]["JobType"], nightly["State"]) == ("7", "WAITING")
    assert nightly["CronExpression"] == "0 0 2 * * ?"
    assert nightly["NextFireTime"].endswith("T02:00:00.000+0000")
    assert nightly["PreviousFireTime"] < nightly["NextFireTime"]
    assert abs(nightly["TimesTriggered"] / 7 - jobs["Weekly Export Service"]["TimesTriggered"]) < 2


def nightly_job(org: SalesforceOrg) -> dict[str, Any]:
    (found,) = [row for row in org.dump()["CronTrigger"] if row["CronExpression"] == "0 0 2 * * ?"]
    return found


def test_jobs_start_as_time_goes_by(org: SalesforceOrg) -> None:
    before = nightly_job(org)

    org.send_control("POST", "clock", {"advance": 3 * 86400})

    after = nightly_job(org)
    assert after["TimesTriggered"] == before["TimesTriggered"] + 3
    assert after["PreviousFireTime"] > before["PreviousFireTime"]
    assert after["NextFireTime"] > before["NextFireTime"]


def test_nobody_writes_them(org: SalesforceOrg) -> None:
    (job,) = org.query("SELECT Id FROM CronTrigger WHERE CronJobDetail.JobType = '3'")
    assert org.call("PATCH", f"/sobjects/CronTrigger/{job['Id']}", {"State": "PAUSED"}).status_code >= 400
    assert org.column("SELECT State FROM CronTrigger") == ["WAITING"] * 3
