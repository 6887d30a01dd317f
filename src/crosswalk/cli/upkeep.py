"""`crosswalk upkeep`: removes what has been kept for long enough."""

from __future__ import annotations

import typer

from . import tables
from .command import command
from .outcome import Answer
from .session import open_session
from .terminal import Terminal

app = typer.Typer()


@command(app, "upkeep")
def upkeep(terminal: Terminal) -> Answer:
    """Remove writes, runs and plans that were kept for as long as the settings say.

    Workers do so by themselves, a little at a time.
    """
    session = open_session()
    from crosswalk.store import retention

    removed = retention.whole_round(session.clock.now())
    return Answer(data={"removed": removed}, tables=[tables.facts("", removed)])
