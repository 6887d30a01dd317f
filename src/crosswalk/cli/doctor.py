"""`crosswalk doctor`: is everything well that Crosswalk stands on?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
import typer
from rich.text import Text

from crosswalk.core.language import gettext as _
from crosswalk.core.words import plain

from . import tables
from .command import command
from .failures import Trouble, trouble
from .outcome import Answer, ExitCode
from .session import set_up
from .terminal import Terminal

if TYPE_CHECKING:
    from crosswalk.store.server import Server
    from crosswalk.sync.doctor import Finding

app = typer.Typer()
_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


@command(app, "doctor")
def doctor(terminal: Terminal) -> Answer:
    """Look at database, disk, clocks, outgoing TLS, key and time zone; say what to do where something is wrong.

    Nothing is changed, no record is read, and no host is called but those of your connections.
    """
    own_server = bool(os.environ.get("DATABASE_URL"))
    answered = _answered()
    from crosswalk.sync.doctor import State, worst

    found = list(_findings(answered, own_server=own_server))
    state = worst(found)
    rows = [
        (
            Text(each.state, style=_STYLES[each.state]),
            each.check,
            each.about,
            Text(each.message),
            Text(each.cure),
        )
        for each in found
    ]
    columns = ("", _("Check"), _("Of"), _("Found"), _("What to do"))
    return Answer(
        data={"state": state, "checks": msgspec.to_builtins(found, enc_hook=plain)},
        tables=[tables.table("", columns, rows)],
        code=ExitCode.ERROR if state is State.FAIL else ExitCode.OK,
    )


def _answered() -> Server | Trouble:
    """Set Django up, and return the server or why it cannot be used."""
    from crosswalk.store import embedded

    try:
        set_up(embedded.database_url())
        from crosswalk.store.server import look

        return look()
    except Exception as error:  # noqa: BLE001 - whatever it is: the other checks go on
        set_up("")
        return trouble(error)


def _findings(found: Server | Trouble, *, own_server: bool) -> Iterator[Finding]:
    from crosswalk.core.clock import SystemClock
    from crosswalk.store import embedded
    from crosswalk.sync import doctor

    answered = (
        doctor.Finding(check="database", state=doctor.State.FAIL, message=found.message, cure=found.cure)
        if isinstance(found, Trouble)
        else found
    )
    return doctor.look(answered, embedded.home(), SystemClock().now(), own_server=own_server)
