"""Calls as the resources see them, and answers as bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from crosswalk_sandbox.dynamics.environment import Environment
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.http import Request, Response

ANNOTATIONS = "odata.include-annotations"
PAGE_SIZE = "odata.maxpagesize"
API = ("api", "data")
VERSIONS = ("v9.0", "v9.1", "v9.2")
MINIMAL = "application/json; odata.metadata=minimal"
ODATA = {"odata-version": "4.0"}
_ENCODER = msgspec.json.Encoder(decimal_format="number")
ALIAS = re.compile(r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|(@\w+)""")  # text in quotes stays
PREFERENCE = re.compile(r'\s*([\w.\-]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^,;]*))?\s*(?:,|;|$)')


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call to the Web API, signed in."""

    environment: Environment
    request: Request
    user: str  # systemuserid of the caller

    @property
    def base(self) -> str:
        """The address of the Web API, as the call named it."""
        address = self.environment.places.served_at(self.request)
        return f"{address}/{'/'.join(self.request.segments[:3])}"

    def option(self, name: str) -> str | None:
        """A query option, with the values of parameters such as `@p1` in their place. Source: Parameter aliases."""
        text = self.request.param(name)
        return ALIAS.sub(self._aliased, text) if text and "@" in text else text

    def _aliased(self, found: re.Match[str]) -> str:
        value = self.request.param(found[1]) if found[1] else None
        return found[0] if value is None else value

    @cached_property
    def preferences(self) -> Mapping[str, str]:
        """What `Prefer` asks for, names in lower case, without quotes."""
        return preferences(self.request.headers.get("prefer", ""))


def preferences(header: str) -> dict[str, str]:
    """Read a Prefer header."""
    found = {}
    for name, value in PREFERENCE.findall(header):
        found[name.lower()] = value.strip().strip('"')
    return found


def applied(call: Call, *names: str) -> dict[str, str]:
    """The header that says which of these preferences counted."""
    given = call.preferences
    written = (_written(name, given[name]) for name in names if name in given)
    counted = ", ".join(written)
    return {"preference-applied": counted} if counted else {}


def _written(name: str, value: str) -> str:
    if not value:
        return name
    return f'{name}="{value}"' if name == ANNOTATIONS else f"{name}={value}"


def answer(status: int, content: Any, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with JSON."""
    head = {"content-type": MINIMAL, **ODATA, **(headers or {})}
    return Response(status, _ENCODER.encode(content), head)


def refused(
    error: ODataError, headers: Mapping[str, str] | None = None, request: Request | None = None
) -> Response:
    """The answer to a call that failed; a request for all annotations gets more about it."""
    told = {"code": error.code, "message": error.message}
    wanted = preferences(request.headers.get("prefer", "")).get(ANNOTATIONS) if request else None
    if wanted == "*":
        told |= _details(error)
    return answer(error.status, {"error": told}, headers)


def _details(error: ODataError) -> dict[str, str]:
    power, crm = "@Microsoft.PowerApps.CDS.", "Microsoft.Crm.CrmException"
    return {
        f"{power}ErrorDetails.OperationStatus": "0",
        f"{power}ErrorDetails.SubErrorCode": "0",
        f"{power}HelpLink": f"http://go.microsoft.com/fwlink/?LinkID=398563&error={crm}%3a{error.code[2:]}",
        f"{power}TraceText": "",
        f"{power}InnerError.Message": error.message,
    }
