"""Calls as the resources see them, and answers before they are bytes."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, NoReturn

import msgspec

from crosswalk_sandbox.http import Request, Response
from crosswalk_sandbox.salesforce.errors import ApiError
from crosswalk_sandbox.salesforce.guards import Actor
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.schema import Object

JSON = "application/json;charset=UTF-8"
CSV = "text/csv;charset=UTF-8"
_ENCODER = msgspec.json.Encoder(decimal_format="number")
FASTEST_GZIP = 1


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer; `content` goes out as JSON, `text` as delimited text, neither as an empty body."""

    status: int = 200
    content: Any = None
    text: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call to a resource of the REST API, signed in."""

    org: Org
    request: Request
    version: str  # such as 60.0
    args: Mapping[str, str]  # from the path, by the template's names
    actor: Actor
    again: Callable[[Request, bool], Answer]  # answers a call within this one; whether it counts as one more

    @cached_property
    def body(self) -> bytes:
        """The body, unpacked. Raises ApiError."""
        return unpacked(self.request)

    @cached_property
    def kind(self) -> Object:
        """The object that the path names. Raises ApiError."""
        return self.object(self.args["object"])

    def object(self, name: str) -> Object:
        found = self.org.visible.find(name)
        if found is None:
            raise ApiError("NOT_FOUND", "The requested resource does not exist")
        return found

    @property
    def content_type(self) -> str:
        """The media type of the body without its parameters; "" without one."""
        return self.request.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> dict[str, Any]:
        """The body, which must be a JSON object. Raises ApiError."""
        if self.content_type != "application/json":
            text = f"Content type of the request is not supported: {self.content_type or 'none'}"
            raise ApiError("UNSUPPORTED_MEDIA_TYPE", text)
        return _json_object(self.body)

    def path(self, rest: str) -> str:
        """The path of a resource in the version of the call."""
        return f"/services/data/v{self.version}{rest}"

    def header_time(self, name: str) -> datetime | None:
        """A date-time header, aware; None when it is missing or cannot be read."""
        try:
            found = parsedate_to_datetime(self.request.headers[name])
        except (KeyError, ValueError):
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def flag(self, name: str) -> bool:
        """A true or false parameter of the address, false when missing."""
        return (self.request.param(name) or "").lower() == "true"


def unpacked(request: Request) -> bytes:
    """The body without its content coding. Raises ApiError."""
    if request.headers.get("content-encoding", "").lower() != "gzip":
        return request.body
    try:
        return gzip.decompress(request.body)
    except (OSError, EOFError, zlib.error):
        raise ApiError("JSON_PARSER_ERROR", "The body is not what its Content-Encoding says") from None


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = f"[line:{error.lineno}, column:{error.colno}]"
        raise ApiError("JSON_PARSER_ERROR", f"{error.msg} at {where}") from None
    except (ValueError, RecursionError) as error:
        raise ApiError("JSON_PARSER_ERROR", f"{error} at [line:1, column:1]") from None
    if not isinstance(found, dict):
        text = "The HTTP entity body is required to be a JSON object at [line:1, column:1]"
        raise ApiError("JSON_PARSER_ERROR", text)
    return found


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"Unrecognized token '{text}'")


def to_json(value: Any) -> bytes:
    """JSON with every digit of numbers."""
    return _ENCODER.encode(value)


def refused(error: ApiError) -> Answer:
    """The answer to a call that failed as a whole."""
    return Answer(status=error.status, content=[error.problem.single()])


def encode(request: Request, answer: Answer) -> Response:
    """The bytes of an answer: indented if asked for, packed if the client can unpack."""
    if answer.content is None and answer.text is None:
        return Response(answer.status, b"", dict(answer.headers))
    body = _json_body(request, answer) if answer.text is None else answer.text.encode()
    headers = {"content-type": JSON if answer.text is None else CSV, **answer.headers}
    if "gzip" in request.headers.get("accept-encoding", "").lower():
        body = gzip.compress(body, FASTEST_GZIP, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(answer.status, body, headers)


def _json_body(request: Request, answer: Answer) -> bytes:
    body = to_json(answer.content)
    indented = request.headers.get("x-prettyprint", "") in ("1", "true")
    return msgspec.json.format(body, indent=2) if indented else body
