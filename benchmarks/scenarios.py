"""What is measured. Import it only when the database is there."""

from __future__ import annotations

import math
import resource
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from crosswalk.cli.session import Session
from crosswalk.core.mapping import CreationRule, Settings

from .bench import Bench
from .figures import Figure, at_least, at_most, told
from .measure import Cost
from .plain_loop import plain_loop
from .systems import Control, systems

Say = Callable[[str], None]
IMPORT_SIZE = 250
PAGE = 100  # of contacts
CONTACT = "Contact"
TAG = "wanted in the CRM"
RARE = 20  # of so many changes, one empties a field or moves the address
COUNT_AFTER = 301.0  # seconds after which an idle run counts the contacts that changed
REPEATED = 5  # times that a short run is measured; its median counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How many records take part."""

    contacts: int
    changed: int
    few: int
    looped: int  # one per call, at the vendor's pace

    @classmethod
    def of(cls, contacts: int) -> Sizes:
        """The usual proportions: 20,000 contacts, 1,000 and 100 changes, 200 for the plain loop."""
        return cls(
            contacts=contacts, changed=contacts // 20, few=contacts // 200, looped=max(10, contacts // 100)
        )


def all_figures(session: Session, sizes: Sizes, say: Say) -> Iterator[Figure]:
    """Measure everything; takes some minutes, most of them waiting for the vendors' limits."""
    yield from at_the_vendors_pace(session, sizes, say)
    yield from without_limits(session, sizes, say)


# --- the first load ----------------------------------------------------------------------------------------------


def at_the_vendors_pace(session: Session, sizes: Sizes, say: Say) -> Iterator[Figure]:
    """A first load and the plain loop, both at the vendors' real limits."""
    say(f"first load of {sizes.contacts:,} contacts at the vendors' limits")
    with systems(contacts=sizes.contacts, limits="real") as there:
        bench = Bench(session, there, "paced")
        load, idle = bench.open_and_run(), bench.open_and_run()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        created = len(there.activecampaign.records("contact"))
        imports = len(there.activecampaign.records("import"))
    yield from _load_figures(sizes.contacts, created, imports, load, idle)
    yield told("first load: peak memory", memory, "MB")
    say(f"plain loop over {sizes.looped:,} contacts at the vendors' limits")
    with systems(contacts=sizes.contacts, limits="real") as there:
        loop = plain_loop(there, sizes.looped)
    yield told("plain loop: contacts a second", loop.per_second, "contacts/s")
    ratio = created / load.wall / loop.per_second
    yield at_least("first load against the plain loop, at the vendors' limits", ratio, "times as fast", 10)


def _load_figures(contacts: int, created: int, imports: int, load: Cost, idle: Cost) -> Iterator[Figure]:
    """`imports` are those that were accepted; the calls count all."""
    calls = load.activecampaign + idle.activecampaign
    full = math.ceil(created / IMPORT_SIZE)
    constant = 2 * idle.crm  # what both runs would cost if there were no contact
    growing = load.crm + idle.crm - constant
    yield told("first load: contacts created", created, "contacts")
    yield at_most("first load and idle run: ActiveCampaign calls a contact", calls / contacts, "calls", 0.020)
    yield told("first load and idle run: ActiveCampaign calls", calls, "calls")
    fewest = 1 + 2 * full + _pages(created) + 1
    yield told("first load and idle run: fewest possible", fewest, "calls")
    yield at_most("first load: Salesforce calls a contact", growing / contacts, "calls", 0.001)
    yield told("first load and idle run: constant Salesforce calls", constant, "calls")
    yield at_least("first load: contacts an import", created / imports, "contacts", created / full)
    yield told("first load: contacts a second", created / load.wall, "contacts/s")
    yield told("first load: waiting", load.waited, "s")
    yield told("first load: own work", load.own, "s")


def _pages(contacts: int) -> int:
    return math.ceil(contacts / PAGE)


# --- everyday runs -----------------------------------------------------------------------------------------------


def without_limits(session: Session, sizes: Sizes, say: Say) -> Iterator[Figure]:
    """The same first load without limits, and everyday runs after it."""
    say(f"first load of {sizes.contacts:,} contacts without limits")
    with systems(contacts=sizes.contacts, limits="off") as there:
        bench = Bench(session, there, "unpaced")
        load = bench.open_and_run()
        created = len(there.activecampaign.records("contact"))
        yield told("first load without limits: contacts a second", created / load.wall, "contacts/s")
        with systems(contacts=sizes.contacts, limits="off") as others:
            loop = plain_loop(others, sizes.looped * 5)
        yield told("plain loop without limits: contacts a second", loop.per_second, "contacts/s")
        yield told(
            "first load against the plain loop, without limits",
            created / load.wall / loop.per_second,
            "times as fast",
        )
        yield from _idle_figures(bench, say)
        yield from _Changes(bench, sizes, say).figures()
        yield from _rarer_idle_figures(bench, say)


def _idle_figures(bench: Bench, say: Say) -> Iterator[Figure]:
    say("idle runs")
    cold = bench.open_and_run()
    yield at_most("idle run: Salesforce calls an object", cold.crm / 2, "calls", 2)
    yield at_most("idle run: ActiveCampaign calls", cold.activecampaign, "calls", 2)
    warm = [bench.run() for _ in range(REPEATED)]
    yield at_most("idle run: own work", 1000 * median(cost.own for cost in warm), "ms", 50)
    yield told("idle run: processor time", 1000 * median(cost.processor for cost in warm), "ms")


