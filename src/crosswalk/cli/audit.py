"""`crosswalk audit`: who did what."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from crosswalk.core.act_words import Line, lines
from crosswalk.core.acts import ACTS, told
from crosswalk.core.language import gettext as _

from . import tables
from .command import command
from .outcome import Answer
from .session import open_session
from .terminal import Terminal

app = typer.Typer()


@command(app, "audit")
def audit(
    terminal: Terminal,
    connection: Annotated[
        str | None, typer.Option("--connection", metavar="NAME", help=_("Of one connection, removed or not."))
    ] = None,
    person: Annotated[
        str | None, typer.Option("--person", metavar="NAME", help=_("What one person did."))
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help=_("How many to show."))] = 50,
) -> Answer:
    """List what people did, on the command line and in the browser, the latest first."""
    open_session()
    from crosswalk.store import acts

    wanted = acts.Wanted(connection=connection or "", person=person or "")
    found: list[dict[str, Any]] = [
        {
            "id": each.id,
            "at": each.at,
            "person": each.person,
            "door": each.door,
            "what": each.what,
            "connection": each.connection_name or None,
            "detail": each.detail,
        }
        for each in acts.listed(wanted, limit=limit)
    ]
    columns = [_("When"), _("Who"), _("Through"), _("What"), _("Connection"), _("Details")]
    rows = [
        [
            each["at"],
            each["person"],
            each["door"],
            told(each["what"]) if each["what"] in ACTS else each["what"],
            each["connection"],
            tables.line("\n".join(map(_shown, lines(each["detail"])))),
        ]
        for each in found
    ]
    return Answer(data={"acts": found}, tables=[tables.table("", columns, rows)])


def _shown(line: Line) -> str:
    parts = [f"− {tables.shown(line.before)}" if line.before is not None else ""]
    if line.after is not None:
        parts.append(f"+ {tables.shown(line.after)}" if line.before is not None else tables.shown(line.after))
    return f"{line.what}: {' '.join(filter(None, parts))}"
