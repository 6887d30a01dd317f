"""A second CRM on the same ActiveCampaign account: people of its own, and a connection of its own.

To the first connection, what the second one writes to the account is a person's doing there. Its own CRM is not part of
the ledger: at rest it must equal the contacts that it is linked with.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.helpers.mappings import both_objects, mapping_of
from tests.simulation.cells import CONTACTS, CRM, Record
from tests.simulation.crms import CRMS
from tests.simulation.history import ONE_WAY

from crosswalk.core.failures import SystemFailure
from crosswalk.core.mapping import FieldMapping, Settings
from crosswalk.sync import run as runs
from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox
from crosswalk_sandbox.transport import SandboxTransport

if TYPE_CHECKING:  # needs a configured Django
    from tests.simulation.world import World

NAME = "second"
OBJECT = "contact"


class Second:
    """The CRM that the history is not played with, connected to its account."""

    def __init__(self, world: World) -> None:
        self._world = world
        (vendor,) = (each for each in CRMS if each != world.vendor)
        sandbox = Sandbox(
            [vendor],
            Options(sizes=Sizes(leads=0, contacts=0, subscribers=0), limits=Limits.parse("off")),
            clock=lambda: Clock(world.clock.now),
            sleep=world.clock.sleep,
        )
        controlled = sandbox.systems[vendor]
        self.org = CRMS[vendor](controlled)
        self.values: set[str] = set()  # what its people wrote
        host = f"{vendor}.sandbox.example"
        world.ready[vendor] = controlled.ready(f"https://{host}")
        world.wire.add(host, SandboxTransport({host: controlled.handle}))
        self._connect(vendor)

    def _connect(self, vendor: str) -> None:
        fields = [
            FieldMapping(crm=own, activecampaign=self._world.titles.get(name, name))
            for name, own in self.org.fields.items()
            if name != ONE_WAY
        ]
        mapping = mapping_of(*both_objects(fields)[:1], settings=Settings(consent=False))
        before, self._world.vendor = self._world.vendor, vendor
        calls = list(self._world.departures)  # those of setting up are not paced
        self._world.connect(mapping, name=NAME, org=vendor)
        self._world.departures[:] = calls
        self._world.vendor = before

    # --- people

    def new(self, values: dict[str, str]) -> None:
        """A person makes a contact."""
        self.org.new(OBJECT, values)

    def edit(self, email: str, field: str, value: str) -> bool:
        """A person edits the contact with that address, if there is one."""
        for record, row in self.org.live():
            if row[self.org.fields["email"]] == email:
                self.org.edit(record, {field: value})
                self.values.add(value)
                return True
        return False

    # --- we

    def turn(self) -> bool:
        """One run of this connection; whether it had anything to do."""
        world = self._world
        world.others_write = True
        try:
            result = runs.run(world.context(NAME))
        except SystemFailure:
            world.contexts.clear()
            return True
        finally:
            world.others_write = False
        world.trace.add("run of the other connection", dict(result.counts))
        if result.counts:
            world.tell(f"{world.clock.now():%d %H:%M:%S} run of the other connection: {dict(result.counts)}")
        return bool(result.counts or result.waiting)

    # --- at rest

    def judge(self) -> Iterator[str]:
        """What is wrong: records that differ from their contacts, what is held, and what goes round."""
        yield from (f"held: {hold}" for hold in self._world.held_now(NAME) if hold.kind != "paused")
        for ours, theirs in self._linked():
            row, cells = dict(self.org.live())[ours], self._world.ledger.cells[theirs]
            for name, value in self.org.held(row).items():
                held = cells[name].content.value
                gone = name == ONE_WAY or (CONTACTS, name) in self._world.dropped
                if not gone and self._world.canonical(name, value) != held:
                    yield f"{ours} has {name} = {value!r}, {theirs} has {held!r}"
        if self.turn():
            yield "a further run was not idle"
        found = self._world.verify(NAME)
        if found.unexcused:
            yield f"verify: {found.samples}"

    def _linked(self) -> Iterator[tuple[Record, Record]]:
        live = dict(self.org.live())
        for link in self._world.links(NAME, state="open", is_primary=True):
            ours, theirs = (
                (CRM, link.object, link.crm_id or ""),
                (CONTACTS, "contact", link.activecampaign_id or ""),
            )
            if ours in live and theirs in self._world.ledger.cells:
                yield ours, theirs

    def states(self) -> Iterator[str]:
        """What was reached."""
        cells = (
            (record, cell) for record, each in self._world.ledger.cells.items() for cell in each.values()
        )
        if any(record[0] == CRM and cell.content.value in self.values for record, cell in cells):
            yield "value carried from one CRM to the other"
