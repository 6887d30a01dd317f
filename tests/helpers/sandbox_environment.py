"""A Dataverse environment of the sandbox in process, as its API, its control side and its clock show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.control import Controlled

DATA = "/api/data/v9.2"


@dataclass(frozen=True, kw_only=True)
class DataverseEnvironment:
    """The environment and shorthands for what tests ask of it; each fails on an unexpected status."""

    controlled: Controlled
    http: httpx2.Client
    ready: Mapping[str, str]

    @property
    def clock(self) -> Clock:
        return self.controlled.clock

    def call(
        self, method: str, path: str, body: object = None, *, headers: Mapping[str, str] | None = None
    ) -> httpx2.Response:
        return self.http.request(method, DATA + path, headers=headers, json=body)

    def get(self, path: str, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.call("GET", path, headers=named)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refusal(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[str, str]:
        """Code and message of a refused call."""
        answer = self.call(method, path, body, headers=headers)
        assert answer.status_code == status, answer.text
        error = answer.json()["error"]
        return error["code"], error["message"]

    def control(self, method: str, name: str, body: object = None, *, status: int = 200) -> Any:
        """A call to the control API."""
        answer = self.http.request(method, f"/_sandbox/{name}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def token(self, *, status: int = 200, tenant: str | None = None, **changed: str | None) -> dict[str, Any]:
        """Ask for a token by client credentials, with some fields of the form changed, or left out."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.ready["client_id"],
            "client_secret": self.ready["client_secret"],
            "scope": f"{self.ready['url']}/.default",
            "client_info": "1",
            **changed,
        }
        sent = {name: value for name, value in form.items() if value is not None}
        address = f"/{tenant or self.ready['tenant']}/oauth2/v2.0/token"
        answer = self.http.post(address, data=sent, headers={"Authorization": ""})
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def bearing(self, token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"}


Opening = Callable[..., DataverseEnvironment]
