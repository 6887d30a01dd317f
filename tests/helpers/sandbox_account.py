"""An ActiveCampaign account of the sandbox in process, as its API, its control side and its clock show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx2

from crosswalk_sandbox.control import Controlled


@dataclass(kw_only=True)
class ActiveCampaign:
    """The account and shorthands for what tests ask of it; each fails on an unexpected status."""

    controlled: Controlled
    http: httpx2.Client
    sleeps: list[float] = field(default_factory=list)

    def advance(self, seconds: float) -> None:
        self.controlled.clock.advance(seconds)

    def get(self, path: str, query: str = "") -> Any:
        answer = self.http.get(f"/api/3{path}" + (f"?{query}" if query else ""))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, method: str, path: str, body: object = None, *, status: int) -> Any:
        answer = self.http.request(method, f"/api/3{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def control(self, method: str, path: str, body: object = None, *, status: int = 200) -> Any:
        answer = self.http.request(method, f"/_sandbox/{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def new_contact(self, email: str = "maria.ruiz@example.org", **attributes: object) -> str:
        made = self.send("POST", "/contacts", {"contact": {"email": email, **attributes}}, status=201)
        return str(made["contact"]["id"])

    def contact(self, contact_id: str) -> Any:
        return self.get(f"/contacts/{contact_id}")["contact"]

    def values(self, contact_id: str) -> dict[str, str]:
        rows = self.get(f"/contacts/{contact_id}/fieldValues")["fieldValues"]
        return {row["field"]: row["value"] for row in rows}

    def field_id(self, title: str) -> str:
        fields = self.get("/fields", "limit=100")["fields"]
        return str(next(each["id"] for each in fields if each["title"] == title))

    def found(self, query: str) -> list[str]:
        return [each["id"] for each in self.get("/contacts", f"limit=100&{query}")["contacts"]]
