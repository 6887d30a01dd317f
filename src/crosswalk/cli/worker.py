"""`crosswalk worker`: what starts runs by their schedules."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from crosswalk.core.language import gettext as _

from . import logs
from .command import command
from .outcome import Answer
from .session import open_session
from .terminal import Terminal

app = typer.Typer()
CONCURRENCY = 4
Concurrency = Annotated[
    int,
    typer.Option("--concurrency", metavar="N", min=1, max=100, help=_("How many connections run at once.")),
]


@command(app, "worker", serves=True)
def worker(
    terminal: Terminal,
    concurrency: Concurrency = CONCURRENCY,
    heartbeat: Annotated[
        float,
        typer.Option(
            "--heartbeat",
            metavar="SECONDS",
            min=0.2,
            max=15,
            help=_("How often it shows that it lives; three times that without a sign, and others go on."),
        ),
    ] = 10,
    patience: Annotated[
        float,
        typer.Option(
            "--patience",
            metavar="MINUTES",
            min=0.05,
            help=_("After how many minutes without a sign a run is given up, and begun anew."),
        ),
    ] = 30,
    log_format: logs.LogFormat = None,
) -> Answer:
    """Start runs by their schedules, until it is told to stop (Ctrl-C, SIGTERM).

    As many of them as you like work together on one database, on one machine or several.
    """
    form = logs.set_up(verbose=terminal.verbose, form=log_format, least=logging.INFO)
    session = open_session("crosswalk.jobs.settings")
    from crosswalk.jobs.worker import work

    logs.tell(terminal, form, _("Working, {count} at once. Ctrl-C to stop.").format(count=concurrency))
    work(session.vault, session.clock, concurrency=concurrency, heartbeat=heartbeat, patience=patience * 60)
    return Answer(data={"state": "stopped"})
