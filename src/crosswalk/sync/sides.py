"""What both sides of a pair hold and held, and what the merge is asked about a field of theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from crosswalk.core.mapping import Side
from crosswalk.core.values import Value, unpack
from crosswalk.merge import (
    ABSENT,
    UNKNOWN,
    FieldCase,
    FieldPlan,
    Reason,
    Stamp,
    stored_differently,
    tolerance,
)
from crosswalk.store.hold_rows import HoldRow
from crosswalk.store.pairs import Seen

from .context import Context, ObjectPlan
from .match import Pair

_times = msgspec.json.Decoder(dict[str, datetime])
UNREADABLE = "unreadable"  # the kind of a hold
STORED = Reason.STORED_DIFFERENTLY.value
VENDORS = {Side.CRM: "crm", Side.ACTIVECAMPAIGN: "activecampaign"}  # by whose habits values may change


class SideState:
    """One side of a pair: what it holds, what it held, and when it changed."""

    __slots__ = (
        "corrected",
        "forgotten",
        "forms",
        "lost",
        "record_id",
        "seen",
        "shadow",
        "stamp",
        "times",
        "values",
    )

    def __init__(
        self, context: Context, plan: ObjectPlan, pair: Pair, side: Side, holds: Mapping[str, HoldRow]
    ):
        link, seen = pair.link, pair.seen(side)
        self.seen = seen
        self.record_id = link.record_id(side)
        self.shadow = unpack(link.shadow(side))
        self.forgotten = _forget(context, plan, pair, side, self.shadow)  # is to be decided without it
        self.corrected = False
        self.forms: dict[str, tuple[Value, Value, str]] = {}  # sent, and how the vendor keeps it
        self.lost: set[str] = set()  # fields that are empty although we wrote a value
        self.stamp: Stamp | None = None
        self.times: Mapping[str, datetime] = {}
        if seen is None:
            self.values = {**self.shadow, **_held_values(plan, side, holds)}
            for name in _unreadable(plan, side, holds):
                self.values.pop(name, None)
            return
        self.values = unpack(seen.packed)
        ours_until = _vendor_moment(context, side, link.acked_at(side))
        if ours_until is None or seen.stamp > ours_until:
            self.stamp = Stamp(seen.stamp, False)
            self.times = _times.decode(seen.times) if seen.times else {}
        if link.unconfirmed(side):
            self._confirm(context, plan, side, link.unconfirmed(side), seen, ours_until)

    def _confirm(
        self,
        context: Context,
        plan: ObjectPlan,
        side: Side,
        packed: bytes,
        seen: Seen,
        ours_until: datetime | None,
    ) -> None:
        """The first reading after our write: a form that the vendor gave our value becomes the shadow."""
        self.corrected = True
        if ours_until is None or seen.stamp > ours_until:
            return
        definitions = plan.schemas[side].fields
        for name in unpack(packed):
            sent, read = self.shadow.get(name), self.values.get(name)
            definition = definitions.get(name)
            if definition is None or name not in self.values or sent == read:
                continue
            if read is None:
                self.lost.add(name)
            elif stored_differently(VENDORS[side], definition.kind, sent, read, length=definition.length):
                self.shadow[name] = read
                self.forms[name] = (sent, read, STORED)

    def is_as_before(self, name: str) -> bool:
        """Tell whether a field is known to hold what its shadow says."""
        return self.values.get(name, UNKNOWN) == self.shadow.get(name, ABSENT)

    def time(self, name: str) -> Stamp | None:
        """Return when a field of this side changed, as certain as it is known."""
        moment = self.times.get(name)
        return Stamp(moment, True) if moment is not None else self.stamp


def _forget(
    context: Context, plan: ObjectPlan, pair: Pair, side: Side, shadow: dict[str, Value]
) -> dict[str, Value]:
    """Take the shadows out that do not count in this run; return them."""
    anew = context.anew.get(plan.object)
    if not anew or pair.crm is None or pair.activecampaign is None:
        return {}
    names = [each.mapping.name(side) for each in plan.fields if each.mapping.crm in anew]
    return {name: shadow.pop(name) for name in names if name in shadow}


def _vendor_moment(context: Context, side: Side, moment: datetime | None) -> datetime | None:
    """Translate a time of our clock into the vendor's, rounded up to its whole seconds."""
    if moment is None:
        return None
    return moment + context.stamps_ahead(side)


def _held_values(plan: ObjectPlan, side: Side, holds: Mapping[str, HoldRow]) -> dict[str, Value]:
    """Return the values of one side that holds keep, by that side's field names."""
    if not holds:
        return {}
    kept = {}
    for field in plan.fields:
        hold = holds.get(field.mapping.crm)
        if hold is not None:
            values = unpack(hold.values)
            if side.value in values:
                kept[field.mapping.name(side)] = values[side.value]
    return kept


def _unreadable(plan: ObjectPlan, side: Side, holds: Mapping[str, HoldRow]) -> Iterator[str]:
    """Yield the fields whose value on this side could not be read the last time: the shadow does not stand for it."""
    for field in plan.fields if holds else ():
        hold = holds.get(field.mapping.crm)
        if hold is not None and hold.kind == UNREADABLE and side.value not in unpack(hold.values):
            yield field.mapping.name(side)


def side_states(
    context: Context, plan: ObjectPlan, pair: Pair, holds: Mapping[str, HoldRow]
) -> dict[Side, SideState]:
    """Return what each side of a pair holds and held."""
    return {side: SideState(context, plan, pair, side, holds) for side in Side}


def field_case(field: FieldPlan, states: Mapping[Side, SideState]) -> FieldCase:
    """Return what the merge is asked about one field."""
    crm, contact = states[Side.CRM], states[Side.ACTIVECAMPAIGN]
    crm_name, contact_name = field.mapping.crm, field.mapping.activecampaign
    return FieldCase(
        crm.values.get(crm_name, UNKNOWN),
        contact.values.get(contact_name, UNKNOWN),
        crm.shadow.get(crm_name, ABSENT),
        contact.shadow.get(contact_name, ABSENT),
        crm.time(crm_name),
        contact.time(contact_name),
    )


def clock_tolerance(context: Context) -> float:
    """Return within how many seconds the two vendors' stamps count as equal."""
    crm, contact = context.systems[Side.CRM], context.systems[Side.ACTIVECAMPAIGN]
    return tolerance(crm.clock_difference() - contact.clock_difference())
