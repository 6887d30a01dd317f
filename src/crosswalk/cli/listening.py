"""The socket on which the web listens."""

from __future__ import annotations

import socket
from typing import Annotated

import typer

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _

HOST = "127.0.0.1"
PORT = 8000
Host = Annotated[
    str, typer.Option("--host", metavar="ADDRESS", help=_("Where to listen; this machine alone by default."))
]
Port = Annotated[int, typer.Option("--port", metavar="PORT", min=0, max=65535, help=_("0: any free one."))]


def listen(host: str, port: int) -> socket.socket:
    """Open the socket. Raises UserError when the address is not ours, or taken."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        opened = socket.socket(family, kind, protocol)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen()
    except OSError as error:
        raise UserError(
            _("Nothing can listen at {host}, port {port}: {error}.").format(
                host=host, port=port, error=error.strerror or error
            ),
            cure=_("Name another port with --port, or one of this machine's addresses with --host."),
        ) from error
    return opened


def inherited(number: int) -> socket.socket:
    """Take over a socket that is open already. Raises UserError when there is none."""
    try:
        return socket.socket(fileno=number)
    except OSError as error:
        raise UserError(
            _("File descriptor {number} is no open socket.").format(number=number),
            cure=_("Leave --fd out, and name --host and --port."),
        ) from error


def address_of(listening: socket.socket) -> str:
    """Return where a browser finds it; a socket for all addresses is found on this machine."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
