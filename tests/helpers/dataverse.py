"""A Dataverse environment behind a transport that answers what a test wrote down, in the vendor's documented shapes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote

import httpx2
from tests.helpers.systems import FreeBudget, SteppedClock

from crosswalk.core.sign_in import OwnTokens
from crosswalk.systems.dynamics import Dynamics, connect

ENVIRONMENT = "https://acme.crm4.dynamics.com"
AUTHORITY = "https://login.microsoftonline.com"
TENANT = "11111111-2222-3333-4444-555555555555"
DATA = "/api/data/v9.2"
US = "75c2dd85-0000-0000-0000-000000000002"
ORGANIZATION = "4ef5b371-0000-0000-0000-000000000003"
CREDENTIALS = {"url": ENVIRONMENT, "tenant": TENANT, "client_id": "app", "client_secret": "secret"}
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

Reply = httpx2.Response | Exception | None


def error(code: str, message: str = "no", status: int = 400, **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(status, json={"error": {"code": code, "message": message}}, headers=named)


def refused_token(number: int, error: str = "invalid_client", status: int = 401) -> httpx2.Response:
    """A refusal of the token endpoint."""
    said = f"AADSTS{number}: No. Trace ID: 7b9c Correlation ID: 0f1e Timestamp: 2026-03-02 12:00:00Z"
    body = {"error": error, "error_description": said, "error_codes": [number], "trace_id": "7b9c"}
    return httpx2.Response(status, json=body)


def part(status: int, body: object = None, **headers: str) -> str:
    """One answer within a batch's."""
    lines = [f"HTTP/1.1 {status} Whatever", "OData-Version: 4.0"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    text = "" if body is None else json.dumps(body)
    return "\r\n".join(
        ["Content-Type: application/http", "Content-Transfer-Encoding: binary", "", *lines, "", text]
    )


def batch_answer(*parts: str, whole: bool = True) -> httpx2.Response:
    """The answer to a batch; without `whole` it breaks off."""
    text = "".join(f"--batchresponse_9e3c\r\n{each}\r\n" for each in parts)
    text += "--batchresponse_9e3c--\r\n" if whole else ""
    headers = {"Content-Type": "multipart/mixed; boundary=batchresponse_9e3c"}
    return httpx2.Response(200, content=text.encode(), headers=headers)


class Environment:
    """What answers; `replies` are for the environment's calls, in order, `before` may answer first."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.before: Callable[[httpx2.Request], Reply] = lambda request: None
        self.requests: list[httpx2.Request] = []
        self.forms: list[dict[str, str]] = []  # of requests for tokens
        self.lasts = 3599  # seconds that a token is good for
        self.budget, self.clock = FreeBudget(), SteppedClock(NOON)
        self.tokens = OwnTokens()

    def open(self, **credentials: str) -> Dynamics:
        given = {name: value for name, value in {**CREDENTIALS, **credentials}.items() if value}
        return connect(
            given,
            budget=self.budget,
            clock=self.clock,
            tokens=self.tokens,
            transport=httpx2.MockTransport(self._answer),
        )

    def calls(self) -> Sequence[str]:
        """What the environment was asked."""
        return [
            f"{request.method} {request.url.raw_path.decode()}"
            for request in self.requests
            if request.url.host != "login.microsoftonline.com"
        ]

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        reply = self.before(request)
        if isinstance(reply, Exception):
            raise reply
        if reply is not None:
            return reply
        if request.url.path.endswith("/token"):
            return self._token(request)
        if request.url.path == f"{DATA}/WhoAmI" and not self.replies:
            return httpx2.Response(200, json={"UserId": US, "OrganizationId": ORGANIZATION})
        found = self.replies.pop(0)
        if isinstance(found, Exception):
            raise found
        assert found is not None
        return found

    def _token(self, request: httpx2.Request) -> httpx2.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        self.forms.append(form)
        answer: dict[str, Any] = {
            "token_type": "Bearer",
            "access_token": f"token-{len(self.forms)}",
            "expires_in": self.lasts,
        }
        return httpx2.Response(200, json=answer)


def label(text: str) -> dict[str, Any]:
    said = {"Label": text, "LanguageCode": 1033, "IsManaged": True, "MetadataId": "2a49", "HasChanged": None}
    return {"LocalizedLabels": [said], "UserLocalizedLabel": said}


def column(name: str, type_: str = "String", **more: Any) -> dict[str, Any]:
    """A column's definition with all that its type has of its own; `more` is laid over it."""
    level = more.pop("level", "None")
    return {
        "LogicalName": name,
        "AttributeType": "Virtual" if type_ == "MultiSelectPicklist" else type_,
        "AttributeTypeName": {"Value": f"{type_}Type"},
        "AttributeOf": None,
        "DisplayName": label(name.title()),
        "RequiredLevel": {"Value": level, "CanBeChanged": True},
        "IsValidForCreate": True,
        "IsValidForUpdate": True,
        "IsValidForRead": True,
        "IsValidODataAttribute": True,
        "IsSecured": False,
        "SourceType": 0,
        **more,
    }


def options(*labels: str) -> dict[str, Any]:
    """An option set, numbered from 1."""
    return {"Options": [{"Value": place, "Label": label(text)} for place, text in enumerate(labels, 1)]}


def relation(column: str, table: str, navigation: str) -> dict[str, str]:
    return {
        "ReferencingAttribute": column,
        "ReferencedEntity": table,
        "ReferencingEntityNavigationPropertyName": navigation,
    }


CONTACT_COLUMNS = (
    column("contactid", "Uniqueidentifier", IsValidForUpdate=False, level="SystemRequired"),
    column("emailaddress1", MaxLength=100, FormatName={"Value": "Email"}),
    column("lastname", MaxLength=50, level="ApplicationRequired"),
    column("donotbulkemail", "Boolean"),
)


class Tables:
    """Answers to batches of metadata queries, about tables that all have the same columns."""

    def __init__(
        self,
        *columns: dict[str, Any],
        relations: Sequence[dict[str, str]] = (),
        currencies: Sequence[int] | None = (2,),
        tracked: bool = True,
    ) -> None:
        self.columns = [*CONTACT_COLUMNS, *columns]
        self.relations = list(relations)
        self.currencies = currencies
        self.tracked = tracked

    def answer(self, request: httpx2.Request) -> httpx2.Response | None:
        """Answer a batch that asks for metadata; None for any other request."""
        paths = re.findall(r"^GET (\S+) HTTP", request.content.decode(), re.MULTILINE)
        if not request.url.path.endswith("$batch") or not any("EntityDefinitions" in path for path in paths):
            return None
        return batch_answer(*(self._part(unquote(path)) for path in paths))

    def _part(self, path: str) -> str:
        if "transactioncurrencies" in path:
            if self.currencies is None:
                return part(403, {"error": {"code": "0x80040220", "message": "missing prvReadCurrency"}})
            return part(200, {"value": [{"currencyprecision": digits} for digits in self.currencies]})
        if "ManyToOneRelationships" in path:
            return part(200, {"value": self.relations})
        if "/Attributes" in path:
            return part(200, {"value": self._cast(path)})
        name = re.search(r"LogicalName='(\w+)'", path)
        assert name is not None
        return part(
            200,
            {
                "LogicalName": name.group(1),
                "EntitySetName": f"{name.group(1)}s",
                "PrimaryIdAttribute": f"{name.group(1)}id",
                "ChangeTrackingEnabled": self.tracked,
                "IsOptimisticConcurrencyEnabled": True,
            },
        )

    def _cast(self, path: str) -> list[dict[str, Any]]:
        cast = re.search(r"CRM\.(\w+)AttributeMetadata", path)
        asked = re.search(r"\$select=([\w,]+)", path)
        assert asked is not None
        names = {*asked.group(1).split(","), "OptionSet", "GlobalOptionSet"}
        return [
            {name: value for name, value in each.items() if name in names}
            for each in self.columns
            if cast is None or each["AttributeTypeName"]["Value"] == f"{cast.group(1)}Type"
        ]
