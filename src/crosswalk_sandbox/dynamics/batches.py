"""`$batch`: several requests in one multipart body, change sets among them. Source: Execute batch operations."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable
from dataclasses import dataclass

from crosswalk_sandbox.dynamics.answers import ODATA, Call, applied, refused
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.http import Request, Response, make_request

MOST = 1000
MOST_ADDRESS = 65_536
GO_ON = "odata.continue-on-error"
BOUNDARY = re.compile(r'boundary="?([^";,\s]+)"?', re.IGNORECASE)
Answering = Callable[[Request], Response]  # answers one request, errors included


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its own headers, and what it carries."""

    headers: dict[str, str]
    content: bytes

    @property
    def boundary(self) -> str | None:
        """The boundary of the parts that it carries, if it is a change set."""
        return _boundary(self.headers.get("content-type", ""))

    @property
    def inner(self) -> list[Part]:
        """The requests of a change set. Raises ODataError."""
        found = _parts(self.content, self.boundary or "")
        if found is None:
            raise ODataError(
                "0x80060888", f"The change set does not end with the delimiter '--{self.boundary}--'."
            )
        return found


class _FailedError(Exception):
    """A change set ends here."""

    def __init__(self, response: Response) -> None:
        super().__init__(str(response.status))
        self.response = response


def serve(call: Call, answering: Answering) -> Response:
    """The answers to all parts, in their order; the first error ends it unless asked otherwise. Raises ODataError."""
    kind = call.request.headers.get("content-type", "")
    boundary = _boundary(kind)
    if boundary is None:
        raise ODataError(
            "0x80060888", f"The content type '{kind}' is not supported for batch requests.", status=415
        )
    parts = _parts(call.request.body, boundary)
    if parts is None:
        raise ODataError("0x80060888", f"The batch does not end with the delimiter '--{boundary}--'.")
    if sum(1 if part.boundary is None else len(part.inner) for part in parts) > MOST:
        raise ODataError("0x80060888", f"The batch has more than {MOST} requests.")
    goes_on = GO_ON in call.preferences
    name = f"batchresponse_{call.environment.new_id()}"
    shown, status = [], 200
    for part in parts:
        response, inside = _answered(call, part, answering)
        shown.append(inside)
        if response is not None and response.status >= 400 and not goes_on:
            status = response.status
            break
    head = {"content-type": f"multipart/mixed; boundary={name}", **ODATA, **applied(call, GO_ON)}
    return Response(status, _joined(name, shown), head)


def _answered(call: Call, part: Part, answering: Answering) -> tuple[Response | None, bytes]:
    """What a part is answered with, also as it goes into the body; None is a change set that went well."""
    try:
        if part.boundary is None:
            response = answering(_request(call, part, {}))
            return response, _shown(response, None)
        with call.environment.all_or_nothing():
            return None, _change_set(call, part, answering)
    except ODataError as error:  # what is wrong with the part itself
        response = refused(error, request=call.request)
    except _FailedError as failed:
        response = failed.response
    return response, _shown(response, None)


def _change_set(call: Call, part: Part, answering: Answering) -> bytes:
    """All requests of a change set, or none. Raises _FailedError or ODataError."""
    name = f"changesetresponse_{call.environment.new_id()}"
    known: dict[str, str] = {}
    shown = []
    for inner in part.inner:
        content_id = inner.headers.get("content-id")
        request = _request(call, inner, known)
        if content_id is None or request.method == "GET":
            raise ODataError("0x80060888", "Requests of a change set need a Content-ID and cannot be GET.")
        if content_id in known:
            raise ODataError("0x80060888", f"The Content-ID '{content_id}' is in the change set twice.")
        response = answering(request)
        if response.status >= 400:
            raise _FailedError(response)
        known[content_id] = response.headers.get("odata-entityid", "")
        shown.append(_shown(response, content_id))
    return f"Content-Type: multipart/mixed; boundary={name}\r\n\r\n".encode() + _joined(name, shown)


def _request(call: Call, part: Part, known: dict[str, str]) -> Request:
    """The request that a part carries, with the rows made before it in the place of `$1`. Raises ODataError."""
    head, _, body = part.content.replace(b"\r\n", b"\n").partition(b"\n\n")
    line, *lines = head.decode("utf-8", "replace").lstrip().split("\n")
    words = line.split(" ")
    if len(words) < 3 or words[-1] != "HTTP/1.1":
        raise ODataError("0x80060888", f"Invalid HTTP request line in batch: '{line}'.")
    headers = {**_headers(lines), "host": call.request.headers.get("host", "")}
    target = _resolved(" ".join(words[1:-1]), known)
    content = _resolved(body.decode("utf-8", "replace"), known, within='"').encode()
    if len(target) > MOST_ADDRESS:
        raise ODataError("0x80060888", f"An address in a batch has at most {MOST_ADDRESS} characters.")
    if "://" not in target and not target.startswith("/"):
        target = f"{call.base}/{target}"
    return make_request(words[0], target, headers, content.strip())


def _resolved(text: str, known: dict[str, str], within: str = "") -> str:
    """The text with references by Content-ID replaced. Raises ODataError."""

    def row(found: re.Match[str]) -> str:
        if found[1] not in known:
            text = f"Content-ID Reference: '${found[1]}' does not exist in the batch context."
            raise ODataError("0x80060888", text)
        return f"{within}{known[found[1]]}{within}"

    if not within:
        return re.sub(r"^/?\$(\d+)(?=/|$)", row, text)
    return re.sub(r'"\$(\d+)"', row, text)


def _parts(body: bytes, boundary: str) -> list[Part] | None:
    """The parts between the delimiters; None where the last delimiter is missing."""
    if not re.search(rb"(?:^|\n)--" + re.escape(boundary.encode()) + rb"--", body):
        return None
    pieces = re.split(rb"(?:^|\r?\n)--" + re.escape(boundary.encode()) + rb"(?:--)?[ \t]*(?:\r?\n|$)", body)
    found = []
    for piece in pieces[1:-1]:
        head, _, content = piece.replace(b"\r\n", b"\n").partition(b"\n\n")
        found.append(Part(_headers(head.decode("utf-8", "replace").split("\n")), content))
    return found


def _headers(lines: list[str]) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _boundary(kind: str) -> str | None:
    found = BOUNDARY.search(kind)
    return found[1] if found and kind.lower().startswith("multipart/mixed") else None


def _shown(response: Response, content_id: str | None) -> bytes:
    """An answer as a part."""
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        head.append(f"Content-ID: {content_id}")
    reason = http.client.responses.get(response.status, "")
    names = {"odata-version": "OData-Version", "odata-entityid": "OData-EntityId", "etag": "ETag"}
    lines = [f"{names.get(name, name.title())}: {value}" for name, value in response.headers.items()]
    text = "\r\n".join([*head, "", f"HTTP/1.1 {response.status} {reason}", *lines, "", ""])
    return text.encode() + response.body


def _joined(name: str, shown: list[bytes]) -> bytes:
    mark = f"--{name}".encode()
    return b"".join(mark + b"\r\n" + part + b"\r\n" for part in shown) + mark + b"--\r\n"
