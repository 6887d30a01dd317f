"""`crosswalk demo`: systems on loopback, synced both ways and proved equal."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crosswalk.core.failures import UserError
from crosswalk.core.language import gettext as _

from .command import command, present
from .demo_answer import Played, answer
from .demo_crms import CRMS, Crm
from .demo_stay import stay
from .demo_web import Web
from .outcome import Answer
from .terminal import Terminal
from .web import SETTINGS

if TYPE_CHECKING:
    from .session import Session

app = typer.Typer()
BOTH = "both"
_CHOICES = (*CRMS, BOTH)
NAME = "demo"  # of the connection, where there is one alone
LEAST_RECORDS = 25


def _limits(text: str) -> str:
    factor = text[1:] if text.startswith("x") else ""
    if text in {"off", "real"} or (factor.replace(".", "", 1).isdecimal() and float(factor) > 0):
        return text
    raise typer.BadParameter(_("off, real, or xF such as x4"))


def _crm(name: str | None) -> str | None:
    if name is None or name in _CHOICES:
        return name
    raise typer.BadParameter(_("one of {crms}").format(crms=", ".join(_CHOICES)))


Once = Annotated[
    bool,
    typer.Option("--once", help=_("Stop and remove everything at the end; exit 0 only if all is equal.")),
]
Limits = Annotated[
    str,
    typer.Option(
        "--limits",
        metavar="off|real|xF",
        callback=_limits,
        help=_("The vendors' rate limits: none, as they are, or F times as wide."),
    ),
]
Records = Annotated[
    int,
    typer.Option("--records", metavar="N", min=LEAST_RECORDS, help=_("Leads and contacts in the CRM, each.")),
]
Which = Annotated[
    str | None,
    typer.Option(
        "--crm",
        metavar="|".join(_CHOICES),
        callback=_crm,
        help=_("Which CRM; by default both, and Salesforce alone with --once or --load."),
    ),
]
Still = Annotated[bool, typer.Option("--still", help=_("Let nobody go on editing once the story is told."))]
Load = Annotated[
    Path | None,
    typer.Option(
        "--load",
        metavar="FOLDER",
        help=_(
            "Your own exports instead of invented people: of ActiveCampaign, and of Salesforce or Dynamics 365."
        ),
    ),
]


@command(app, "demo", serves=True)
def demo(
    terminal: Terminal,
    once: Once = False,
    limits: Limits = "off",
    records: Records = 1500,
    crm: Which = None,
    still: Still = False,
    load: Load = None,
) -> Answer:
    """Sync invented systems and prove them equal: a CRM, or one after the other, each with ActiveCampaign.

    Then look around in the web. Needs no account. Database and systems are of its own, on loopback, and gone when it
    ends.
    """
    from .demo_place import instance

    crms = _chosen(crm, once=once, loads=load is not None)
    foreign = bool(os.environ.get("DATABASE_URL"))
    with _signals(), ExitStack() as stack:
        home = stack.enter_context(instance())
        demos = _Demos(
            terminal=terminal, stack=stack, home=home, records=records, limits=limits, load=load
        ).played(crms)
        web = stack.enter_context(Web.of(home, demos, spare=not once))
        if once:
            web.visit()
            return answer(demos)
        found = answer(demos)
        present(terminal, found)
        stay(terminal, home, web, foreign=foreign, still=still)
        raise typer.Exit(int(found.code))


def _chosen(name: str | None, *, once: bool, loads: bool) -> Sequence[Crm]:
    """Return the CRMs to show. Raises UserError."""
    if name == BOTH and loads:
        raise UserError(
            _("Exports are of one CRM."), cure=_("Name it: --crm {crms}").format(crms="|".join(CRMS))
        )
    if name is None:
        name = "salesforce" if once or loads else BOTH
    return list(CRMS.values()) if name == BOTH else [CRMS[name]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Demos:
    """Plays demos in one installation; what they start ends with `stack`."""

    terminal: Terminal
    stack: ExitStack
    home: Path
    records: int
    limits: str
    load: Path | None

    def played(self, crms: Sequence[Crm]) -> list[Played]:
        """Play the story with each CRM and an ActiveCampaign account of its own."""
        from crosswalk.store import embedded

        from .session import open_session_at

        self.terminal.say(_("Starting a database for this demo alone…"))
        session = open_session_at(embedded.start(self.home), self.home, SETTINGS)
        self.stack.callback(_close_database)
        alone = len(crms) == 1
        return [self._one(crm, session, NAME if alone else crm.vendor, alone=alone) for crm in crms]

    def _one(self, crm: Crm, session: Session, name: str, *, alone: bool) -> Played:
        from .demo_story import Story
        from .demo_systems import systems as started

        if not alone:
            self.terminal.say(f"\n{crm.title}", style="bold")
        self.terminal.say(_("Starting {crm} and an ActiveCampaign account…").format(crm=crm.title))
        systems = self.stack.enter_context(
            started(self.home, crm, records=self.records, limits=self.limits, load=self.load)
        )
        if systems.told:
            self.terminal.say(systems.told)
        loads = self.load is not None
        story = Story(self.terminal, session, systems, name=name, home=self.home, loaded=loads)
        ending = story.play()
        loaded = systems.crm.loaded() if loads else None
        return Played(
            name=name, systems=systems, ending=ending, steps=story.steps, edits=story.edits, loaded=loaded
        )


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
