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

API = ("api", "data")
VERSIONS = ("v9.0", "v9.1", "v9.2")
MINIMAL = "application/json; odata.metadata=minimal"
ODATA = {"odata-version": "4.0"}
_ENCODER = msgspec.json.Encoder(decimal_format="number")
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


def answer(status: int, content: Any, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with JSON."""
    head = {"content-type": MINIMAL, **ODATA, **(headers or {})}
    return Response(status, _ENCODER.encode(content), head)


def refused(error: ODataError, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to a call that failed."""
    body = {"error": {"code": error.code, "message": error.message}}
    return answer(error.status, body, headers)
