"""What Crosswalk is compared with: a loop that reads Salesforce's pages and sends one contact per call.

It is the shortest honest program of that kind: the largest pages, one kept-alive connection a system, as fast as the
account allows and no faster. It carries the four standard fields only, remembers nothing, compares nothing, and sends
everything again the next time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import httpx2

from .systems import Systems

_VERSION = "/services/data/v60.0"
_QUERY = "SELECT Id, Email, FirstName, LastName, Phone FROM Contact WHERE Email != null"
Contact = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """How the loop did."""

    contacts: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Contacts a second."""
        return self.contacts / self.seconds


def plain_loop(systems: Systems, contacts: int) -> Loop:
    """Send so many contacts, one a call."""
    with httpx2.Client(trust_env=False) as salesforce, httpx2.Client(trust_env=False) as activecampaign:
        began = time.perf_counter()
        target = _Target(activecampaign, systems.ready["activecampaign"])
        for contact in islice(_read(salesforce, systems.ready["salesforce"]), contacts):
            target.sync(contact)
    return Loop(contacts=target.sent, seconds=time.perf_counter() - began)


def _read(client: httpx2.Client, access: Any) -> Iterator[Contact]:
    """Yield the contacts of the org, page by page."""
    headers = {"Authorization": f"Bearer {access['access_token']}", "Sforce-Query-Options": "batchSize=2000"}
    path: str | None = f"{_VERSION}/query"
    query: dict[str, str] | None = {"q": _QUERY}
    while path is not None:
        answer = client.get(access["instance_url"] + path, params=query, headers=headers)
        page = answer.raise_for_status().json()
        for row in page["records"]:
            yield {
                "email": row["Email"],
                "firstName": row["FirstName"] or "",
                "lastName": row["LastName"] or "",
                "phone": row["Phone"] or "",
            }
        path, query = page.get("nextRecordsUrl"), None


class _Target:
    """Sends contacts at the pace that the account's answers name."""

    def __init__(self, client: httpx2.Client, access: Any) -> None:
        self._client = client
        self._url = access["url"] + "/api/3/contact/sync"
        self._headers = {"Api-Token": access["key"]}
        self._gap = 0.2
        self._next = 0.0
        self.sent = 0

    def sync(self, contact: Contact) -> None:
        """Create or update one contact."""
        time.sleep(max(0.0, self._next - time.perf_counter()))
        self._next = time.perf_counter() + self._gap
        answer = self._client.post(self._url, json={"contact": contact}, headers=self._headers)
        if answer.status_code == 429:
            time.sleep(float(answer.headers["Retry-After"]))
            self.sync(contact)
            return
        answer.raise_for_status()
        self._gap = 1 / float(answer.headers.get("RateLimit-Limit", 5))
        self.sent += 1
