"""Brakes stop a run before it does more than anybody expects: it says what and how many, and waits for a person.

A run may do what its plan said and a tenth more; without a plan, what the connection's settings allow: each brake is a
number and a share of the links, and both must be exceeded. Opt-outs are not counted and never stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from crosswalk.core import catalogue
from crosswalk.core.catalogue import Said
from crosswalk.core.mapping import Brake, Side
from crosswalk.core.system import Op
from crosswalk.core.words import together
from crosswalk.store import brakes, connections, inbox, outbox, plans, runs
from crosswalk.store.models import Connection, Plan
from crosswalk.store.outbox import OutboxRow

from .context import Context

MARGIN = 0.10  # how far a run may go beyond the plan that released it
ROOM_ASKED_FROM = 50  # new contacts from which one call asks how many more the account may hold
BEYOND = "beyond the contact limit"  # in a plan's counts
_CLOSE = "close "  # and then the side on which the records of so many links are gone
_COUNTED = frozenset(Op)  # opt-outs are not among them
Totals = Mapping[tuple[str, str], int]  # side and operation → intended writes


class BrakeError(Exception):
    """The run would go further than it may; what it was about to do is not done."""

    def __init__(self, said: Said) -> None:
        self.message = together("{code}: {message}", code=said.code, message=said.message)
        super().__init__(self.message)
        self.said = said


class Closings:
    """Counts links that are closed because a record is gone; a plan only counts."""

    def __init__(self) -> None:
        self.counts: Counter[Side] = Counter()

    def closing(self, side: Side, count: int) -> None:
        """Count links that are about to be closed."""
        self.counts[side] += count

    def planned(self) -> dict[str, int]:
        """Return the counts as a plan keeps them."""
        return {f"{_CLOSE}{side}": count for side, count in self.counts.items() if count}


class Braking(Closings):
    """The brakes of one run. Counts add up over its rounds."""

    def __init__(self, context: Context, run: runs.Running, plan: Plan | None) -> None:
        super().__init__()
        self._context = context
        self._run = run
        self._plan = plan
        self._planned: Mapping[str, Any] = plan.counts if plan is not None else {}
        self._limits = context.settings.brakes
        self._rounds = 0

    @property
    def planned_run(self) -> bool:
        """Tell whether a plan released this run."""
        return self._plan is not None

    def closing(self, side: Side, count: int) -> None:
        """Raise BrakeError when too many links would be closed; the sightings stay and are read again."""
        super().closing(side, count)
        number, limit = self.counts.total(), self._limits.deletes
        planned = sum(value for name, value in self._planned.items() if name.startswith(_CLOSE))
        if number > planned * (1 + MARGIN) and (links := self._exceeded(limit, number)) is not None:
            raise BrakeError(_said("mass_delete", limit, number, links))

    def before_push(self) -> Totals:
        """Raise BrakeError when this round's writes would take the run too far; return their counts."""
        totals = outbox.counts(self._context.connection_id)
        if not totals:
            return totals
        self._rounds += 1
        if self._plan is not None:
            self._hold_to_plan(self._with_done(totals))
        else:
            self._hold_to_settings(self._with_done(totals) if self._rounds > 1 else _named(totals))
        beyond = contacts_beyond(self._context, totals)
        if beyond > self._planned.get(BEYOND, 0) * (1 + MARGIN):
            raise BrakeError(catalogue.say("contact_limit", count=beyond))
        return totals

    def _with_done(self, totals: Totals) -> dict[str, int]:
        """Return what the run wrote and would write, as `side op` → count."""
        return dict(Counter(_named(totals)) + Counter(runs.journalled(self._run)))

    def _hold_to_plan(self, writes: Mapping[str, int]) -> None:
        allowed = _planned_writes(self._planned)
        for name, number in writes.items():
            limit = allowed.get(name, 0)
            if name.rpartition(" ")[2] in _COUNTED and number > limit * (1 + MARGIN):
                raise BrakeError(catalogue.say("braked", count=number, what=name, limit=limit))

    def _hold_to_settings(self, writes: Mapping[str, int]) -> None:
        number = sum(count for name, count in writes.items() if name.rpartition(" ")[2] in _COUNTED)
        changes, emptied = self._limits.changes, self._limits.emptied
        if (links := self._exceeded(changes, number)) is not None:
            raise BrakeError(_said("mass_change", changes, number, links))
        if number <= emptied.number:
            return
        side, name, times = brakes.most_emptied(
            self._context.connection_id, self._run.id, self._run.journal_from
        )
        if (links := self._exceeded(emptied, times)) is not None:
            label = _label(self._context, Side(side), name)
            raise BrakeError(_said("mass_empty", emptied, times, links, field=label, side=side))

    def _exceeded(self, brake: Brake, number: int) -> int | None:
        """Return how many links there are when both the number and the share of them are exceeded."""
        if number <= brake.number:
            return None
        links = brakes.open_links(self._context.connection_id)
        return links if _goes_beyond(brake, number, links) else None


