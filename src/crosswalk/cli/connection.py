"""`crosswalk connection`: add, sign in again, list, check, remove."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _

from . import browser, files, tables
from .command import command
from .outcome import Answer, ExitCode
from .session import Session, open_session
from .terminal import Terminal

if TYPE_CHECKING:
    from crosswalk.store.models import Connection

app = typer.Typer(help=_("Join two systems, and look after their credentials."))

Name = Annotated[str, typer.Argument(metavar="NAME", help=_("The connection's name."))]
SIGN_IN = "sign-in"  # the check that every system walks first
Port = Annotated[
    int,
    typer.Option(
        "--port",
        metavar="PORT",
        min=0,
        max=65535,
        help=_("Where the browser comes back to, on this machine; 0: any free port."),
    ),
]
NoBrowser = Annotated[
    bool, typer.Option("--no-browser", help=_("Only print the address to sign in at; open no browser."))
]
Seconds = Annotated[
    float, typer.Option("--timeout", metavar="SECONDS", min=1, help=_("How long to wait for the browser."))
]


@command(app, "add")
def add(
    terminal: Terminal,
    name: Name,
    credentials: Annotated[
        str,
        typer.Option(
            "--credentials",
            metavar="FILE",
            help=_("JSON file with the credentials of both systems; - for stdin."),
        ),
    ],
    port: Port = browser.PORT,
    no_browser: NoBrowser = False,
    timeout: Seconds = browser.SECONDS,
) -> Answer:
    """Join two systems under a name.

    An ActiveCampaign account and a CRM; both are signed in to first, by browser where the credentials only name an app.
    """
    if not name.strip() or not name.isprintable():
        raise UserError(_("A connection needs a name that can be read."))
    given = files.read_credentials(credentials)
    session = open_session()
    from crosswalk.store import connections
    from crosswalk.sync.setup import add_connection

    way = partial(browser.listening, terminal, port=port, opens=not no_browser, seconds=timeout)
    added = add_connection(name, given, session.vault, session.clock, browser=way)
    made = connections.facts(added)
    terminal.say(
        _("Added. Next: crosswalk mapping suggest {name}, or mapping set {name} FILE").format(name=name)
    )
    return Answer(data=made, tables=[tables.facts("", _labelled(made))])


def _labelled(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        _("Connection"): facts["name"],
        _("CRM"): facts["crm"],
        _("ActiveCampaign"): facts["activecampaign"],
    }


@command(app, "sign-in")
def sign_in(
    terminal: Terminal,
    name: Name,
    port: Port = browser.PORT,
    no_browser: NoBrowser = False,
    timeout: Seconds = browser.SECONDS,
) -> Answer:
    """Sign in to the CRM again, by browser.

    For a connection whose sign-in was lost, or which shall act as the user who signs in.
    """
    session = open_session()
    from crosswalk.store import connections
    from crosswalk.sync.sign_in import sign_in_again

    way = partial(browser.listening, terminal, port=port, opens=not no_browser, seconds=timeout)
    made = connections.facts(sign_in_again(name, session.vault, session.clock, way))
    terminal.say(_("Signed in. Look at it: crosswalk connection check {name}").format(name=name))
    return Answer(data=made, tables=[tables.facts("", _labelled(made))])


@command(app, "list")
def list_all(terminal: Terminal) -> Answer:
    """List the connections."""
    open_session()
    from crosswalk.store import connections

    known = [connections.facts(connection) for connection in connections.all_connections()]
    rows = [list(each.values()) for each in known]
    shown = tables.table("", [_("Connection"), _("CRM"), _("ActiveCampaign")], rows)
    return Answer(data={"connections": known}, tables=[shown])


@command(app, "check")
def check(
    terminal: Terminal,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help=_("The connection; may be left out while there is only one.")),
    ] = None,
) -> Answer:
    """Try both systems.

    Address, sign-in, rights, clock and quota; nothing is written. Exit code 4 when a sign-in fails.
    """
    session = open_session()
    connection = session.connection(name)
    found = _checks(session, connection)
    failed = [each for each in found if not each["ok"]]
    code = ExitCode.OK
    if failed:
        lost = any(each["check"] == SIGN_IN for each in failed)
        code = ExitCode.SIGN_IN_LOST if lost else ExitCode.ERROR
    data = {"connection": connection.name, "ok": not failed, "checks": found}
    return Answer(data=data, tables=[_check_table(found)], code=code)


def _checks(session: Session, connection: Connection) -> list[dict[str, Any]]:
    from crosswalk.sync.checking import check_connection

    found = check_connection(connection, session.vault, session.clock)
    return [
        {"side": side.value, "check": each.name, "ok": each.ok, "message": each.message, "cure": each.cure}
        for side, checks in found.items()
        for each in checks
    ]


def _check_table(found: list[dict[str, Any]]) -> Any:
    rows = [
        [
            Text("✓", style="green") if each["ok"] else Text("✗", style="red"),
            each["side"],
            each["check"],
            Text(f"{each['message']} {each['cure']}".strip()),
        ]
        for each in found
    ]
    return tables.table("", ["", _("Side"), _("Check"), _("Result")], rows)


@command(app, "remove")
def remove(
    terminal: Terminal,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help=_("Do not ask."))] = False,
) -> Answer:
    """Forget a connection.

    Its links, journal and credentials go, our access ends; records on both sides stay as they are.
    """
    session = open_session()
    connection = session.connection(name)
    if not yes and not _agreed(terminal, name):
        return Answer(data={"connection": name, "removed": False}, code=ExitCode.NEEDS_APPROVAL)
    from crosswalk.sync import sign_in

    partings = sign_in.remove(connection, session.vault, session.clock)
    for parting in partings:
        terminal.say(parting.message)
    terminal.say(_("{name} is removed. No record was touched.").format(name=name))
    access = [{"system": each.system, "ended": each.ended, "message": each.message} for each in partings]
    return Answer(data={"connection": name, "removed": True, "access": access})


def _agreed(terminal: Terminal, name: str) -> bool:
    if not terminal.can_ask:
        terminal.say(_("Nothing is removed without a terminal to ask on; use --yes."))
        return False
    question = _("Forget {name}, its links and its journal? No record on either side is touched.")
    return terminal.ask(question.format(name=name))
