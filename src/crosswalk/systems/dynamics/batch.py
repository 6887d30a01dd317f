"""Many requests in one call: `$batch` in its multipart form.

Source: Dataverse Web API, execute batch operations: parts of type application/http with CRLF line ends, answered in the
order of the requests; with `odata.continue-on-error` each has its own status.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.message import Message
from urllib.parse import quote, urlencode

import httpx2
import msgspec

from ...core.failures import FailureKind, SystemFailure
from ...core.words import keepable as _
from ..answers import NEXT_RUN, Answer

BROKEN_OFF = "batch_broken_off"
_BOUNDARY = "batch_crosswalk"  # never alone on a line of JSON, which has no line ends
CONTENT_TYPE = f'multipart/mixed; boundary="{_BOUNDARY}"'
_PART = b"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request of a batch; `path` begins below the Web API's address, as in `/contacts`."""

    method: str = "GET"
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = {}
    json: object = None


def encode(requests: Sequence[Request], root: str) -> bytes:
    """Return the body of a batch; `root` is the path of the Web API."""
    parts = [b"--%s\r\n%s%s\r\n" % (_BOUNDARY.encode(), _PART, _http(each, root)) for each in requests]
    return b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()


def _http(request: Request, root: str) -> bytes:
    path = root + request.path
    if request.query:
        path += "?" + urlencode(request.query, quote_via=quote, safe="$,()'")
    headers = {"Accept": "application/json", **request.headers}
    body = b""
    if request.json is not None:
        body = msgspec.json.encode(request.json)
        headers["Content-Type"] = "application/json"
    head = [f"{request.method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body + (b"" if body else b"\r\n")


def decode(answer: Answer, requests: Sequence[Request], root: str) -> list[Answer]:
    """Return the answers in a batch's answer, one for each request.

    Raises SystemFailure, in doubt, if it does not tell about every request: TRANSIENT where it breaks off.
    """
    parts = _parts(answer)
    if parts is None or len(parts) > len(requests):
        raise _unclear(FailureKind.BUG, _("Dynamics 365 answered a batch in a form that we do not know."))
    if len(parts) < len(requests):
        raise _unclear(
            FailureKind.TRANSIENT,
            _("Dynamics 365 answered {given} of {expected} requests of a batch.").format(
                given=len(parts), expected=len(requests)
            ),
            BROKEN_OFF,
        )
    return [_answer(part, answer, root + each.path) for part, each in zip(parts, requests, strict=True)]


def _parts(answer: Answer) -> list[bytes] | None:
    message = Message()
    message["Content-Type"] = answer.headers.get("content-type", "")
    boundary = message.get_param("boundary")
    if message.get_content_maintype() != "multipart" or not isinstance(boundary, str):
        return None
    pieces = (b"\n" + answer.body).split(b"\n--" + boundary.encode())
    return [
        piece for piece in pieces[1:-1] if piece.strip()
    ]  # before the first, and after each, a delimiter stands


def _answer(part: bytes, whole: Answer, path: str) -> Answer:
    _mime, http = _split(part.lstrip(b"\r\n"))
    head, body = _split(http.lstrip(b"\r\n"))
    first, *lines = head.decode("utf-8", "replace").splitlines()
    status = first.split(" ")[1] if first.startswith("HTTP/") else ""
    if not status.isdigit():
        raise _unclear(FailureKind.BUG, _("Dynamics 365 answered a batch in a form that we do not know."))
    pairs = [line.partition(":") for line in lines if ":" in line]
    return Answer(
        vendor=whole.vendor,
        path=path,
        status=int(status),
        headers=httpx2.Headers([(name.strip(), value.strip()) for name, _colon, value in pairs]),
        body=body.strip(),
        requested_at=whole.requested_at,
        received_at=whole.received_at,
    )


def _split(text: bytes) -> tuple[bytes, bytes]:
    """Split at the first empty line, however lines end."""
    for end in (b"\r\n\r\n", b"\n\n"):
        head, found, rest = text.partition(end)
        if found:
            return head, rest
    return text, b""


def _unclear(kind: FailureKind, message: str, code: str = "batch") -> SystemFailure:
    return SystemFailure(kind, message, cure=_(NEXT_RUN), code=code, in_doubt=True)
