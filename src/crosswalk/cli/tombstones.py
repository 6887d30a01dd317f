"""`crosswalk tombstones`: who is not made again because a counterpart was deleted, and lifting that."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _
from crosswalk.core.values import normal_email

from . import tables
from .command import command, default
from .outcome import Answer
from .session import ConnectionName, open_session
from .terminal import Terminal

app = typer.Typer(help=_("Who is not made again after a deletion."))


@default(app)
def listing(terminal: Terminal, connection: ConnectionName = None) -> Answer:
    """List the records that are not made on the other side again.

    What they were linked with was deleted or erased there; only you can lift that.
    """
    session = open_session()
    from crosswalk.store import tombstones

    chosen = session.connection(connection)
    found = [msgspec.structs.asdict(each) for each in tombstones.resting(chosen)]
    columns = [_("Side"), _("Object"), _("Id"), _("E-mail"), _("Deleted there")]
    shown = tables.table(_("Not made again"), columns, [list(each.values()) for each in found])
    return Answer(data={"connection": chosen.name, "resting": found}, tables=[shown])


@command(app, "lift")
def lift(
    terminal: Terminal,
    emails: Annotated[list[str], typer.Argument(metavar="EMAIL...", help=_("Addresses of these people."))],
    connection: ConnectionName = None,
) -> Answer:
    """Let people be made again, by their addresses.

    The next run makes or links them as if nothing had been deleted.
    """
    keys = [_key(email) for email in emails]
    session = open_session()
    from crosswalk.store import tombstones

    chosen = session.connection(connection)
    lifted = tombstones.lift(chosen, keys, session.clock.now())
    if not lifted.tombstones:
        raise UserError(
            _("Nobody with the address {emails} was deleted.").format(emails=", ".join(keys)),
            cure=_(
                "Look at who rests: crosswalk tombstones. An address that was deleted must be given as it was."
            ),
        )
    terminal.say(_("The next run looks at {count} records: crosswalk sync").format(count=lifted.records))
    return Answer(data={"connection": chosen.name, **msgspec.structs.asdict(lifted)})


def _key(email: str) -> str:
    key = normal_email(email)
    if key is None or "@" not in key:
        raise UserError(
            _("{email} is not an e-mail address.").format(email=email),
            cure=_("Give addresses such as ana@example.org."),
        )
    return key
