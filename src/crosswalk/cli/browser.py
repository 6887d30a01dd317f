"""To a person's browser and back: opens an address, and listens on loopback for what comes of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import sys
import threading
import time
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _

from .terminal import Terminal

PATH = "/callback"
PORT = 8080
SECONDS = 300
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")  # variables
_HOST = "127.0.0.1"
_READ_SECONDS = 5  # a browser that connects and says nothing is not waited for longer
_STYLE = (
    ":root { color-scheme: light dark; }"
    " body { font: 1.125rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 4rem auto; padding: 0 1rem; }"
    " h1 { font-size: 1.75rem; line-height: 1.25; }"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Crosswalk</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
</main>
</body>
</html>
"""


@dataclass(slots=True, kw_only=True)
class _Wait:
    """Whom is waited for, and what they brought."""

    state: str = ""
    told: dict[str, str] = field(default_factory=dict)


class _Handler(BaseHTTPRequestHandler):
    """Answers the browser that comes back, and nobody else."""

    server: _Server
    timeout = _READ_SECONDS

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        told = dict(parse_qsl(parts.query))
        if parts.path != PATH:
            self._page(404, _("Nothing here"), _("Crosswalk waits for the end of a sign-in at this port."))
        elif not hmac.compare_digest(told.get("state", "").encode(), self.server.wait.state.encode()):
            text = _("This does not belong to the sign-in that Crosswalk waits for.")
            self._page(400, _("Not this sign-in"), text)
        elif "error" in told:
            text = _("The command in the terminal says why. This page can be closed.")
            self._page(200, _("You were not signed in"), text)
            self.server.wait.told = told
        else:
            text = _("Crosswalk goes on in the terminal. This page can be closed.")
            self._page(200, _("Thank you"), text)
            self.server.wait.told = told

    def _page(self, status: int, title: str, text: str) -> None:
        page = _PAGE.format(style=_STYLE, title=escape(title), text=escape(text)).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(page)),
            "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'",
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "Connection": "close",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is inherited
        """Say nothing: the address holds a code."""


class _Server(HTTPServer):
    """Waits for one browser."""

    def __init__(self, port: int) -> None:
        self.wait = _Wait()
        super().__init__((_HOST, port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a browser go that hung up."""


class LoopbackBrowser:
    """A person's browser. Implements `core.sign_in.Browser`."""

    def __init__(self, server: _Server, terminal: Terminal, *, opens: bool, seconds: float) -> None:
        self._server = server
        self._terminal = terminal
        self._opens = opens
        self._seconds = seconds

    @property
    def redirect_uri(self) -> str:
        """The address to which the browser is sent back; a vendor knows it letter by letter."""
        return f"http://localhost:{self._server.server_port}{PATH}"

    def visit(self, address: str, state: str) -> Mapping[str, str]:
        """Show the address, open it, and wait for the browser to come back with `state`."""
        self._server.wait.state = state
        self._terminal.say(_("Sign in as the integration user at:"))
        self._terminal.say(address)
        self._terminal.say(
            _("The app must have the callback address {address}.").format(address=self.redirect_uri)
        )
        if self._opens and _has_display():
            # Some browsers hold the command up until they are closed.
            threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()
        give_up = time.monotonic() + self._seconds
        while not self._server.wait.told and (left := give_up - time.monotonic()) > 0:
            self._server.timeout = left
            self._server.handle_request()
        if not self._server.wait.told:
            raise _nobody_came(self._seconds)
        return self._server.wait.told


@contextmanager
def listening(terminal: Terminal, *, port: int, opens: bool, seconds: float) -> Iterator[LoopbackBrowser]:
    """Listen on loopback while a person signs in. Raises UserError when the port is taken."""
    try:
        server = _Server(port)
    except OSError as error:
        raise UserError(
            _("Port {port} cannot be listened on: {reason}.").format(
                port=port, reason=error.strerror or error
            ),
            cure=_("Name another with --port, and register its callback address in the app."),
        ) from None
    with server:
        yield LoopbackBrowser(server, terminal, opens=opens, seconds=seconds)


def _has_display() -> bool:
    """Tell whether a browser would have a window: one in the terminal would take it away from us."""
    return sys.platform in {"darwin", "win32"} or any(os.environ.get(name) for name in _DISPLAYS)


def _nobody_came(seconds: float) -> UserError:
    return UserError(
        _("Nobody signed in within {seconds} seconds.").format(seconds=round(seconds)),
        cure=_(
            "Start again. If an error page was shown, check client id and callback address of the app. A user who may"
            " only use the API cannot sign in by browser: such a user needs client credentials or a private key."
        ),
    )
