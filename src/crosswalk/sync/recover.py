"""After a crash: what was intended starts again, what is in doubt is looked at before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from crosswalk.core.mapping import Side
from crosswalk.core.system import Op, Record
from crosswalk.store import identity, outbox, pairs
from crosswalk.store.outbox import OutboxRow

from .brakes import ask_to_close
from .commit import settle_by_value
from .confirm import DEADLINE, Results, await_imports, confirm_imports
from .context import CONTACT, Context
from .pull import pull_all

_POLL = 2.0  # seconds between two looks at a vendor's import queue
_CLOCK_SLACK = timedelta(seconds=60)  # how far a vendor's creation stamp may lie before our intent


def read_and_recover(context: Context) -> None:
    """Read all feeds; on the way, settle what an earlier run left between intent and receipt."""
    if outbox.is_empty(context.connection_id):
        pull_all(context)
        return
    outbox.drop_intended(context.connection_id)
    doubtful = outbox.in_doubt(context.connection_id)
    contacts = [row for row in doubtful if row.side == Side.ACTIVECAMPAIGN.value]
    if contacts and not _queue_is_empty(context):
        doubtful = [row for row in doubtful if row not in contacts]  # theirs is the next run
    results: Results = await_imports(context)
    pull_all(context)
    confirm_imports(context, results)
    _judge(context, doubtful)


def _queue_is_empty(context: Context) -> bool:
    """Wait until nothing is outstanding at the vendor: only then an import in doubt can be judged."""
    deadline = context.clock.now() + DEADLINE
    while outstanding := context.systems[Side.ACTIVECAMPAIGN].outstanding():
        if context.clock.now() >= deadline:
            break
        context.clock.sleep(_POLL)
    return not outstanding


def _judge(context: Context, doubtful: Sequence[OutboxRow]) -> None:
    """Decide for each write in doubt whether it happened, by what the target holds."""
    for side in Side:
        rows = [row for row in doubtful if row.side == side.value]
        for object in sorted({row.object for row in rows}):
            of_object = [row for row in rows if row.object == object]
            _judge_updates(context, side, object, [row for row in of_object if row.op == Op.UPDATE])
            _judge_creates(context, side, object, [row for row in of_object if row.op == Op.CREATE])


def _judge_updates(context: Context, side: Side, object: str, rows: Sequence[OutboxRow]) -> None:
    ids = [row.record_id for row in rows if row.record_id is not None]
    if not ids:
        return
    fetched = context.systems[side].fetch(object, ids, context.fields(side, object))
    records = {record.id: record for record in fetched.records}
    gone = set(fetched.missing)
    ask_to_close(context, side, [row for row in rows if row.record_id in gone])
    links = [row.link_id for row in rows if row.record_id in gone]
    identity.close(context.connection_id, links, f"deleted_{side.value}", side, context.clock.now())
    present = [(row, records[row.record_id]) for row in rows if row.record_id in records]
    settle_by_value(context, side, object, present)


def _judge_creates(context: Context, side: Side, object: str, rows: Sequence[OutboxRow]) -> None:
    if not rows:
        return
    made = _made(context, side, object, rows)
    found = [(row, made[row.key]) for row in rows if row.key in made]
    settle_by_value(context, side, object, found)
    outbox.drop([row.id for row in rows if row.key not in made])  # back to match and look-up


def _made(
    context: Context, side: Side, object: str, rows: Sequence[OutboxRow]
) -> Mapping[str | None, Record]:
    """Find what creates in doubt made: in ActiveCampaign by e-mail, in the CRM by e-mail, creator and time."""
    keys = [row.key for row in rows if row.key is not None]
    fields = context.fields(side, object)
    system = context.systems[side]
    if side is Side.ACTIVECAMPAIGN:
        known = pairs.hits(context.connection_id, context.tenants[side], side, [CONTACT], keys)
        ids = sorted(hit.record_id for hits in known.values() for hit in hits)
        return {record.key: record for record in system.fetch(object, ids, fields).records} if ids else {}
    intended_at = {row.key: row.intended_at for row in rows}
    us = system.user_id()
    return {
        record.key: record
        for record in system.find(object, keys, fields)
        if record.created is not None
        and record.created
        >= intended_at[record.key] + timedelta(seconds=system.clock_difference()) - _CLOCK_SLACK
        and (us is None or record.modified_by == us)
    }
