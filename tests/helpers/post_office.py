"""Where notices arrive in tests: a mail server and a web server on loopback. They are told what to answer."""

from __future__ import annotations

import email.policy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any, TypeVar

HOST = "127.0.0.1"


class Mailbox(ThreadingTCPServer):
    """A mail server. Source: RFC 5321, the commands that a client needs at least."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Talk)
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.busy = False  # refuses mail for now

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Talk(StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().decode().strip():
            word = line.split(":")[0].split(" ")[0].upper()
            if word == "DATA":
                self._say("354 go on")
                self._take()
            elif word == "MAIL" and self.server.busy:
                self._say("451 later")
                continue
            elif word == "RCPT":
                self.server.recipients.append(line.partition("<")[2].rstrip(">"))
            self._say("221 bye" if word == "QUIT" else "250 ok")
            if word == "QUIT":
                return

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        mail = message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.server.mails.append(mail)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class Hook(ThreadingHTTPServer):
    """A web server that keeps what is posted to it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Posted)
        self.calls: list[tuple[str, dict[str, str], bytes]] = []  # path, headers, body
        self.status = 204
        self.location = ""

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}/hooks/s3cret"


class _Posted(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.calls.append((self.path, headers, body))
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("location", self.server.location)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Tests read `calls`."""


Server = TypeVar("Server", Mailbox, Hook)


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Let a server answer meanwhile."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
