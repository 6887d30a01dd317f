"""How many calls it takes to do a plan and how long that is, about: worked out by the systems' own batching."""

from __future__ import annotations

from collections import Counter
from math import ceil

from crosswalk.core.mapping import Side
from crosswalk.core.system import Op, WriteOptions
from crosswalk.store import budget, consent_writes, outbox
from crosswalk.store.plans import Cost

from .context import Context
from .push import WAVE, groups, to_write

# Seconds that a call takes: one contact, or a batch of CRM records. A vendor's pace may make it longer.
_OF_CONTACT, _OF_BATCH = 0.3, 1.0
_IMPORTED = 15.0  # seconds until the imports of a wave are through, and calls that ask for it
_LOOKS = 4
_GAP = 1.02  # of the vendor's least gap between two calls
_CALLS_OF_OPT_OUT = {Side.CRM: 0.1, Side.ACTIVECAMPAIGN: 2.0}  # the CRM's go together


def estimate(context: Context, room: int | None) -> Cost:
    """Return what the writes of a rehearsal cost, inside it; `room` is what the account told."""
    calls: Counter[Side] = Counter()
    seconds = 0.0
    for (name, op), number in outbox.counts(context.connection_id).items():
        side = Side(name)
        made, waited = _of_writes(context, side, Op(op), number)
        calls[side] += made
        seconds += waited
    for write in consent_writes.writes(context.connection_id, consent_writes.INTENDED):
        calls[Side(write.side)] += _CALLS_OF_OPT_OUT[Side(write.side)]  # type: ignore[assignment]
    whole = {side: ceil(number) for side, number in calls.items() if number}
    seconds += sum(number * _seconds_a_call(context, side) for side, number in whole.items())
    return Cost(calls={side.value: number for side, number in whole.items()}, seconds=seconds, room=room)


def _of_writes(context: Context, side: Side, op: Op, number: int) -> tuple[int, float]:
    """Return the calls of one kind of writes, and the seconds that nobody calls: by those that would go first."""
    system = context.systems[side]
    options = WriteOptions(import_updates_above=context.settings.import_updates_above)
    rows = outbox.sample(context.connection_id, side, op.value, WAVE)
    batches = list(system.batches([to_write(row) for row in rows], options))
    calls, waited = len(batches), 0.0
    for group in groups(batches):
        records = sum(len(batch.writes) for batch in group)
        if op is Op.UPDATE or group[0].asynchronous:  # read before, or to confirm it
            calls += ceil(records / system.ids_a_call)
    if any(batch.asynchronous for batch in batches):
        calls, waited = calls + _LOOKS, _IMPORTED
    share = number / max(1, len(rows))
    return ceil(calls * share), waited * share


def _seconds_a_call(context: Context, side: Side) -> float:
    found = budget.usage(context.connection_id, context.tenants[side], 100.0, context.clock.now())
    if side is Side.CRM:
        return _OF_BATCH
    return max(_OF_CONTACT, _GAP / found.per_second if found.per_second else 0.0)
