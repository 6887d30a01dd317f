"""`crosswalk user`: people who may sign in to the web, also when no administrator can."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _

from . import tables
from .command import command
from .listening import HOST, PORT
from .outcome import Answer
from .terminal import Terminal
from .web import open_web

if TYPE_CHECKING:
    from crosswalk.web.models import User

app = typer.Typer(help=_("Let people in to the web."))
Name = Annotated[str, typer.Argument(metavar="NAME", help=_("The person's name."))]
_ROLES = ("administrator", "manager", "user")


@command(app, "add")
def add(
    terminal: Terminal,
    name: Name,
    role: Annotated[
        str,
        typer.Option("--role", metavar="ROLE", help=_("administrator, manager or user.")),
    ] = "user",
    connection: Annotated[
        list[str] | None,
        typer.Option("--connection", metavar="NAME", help=_("What a user sees; may be given several times.")),
    ] = None,
) -> Answer:
    """Let somebody in, and print the link with which they choose a password, once, in half an hour."""
    if role not in _ROLES:
        raise UserError(
            _("There is no role called {role}.").format(role=role),
            cure=_("Name one of: {roles}.").format(roles=", ".join(_ROLES)),
        )
    session = open_web()
    from crosswalk.store import connections
    from crosswalk.web import people
    from crosswalk.web.roles import Role

    if people.named(name) is not None:
        raise UserError(
            _("There is somebody called {name} already.").format(name=name),
            cure=_("A new link for them: crosswalk user link {name}").format(name=name),
        )
    seen = [connections.get(each).id for each in connection or ()]
    user = people.add(name, Role(role), seen)
    return _handed(user, people.link_for(user, session.clock.now()))


@command(app, "link")
def link(terminal: Terminal, name: Name) -> Answer:
    """Print a link with which somebody chooses a new password, once, in half an hour."""
    session = open_web()
    from crosswalk.web import people

    user = people.named(name)
    if user is None:
        raise UserError(
            _("There is nobody called {name}.").format(name=name),
            cure=_("Let them in: crosswalk user add {name}").format(name=name),
        )
    return _handed(user, people.link_for(user, session.clock.now()))


def _handed(user: User, secret: str) -> Answer:
    address = os.environ.get("CROSSWALK_ADDRESS", "").rstrip("/") or f"http://{HOST}:{PORT}"
    found = {"name": user.name, "role": user.role, "link": f"{address}/link/{secret}"}
    shown = {_("Name"): user.name, _("Role"): user.role, _("Link"): found["link"]}
    return Answer(data=found, tables=[tables.facts("", shown)])
