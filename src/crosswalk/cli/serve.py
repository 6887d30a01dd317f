"""`crosswalk serve`: everything in one go, with the embedded database."""

from __future__ import annotations

import logging
import os

import typer

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _

from . import logs
from .command import command
from .listening import HOST, PORT, Host, Port, address_of, listen
from .outcome import Answer
from .parts import PartLostError, keep
from .terminal import Terminal
from .web import open_web, welcome
from .worker import CONCURRENCY, Concurrency

app = typer.Typer()


@command(app, "serve", serves=True)
def serve(
    terminal: Terminal,
    host: Host = HOST,
    port: Port = PORT,
    concurrency: Concurrency = CONCURRENCY,
    log_format: logs.LogFormat = None,
) -> Answer:
    """Run the web, a worker and the database, until it is told to stop (Ctrl-C, SIGTERM).

    A web or worker that dies is started anew.
    """
    form = logs.set_up(verbose=terminal.verbose, form=log_format, least=logging.INFO)
    listening = listen(host, port)
    _prepare(terminal, form, address_of(listening))
    shared = ["--log-format", form.value, *(["--verbose"] if terminal.verbose else [])]
    parts = {
        "web": ["--fd", str(listening.fileno()), *shared],
        "worker": ["--concurrency", str(concurrency), *shared],
    }
    try:
        keep(parts, [listening.fileno()])
    except PartLostError as lost:
        raise UserError(
            _("The {part} ended again and again.").format(part=lost.name),
            cure=_("Its last lines above say why; crosswalk {part} starts it alone.").format(part=lost.name),
        ) from None
    finally:
        listening.close()
        _end_database(terminal, form)
    return Answer(data={"state": "stopped"})


def _prepare(terminal: Terminal, form: logs.Form, address: str) -> None:
    """Start the database where it is ours, and bring its tables up to date before anybody needs them."""
    foreign = "DATABASE_URL" in os.environ
    open_web()
    from django.db import connections

    from crosswalk.store import embedded

    if foreign:
        logs.tell(terminal, form, _("The database is the one that DATABASE_URL names."))
    else:
        del os.environ["DATABASE_URL"]  # parts find it themselves, and start it where it is away
    logs.tell(terminal, form, _("Data are in {folder}").format(folder=embedded.home()))
    welcome(terminal, form, address)
    connections.close_all()


def _end_database(terminal: Terminal, form: logs.Form) -> None:
    """Stop the database unless it is somebody else's, or another command still works with it."""
    if os.environ.get("DATABASE_URL"):
        return
    from crosswalk.store import embedded

    home = embedded.home()
    if embedded.in_use(home):
        logs.tell(terminal, form, _("The database goes on, since others use it: crosswalk db stop"))
    else:
        embedded.stop(home)
