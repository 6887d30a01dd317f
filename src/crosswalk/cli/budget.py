"""`crosswalk budget`: how many calls a connection makes, what it may make, and where that leads."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import RenderableType

from crosswalk.core.language import gettext as _

from . import tables
from .command import command
from .outcome import Answer
from .session import ConnectionName, open_session
from .terminal import Terminal

app = typer.Typer()


@command(app, "budget")
def budget(
    terminal: Terminal,
    connection: ConnectionName = None,
    percent: Annotated[
        float | None,
        typer.Option(
            "--percent",
            metavar="PERCENT",
            help=_("From now on use up to this share of the CRM's calls of a day."),
        ),
    ] = None,
) -> Answer:
    """Show the calls of the last 24 hours, by whom, and where the pace leads; or set the connection's share.

    When the share runs short, back-fill stops first, then new tries, then scheduled runs; opt-outs never.
    """
    session = open_session()
    from crosswalk.sync import usage

    chosen = session.connection(connection)
    if percent is not None:
        usage.set_percent(chosen, percent)
        terminal.say(_("Runs that begin from now on keep to it."))
    found = usage.figures(chosen, session.clock.now())
    shown = [_shown(each) for each in found]
    return Answer(data={"connection": chosen.name, "budgets": found}, tables=shown)


def _shown(found: dict[str, Any]) -> RenderableType:
    labels = {
        _("pace"): _pace(found["per_second"]),
        **({} if found["limit"] is None else _of_the_day(found)),
        _("calls of this connection, last 24 hours"): found["ours"],
        _("calls an hour"): f"{found['per_hour']:.0f}",
        _("calls a run"): None if found["per_run"] is None else f"{found['per_run']:.1f}",
        _("the schedule's calls of a day"): None
        if found["scheduled"] is None
        else f"{found['scheduled']:.0f}",
    }
    return tables.facts(found["system"], labels)


def _pace(per_second: float | None) -> str:
    return _("as the vendor asks") if per_second is None else _("{limit:g} a second").format(limit=per_second)


def _of_the_day(found: dict[str, Any]) -> dict[str, Any]:
    """Return what is only told of a system that counts the calls of a day."""
    share = _("{percent:g} % of {limit}: {cap}").format_map(found)
    by_others = _("{others}, other connections {other_connections}").format_map(found)
    return {
        _("share"): share,
        _("left of it"): found["left"],
        _("used by all tools"): tables.line(f"{found['used']} ({tables.shown(found['told_at'])})"),
        _("of these by others"): by_others,
        _("stopped"): [_(_LANES[lane]) for lane in found["stopped"]] or _("nothing"),
        _("used up at this pace"): found["reached_at"] or _("never"),
    }


def _mark(text: str) -> str:
    return text


_LANES = {
    "back_fill": _mark("back-fill and sweep"),
    "retry": _mark("new tries"),
    "scheduled": _mark("scheduled runs"),
    "live": _mark("runs by hand"),
}
