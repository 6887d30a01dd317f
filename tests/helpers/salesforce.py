"""A little org behind a transport: what the connector's unit tests talk to.

It knows only the statements that the connector writes, answers in the vendor's documented shapes, and
remembers every request. A test may put replies before it.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx2
from tests.helpers.systems import FreeBudget, SteppedClock

from crosswalk.systems.salesforce import Salesforce, connect

HOST = "https://acme.my.salesforce.com"
ORG = "00D5g00000AbCdEEAV"
US = "0055g00000XyZ12AAF"
PERSON = "0055g00000PeRsNAAV"
CREDENTIALS = {"login_url": HOST, "client_id": "consumer-key", "client_secret": "consumer-secret"}
DATA = "/services/data/v60.0"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

Row = dict[str, Any]
Reply = httpx2.Response | Exception


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def contact(number: int, *, at: datetime = NOON, **values: Any) -> Row:
    """One row as a query gives it; ids are in the vendor's 18-character form for the test's purposes."""
    return {
        "attributes": {"type": "Contact"},
        "Id": f"0035g0{number:09d}AAA",
        "IsDeleted": False,
        "MasterRecordId": None,
        "SystemModstamp": stamp(at),
        "CreatedDate": stamp(NOON - timedelta(days=30)),
        "LastModifiedById": PERSON,
        "Email": f"c{number}@example.org",
        **values,
    }


def field(name: str, type_: str = "string", **more: Any) -> Row:
    return {
        "name": name,
        "label": name,
        "type": type_,
        "length": 80,
        "nillable": True,
        "createable": True,
        "updateable": True,
        "defaultedOnCreate": False,
        **more,
    }


FIELDS = [
    field("Id", "id", nillable=False, createable=False, updateable=False, defaultedOnCreate=True),
    field("LastName", nillable=False),
    field("FirstName", length=40),
    field("Email", "email"),
    field("Notes__c", "textarea", length=32000, filterable=False),
    field("Score__c", "double", length=0, precision=18, scale=2),
    field("Birthdate", "date", length=0),
    field("Seen__c", "datetime", length=0),
    field("Wakes__c", "time", length=0),
    field("Vip__c", "boolean", length=0, nillable=False, defaultedOnCreate=True),
    field("Topics__c", "multipicklist", length=4099),
    field("MailingAddress", "address", length=0, createable=False, updateable=False),
]


def error(code: str, message: str = "no", status: int = 400) -> httpx2.Response:
    return httpx2.Response(status, json=[{"message": message, "errorCode": code}])


def body_of(request: httpx2.Request) -> Any:
    """A request's body as JSON, unpacked."""
    packed = request.headers.get("content-encoding") == "gzip"
    return json.loads(gzip.decompress(request.content) if packed else request.content)


