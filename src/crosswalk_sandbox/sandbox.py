"""Puts systems together: from a seed and sizes to handlers, served on ports or in process."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from crosswalk_sandbox import state
from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.control import Controlled
from crosswalk_sandbox.http import Server
from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.load.folder import Folder, look
from crosswalk_sandbox.load.owners import assigned
from crosswalk_sandbox.people import Population, Sizes, invent, no_collection
from crosswalk_sandbox.state import StateError
from crosswalk_sandbox.system import System, World
from crosswalk_sandbox.transport import SandboxTransport

# a system is a package of this name with `build(world) -> System`
SYSTEMS = ("activecampaign", "salesforce", "dynamics")
NOBODY = Sizes(leads=0, contacts=0, subscribers=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a sandbox is made of."""

    sizes: Sizes
    seed: int = 1
    alike: bool = False  # whether the systems know the same people, with equal values
    limits: Limits
    job_seconds: float = 0.3  # what an asynchronous job takes
    latency: float = 0  # seconds that every vendor answer takes more
    package: bool = False  # whether ActiveCampaign's package is installed in the CRM
    load: Path | None = None  # a folder with real exports, instead of the invented population
    state: Path | None = None  # a file to go on from, if it exists, and to save to


class Sandbox:
    """Some systems over one invented population or the exports of a folder.

    Each has a clock and a log of its own. Raises LoadError for a folder without exports, and StateError for
    a state file that cannot be used.
    """

    def __init__(
        self,
        names: Iterable[str],
        options: Options,
        *,
        clock: Callable[[], Clock] = Clock,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        clocks = {name: clock() for name in names}
        start = min(each.start for each in clocks.values())
        folder = assigned(look(options.load), set(clocks)) if options.load else None
        sizes = NOBODY if folder else options.sizes
        population = invent(options.seed, sizes, start, alike=options.alike)
        self.loaded = folder.report if folder else None
        with no_collection():
            built = {name: _build(name, options, population, folder, each) for name, each in clocks.items()}
        self.systems = {
            name: Controlled(
                built[name],
                each,
                sleep=sleep,
                latency=options.latency,
                loaded=self.loaded,
                save=self.save if options.state else None,
            )
            for name, each in clocks.items()
        }
        if folder:
            folder.leave(set(clocks))
        self._state = options.state
        self._kept = state.read(options.state) if options.state else {}
        self._restore()

    def save(self) -> dict[str, str]:
        """Write the state file, if there is one to write: all systems, those not served as they were.

        Raises StateError.
        """
        if self._state is None:
            return {}
        self._kept |= {name: controlled.saved() for name, controlled in self.systems.items()}
        state.write(self._state, self._kept)
        return {"saved": str(self._state)}

    def _restore(self) -> None:
        for name in self.systems.keys() & self._kept.keys():
            try:
                self.systems[name].restore(self._kept[name])
            except ValueError as error:
                raise StateError(f"{self._state} does not keep {name} as it is now: {error}") from error

    def transport(self) -> tuple[SandboxTransport, dict[str, dict[str, str]]]:
        """A transport to all systems at `https://NAME.sandbox.example`, and the ready line for it."""
        hosts = {name: f"{name}.sandbox.example" for name in self.systems}
        handlers = {hosts[name]: controlled.handle for name, controlled in self.systems.items()}
        ready = {
            name: controlled.ready(f"https://{hosts[name]}") for name, controlled in self.systems.items()
        }
        return SandboxTransport(handlers), ready

    def serve(
        self, ports: Mapping[str, int], tls: ssl.SSLContext | None = None
    ) -> tuple[list[Server], dict[str, dict[str, str]]]:
        """Serve each system on its loopback port (0 picks one); the servers and the ready line."""
        servers, ready = [], {}
        for name, controlled in self.systems.items():
            server = Server(controlled.handle, ports[name], tls)
            ready[name] = controlled.ready(server.url)
            server.start()
            servers.append(server)
        return servers, ready


def _build(
    name: str, options: Options, population: Population, folder: Folder | None, clock: Clock
) -> System:
    world = World(
        seed=options.seed,
        population=population,
        clock=clock,
        limits=options.limits,
        job_seconds=options.job_seconds,
        package=options.package,
        folder=folder,
    )
    system: System = import_module(f"crosswalk_sandbox.{name}").build(world)
    return system
