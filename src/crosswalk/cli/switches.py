"""`crosswalk connection global` and `initial`: a connection's switches."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from crosswalk.core.language import gettext as _

from . import tables
from .command import command
from .connection import Name
from .outcome import Answer
from .session import open_session
from .terminal import Terminal

if TYPE_CHECKING:
    from crosswalk.store.switches import Switches

app = typer.Typer()


class Position(StrEnum):
    """How a switch may stand."""

    ON = "on"
    OFF = "off"


Turn = Annotated[
    Position | None, typer.Argument(metavar="[on|off]", help=_("Left out: only show how it stands."))
]


@command(app, "global")
def turn_global(terminal: Terminal, name: Name, to: Turn = None) -> Answer:
    """Let everything go from the CRM to ActiveCampaign, or nothing but opt-outs.

    Off: the other direction goes on, and what would go to ActiveCampaign is held as paused, until it is on again. A run
    under way comes to its end.
    """
    return _turned(name, global_sync=_wish(to))


@command(app, "initial")
def turn_initial(terminal: Terminal, name: Name, to: Turn = None) -> Answer:
    """Carry what exists already once, or leave it as it is until somebody edits it.

    Initial synchronisation happens when global synchronisation is on for the first time, never twice.
    """
    return _turned(name, initial_sync=_wish(to))


def _wish(to: Position | None) -> bool | None:
    return None if to is None else to is Position.ON


def _turned(name: str, *, global_sync: bool | None = None, initial_sync: bool | None = None) -> Answer:
    open_session()
    from crosswalk.store import connections, switches

    connection = connections.get(name)
    stand = switches.turn(connection, global_sync=global_sync, initial_sync=initial_sync)
    found = switch_data(stand)
    return Answer(data={"connection": name, **found}, tables=[tables.facts(name, switch_facts(found))])


def switch_data(stand: Switches) -> dict[str, Any]:
    """Return what programs read of the switches."""
    return {**msgspec.structs.asdict(stand), "initial_due": stand.initial_due}


def switch_facts(found: dict[str, Any]) -> dict[str, Any]:
    """Say how the switches of `switch_data` stand, under their names."""
    off = _("off: nothing but opt-outs goes to ActiveCampaign")
    return {
        _("global synchronisation"): _("on") if found["global_sync"] else off,
        _("initial synchronisation"): _initial(found),
    }


def _initial(found: dict[str, Any]) -> str:
    if found["initial_at"] is not None:
        return _("done, {at}").format(at=tables.shown(found["initial_at"]))
    if not found["initial_sync"]:
        return _("off: what existed is left as it is until somebody edits it")
    return _("with the next run") if found["initial_due"] else _("when global synchronisation is on")
