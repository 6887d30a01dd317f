"""Vendors' answers for the ActiveCampaign connector: a script of replies, and a small account with quirks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import httpx2
import msgspec
from tests.helpers.systems import FreeBudget, SteppedClock

from crosswalk.systems.activecampaign import ActiveCampaign, connect

KEY = "s3cret-key"
ACCOUNT_ZONE = timezone(timedelta(hours=-6))

FIELDS: dict[str, Any] = {
    "fields": [
        {"id": "7", "title": "City", "type": "text", "perstag": "CITY"},
        {"id": "8", "title": "Notes", "type": "textarea", "perstag": "NOTES"},
        {"id": "9", "title": "Score", "type": "number", "perstag": "SCORE"},
        {"id": "10", "title": "Birthday", "type": "date", "perstag": "BIRTHDAY"},
        {"id": "11", "title": "Last meeting", "type": "datetime", "perstag": "MEETING"},
        {"id": "12", "title": "Channels", "type": "checkbox", "perstag": "CHANNELS"},
        {"id": "13", "title": "Rating", "type": "dropdown", "perstag": "RATING"},
        {"id": "14", "title": "Budget", "type": "signature", "perstag": "BUDGET"},
    ],
    "fieldOptions": [
        {"field": "12", "orderid": "2", "value": "Phone", "label": "By phone", "id": "2"},
        {"field": "12", "orderid": "1", "value": "Email", "label": "By e-mail", "id": "1"},
        {"field": "13", "orderid": 1, "value": "hot", "label": "Hot", "id": "3"},
    ],
    "fieldRels": [],
    "meta": {"total": "8"},
}

Reply = httpx2.Response | Exception | Callable[[httpx2.Request], httpx2.Response]


def reply(status: int, content: object = None, **headers: str) -> httpx2.Response:
    return httpx2.Response(status, json=content if content is not None else {}, headers=headers)


class Script:
    """Answers by route, in the order written down; the last answer of a route repeats."""

    def __init__(self) -> None:
        self.clock = SteppedClock()
        self.budget = FreeBudget()
        self.requests: list[httpx2.Request] = []
        self._replies: defaultdict[tuple[str, str], list[Reply]] = defaultdict(list)
        self.on("GET", "/fields", reply(200, FIELDS))
        self.system: ActiveCampaign = connect(
            {"url": "https://acme.example", "key": KEY},
            budget=self.budget,
            clock=self.clock,
            transport=httpx2.MockTransport(self._answer),
        )

    def on(self, method: str, path: str, *replies: Reply) -> None:
        self._replies[method, path] = list(replies)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        waiting = self._replies[request.method, request.url.path.removeprefix("/api/3")]
        if not waiting:
            return reply(500, {"message": f"no reply written for {request.method} {request.url.path}"})
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    def calls(self, path: str = "") -> list[str]:
        """Method and path of the calls so far, without the reading of the schema."""
        made = [f"{request.method} {request.url.path.removeprefix('/api/3')}" for request in self.requests]
        return [call for call in made if call != "GET /fields" and path in call]

    def body(self, index: int = -1) -> Any:
        return msgspec.json.decode(self.requests[index].content)


@dataclass(kw_only=True)
class Account:
    """Contacts behind `GET /contacts`, with the quirks that the vendor may have."""

    clock: SteppedClock
    stamps: dict[int, datetime] = field(default_factory=dict)  # id → udate
    page_cap: int = 100
    order: bool = True
    id_greater: bool = True
    updated_after: bool = True
    strict: bool = True  # `updated_after` leaves equal stamps out
    whole_total: bool = False  # `meta.total` does not heed id_greater
    total: Callable[[int], object] | None = str
    calls: list[dict[str, str]] = field(default_factory=list)

    def touch(self, *ids: int, at: datetime | None = None) -> None:
        moment = at or self.clock.now()
        self.stamps |= {id_: moment.replace(microsecond=0) for id_ in ids}

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        query = dict(request.url.params.multi_items())
        self.calls.append(query)
        matching = [id_ for id_ in self.stamps if self._changed(id_, query)]
        above = int(query.get("id_greater", 0)) if self.id_greater else 0
        rest = [id_ for id_ in matching if id_ > above]
        ids = sorted(rest) if self.order else sorted(rest, key=lambda id_: -id_)
        offset, limit = int(query.get("offset", 0)), min(int(query["limit"]), self.page_cap)
        meta = (
            {} if self.total is None else {"total": self.total(len(matching if self.whole_total else rest))}
        )
        contacts = [contact(id_, self.stamps[id_]) for id_ in ids[offset : offset + limit]]
        return reply(
            200,
            {"contacts": contacts, "fieldValues": [], "meta": meta},
            Date=format_datetime(self.clock.now().astimezone(UTC), usegmt=True),
        )

    def _changed(self, id_: int, query: dict[str, str]) -> bool:
        since = query.get("filters[updated_after]")
        if since is None or not self.updated_after:
            return True
        moment = datetime.fromisoformat(since)
        return self.stamps[id_] > moment or (not self.strict and self.stamps[id_] == moment)


def contact(id_: int, stamp: datetime, **values: Any) -> dict[str, Any]:
    local = stamp.astimezone(ACCOUNT_ZONE).isoformat()
    return {
        "id": str(id_),
        "email": f"p{id_}@example.org",
        "firstName": "",
        "lastName": "",
        "phone": "",
        "cdate": local,
        "udate": local,
        "deleted": "0",
        "anonymized": "0",
        "links": [],
        **values,
    }
