"""`crosswalk keys`: the key that seals stored credentials."""

from __future__ import annotations

import typer

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _

from . import tables
from .command import command
from .outcome import Answer
from .session import open_session
from .terminal import Terminal

app = typer.Typer(help=_("Look after the key that seals stored credentials."))


@command(app, "rotate")
def rotate(terminal: Terminal) -> Answer:
    """Make a new key, and seal all stored credentials and tokens with it.

    Other commands may run meanwhile; whenever this is interrupted, everything still opens: run it again.
    """
    path = open_session().vault.path
    if path is None:
        raise UserError(_("This installation has no key file."))
    from crosswalk.store import keys

    count = keys.rotate(path)
    terminal.say(_("The key is changed. Put the key file into your backup again: {file}").format(file=path))
    data = {"key_file": str(path), "sealed": count}
    return Answer(data=data, tables=[tables.facts("", {_("Key file"): str(path), _("Sealed"): count})])
