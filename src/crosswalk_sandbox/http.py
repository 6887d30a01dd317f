"""Requests and answers, and the threaded HTTP/1.1 server on loopback that carries them.

Three ways an answer may end badly are part of the sandbox's faults: see Broken.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import h11
import msgspec

LOOPBACK = "127.0.0.1"
MOST_HEAD_BYTES = 256 * 1024  # systems refuse long addresses themselves, so the server must read them
MOST_BODY_BYTES = 160 * 1024 * 1024  # a Bulk API upload may have 150 MB
READ_BYTES = 256 * 1024
HANDSHAKE_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request as the systems see it."""

    method: str
    path: str  # as sent, still percent-encoded
    query: list[tuple[str, str]]  # decoded; '+' and %20 are spaces
    raw_query: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    beside: int = 0  # other requests of the same caller that were under way when it came

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The path's parts, percent-decoded one by one, empty ones left out."""
        return tuple(unquote(part) for part in self.path.split("/") if part)

    def param(self, name: str) -> str | None:
        """The last value of a query parameter, or None."""
        found = None
        for key, value in self.query:
            if key == name:
                found = value
        return found


@dataclass(frozen=True)
class Response:
    """One answer; `headers` need no length or date, those are added on the way out."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def json_response(status: int, obj: Any, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with `obj` as JSON in UTF-8."""
    return Response(status, msgspec.json.encode(obj), {"content-type": "application/json", **(headers or {})})


def make_request(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Request:
    """Build a Request from a request target (`/path?query`, or an absolute address)."""
    if "://" in target.partition("?")[0]:
        target = "/" + target.split("://", 1)[1].partition("/")[2]
    path, _, raw_query = target.partition("?")
    query = parse_qsl(raw_query, keep_blank_values=True, errors="replace")
    return Request(method=method, path=path, query=query, raw_query=raw_query, headers=headers, body=body)


class Broken(Exception):
    """The connection ends instead of a whole answer: nothing is sent, or `response` is cut in its body."""

    def __init__(self, response: Response | None = None) -> None:
        super().__init__("the connection ends here on purpose")
        self.response = response


Handler = Callable[[Request], Response]


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """What a server needs to speak TLS 1.2 or later. Raises OSError (ssl.SSLError is one) for bad files."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["http/1.1"])
    return context


class Server:
    """Serves one handler on one loopback port, a thread per connection; over TLS when it has a context."""

    def __init__(self, handler: Handler, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._tls = tls
        self._socket = socket.create_server((LOOPBACK, port), backlog=128)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._accept, daemon=True, name=f"accept-{self.port}")

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Begin to accept connections in the background."""
        self._thread.start()

    def close(self) -> None:
        """Stop accepting and cut every open connection."""
        with self._lock:
            self._closed = True
            for connection in self._open:
                _shut(connection)
        _shut(self._socket)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                connection = self._tls.wrap_socket(
                    connection, server_side=True, do_handshake_on_connect=False
                )
            with self._lock:
                if self._closed:
                    connection.close()
                    return
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if isinstance(connection, ssl.SSLSocket):
                _shake_hands(connection)
            _Conversation(connection, self._handler).run()
        except OSError:
            pass  # the client went away, or speaks no TLS; there is nobody left to tell
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()


def _shake_hands(connection: ssl.SSLSocket) -> None:
    connection.settimeout(HANDSHAKE_SECONDS)
    connection.do_handshake()
    connection.settimeout(None)


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):  # already gone
        end.shutdown(socket.SHUT_RDWR)


class _Conversation:
    """One connection: requests one after the other until either side closes."""

    def __init__(self, connection: socket.socket, handler: Handler) -> None:
        self._socket = connection
        self._handler = handler
        self._wire = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEAD_BYTES)

    def run(self) -> None:
        while True:
            try:
                head = self._next()
                if not isinstance(head, h11.Request):
                    return
                request = self._read(head)
            except h11.RemoteProtocolError as error:
                self._refuse(error.error_status_hint)
                return
            if request is None:
                self._refuse(413)
                return
            if not self._answer(request):
                return
            self._wire.start_next_cycle()

    def _next(self) -> Any:
        while True:
            if self._wire.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
                self._socket.sendall(self._bytes(go_on))
            event = self._wire.next_event()
            if event is not h11.NEED_DATA:
                return event
            self._wire.receive_data(self._socket.recv(READ_BYTES))

    def _read(self, head: h11.Request) -> Request | None:
        """The request with its whole body; None when the body is beyond measure."""
        parts: list[bytes] = []
        size = 0
        while isinstance(event := self._next(), h11.Data):
            parts.append(bytes(event.data))
            size += len(event.data)
            if size > MOST_BODY_BYTES:
                return None
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
        target = head.target.decode("latin-1")
        return make_request(head.method.decode("ascii"), target, headers, b"".join(parts))

    def _answer(self, request: Request) -> bool:
        """Send the handler's answer; whether the connection may go on."""
        try:
            response = self._handler(request)
        except Broken as broken:
            if broken.response is not None:
                self._socket.sendall(self._encode(request, broken.response, cut=True))
            return False
        self._socket.sendall(self._encode(request, response, cut=False))
        return self._wire.our_state is h11.DONE and self._wire.their_state is h11.DONE

    def _encode(self, request: Request, response: Response, *, cut: bool) -> bytes:
        """The answer's bytes; with `cut`, the head as it is and half of the body."""
        headers = list(response.headers.items())
        has_body = response.status != 204 and response.status != 304
        if has_body:
            headers.append(("content-length", str(len(response.body))))
        reason = http.client.responses.get(response.status, "").encode()
        out = self._bytes(h11.Response(status_code=response.status, headers=headers, reason=reason))
        body = response.body if has_body and request.method != "HEAD" else b""
        if cut:
            return out + body[: len(body) // 2]
        return out + self._bytes(h11.Data(data=body)) + self._bytes(h11.EndOfMessage())

    def _refuse(self, status: int) -> None:
        if self._wire.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            headers = [("content-length", "0"), ("connection", "close")]
            head = h11.Response(status_code=status, headers=headers)
            self._socket.sendall(self._bytes(head) + self._bytes(h11.EndOfMessage()))

    def _bytes(self, event: h11.Event) -> bytes:
        return self._wire.send(event) or b""
