"""`crosswalk demo`: two systems on loopback, synced both ways and proved equal."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from . import tables
from .command import command, present
from .demo_crms import CRMS, Crm
from .outcome import Answer, ExitCode
from .progress import duration
from .terminal import Terminal

if TYPE_CHECKING:
    from .demo_story import Ending, Step
    from .demo_systems import Systems

app = typer.Typer()
LEAST_PERCENT = 95.0  # of field pairs that the independent comparer must find equal
LEAST_RECORDS = 25


def _limits(text: str) -> str:
    factor = text[1:] if text.startswith("x") else ""
    if text in {"off", "real"} or (factor.replace(".", "", 1).isdecimal() and float(factor) > 0):
        return text
    raise typer.BadParameter(_("off, real, or xF such as x4"))


def _crm(name: str) -> str:
    if name in CRMS:
        return name
    raise typer.BadParameter(_("one of {crms}").format(crms=", ".join(CRMS)))


@command(app, "demo")
def demo(
    terminal: Terminal,
    once: Annotated[
        bool,
        typer.Option("--once", help=_("Stop and remove everything at the end; exit 0 only if all is equal.")),
    ] = False,
    limits: Annotated[
        str,
        typer.Option(
            "--limits",
            metavar="off|real|xF",
            callback=_limits,
            help=_("The vendors' rate limits: none, as they are, or F times as wide."),
        ),
    ] = "off",
    records: Annotated[
        int,
        typer.Option(
            "--records", metavar="N", min=LEAST_RECORDS, help=_("Leads and contacts in the CRM, each.")
        ),
    ] = 1500,
    crm: Annotated[
        str,
        typer.Option("--crm", metavar="|".join(CRMS), callback=_crm, help=_("Which CRM.")),
    ] = "salesforce",
    load: Annotated[
        Path | None,
        typer.Option(
            "--load",
            metavar="FOLDER",
            help=_(
                "Your own exports instead of invented people: of ActiveCampaign, and of Salesforce or Dynamics 365."
            ),
        ),
    ] = None,
) -> Answer:
    """Sync two invented systems and prove them equal.

    Needs no account. Database and systems are of its own, on loopback, and gone when it ends.
    """
    from .demo_place import instance

    foreign = bool(os.environ.get("DATABASE_URL"))
    with _signals(), ExitStack() as stack:
        home = stack.enter_context(instance())
        systems, ending, steps = _played(
            terminal, stack, home, CRMS[crm], records=records, limits=limits, load=load
        )
        answer = _answer(systems.kind, ending, steps, systems.crm.loaded() if load else None)
        if once:
            return answer
        present(terminal, answer)
        _stay(terminal, home, systems, foreign=foreign)
        raise typer.Exit(int(answer.code))


def _played(
    terminal: Terminal,
    stack: ExitStack,
    home: Path,
    kind: Crm,
    *,
    records: int,
    limits: str,
    load: Path | None,
) -> tuple[Systems, Ending, list[Step]]:
    """Start everything and play the story; what was started ends with `stack`."""
    from crosswalk.store import embedded

    from .demo_story import Story
    from .demo_systems import systems as started
    from .session import open_session_at

    terminal.say(_("Starting a database and two systems for this demo alone…"))
    systems = stack.enter_context(started(home, kind, records=records, limits=limits, load=load))
    if systems.told:
        terminal.say(systems.told)
    session = open_session_at(embedded.start(home), home)
    stack.callback(_close_database)
    story = Story(terminal, session, systems, home=home, loaded=load is not None)
    return systems, story.play(), story.steps


def _close_database() -> None:
    from django.db import connections

    connections.close_all()


@contextmanager
def _signals() -> Iterator[None]:
    """SIGTERM ends a demo as Ctrl-C does: what it started ends with it, and no second signal stops that."""
    both = (signal.SIGTERM, signal.SIGINT)

    def interrupt(*_: object) -> None:
        for number in both:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in both}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _answer(kind: Crm, ending: Ending, steps: list[Step], loaded: Mapping[str, Any] | None) -> Answer:
    found = ending.verification
    equal = not found.unexcused and ending.percent >= LEAST_PERCENT
    line = last_line(kind, ending, equal=equal)
    data = {
        "equal": equal,
        "summary": line,
        "links": found.links,
        "field_pairs": found.compared,
        "excused": found.excused,
        "unexcused": found.unexcused,
        "percent_by_value": ending.percent,
        "calls": {"activecampaign": ending.activecampaign_calls, kind.vendor: ending.crm_calls},
        "seconds": round(ending.seconds, 1),
        "steps": [asdict(step) for step in steps],
        "load": loaded,
        "samples": {"verify": found.samples, "by_value": ending.compared["samples"]},
    }
    return Answer(
        data=data,
        tables=[*_summary(kind, ending, steps), tables.line(line, "bold green" if equal else "bold red")],
        code=ExitCode.OK if equal else ExitCode.DIFFERENT,
    )


def last_line(kind: Crm, ending: Ending, *, equal: bool) -> str:
    """Return the line that says it all; scripts read it, so it is not translated."""
    found = ending.verification
    return (
        f"{'equal' if equal else 'different'}: {found.links} links, {found.compared} field pairs,"
        f" {found.unexcused} unexcused, {ending.percent:.1f}% by value;"
        f" calls activecampaign {ending.activecampaign_calls}, {kind.vendor} {ending.crm_calls}"
    )


def _summary(kind: Crm, ending: Ending, steps: list[Step]) -> list[RenderableType]:
    columns = [_("Step"), _("What"), _("Time"), "ActiveCampaign", kind.title]
    rows = [
        [
            step.title,
            tables.line(tables.shown(step.what)),
            duration(step.seconds),
            step.activecampaign_calls,
            step.crm_calls,
        ]
        for step in steps
    ]
    excused: Mapping[str, Any] = ending.verification.excused or {_("none"): ""}
    return [
        tables.table(
            _("The demo in {time}; API calls per system").format(time=duration(ending.seconds)), columns, rows
        ),
        tables.line(_("Excused differences: {what}").format(what=tables.shown(excused))),
    ]


def _stay(terminal: Terminal, home: Path, systems: Systems, *, foreign: bool) -> None:
    """Keep the systems up until Ctrl-C, and say how to play with them."""
    terminal.say("\n" + _instructions(home, systems, foreign=foreign))
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        terminal.say("\n" + _("Stopping, and removing the demo's data…"))


def _instructions(home: Path, systems: Systems, *, foreign: bool) -> str:
    """Commands to type; `foreign` when the person's shell names a database server."""
    unset = "unset DATABASE_URL; " if foreign else ""
    lines = [_("The systems stay up. In another terminal:"), f"  {unset}export CROSSWALK_HOME={home}"]
    found = _somebody(systems)
    if found is not None:
        object, record_id = found
        values = f'{{"{systems.kind.phone}": "+1 202 555 0199"}}'
        order = f'{{"object": "{object}", "op": "edit", "id": "{record_id}", "values": {values}}}'
        lines += [
            _("Edit a record as a person in {crm} would, sync, and ask why:").format(crm=systems.kind.title),
            f"  curl -d '{order}' {systems.crm.url}person",
            "  crosswalk sync",
            f"  crosswalk explain crm {record_id}",
        ]
    lines += [
        _("See what each system holds, and what it was asked:"),
        f"  curl {systems.activecampaign.url}dump",
        f"  curl {systems.crm.url}log",
        _("Ctrl-C here stops the demo and removes its data."),
    ]
    return "\n".join(lines)


def _somebody(systems: Systems) -> tuple[str, str] | None:
    """Return object and id of a record that takes part, if there is one."""
    kind, dump = systems.kind, systems.crm.dump()
    for name in (kind.objects["lead"], kind.objects["contact"]):
        for each in dump[name]:
            if each.get(kind.email) and not kind.gone(each) and not kind.closed(each):
                return name, kind.id_of(name, each)
    return None
