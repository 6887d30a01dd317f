"""What every step of a run is handed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

import msgspec

from crosswalk.convert import Rejection, fits
from crosswalk.core.catalogue import Said
from crosswalk.core.clock import Clock
from crosswalk.core.lanes import Lane
from crosswalk.core.mapping import FieldMapping, ObjectMapping, Settings, Side
from crosswalk.core.schema import OPT_OUT, Schema
from crosswalk.core.system import System
from crosswalk.merge import FieldPlan, compile_field
from crosswalk.store.budget import TenantBudget, store_counts
from crosswalk.store.feeds import Reader
from crosswalk.store.halts import Watch
from crosswalk.store.identity import Closing
from crosswalk.store.mapped import Mapped
from crosswalk.store.models import Feed
from crosswalk.store.progress import Keeper
from crosswalk.store.switches import Switches

from .selecting import Selector

# What is synced with ActiveCampaign's contact, in the order in which it becomes the primary of a shared contact.
OBJECTS = ("contact", "lead")
CONTACT = "contact"  # ActiveCampaign's object
ROUNDING = timedelta(seconds=1)  # vendors' stamps are whole seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class PausedField:
    """A field mapping that rests: it is neither read nor merged nor written, and its shadows stay."""

    mapping: FieldMapping
    side: Side  # where its field changed
    code: str  # of the catalogue
    reason: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectPlan:
    """One object's mapping, compiled against both schemas."""

    mapping: ObjectMapping  # without the fields that rest
    saved: ObjectMapping  # with them
    paused: Sequence[PausedField]
    schemas: Mapping[Side, Schema]
    fields: Sequence[FieldPlan]
    required: Mapping[Side, Sequence[str]]  # fields without which a side creates no record
    unfit_defaults: Mapping[str, Said]  # of fields that the CRM does not insist on: new records do without
    creation_marks: Mapping[Side, str]  # change with all that decides whether a side's record can be created

    @property
    def object(self) -> str:
        """The object's name."""
        return self.mapping.object


def compile_object(
    mapping: ObjectMapping,
    crm: Schema,
    activecampaign: Schema,
    settings: Settings,
    *,
    saved: ObjectMapping | None = None,
    paused: Sequence[PausedField] = (),
) -> ObjectPlan:
    """Compile a mapping whose fields exist on both sides. Raises UserError when two fields cannot be paired.

    `saved` is the mapping with the fields that are `paused`, where there are any.
    """
    fields = [
        compile_field(
            pair,
            crm.fields[pair.crm],
            activecampaign.fields[pair.activecampaign],
            direction=mapping.direction,
            policy=settings.policy,
            winner=settings.winner,
        )
        for pair in mapping.fields
    ]
    schemas = {Side.CRM: crm, Side.ACTIVECAMPAIGN: activecampaign}
    required = {side: _required(schema) for side, schema in schemas.items()}
    defaulted = _defaulted(mapping, crm, required[Side.CRM])
    required[Side.CRM] += [name for name, rejection in defaulted.items() if rejection is None]
    definitions = [sorted(mapping.creation_defaults.items()), [field.version for field in fields]]
    return ObjectPlan(
        mapping=mapping,
        saved=saved or mapping,
        paused=paused,
        schemas=schemas,
        fields=fields,
        required=required,
        unfit_defaults={
            name: rejection.said for name, rejection in defaulted.items() if rejection is not None
        },
        creation_marks={side: short_digest([names, *definitions]) for side, names in required.items()},
    )


def _defaulted(mapping: ObjectMapping, crm: Schema, required: Sequence[str]) -> dict[str, Rejection | None]:
    """Return fields that have a default although the CRM does not insist (its forms may), and what is wrong with it."""
    return {
        name: fits(field, default, creating=True)
        for name, default in mapping.creation_defaults.items()
        if name not in required and (field := crm.fields.get(name)) is not None and field.creatable
    }


def _required(schema: Schema) -> list[str]:
    return [field.name for field in schema.fields.values() if field.required and field.creatable]


