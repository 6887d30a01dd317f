"""A Salesforce org of the sandbox in process, as its API, its control side and its clock show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.control import Controlled

DATA = "/services/data/v60.0"


@dataclass(frozen=True, kw_only=True)
class SalesforceOrg:
    """The org and shorthands for what tests ask of it; each fails on an unexpected status."""

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

    def get(self, path: str) -> Any:
        return self.send("GET", path)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        answer = self.call(method, path, body, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def send_control(self, method: str, name: str, body: object = None, *, status: int = 200) -> Any:
        """A call to the control API."""
        answer = self.http.request(method, f"/_sandbox/{name}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def refusal(self, method: str, path: str, body: object = None, *, status: int = 400) -> tuple[str, str]:
        """Code and message of a refused call."""
        (error,) = self.send(method, path, body, status=status)
        return error["errorCode"], error["message"]

    def page(self, soql: str, *, deleted: bool = False, batch: int = 2000) -> Any:
        resource = "queryAll" if deleted else "query"
        headers = {"Sforce-Query-Options": f"batchSize={batch}"}
        answer = self.http.get(f"{DATA}/{resource}", params={"q": soql}, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def query(self, soql: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        """All records of a query, without their attributes."""
        page = self.page(soql, deleted=deleted)
        records = page["records"]
        while not page["done"]:
            page = self.http.get(page["nextRecordsUrl"]).json()
            records += page["records"]
        assert len(records) == page["totalSize"]
        return [{name: value for name, value in each.items() if name != "attributes"} for each in records]

    def column(self, soql: str, *, deleted: bool = False) -> list[Any]:
        """The values of a query that selects one field."""
        return [value for record in self.query(soql, deleted=deleted) for value in record.values()]

    def bad_query(self, soql: str) -> tuple[str, str]:
        """Code and last line of the message of a refused query."""
        answer = self.http.get(f"{DATA}/query", params={"q": soql})
        assert answer.status_code == 400, answer.text
        (error,) = answer.json()
        return error["errorCode"], error["message"].rpartition("\n")[2]

    def create(self, object_name: str, /, **values: object) -> str:
        return str(self.send("POST", f"/sobjects/{object_name}", values, status=201)["id"])

    def lead(self, **values: object) -> str:
        return self.create("Lead", **{"LastName": "Vogel", "Company": "Acme", **values})

    def record(self, object_name: str, record_id: str) -> dict[str, Any]:
        """A record as it is stored, deleted or not."""
        return next(each for each in self.dump()[object_name] if each["Id"] == record_id)

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        return self.controlled.dump()


Opening = Callable[..., SalesforceOrg]