def ask_to_close(context: Context, side: Side, rows: Sequence[OutboxRow]) -> None:
    """Ask whether the links of writes may be closed whose targets are gone.

    Raises BrakeError when those are too many; then they are looked at again, so that a plan can tell how many.
    """
    try:
        context.closing(side, len(rows))
    except BrakeError:
        for object in {row.object for row in rows}:
            ids = [row.record_id for row in rows if row.object == object and row.record_id]
            inbox.want(context.connection_id, side, object, ids, context.clock.now())
        raise


def contacts_beyond(context: Context, totals: Totals) -> int:
    """Return how many of the intended contacts the account has no room for, as far as it tells.

    Asked only where many are to be created: it costs a call.
    """
    return _beyond(totals, room_for(context, totals))


def room_for(context: Context, totals: Totals) -> int | None:
    """Return how many more contacts the account has room for; None where it does not tell, or few are intended."""
    return context.systems[Side.ACTIVECAMPAIGN].room() if _contacts(totals) >= ROOM_ASKED_FROM else None


def _contacts(totals: Totals) -> int:
    return totals.get((Side.ACTIVECAMPAIGN.value, Op.CREATE.value), 0)


def _beyond(totals: Totals, room: int | None) -> int:
    return 0 if room is None else max(0, _contacts(totals) - room)


def planned_limits(closings: Closings, totals: Totals, room: int | None) -> dict[str, int]:
    """Return what a plan's counts say beside its writes, read inside the rehearsal."""
    beyond = _beyond(totals, room)
    return {**closings.planned(), **({BEYOND: beyond} if beyond else {})}


def foreseen(connection: Connection, plan: Plan) -> list[Said]:
    """Return the brakes at which a run would stop that no plan released, by what a plan says."""
    limits, told = connections.settings_of(connection).brakes, plans.figures(plan)
    links = brakes.open_links(connection.id)
    writes = sum(count for kind, count in told.kinds.items() if kind.partition(" ")[0] in _COUNTED)
    closed = sum(count for name, count in plan.counts.items() if name.startswith(_CLOSE))
    found = [
        _said(entry, limit, count, links)
        for entry, limit, count in (
            ("mass_change", limits.changes, writes),
            ("mass_delete", limits.deletes, closed),
        )
        if _goes_beyond(limit, count, links)
    ]
    emptied = told.emptied
    if emptied is not None and _goes_beyond(limits.emptied, emptied.count, links):
        words = {"field": emptied.field, "side": emptied.side}
        found.append(_said("mass_empty", limits.emptied, emptied.count, links, **words))
    return found


def _goes_beyond(limit: Brake, count: int, links: int) -> bool:
    return count > limit.number and count > links * limit.percent / 100


def leave(context: Context) -> None:
    """Forget what was not sent, and keep the sightings for the next run."""
    outbox.drop_intended(context.connection_id)
    brakes.look_again(context.connection_id)


def stop(context: Context, brake: BrakeError) -> None:
    """Leave everything to a run that a person releases, with the one hold that says why."""
    leave(context)
    brakes.note(context.connection_id, brake.said, context.clock.now())


def _said(entry: str, brake: Brake, number: int, links: int, **words: str) -> Said:
    return catalogue.CATALOGUE[entry].said(
        count=number, number=brake.number, percent=f"{brake.percent:g}", links=links, **words
    )


def _named(totals: Totals) -> dict[str, int]:
    return {f"{side} {op}": number for (side, op), number in totals.items()}


def _planned_writes(counts: Mapping[str, Any]) -> dict[str, int]:
    planned: Counter[str] = Counter()
    for name, number in counts.items():
        op, _, rest = name.partition(" ")
        if op in _COUNTED:
            planned[f"{rest.partition(' ')[0]} {op}"] += number
    return dict(planned)


def _label(context: Context, side: Side, name: str) -> str:
    """Return what a person calls a field."""
    for plan in context.objects.values():
        if name in plan.schemas[side].fields:
            return plan.schemas[side].fields[name].label
    return name