def _rarer_idle_figures(bench: Bench, say: Say) -> Iterator[Figure]:
    """An idle run with the count of every five minutes, and with the rule *tagged*."""
    say("idle runs with count and tag")
    bench.pass_time(COUNT_AFTER)
    yield at_most("idle run with the count: ActiveCampaign calls", bench.run().activecampaign, "calls", 3)
    somebody = bench.systems.activecampaign.records("contact")[0]
    bench.systems.activecampaign.person("tag", "contact", somebody["id"], {"tag": TAG})
    bench.set(Settings(creation=CreationRule.TAGGED, creation_tag=TAG))
    bench.open_and_run()
    yield at_most("idle run with the tag: ActiveCampaign calls", bench.run().activecampaign, "calls", 3)
    bench.pass_time(COUNT_AFTER)
    yield at_most("idle run with both: ActiveCampaign calls", bench.run().activecampaign, "calls", 4)


class _Changes:
    """Runs after people changed something."""

    def __init__(self, bench: Bench, sizes: Sizes, say: Say) -> None:
        self._bench = bench
        self._sizes = sizes
        self._say = say
        self._crm = bench.systems.crm
        self._people = [person for person in self._crm.records(CONTACT) if person["Email"]]
        self._done = 0

    def figures(self) -> Iterator[Figure]:
        """Change records in several ways and run after each."""
        many, few = self._sizes.changed, self._sizes.few
        costs = [self._run(f"{many:,} changed", self._edit, many) for _ in range(3)]
        yield at_most(f"{many:,} changed: ActiveCampaign calls", costs[0].activecampaign, "calls", 45)
        yield told(f"{many:,} changed: fewest possible", _fewest(imported=many, single=0), "calls")
        yield told(f"{many:,} changed: Salesforce calls", costs[0].crm, "calls")
        yield from _work(f"{many:,} changed", costs)
        yield from self._other_figures(many, few)

    def _other_figures(self, many: int, few: int) -> Iterator[Figure]:
        name = f"{many:,} changed, 5 % of them emptied or renamed"
        cost = self._run(name, self._edit_and_empty, many)
        yield at_most(f"{name}: ActiveCampaign calls", cost.activecampaign, "calls", 100)
        rare = math.ceil(many / RARE)
        yield told(f"{name}: fewest possible", _fewest(imported=many - rare, single=rare), "calls")
        cost = self._run(f"{few:,} changed", self._edit, few)
        yield at_most(f"{few:,} changed: ActiveCampaign calls", cost.activecampaign, "calls", 115)
        yield told(f"{few:,} changed: fewest possible", 1 + _pages(few) + few, "calls")
        cost = self._run(f"{many:,} new", self._create, many)
        yield at_most(f"{many:,} new CRM records: ActiveCampaign calls", cost.activecampaign, "calls", 60)
        fewest = 1 + 2 * math.ceil(many / IMPORT_SIZE) + _pages(many)
        yield told(f"{many:,} new CRM records: fewest possible", fewest, "calls")
        name = f"{many:,} contacts changed in ActiveCampaign"
        costs = [self._run(name, self._edit_contacts, many)]
        yield at_most(f"{name}: ActiveCampaign calls", costs[0].activecampaign, "calls", 45)
        yield told(f"{name}: Salesforce calls", costs[0].crm, "calls")
        yield from _work(name, costs)

    def _run(self, what: str, change: Callable[[int], None], number: int) -> Cost:
        """Let people work, run, and see that the next run has nothing to do."""
        self._say(what)
        self._done += 1
        change(number)
        cost = self._bench.run()
        self._bench.run()
        return cost

    def _edit(self, number: int) -> None:
        for count, person in enumerate(self._people[:number]):
            self._crm.person("edit", CONTACT, person["Id"], {"FirstName": f"Name {self._done} {count}"})

    def _edit_and_empty(self, number: int) -> None:
        rare: Sequence[Callable[[int], Mapping[str, Any]]] = (
            lambda _: {"Phone": None},
            lambda count: {"Email": f"moved{count}@example.org"},
        )
        for count, person in enumerate(self._people[:number]):
            values: Mapping[str, Any] = {"LastName": f"Name {self._done} {count}"}
            if count % RARE == 0:
                values = rare[count // RARE % 2](count)
            self._crm.person("edit", CONTACT, person["Id"], values)

    def _create(self, number: int) -> None:
        for count in range(number):
            values = {"LastName": f"New {count}", "Email": f"new{count}@example.org"}
            self._crm.person("create", CONTACT, None, values)

    def _edit_contacts(self, number: int) -> None:
        control: Control = self._bench.systems.activecampaign
        for count, contact in enumerate(control.records("contact")[:number]):
            control.person("edit", "contact", contact["id"], {"lastName": f"Name {self._done} {count}"})


def _fewest(*, imported: int, single: int) -> int:
    """Return the calls that changes need at least: targets before, the writes, their results, the feed after."""
    records = imported + single
    return 1 + _pages(records) + 2 * math.ceil(imported / IMPORT_SIZE) + single + _pages(records)


def _work(name: str, costs: Sequence[Cost]) -> Iterator[Figure]:
    """Yield where the time of equal runs went; the medians count."""
    yield at_most(f"{name}: own work", median(cost.own for cost in costs), "s", 1)
    yield told(f"{name}: processor time", median(cost.processor for cost in costs), "s")
    yield told(f"{name}: waiting", median(cost.waited for cost in costs), "s")
