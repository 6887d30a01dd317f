"""What there is: versions, the root of a version, limits. Source: Salesforce REST, Versions and Limits."""

from __future__ import annotations

import re
from typing import Any

from crosswalk_sandbox.salesforce.answers import Answer, Call
from crosswalk_sandbox.salesforce.errors import ApiError

FIRST_RETIRED, FIRST_SERVED, LATEST = 21, 31, 67
LATEST_YEAR = 2026  # of the newest release, which is a Summer one
SEASONS = ("Summer", "Spring", "Winter")
VERSION = re.compile(r"v(\d{1,3})\.0\Z", re.IGNORECASE)
PLAYED = ("composite", "jobs", "limits", "query", "queryAll", "sobjects", "ui-api")
# limits that the org states but never uses up
STATED = {
    "DailyStreamingApiEvents": 200_000, "DataStorageMB": 10_240,
    "FileStorageMB": 10_240, "HourlyPublishedPlatformEvents": 50_000, "SingleEmail": 5_000,
}  # fmt: skip


def check_version(segment: str) -> str:
    """The version that a path segment such as `v60.0` names. Raises ApiError, 410 for a retired one."""
    found = VERSION.match(segment)
    number = int(found[1]) if found else 0
    if FIRST_RETIRED <= number < FIRST_SERVED:
        text = f"API version {number}.0 is retired: use {FIRST_SERVED}.0 or later"
        raise ApiError("UNSUPPORTED_API_VERSION", text)
    if not FIRST_SERVED <= number <= LATEST:
        raise ApiError("NOT_FOUND", "The requested resource does not exist")
    return f"{number}.0"


def versions() -> Answer:
    """`GET /services/data/`, which needs no sign-in."""
    return Answer(content=[_version(number) for number in range(FIRST_SERVED, LATEST + 1)])


def _version(number: int) -> dict[str, str]:
    years, season = divmod(LATEST - number, 3)
    year = LATEST_YEAR - years
    label = f"{SEASONS[season]} '{year % 100:02d}"
    return {"label": label, "url": f"/services/data/v{number}.0", "version": f"{number}.0"}


def root(call: Call) -> Answer:
    """`GET /services/data/vXX.X/`: the resources that are played."""
    paths = {name: call.path(f"/{name}") for name in PLAYED}
    identity = call.org.identity_url(call.org.served_at(call.request), call.actor.user)
    return Answer(content={**paths, "identity": identity})


def composite(call: Call) -> Answer:
    """`GET /composite`: the resources below it."""
    return Answer(
        content={name: call.path(f"/composite/{name}") for name in ("tree", "batch", "sobjects", "graph")}
    )


def limits(used: int, most: int, bulk: dict[str, Any]) -> dict[str, Any]:
    """`GET /limits`; `bulk` is what it says of bulk jobs."""
    stated = {name: {"Max": number, "Remaining": number} for name, number in STATED.items()}
    return {"DailyApiRequests": {"Max": most, "Remaining": max(most - used, 0)}, **bulk, **stated}