class Org:
    """The org; `rows` are contacts. Behaviour that tests vary stands in attributes."""

    def __init__(self, rows: Sequence[Row] = (), fields: Sequence[Row] = FIELDS) -> None:
        self.rows = list(rows)
        self.fields = list(fields)
        self.now = NOON + timedelta(hours=1)
        self.page_size = 2000
        self.snapshots = True  # a next page shows what the statement found; otherwise it runs again
        self.before: Callable[[httpx2.Request], Reply | None] = lambda request: None
        self.requests: list[httpx2.Request] = []
        self.bodies: list[Any] = []
        self.tokens = 0
        self._results: dict[str, tuple[str, list[Row]]] = {}

    def open(self, **credentials: str) -> Salesforce:
        self.budget, self.clock = FreeBudget(), SteppedClock()
        return connect(
            {**CREDENTIALS, **credentials},
            budget=self.budget,
            clock=self.clock,
            transport=httpx2.MockTransport(self._answer),
        )

    def paths(self) -> list[str]:
        """What was asked for, without tokens and describes."""
        return [
            f"{request.method} {request.url.path}"
            for request in self.requests
            if "oauth2" not in request.url.path and not request.url.path.endswith("/describe")
        ]

    def statements(self) -> list[str]:
        return [request.url.params["q"] for request in self.requests if "q" in request.url.params]

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        reply = self.before(request)
        if isinstance(reply, Exception):
            raise reply
        answer = reply if reply is not None else self._route(request)
        answer.headers.setdefault("Date", self.now.strftime("%a, %d %b %Y %H:%M:%S GMT"))
        return answer

    def _route(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if path == "/services/oauth2/token":
            return self._token(request)
        if path.endswith("/describe"):
            return httpx2.Response(200, json={"name": "Contact", "fields": self.fields})
        if "q" in request.url.params:
            return self.query(request.url.params["q"], deleted=path.endswith("queryAll"))
        if path.startswith(f"{DATA}/query/"):
            return self._next(path.rsplit("/", 1)[1])
        body = body_of(request)
        self.bodies.append(body)
        if path == f"{DATA}/composite/sobjects/Contact":
            return self._retrieve(body)
        return self._write(request.method, body["records"])

    def _token(self, request: httpx2.Request) -> httpx2.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        self.bodies.append(form)
        self.tokens += 1
        answer = {
            "access_token": f"00D!token-{self.tokens}",
            "instance_url": HOST,
            "id": f"https://login.salesforce.com/id/{ORG}/{US}",
        }
        return httpx2.Response(200, json=answer)

    def query(self, statement: str, *, deleted: bool) -> httpx2.Response:
        rows = self._found(statement, deleted=deleted)
        key = f"0r8{len(self._results):015d}"
        self._results[key] = (statement, rows)
        return self._page(key, 0)

    def _next(self, locator: str) -> httpx2.Response:
        key, _, offset = locator.partition("-")
        statement, _found = self._results[key]
        if not self.snapshots:
            self._results[key] = (statement, self._found(statement, deleted=True))
        return self._page(key, int(offset))

    def _page(self, key: str, offset: int) -> httpx2.Response:
        _statement, rows = self._results[key]
        end = offset + self.page_size
        body: Row = {"totalSize": len(rows), "done": end >= len(rows), "records": rows[offset:end]}
        if not body["done"]:
            body["nextRecordsUrl"] = f"{DATA}/query/{key}-{end}"
        return httpx2.Response(200, json=body)

    def _found(self, statement: str, *, deleted: bool) -> list[Row]:
        since = re.search(r"SystemModstamp >= (\S+)Z", statement)
        limit = re.search(r"LIMIT (\d+)", statement)
        emails = re.search(r"Email IN \((.*)\)", statement)
        wanted = re.findall(r"'((?:[^'\\]|\\.)*)'", emails.group(1)) if emails else []
        wanted = [re.sub(r"\\(.)", r"\1", email) for email in wanted]
        columns = statement.removeprefix("SELECT ").split(" FROM ")[0].split(", ")
        rows = [
            {name: row.get(name) for name in columns}
            for row in sorted(self.rows, key=lambda row: (row["SystemModstamp"], row["Id"].swapcase()))
            if (not since or row["SystemModstamp"] >= since.group(1))
            and not (row["IsDeleted"] and (not deleted or "IsDeleted = false" in statement))
            and (not emails or str(row["Email"]).lower() in wanted)
        ]
        return rows[: int(limit.group(1))] if limit else rows

    def _retrieve(self, body: Any) -> httpx2.Response:
        rows = {row["Id"]: row for row in self.rows if not row["IsDeleted"]}
        found = [
            {name: rows[each].get(name) for name in body["fields"]} if each in rows else None
            for each in body["ids"]
        ]
        return httpx2.Response(200, json=found)

    def _write(self, method: str, records: Sequence[Row]) -> httpx2.Response:
        done = [
            {"id": record.get("id", f"0035g1{place:09d}AAA"), "success": True, "errors": []}
            for place, record in enumerate(records)
        ]
        return httpx2.Response(200, json=done)
