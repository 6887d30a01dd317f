"""Push sends what the outbox intends, in the cheapest batches the target offers, and commits the receipts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import product

from structlog.contextvars import bound_contextvars

from crosswalk.core import phases
from crosswalk.core.failures import SystemFailure
from crosswalk.core.lanes import Lane
from crosswalk.core.mapping import Side
from crosswalk.core.system import Batch, Op, Outcome, Receipt, Record, Write, WriteOptions
from crosswalk.core.values import Kind, same, unpack
from crosswalk.store import outbox
from crosswalk.store.outbox import OutboxRow

from .commit import take_receipts
from .confirm import Results, await_imports, confirm_imports
from .context import CONTACT, Context, Progress
from .pull import pull, take_read

_PHASES = {Op.UPDATE: phases.UPDATE, Op.CREATE: phases.CREATE}
FRESH = timedelta(seconds=10)  # how long a reading of the target guards a write
WAVE = 5000  # writes between two looks at the contact feed: 20 imports of 250
# What is sent between two readings of its targets: at five calls a second it is through in half of FRESH.
GUARDED_CALLS = 25
GUARDED_RECORDS = 500  # two imports; read in five pages, where one import would take three


def push(
    context: Context,
    options: WriteOptions,
    totals: Mapping[tuple[str, str], int],
    lanes: Sequence[Lane],
) -> Lane | None:
    """Send every intended write once, lane by lane; what must wait stays in the outbox. `totals` are their counts.

    Returns the lane in which it stopped, because something more urgent has come; None: it is through.
    """
    for lane, side, op in product(lanes, (Side.CRM, Side.ACTIVECAMPAIGN), (Op.UPDATE, Op.CREATE)):
        if total := totals.get((side.value, op.value)):
            _push(context, side, op, lane, options, total)
            if context.between(lane):
                return lane
    return None


def _push(context: Context, side: Side, op: Op, lane: Lane, options: WriteOptions, total: int) -> None:
    after = done = 0
    imported: Results | None = None
    while rows := outbox.intended(context.connection_id, side, op, lane, after, WAVE):
        after = rows[-1].id
        told = _Told(context, phases.name(_PHASES[op], side), done, total)
        imported = _push_wave(context, side, op, lane, rows, options, imported, told)
        done += len(rows)
        told.sent(done - told.done)
        if context.between(lane):
            break
    if imported is not None:
        confirm_imports(context, imported)


class _Told:
    """Tells how many writes of a kind were sent, from the first to the last: a wave may take many minutes."""

    def __init__(self, context: Context, phase: str, done: int, total: int) -> None:
        self._context = context
        self._phase = phase
        self._total = total
        self.done = done

    def sent(self, writes: int) -> None:
        """So many more were sent."""
        self.done += writes
        self._context.report(Progress(phase=self._phase, done=self.done, total=self._total))


def _push_wave(
    context: Context,
    side: Side,
    op: Op,
    lane: Lane,
    rows: Sequence[OutboxRow],
    options: WriteOptions,
    before: Results | None,
    told: _Told,
) -> Results | None:
    """Send a wave; return how its imports ended, with the contact feed read after them.

    What the imports of the wave `before` did is worked out while this one's are under way.
    """
    system = context.systems[side]
    by_id = {row.id: row for row in rows}
    batches = list(system.batches([to_write(row) for row in rows], options))
    if op is Op.CREATE and any(batch.asynchronous for batch in batches):
        if before is None:
            pull(context, side, CONTACT)
        if taken := outbox.drop_taken_creates(context.tenants[side], rows):
            by_id = {row_id: row for row_id, row in by_id.items() if row_id not in taken}
            batches = list(system.batches([to_write(row) for row in by_id.values()], options))
    for group in groups(batches):
        fresh = guard(context, side, [by_id[w.id] for batch in group for w in batch.writes], group)
        for batch in fresh:
            send(context, side, batch, by_id, options)
            told.sent(len(batch.writes))
        if context.between(lane):
            break
    if before is not None:
        confirm_imports(context, before)
    if not any(batch.asynchronous for batch in batches):
        return None
    results = await_imports(context)
    pull(context, side, CONTACT)
    return results


def to_write(row: OutboxRow) -> Write:
    """Return what a system is asked for."""
    return Write(
        id=row.id,
        object=row.object,
        op=Op(row.op),
        record_id=row.record_id,
        key=row.key,
        values=unpack(row.intended),
    )


def groups(batches: Sequence[Batch]) -> Iterator[list[Batch]]:
    """Group batches of one object so that one reading of their targets guards them all."""
    group: list[Batch] = []
    records = 0
    for batch in batches:
        records += len(batch.writes)
        full = len(group) >= GUARDED_CALLS or records > GUARDED_RECORDS
        if group and (full or batch.object != group[0].object):
            yield group
            group, records = [], len(batch.writes)
        group.append(batch)
    if group:
        yield group


def guard(context: Context, side: Side, rows: Sequence[OutboxRow], batches: Sequence[Batch]) -> list[Batch]:
    """Read the targets that were not read just now; return the batches without the writes that must not go.

    Missing targets close their links; targets that do not hold what was expected are matched anew with their fresh
    values.
    """
    now = context.clock.now()
    # A group's last write goes some seconds after its first: half the time is kept for sending.
    stale = [
        row for row in rows if row.op == Op.UPDATE and (row.read_at is None or now - row.read_at > FRESH / 2)
    ]
    if not stale:
        return list(batches)
    object = stale[0].object
    records, gone = _targets(context, side, object, stale)
    missing = [row for row in stale if row.record_id in gone]
    kinds = _kinds(context, side, object)
    by_address = {write.id for batch in batches if batch.asynchronous for write in batch.writes}
    changed = [
        row
        for row in stale
        if row.record_id not in gone and not _as_expected(row, records, kinds, addressed=row.id in by_address)
    ]
    take_receipts(
        context,
        {row.id: row for row in missing},
        [Receipt(write_id=row.id, outcome=Outcome.MISSING) for row in missing],
        now,
    )
    _read_whole(context, side, object, [row.record_id for row in changed if row.record_id is not None])
    outbox.drop([row.id for row in changed])
    blocked = {row.id for row in (*missing, *changed)}
    kept = [rest for batch in batches if (rest := _without(batch, blocked)).writes]
    read = {row.id for row in stale}
    others = [row for row in rows if row.id not in read]  # that reading may have taken its time
    return guard(context, side, others, kept) if others else kept


def _targets(
    context: Context, side: Side, object: str, rows: Sequence[OutboxRow]
) -> tuple[dict[str, Record], set[str]]:
    """Read of the targets what is compared with what is expected; return them by id, and the ids of those gone."""
    compared = {name for row in rows for name in unpack(row.expected)}
    ids = [row.record_id for row in rows if row.record_id is not None]
    fetched = context.systems[side].fetch(object, ids, sorted(compared))
    return {record.id: record for record in fetched.records}, set(fetched.missing)


def _read_whole(context: Context, side: Side, object: str, ids: Sequence[str]) -> None:
    """Read targets that hold something else, to be matched anew."""
    if ids:
        fetched = context.systems[side].fetch(object, ids, context.fields(side, object))
        take_read(context, side, object, fetched.records, fetched.missing, fetched.requested_at)


def _as_expected(
    row: OutboxRow, records: Mapping[str, Record], kinds: Mapping[str, Kind], *, addressed: bool
) -> bool:
    """Tell whether a target may be written; one that is `addressed` by its e-mail must still have it."""
    record = records.get(row.record_id or "")
    if record is None or record.converted_to is not None or (addressed and record.key != row.key):
        return False
    return all(
        name in record.values and same(kinds[name], value, record.values[name])
        for name, value in unpack(row.expected).items()
    )


def _kinds(context: Context, side: Side, object: str) -> dict[str, Kind]:
    plans = context.objects.values()
    schema = next(
        plan.schemas[side] for plan in plans if side is Side.ACTIVECAMPAIGN or plan.object == object
    )
    return {name: field.kind for name, field in schema.fields.items()}


def _without(batch: Batch, blocked: set[int]) -> Batch:
    writes = [write for write in batch.writes if write.id not in blocked]
    return Batch(
        kind=batch.kind, object=batch.object, op=batch.op, writes=writes, asynchronous=batch.asynchronous
    )


def send(
    context: Context, side: Side, batch: Batch, rows: dict[int, OutboxRow], options: WriteOptions
) -> None:
    """Send one batch. The intent to send is committed before the call; a write in doubt stays *sending*."""
    ids = [write.id for write in batch.writes]
    asked_at = context.clock.now()
    outbox.mark_sending(ids, asked_at)
    try:
        with bound_contextvars(links=[rows[number].link_id for number in ids]):
            receipts = context.systems[side].send(batch, options)
    except SystemFailure as failure:
        if not failure.in_doubt:
            outbox.mark_again(ids)
        raise
    take_receipts(context, rows, receipts, asked_at)
