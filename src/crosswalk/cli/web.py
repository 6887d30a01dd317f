"""`crosswalk web`: the web alone."""

from __future__ import annotations

import logging
from gettext import gettext as _
from typing import Annotated

import typer

from . import logs
from .command import command
from .listening import HOST, PORT, Host, Port, address_of, inherited, listen
from .outcome import Answer
from .session import open_session
from .terminal import Terminal

SETTINGS = "crosswalk.web.settings"
app = typer.Typer()


@command(app, "web")
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
    open_session(SETTINGS)
    from crosswalk.web.server import serve

    if fd is None:
        logs.tell(terminal, form, _("Crosswalk is at {address}").format(address=address_of(listening)))
    serve(listening)
    return Answer(data={"state": "stopped"})
