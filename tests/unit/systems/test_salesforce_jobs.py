from __future__ import annotations

from typing import Any

import httpx2
from tests.helpers.salesforce import Org


def listed(*records: Any) -> httpx2.Response:
    return httpx2.Response(200, json={"totalSize": len(records), "done": True, "records": list(records)})


def test_a_job_of_which_little_is_known_is_listed_all_the_same() -> None:
    org = Org()
    unknown = {
        "CronJobDetail": {"Name": "Sitemap", "JobType": "E"},
        "State": "COMPLETE",
        "NextFireTime": None,
    }
    answer = listed(unknown, {"CronJobDetail": None, "State": "ERROR"}, {"State": "DELETED"})
    org.before = lambda request: None if "oauth2" in request.url.path else answer

    first, second = org.open().scheduled_jobs()

    assert (first.name, first.kind, first.state, first.next_at) == ("Sitemap", "E", "COMPLETE", None)
    assert (second.name, second.state, second.last_at, second.started) == ("", "ERROR", None, None)
