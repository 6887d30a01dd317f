"""One connection of two sandboxed systems, ready to be run and measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import msgspec

from crosswalk.cli.demo_crms import CRMS
from crosswalk.cli.session import Session
from crosswalk.core.mapping import Brake, Brakes, CreationRule, MappingFile, Settings
from crosswalk.core.system import System
from crosswalk.sync import setup
from crosswalk.sync.context import Context
from crosswalk.sync.planning import make_plan
from crosswalk.sync.run import run
from crosswalk.systems import open_system
from crosswalk.systems.http import HttpClient

from .measure import Cost, Stopwatch, measured
from .systems import Systems

# A first load is released without a plan, whose time is told apart.
_UNBRAKED = Settings(brakes=Brakes(changes=Brake(number=10**9, percent=100)))


def demo_mapping(vendor: str) -> MappingFile:
    """Return the mapping of a CRM's demo: twelve field pairs of contacts and fourteen of leads, of every type."""
    return msgspec.json.decode(CRMS[vendor].mapping.read_bytes(), type=MappingFile)


class Bench:
    """A connection with the demo's mapping."""

    def __init__(self, session: Session, systems: Systems, name: str) -> None:
        self.systems = systems
        self._clock = Stopwatch()
        self._vault = session.vault
        self._name = name
        self._clients: list[HttpClient] = []
        setup.add_connection(name, systems.credentials(), self._vault, self._clock)
        self.set(_UNBRAKED)
        self._context = self.open()

    def set(self, settings: Settings) -> None:
        """Save the mapping with other settings; they hold from the next `open`."""
        mapping = replace(demo_mapping(self.systems.vendor), settings=settings)
        setup.set_mapping(self._name, mapping, self._vault, self._clock)

    def create_in_crm(self, object: str) -> Cost:
        """Let new contacts become records of this object from now on, and run the connection as the command does."""
        self.set(replace(_UNBRAKED, creation=CreationRule.ALL, creation_object=object))
        return self.open_and_run()

    def open(self) -> Context:
        """Open the connection anew, as a process does that has just been started."""
        self._context = setup.open_context(self._name, self._vault, self._clock, opener=self._opened)
        self._context.reads_ahead = True
        return self._context

    def _opened(self, vendor: str, *args: Any, **kwargs: Any) -> System:
        system = open_system(vendor, *args, **kwargs)
        self._clients.append(cast(Any, system).http)
        return system

    def run(self) -> Cost:
        """Run the connection as it was opened last; raises AssertionError when it leaves anything undone.

        Nothing is read ahead, so that no work hides behind a call.
        """
        self._context.reads_ahead = False
        return self._measured(self._run)

    def open_and_run(self) -> Cost:
        """Open the connection and run it, as the command does."""

        def work() -> None:
            self.open()
            self._run()

        return self._measured(work)

    def open_and_plan(self) -> Cost:
        """Open the connection and make a plan, which a person sees before the first run."""

        def work() -> None:
            make_plan(self.open())

        return self._measured(work)

    def _run(self) -> None:
        result = run(self._context)
        assert (result.state, result.waiting) == ("done", 0), result

    def _measured(self, work: Callable[[], None]) -> Cost:
        return measured(self.systems, self._clock, self._clients, work)

    def pass_time(self, seconds: float) -> None:
        """Move our clock and both vendors' on."""
        self._clock.advance(seconds)
        self.systems.crm.advance(seconds)
        self.systems.activecampaign.advance(seconds)
