"""What is measured with many contacts; every connection is run in a process of its own. See `apart`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from .apart import Apart, apart
from .crms import CRMS, Crm
from .figures import Figure, at_least, at_most, told
from .measure import Cost
from .paired import Load, Paired, paired
from .plain_loop import plain_loop
from .systems import DYNAMICS, SALESFORCE, Calls, Systems, systems

Say = Callable[[str], None]
REPEATED = 5  # times that a short run is measured; its median counts
CHANGED_REPEATED = 3
CALLS_A_CONTACT = 0.018  # the fewest that a first load needs; see the page
PER_SECOND = 5  # calls, as ActiveCampaign allows
SLOWER = 1.25  # than the vendor's pace allows, at most
MATCH_CALLS = 0.0115  # a contact, for a first match of two full sides
MOST_MEMORY, MOST_GROWTH = 200, 30  # MB
MARK = 0.6  # of what dlt and a bare client take together: the aim, not the limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Large:
    """How many records take part, how fast the vendors are, and with what a load is compared."""

    contacts: int
    changed: int
    paced: int  # contacts of the first load at the vendors' limits, made `factor` times as wide
    factor: int
    looped: int  # contacts of the plain loop beside it
    records: int | None  # a further first load, for its memory alone
    dlt: Path | None  # a Python that has it

    @classmethod
    def of(cls, contacts: int, factor: int, *, records: int | None, dlt: Path | None) -> Large:
        """The usual proportions: of 100,000 contacts, 1,000 change and 40,000 are loaded at the vendors' pace."""
        return cls(
            contacts=contacts,
            changed=max(1, contacts // 100),
            paced=contacts * 2 // 5,
            factor=factor,
            looped=max(10, contacts // 500),
            records=records,
            dlt=dlt,
        )


def large_figures(large: Large, say: Say) -> Iterator[Figure]:
    """Measure everything; takes about ten minutes with 100,000 contacts."""
    yield from _first_load(large, say)
    yield from _full_sides(large.contacts, say)
    yield from _scaled(large, say)


# --- a first load without limits, and everyday runs after it -------------------------------------------------------


def _first_load(large: Large, say: Say) -> Iterator[Figure]:
    name = _named(large.contacts)
    say(f"{name} without limits")
    with systems(contacts=large.contacts, limits="off") as there, apart(there) as connection:
        yield from _plan_figures(there, large.contacts)
        cost, peak = connection.open_and_run(), connection.peak
        yield from _load_figures(name, cost, connection.links(), large.contacts, CRMS[SALESFORCE])
        yield at_most(f"{name}: peak memory of the sync process", peak, "MB", MOST_MEMORY)
        load = Load.of(there) if large.dlt else None
        yield from _idle_figures(connection, large.contacts, say)
        yield from _change_figures(connection, large, say, CRMS[SALESFORCE])
    if load and large.dlt:
        say(f"{name}: dlt and a bare client do the same")
        yield from _paired_figures(name, cost, paired(load, large.contacts, large.dlt))
    if large.records is not None:
        yield from _memory_figures(large.records, large.contacts, peak, say)


def _named(contacts: int) -> str:
    return f"first load of {contacts:,} contacts"


def _plan_figures(there: Systems, contacts: int) -> Iterator[Figure]:
    """The plan of a connection that then goes no further."""
    name = f"plan of a first load of {contacts:,} contacts"
    with apart(there) as connection:
        cost = connection.open_and_plan()
    yield told(f"{name}: wall time", cost.wall, "s")
    yield told(f"{name}: peak memory of the process", connection.peak, "MB")


def _load_figures(name: str, cost: Cost, links: int, contacts: int, crm: Crm) -> Iterator[Figure]:
    yield told(f"{name}: contacts created", links, "contacts")
    calls = cost.activecampaign / contacts
    yield at_most(f"{name}: ActiveCampaign calls a contact", calls, "calls", 0.020)
    yield told(f"{name}: {crm.title} calls", cost.crm, "calls")
    yield told(f"{name}: contacts a second without limits", links / cost.wall, "contacts/s")
    yield told(f"{name}: wall time", cost.wall, "s")
    yield told(f"{name}: processor time", cost.processor, "s")
    yield told(f"{name}: waiting", cost.waited, "s")


def _idle_figures(connection: Apart, contacts: int, say: Say) -> Iterator[Figure]:
    name = f"idle run among {contacts:,}"
    say(name)
    connection.open_and_run()
    warm = [connection.run() for _ in range(REPEATED)]
    yield at_most(f"{name}: ActiveCampaign calls", warm[0].activecampaign, "calls", 2)
    yield at_most(f"{name}: own work", 1000 * median(cost.own for cost in warm), "ms", 50)
    yield told(f"{name}: processor time", 1000 * median(cost.processor for cost in warm), "ms")


def _change_figures(connection: Apart, large: Large, say: Say, crm: Crm) -> Iterator[Figure]:
    name = f"{large.changed:,} changed among {large.contacts:,}"
    say(name)
    everybody = connection.systems.crm.records(crm.contact)
    people = [person[crm.id] for person in everybody if person.get(crm.email)]
    step = max(1, len(people) // large.changed)  # from all over the table
    chosen = people[::step][: large.changed]
    costs = [_changed(connection, chosen, number, crm) for number in range(CHANGED_REPEATED)]
    yield at_most(f"{name}: ActiveCampaign calls", costs[0].activecampaign, "calls", 45)
    yield told(f"{name}: {crm.title} calls", costs[0].crm, "calls")
    yield at_most(f"{name}: own work", median(cost.own for cost in costs), "s", 0.3)
    yield told(f"{name}: processor time", median(cost.processor for cost in costs), "s")


def _changed(connection: Apart, people: list[str], number: int, crm: Crm) -> Cost:
    """Have these people edited, run, and let the next run see that there is nothing left."""
    for count, person in enumerate(people):
        values = {crm.first_name: f"Name {number} {count}"}
        connection.systems.crm.person("edit", crm.contact, person, values)
    cost = connection.run()
    connection.run()
    return cost


def _paired_figures(name: str, cost: Cost, others: Paired) -> Iterator[Figure]:
    yield told("dlt, the same query into the same PostgreSQL: rows", others.dlt.rows, "rows")
    yield told("dlt, the same query into the same PostgreSQL: wall time", others.dlt.seconds, "s")
    yield told("bare client, the same imports and pages: contacts", others.bare.contacts, "contacts")
    calls = 2 * others.bare.imports + others.bare.pages
    yield told("bare client, the same imports and pages: calls", calls, "calls")
    yield told("bare client, the same imports and pages: wall time", others.bare.seconds, "s")
    ratio = cost.wall / others.seconds
    yield at_most(f"{name} against dlt and the bare client (the mark is {MARK})", ratio, "times as long", 1)


def _memory_figures(records: int, contacts: int, peak: float, say: Say) -> Iterator[Figure]:
    name = _named(records)
    say(f"{name} without limits, for its memory")
    with systems(contacts=records, limits="off") as there, apart(there) as connection:
        cost = connection.open_and_run()
        yield told(f"{name}: contacts a second without limits", connection.links() / cost.wall, "contacts/s")
        yield told(f"{name}: peak memory of the sync process", connection.peak, "MB")
        above = connection.peak - peak
        yield at_most(f"{name}: peak memory above that of {contacts:,}", above, "MB", MOST_GROWTH)


# --- Dynamics 365: a first load without limits, and everyday runs after it -----------------------------------------


def dynamics_figures(large: Large, say: Say) -> Iterator[Figure]:
    """Measure a first load, idle runs, changes and new records; takes some minutes with 100,000 contacts."""
    name, crm = _named(large.contacts), CRMS[DYNAMICS]
    say(f"{crm.title}: {name} without limits")
    with systems(contacts=large.contacts, limits="off", vendor=DYNAMICS) as there, apart(there) as connection:
        load, peak = connection.open_and_run(), connection.peak
        idle = connection.open_and_run()
        yield from _load_figures(name, load, connection.links(), large.contacts, crm)
        yield from _load_and_idle_figures(load, idle, large.contacts, crm)
        yield told(f"{name}: peak memory of the sync process", peak, "MB")
        yield from _idle_figures(connection, large.contacts, say)
        yield told(f"idle run among {large.contacts:,}: {crm.title} calls", idle.crm, "calls")
        yield from _change_figures(connection, large, say, crm)
        yield from _new_figures(connection, large, say, crm)
        yield from _created_figures(connection, large, say, crm)


def _load_and_idle_figures(load: Cost, idle: Cost, contacts: int, crm: Crm) -> Iterator[Figure]:
    """Calls for each contact, and what both runs would cost if there were none."""
    name = "first load and idle run"
    calls, constant = load.activecampaign + idle.activecampaign, 2 * idle.crm
    yield at_most(f"{name}: ActiveCampaign calls a contact", calls / contacts, "calls", 0.020)
    growing = load.crm + idle.crm - constant
    yield at_most(f"{name}: {crm.title} calls a contact", growing / contacts, "calls", 0.001)
    yield told(f"{name}: constant {crm.title} calls", constant, "calls")


def _new_figures(connection: Apart, large: Large, say: Say, crm: Crm) -> Iterator[Figure]:
    name = f"{large.changed:,} new among {large.contacts:,}"
    say(name)
    for count in range(large.changed):
        values = {crm.last_name: f"New {count}", crm.email: f"new{count}@example.org"}
        connection.systems.crm.person("create", crm.contact, None, values)
    cost = connection.run()
    yield at_most(f"{name}: ActiveCampaign calls", cost.activecampaign, "calls", 60)
    yield told(f"{name}: {crm.title} calls", cost.crm, "calls")
    yield told(f"{name}: own work", cost.own, "s")


def _created_figures(connection: Apart, large: Large, say: Say, crm: Crm) -> Iterator[Figure]:
    """Records that we create in the CRM, of contacts that are new in ActiveCampaign."""
    name = f"{large.changed:,} created in {crm.title}"
    say(name)
    connection.create_in_crm(crm.contact)
    for count in range(large.changed):
        values = {"email": f"made{count}@example.org", "firstName": "Made", "lastName": f"Here {count}"}
        connection.systems.activecampaign.person("create", "contact", None, values)
    cost, before = connection.run(), connection.links()
    again = connection.run()
    yield told(f"{name}: links", before, "links")
    yield told(f"{name}: {crm.title} calls", cost.crm, "calls")
    yield told(f"{name}: ActiveCampaign calls", cost.activecampaign, "calls")
    yield told(f"{name}: own work", cost.own, "s")
    yield at_most(f"{name}: writes of the run after it", sum(map(_writes, again.calls.values())), "calls", 0)


# --- two full sides ------------------------------------------------------------------------------------------------


def _full_sides(contacts: int, say: Say) -> Iterator[Figure]:
    name = f"first match of two full sides of {contacts:,}"
    say(name)
    with systems(contacts=contacts, limits="off", full=True) as there, apart(there) as connection:
        cost = connection.open_and_run()
        links = connection.links()
    yield told(f"{name}: contacts linked", links, "contacts")
    most = max(10, round(MATCH_CALLS * contacts))
    yield at_most(f"{name}: ActiveCampaign calls", cost.activecampaign, "calls", most)
    yield told(f"{name}: Salesforce calls", cost.crm, "calls")
    yield at_most(f"{name}: writes", sum(map(_writes, cost.calls.values())), "calls", 0)
    yield told(f"{name}: contacts a second without limits", links / cost.wall, "contacts/s")
    yield told(f"{name}: peak memory of the sync process", connection.peak, "MB")


def _writes(calls: Calls) -> int:
    """Count the calls that may have written something: a query job is a reading."""
    return sum(
        number for call, number in calls.items() if not call.startswith("GET ") and "/jobs/query" not in call
    )


# --- at the vendors' pace ------------------------------------------------------------------------------------------


def _scaled(large: Large, say: Say) -> Iterator[Figure]:
    """A first load and the plain loop, both at limits that are so many times as wide."""
    limits = f"x{large.factor}"
    name = f"{_named(large.paced)} at limits {limits}"
    say(name)
    with systems(contacts=large.paced, limits=limits) as there, apart(there) as connection:
        cost, links = connection.open_and_run(), connection.links()
    least = CALLS_A_CONTACT * large.paced / (PER_SECOND * large.factor)
    yield told(f"{name}: the fewest calls at that pace", least, "s")
    yield at_most(f"{name}: wall time", cost.wall, "s", round(SLOWER * least, 3))
    yield told(f"{name}: waiting", cost.waited, "s")
    yield told(f"{name}: processor time", cost.processor, "s")
    say(f"plain loop over {large.looped:,} contacts at limits {limits}")
    with systems(contacts=large.looped, limits=limits) as there:
        loop = plain_loop(there, large.looped)
    yield told(f"plain loop at limits {limits}: contacts a second", loop.per_second, "contacts/s")
    ratio = links / cost.wall / loop.per_second
    yield at_least(f"{name} against the plain loop", ratio, "times as fast", 20)
