"""`crosswalk web`: the web alone."""

from __future__ import annotations

import logging
import os
from typing import Annotated

import typer

from crosswalk.core.clock import SystemClock
from crosswalk.core.keeping import KEY_FILE
from crosswalk.core.language import gettext as _

from . import logs
from .command import command
from .listening import HOST, PORT, Host, Port, address_of, inherited, listen
from .outcome import Answer
from .session import Session, open_session
from .terminal import Terminal

SETTINGS = "crosswalk.web.settings"
app = typer.Typer()


@command(app, "web", serves=True)
def web(
    terminal: Terminal,
    host: Host = HOST,
    port: Port = PORT,
    fd: Annotated[
        int | None,
        typer.Option("--fd", metavar="N", min=3, help=_("A listening socket that is open already.")),
    ] = None,
    log_format: logs.LogFormat = None,
) -> Answer:
    """Answer browsers and monitoring, until it is told to stop (Ctrl-C, SIGTERM).

    Runs are started by workers, which share its database.
    """
    form = logs.set_up(verbose=terminal.verbose, form=log_format, least=logging.INFO)
    listening = listen(host, port) if fd is None else inherited(fd)
    open_web()
    from crosswalk.web.server import serve

    if fd is None:
        welcome(terminal, form, address_of(listening))
    serve(listening)
    return Answer(data={"state": "stopped"})


def open_web() -> Session:
    """Reach the database with the web's tables; cookies are signed with a key that the vault's gives."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    from crosswalk.store import embedded
    from crosswalk.store.vault import Vault, read_keys

    path = embedded.home() / KEY_FILE
    Vault.at(path)
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"crosswalk web")
    os.environ["CROSSWALK_SECRET_KEY"] = derive.derive(read_keys(path)[0]).hex()
    return open_session(SETTINGS)


def welcome(terminal: Terminal, form: logs.Form, address: str) -> None:
    """Say where the web is, and how the first administrator gets in. The link is said to people, never to the log."""
    from crosswalk.web import people

    address = os.environ.get("CROSSWALK_ADDRESS", "").rstrip("/") or address.rstrip("/")
    logs.tell(terminal, form, _("Crosswalk is at {address}").format(address=f"{address}/"))
    now = SystemClock().now()
    people.tidy(now)
    secret = people.first_link(now)
    if secret is not None:
        terminal.say(
            _("The first administrator gets in by this link, once, in half an hour: {link}").format(
                link=f"{address}/link/{secret}"
            )
        )
