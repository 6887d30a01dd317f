"""`crosswalk db`: the embedded PostgreSQL of this installation."""

from __future__ import annotations

import os
from dataclasses import asdict

import typer

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _

from . import tables
from .command import command
from .outcome import Answer
from .terminal import Terminal

app = typer.Typer(help=_("Start, stop, see the embedded database."))


def _require_embedded() -> None:
    if os.environ.get("DATABASE_URL"):
        raise UserError(
            _("DATABASE_URL names a server of your own, which Crosswalk neither starts nor stops."),
            cure=_("Unset DATABASE_URL to use the embedded server."),
        )


@command(app, "start")
def start(terminal: Terminal) -> Answer:
    """Start the database server unless it runs.

    Other commands do so by themselves.
    """
    _require_embedded()
    from crosswalk.store import embedded

    embedded.start(embedded.home())
    return _status(_("The database runs."))


@command(app, "stop")
def stop(terminal: Terminal) -> Answer:
    """Stop the database server; its data stays."""
    _require_embedded()
    from crosswalk.store import embedded

    stopped = embedded.stop(embedded.home())
    return _status(_("The database is stopped.") if stopped else _("The database did not run."))


@command(app, "status")
def status(terminal: Terminal) -> Answer:
    """Tell whether the database runs.

    And where it is, and how large; nothing is started.
    """
    if os.environ.get("DATABASE_URL"):
        return _foreign()
    return _status("")


def _foreign() -> Answer:
    """Look at the server that DATABASE_URL names, without repeating the address: it may hold a password."""
    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=10) as connection:
        found = {
            "embedded": False,
            "running": True,
            "host": connection.info.host,
            "database": connection.info.dbname,
            "server": connection.info.parameter_status("server_version"),
        }
    return Answer(data=found, tables=[tables.facts(_("The server that DATABASE_URL names"), found)])


def _status(title: str) -> Answer:
    from crosswalk.store import embedded

    home = embedded.home()
    found = asdict(embedded.status(home))
    server = found.pop("version")  # of JSON answers, "version" is their own
    data = {"embedded": True, "home": str(home), **found, "data": str(found["data"]), "server": server}
    return Answer(data=data, tables=[tables.facts(title, data)])
