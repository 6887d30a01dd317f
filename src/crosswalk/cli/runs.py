"""`crosswalk runs`: what ran, and stopping it: one run, a connection, or all of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated

import typer

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _

from . import tables
from .command import command, default
from .connection import Name
from .outcome import Answer
from .session import ConnectionName, open_session
from .terminal import Terminal

app = typer.Typer(help=_("What ran lately; cancel a run, or let a connection rest."))
whole = typer.Typer()  # commands for the whole installation

_PATIENCE = 30.0  # seconds for which a command waits until what it stopped has ended
_PAUSE = 0.2


@default(app)
def runs(
    terminal: Terminal,
    connection: ConnectionName = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help=_("How many runs to show."))] = 20,
) -> Answer:
    """List the last runs, newest first."""
    session = open_session()
    from crosswalk.store import history

    chosen = session.connection(connection)
    found = history.runs(chosen, limit)
    columns = [_("Run"), _("Kind"), _("State"), _("Started"), _("Ended"), _("Written"), _("Error")]
    shown = tables.table(chosen.name, columns, [list(each.values()) for each in found])
    return Answer(data={"connection": chosen.name, "runs": found}, tables=[shown])


@command(app, "cancel")
def cancel(terminal: Terminal, name: Name) -> Answer:
    """Stop a connection's run that is under way, before its next call.

    What it stored is kept, and its schedule goes on: the next run goes on from there.
    """
    session = open_session()
    from crosswalk.store import connections, halts, leases

    connection = connections.get(name)
    if not halts.cancel(connection, session.clock.now()):
        raise UserError(
            _("No run of {name} is under way.").format(name=name),
            cure=_("To keep it from running: crosswalk runs pause {name}").format(name=name),
        )
    ended = _ended(lambda: connection.id not in leases.under_way())
    return _told(terminal, name, "cancelled" if ended else "stopping")


@command(app, "pause")
def pause(terminal: Terminal, name: Name) -> Answer:
    """Let a connection rest: its run under way stops before its next call, and none starts.

    Not by itself and not by hand. Looking (plan, verify) and changing its mapping remain possible.
    """
    session = open_session()
    from crosswalk.store import connections, halts, leases

    connection = connections.get(name)
    halts.pause(connection, session.clock.now())
    ended = _ended(lambda: connection.id not in leases.under_way())
    return _told(terminal, name, "paused" if ended else "stopping")


@command(app, "resume")
def resume(terminal: Terminal, name: Name) -> Answer:
    """Let a paused connection go on; where a run was stopped, its schedule starts one at once."""
    session = open_session()
    from crosswalk.store import connections, halts

    if not halts.resume(connections.get(name), session.clock.now()):
        raise UserError(
            _("{name} is not paused.").format(name=name),
            cure=_("If its schedule is: crosswalk schedule resume {name}").format(name=name),
        )
    return _told(terminal, name, "resumed")


@command(whole, "stop")
def stop(
    terminal: Terminal,
    everything: Annotated[bool, typer.Option("--all", help=_("All connections, on all machines."))] = False,
) -> Answer:
    """Stop everything: within 10 seconds no call goes out any more, from any machine, until `crosswalk start`.

    Runs under way stop before their next call, and what they stored is kept. Workers wait.
    """
    if not everything:
        raise UserError(
            _("crosswalk stop needs --all: it stops all connections, on all machines."),
            cure=_("One run: crosswalk runs cancel NAME. One connection: crosswalk runs pause NAME."),
        )
    session = open_session()
    from crosswalk.store import halts, leases

    halts.stop(session.clock.now())
    ended = _ended(lambda: not leases.under_way())
    return _told(terminal, None, "stopped" if ended else "stopping")


@command(whole, "start")
def start(terminal: Terminal) -> Answer:
    """Let everything go on after `crosswalk stop --all`; runs that were stopped start again by their schedules."""
    session = open_session()
    from crosswalk.store import halts

    if not halts.start(session.clock.now()):
        terminal.say(_("Nothing was stopped."))
    return _told(terminal, None, "started")


def _ended(done: Callable[[], bool]) -> bool:
    """Wait a while for what was stopped to end; False if a call of it still lasts."""
    until = time.monotonic() + _PATIENCE
    while not done():
        if time.monotonic() > until:
            return False
        time.sleep(_PAUSE)
    return True


def _told(terminal: Terminal, name: str | None, state: str) -> Answer:
    said = {
        "cancelled": _("The run has ended; what it stored is kept."),
        "paused": _("{name} rests until: crosswalk runs resume {name}"),
        "resumed": _("{name} goes on."),
        "stopped": _("Everything is stopped until: crosswalk start"),
        "started": _("Everything goes on."),
        "stopping": _("A call is still under way; it is the last one."),
    }
    terminal.say(said[state].format(name=name))
    return Answer(data={"connection": name, "state": state} if name else {"state": state})
