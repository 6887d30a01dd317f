"""How many calls it takes to do a plan and how long that is, about: worked out by the systems' own batching."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import ceil

from crosswalk.core.mapping import Side
from crosswalk.core.system import Batch, Effort, Op, System, WriteOptions
from crosswalk.store import budget, consent_writes, outbox
from crosswalk.store.plans import Cost

from .confirm import SETTLING
from .context import Context
from .push import WAVE, groups, to_write

OWN = 0.0015  # seconds of work for each write, ours and the database's
_LOOKS = 2  # calls that a run makes for each feed although nothing is new
_GAP = 1.02  # of the vendor's least gap between two calls


def estimate(context: Context, room: int | None) -> Cost:
    """Return what the writes of a rehearsal cost, inside it; `room` is what the account told."""
    calls: defaultdict[Side, float] = defaultdict(float)
    seconds = 0.0
    for (name, op), number in outbox.counts(context.connection_id).items():
        side = Side(name)
        made, waited = _of_writes(context, side, Op(op), number)
        calls[side] += made
        seconds += waited + number * OWN
    for write in consent_writes.writes(context.connection_id, consent_writes.INTENDED):
        side = Side(write.side)
        calls[side] += context.systems[side].effort().opt_out
        seconds += OWN
    if not calls:
        return Cost(room=room)
    calls[Side.CRM] += _LOOKS * len(context.objects)
    calls[Side.ACTIVECAMPAIGN] += _LOOKS
    whole = {side: ceil(calls[side]) for side in Side}
    seconds += sum(number * _seconds_a_call(context, side) for side, number in whole.items())
    return Cost(calls={side.value: number for side, number in whole.items()}, seconds=seconds, room=room)


def _of_writes(context: Context, side: Side, op: Op, number: int) -> tuple[int, float]:
    """Return the calls of one kind of writes, and the seconds that nobody calls: by those that would go first."""
    system = context.systems[side]
    options = WriteOptions(import_updates_above=context.settings.import_updates_above)
    rows = outbox.sample(context.connection_id, side, op.value, WAVE)
    batches = list(system.batches([to_write(row) for row in rows], options))
    calls, waited = _of_wave(system, op, batches)
    share = number / max(1, len(rows))
    return ceil(calls * share), waited * share


def _of_wave(system: System, op: Op, batches: Sequence[Batch]) -> tuple[int, float]:
    """Return what a wave takes: its batches, the readings that guard or confirm them, the wait for what is queued."""
    calls, effort = len(batches), system.effort()
    for group in groups(batches):
        if op is Op.UPDATE or group[0].asynchronous:
            calls += ceil(sum(len(batch.writes) for batch in group) / system.ids_a_call)
    queued = sum(batch.asynchronous for batch in batches)
    if not queued:
        return calls, 0.0
    return calls + effort.asks + queued * effort.result, effort.queued + SETTLING


def _seconds_a_call(context: Context, side: Side) -> float:
    effort: Effort = context.systems[side].effort()
    found = budget.usage(context.connection_id, context.tenants[side], 100.0, context.clock.now())
    return max(effort.call, _GAP / found.per_second if found.per_second else 0.0)
