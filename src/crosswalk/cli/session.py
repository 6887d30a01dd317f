"""The way to the database: Django set up, migrations applied, the vault open. Only commands that need it pay."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crosswalk.core.failures import UserError
from crosswalk.core.keeping import KEY_FILE
from crosswalk.core.language import gettext as _

from .progress import Report

if TYPE_CHECKING:
    from crosswalk.core.clock import Clock
    from crosswalk.store.halts import Heeds
    from crosswalk.store.models import Connection
    from crosswalk.store.vault import Vault
    from crosswalk.sync.context import Context

SETTINGS = "crosswalk.settings"
ConnectionName = Annotated[
    str | None,
    typer.Option(
        "--connection", metavar="NAME", help=_("The connection; may be left out while there is only one.")
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a command needs to work with connections."""

    vault: Vault
    clock: Clock

    def connection(self, name: str | None) -> Connection:
        """Return the connection of that name, or the only one. Raises UserError."""
        from crosswalk.store import connections

        if name is not None:
            return connections.get(name)
        known = connections.all_connections()
        if len(known) == 1:
            return known[0]
        if not known:
            raise UserError(
                _("There is no connection yet."),
                cure=_("Add one: crosswalk connection add NAME --credentials FILE"),
            )
        names = ", ".join(connection.name for connection in known)
        raise UserError(
            _("There are several connections: {names}.").format(names=names),
            cure=_("Say which one with --connection NAME."),
        )

    def context(
        self, name: str | None, report: Report | None = None, *, heeds: Heeds | None = None
    ) -> Context:
        """Return a connection ready to run. Raises UserError and SystemFailure; see `open_context`."""
        from crosswalk.sync.setup import open_context

        connection = self.connection(name)
        context = open_context(connection.name, self.vault, self.clock, report=report, heeds=heeds)
        context.reads_ahead = True
        return context


def open_session(settings: str = SETTINGS) -> Session:
    """Reach the database of this installation, bring its tables up to date, and open the vault.

    `settings` is the module of Django's settings: workers have tables of their own.

    Raises EmbeddedError when the embedded server cannot be started, UserError when the key file is lost and when the
    tables are too new.
    """
    from crosswalk.store import embedded

    return open_session_at(embedded.database_url(), embedded.home(), settings)


def open_tables(settings: str = SETTINGS) -> Path:
    """Do the same without the vault, whose key may be lost; return where the key file is, or will be."""
    from crosswalk.store import embedded

    set_up(embedded.database_url(), settings)
    from crosswalk.store.upgrades import bring_up_to_date

    bring_up_to_date()
    return embedded.home() / KEY_FILE


def open_session_at(database_url: str, home: Path, settings: str = SETTINGS) -> Session:
    """Do the same for a named database and home; once a process."""
    set_up(database_url, settings)
    from crosswalk.core.clock import SystemClock
    from crosswalk.store.upgrades import bring_up_to_date
    from crosswalk.store.vault import Vault

    bring_up_to_date()
    return Session(vault=Vault.at(home / KEY_FILE), clock=SystemClock())


def set_up(database_url: str, settings: str = SETTINGS) -> None:
    """Point Django at a database; nothing is asked of it yet."""
    os.environ["DATABASE_URL"] = database_url
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    import django

    django.setup()