def short_digest(parts: object) -> str:
    """Return a short hash of plain values."""
    return blake2b(msgspec.json.encode(parts), digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a phase of long work has come."""

    phase: str  # see `core.phases`
    done: int
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A feed that this run has read, and who uses it."""

    feed: Feed
    readers: Sequence[Reader]


def _silent(progress: Progress) -> None:
    """Nobody watches."""


def _unbraked(side: Side, count: int) -> None:
    """No run is under way that could go too far."""


def go_on(lane: Lane) -> bool:
    """Nothing is more urgent."""
    return False


@dataclass(slots=True, kw_only=True)
class Context:
    """One connection, ready to run."""

    connection_id: int
    name: str
    tenants: Mapping[Side, int]
    systems: Mapping[Side, System]
    settings: Settings
    budgets: Mapping[Side, TenantBudget] = field(default_factory=dict)
    objects: Mapping[str, ObjectPlan]  # by object, in the order of OBJECTS
    clock: Clock
    watch: Watch | None = None  # looks for halts
    switches: Switches = field(default_factory=Switches)
    report: Callable[[Progress], None] = field(default=_silent)
    reads_ahead: bool = False  # whole readings have their next page read while one is stored
    reading: dict[tuple[Side, str], list[str]] = field(
        default_factory=dict
    )  # fields read for all connections
    opened: dict[tuple[Side, str], Opened] = field(default_factory=dict)  # feeds, by side and object
    unfilled: Sequence[Mapped] = ()  # field mappings whose records wait for their back-fill
    anew: Mapping[str, Sequence[str]] = field(
        default_factory=dict
    )  # object → CRM fields that count as without shadow, while such a plan or run works
    run_id: int | None = None  # of the run under way
    closing: Closing = _unbraked  # asked before links are closed because their records on a side are gone
    between: Callable[[Lane], bool] = go_on  # is called between two pages of a push; see `lanes.Between`
    first_run: bool = False  # no run of the connection was ever finished before
    described_again: bool = False  # this run asked for the fields once more
    opened_at: datetime  # when all fields had been described
    basis: str = ""  # see `connections.basis`
    described_at: dict[str, datetime] = field(
        default_factory=dict
    )  # CRM object → when its fields were asked for last, if that was later

    def own_run(self) -> int:
        """Return the number of the run under way: what is asked for only where a system was written to."""
        assert self.run_id is not None
        return self.run_id

    def affords(self, lane: Lane) -> bool:
        """Tell whether our share of the systems' calls of the day is enough for work of a lane."""
        return all(budget.meter.affords(lane) for budget in self.budgets.values())

    def calls_made(self) -> int:
        """Return how many calls were made since the connection was opened."""
        return sum(budget.made for budget in self.budgets.values())

    @contextmanager
    def watched(self, kind: str) -> Iterator[None]:
        """Keep how far a run or plan comes inside, so that others see it too."""
        report, before = self.report, self.calls_made()
        keeper = Keeper(self.connection_id, kind, self.clock, lambda: self.calls_made() - before)

        def kept(progress: Progress) -> None:
            report(progress)
            keeper.note(progress.phase, progress.done, progress.total)

        self.report = kept
        try:
            yield
        finally:
            self.report = report
            keeper.end()

    def store_counts(self) -> None:
        """Store how many calls were made."""
        store_counts(self.budgets.values(), self.clock.now())

    def close(self) -> None:
        """Close the connections to both systems."""
        self.store_counts()
        for system in self.systems.values():
            system.close()

    def fields(self, side: Side, object: str) -> list[str]:
        """Return the names of the fields that are read of an object, in a stable order."""
        reading = self.reading.get((side, object))
        if reading is not None:
            return reading
        plans = [
            plan for plan in self.objects.values() if side is Side.ACTIVECAMPAIGN or plan.object == object
        ]
        consent = {OPT_OUT} if self.settings.consent and self._schema(side, object).opt_out else set()
        return sorted(consent.union(*(plan.mapping.read(side) for plan in plans)))

    def crm_now(self) -> datetime:
        """Return the CRM's time."""
        return self.clock.now() + timedelta(seconds=self.systems[Side.CRM].clock_difference())

    def stamps_ahead(self, side: Side) -> timedelta:
        """Return by how much later than our clock a system's stamp may be of one and the same moment."""
        return timedelta(seconds=self.systems[side].clock_difference()) + ROUNDING

    def selector(self, plan: ObjectPlan) -> Selector:
        """Return what judges now which records of an object take part."""
        return Selector(plan.mapping.selection, plan.schemas[Side.CRM], self.crm_now())

    def read_for(self, side: Side, object: str, readers: Iterable[Reader]) -> list[str]:
        """From now on read an object with the fields of all these connections, with ours but for those that rest.

        Returns the fields' names.
        """
        schema = self._schema(side, object)
        known = set(schema.fields)
        if schema.opt_out is not None:
            known |= {OPT_OUT}
        self.reading.pop((side, object), None)
        ours = self.fields(side, object)
        others = [each.fields for each in readers if each.connection_id != self.connection_id]
        wanted = {name for fields in others for name in fields if name in known}
        self.reading[side, object] = sorted(wanted.union(ours))
        return self.reading[side, object]

    def _schema(self, side: Side, object: str) -> Schema:
        plans = self.objects.values()
        return next(
            plan.schemas[side] for plan in plans if side is Side.ACTIVECAMPAIGN or plan.object == object
        )
