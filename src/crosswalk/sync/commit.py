"""Receipts become shadows, holds and journal rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from crosswalk.core.mapping import Side
from crosswalk.core.system import Op, Outcome, Receipt, Record
from crosswalk.core.values import Values, unpack
from crosswalk.store import hold_rows, identity, inbox, link_rows, outbox
from crosswalk.store.link_rows import LinkRow
from crosswalk.store.outbox import OutboxRow

from .brakes import ask_to_close
from .context import Context
from .lives import follow_deletes
from .pausing import is_paused
from .pull import take_read
from .refusing import hold_refused
from .settling import done_fields, settle

# a vendor's stamps are whole seconds, its clock is measured by half a one
_STAMP_SLACK = timedelta(seconds=2)


def _siblings(rows: Iterable[OutboxRow]) -> dict[int, set[int]]:
    """Return, per link, its writes that are still open."""
    found: dict[int, set[int]] = {}
    for row_id, link_id in outbox.open_of({row.link_id for row in rows}):
        found.setdefault(link_id, set()).add(row_id)
    return found


def commit_settled(
    context: Context,
    read: Sequence[tuple[OutboxRow, str, Values, set[str] | None]],
    acked_at: datetime,
    *,
    confirmed: bool = True,
    sightings: Mapping[int, int] | None = None,
) -> None:
    """Commit writes that are known to have happened: row, record id, what was read, and which fields (None: all).

    `sightings` are, by row, versions of the sightings of what was read; one that shows nothing new goes with its row.
    """
    if not read:
        return
    rows = [row for row, *_ in read]
    links = link_rows.links_by_id({row.link_id for row in rows})
    holds = hold_rows.holds_of(links)
    open_rows = _siblings(rows)
    settlements = []
    for row, record_id, values, only in read:
        link = links.get(row.link_id)
        if link is None:
            continue
        others = open_rows.get(row.link_id, set()) - {row.id}
        settlement = settle(
            context, row, link, record_id, values, acked_at, siblings=others, only=only, confirmed=confirmed
        )
        settlement.ended_holds = _ended(context, row, link, settlement.fields, holds.get(link.id, {}))
        version = (sightings or {}).get(row.id)
        if (
            version is not None
            and link.id not in holds
            and _nothing_new(context, link, Side(row.side), values)
        ):
            settlement.row = outbox.with_versions(row, row.crm_version, version)
        settlements.append(settlement)
        open_rows.get(row.link_id, set()).discard(row.id)
    outbox.commit_receipts(
        context.connection_id, context.own_run(), context.tenants, settlements, context.clock.now()
    )


def _nothing_new(context: Context, link: LinkRow, side: Side, read: Values) -> bool:
    """Tell whether a side holds just what its shadow says, in every mapped field."""
    shadow = unpack(link.shadow(side))
    names = [field.name(side) for field in context.objects[link.object].mapping.fields]
    known = all(name in shadow and name in read and shadow[name] == read[name] for name in names)
    return known and not link.unconfirmed(side)


def _ended(
    context: Context,
    row: OutboxRow,
    link: LinkRow,
    written: Iterable[str],
    holds: Mapping[str, hold_rows.HoldRow],
) -> list[int]:
    """Return the holds that this receipt ends: those of the written fields and of the whole record.

    A pause of the other direction goes on.
    """
    if not holds:
        return []
    names = set(written)
    plan = context.objects[link.object]
    ended = [
        holds[field.crm].id
        for field in plan.mapping.fields
        if field.crm in holds and field.name(Side(row.side)) in names
    ]
    whole = holds.get("")
    return ended if whole is None or is_paused(whole) else [*ended, whole.id]


def take_receipts(
    context: Context,
    rows: Mapping[int, OutboxRow],
    receipts: Sequence[Receipt],
    asked_at: datetime,
) -> list[int]:
    """Commit what a system answered; return the rows that certainly did not happen and may be tried again.

    Raises FieldsLostError when a refusal is about a field that is gone.
    """
    by_outcome: dict[Outcome, list[tuple[OutboxRow, Receipt]]] = {outcome: [] for outcome in Outcome}
    for receipt in receipts:
        by_outcome[receipt.outcome].append((rows[receipt.write_id], receipt))
    outbox.mark_sent({row.id: receipt.batch_id or "" for row, receipt in by_outcome[Outcome.QUEUED]})
    now = context.clock.now()
    done = [
        (row, receipt.record_id or row.record_id or "", receipt.values, None)
        for row, receipt in by_outcome[Outcome.DONE]
    ]
    commit_settled(context, done, now, confirmed=False)
    _duplicates(context, by_outcome[Outcome.DUPLICATE], asked_at)
    again = [row.id for row, _ in by_outcome[Outcome.RETRY]]
    outbox.mark_again(again)
    unmoved = _moved(context, by_outcome[Outcome.MOVED])
    gone = _changed(context, [row for row, _ in by_outcome[Outcome.CHANGED]])
    _missing(context, [*(row for row, _ in by_outcome[Outcome.MISSING]), *gone], now)
    hold_refused(context, [*by_outcome[Outcome.REFUSED], *unmoved], now)
    return again


def _changed(context: Context, rows: Sequence[OutboxRow]) -> list[OutboxRow]:
    """What the target holds tells whether a person wrote to it or we did; return the rows whose target is gone."""
    gone: list[OutboxRow] = []
    for object in sorted({row.object for row in rows}):
        of_object = [row for row in rows if row.object == object]
        side = Side(of_object[0].side)
        ids = [row.record_id for row in of_object if row.record_id is not None]
        fetched = context.systems[side].fetch(object, ids, context.fields(side, object))
        records = {record.id: record for record in fetched.records}
        gone += [row for row in of_object if row.record_id in fetched.missing]
        found = [(row, records[row.record_id]) for row in of_object if row.record_id in records]
        settle_by_value(context, side, object, found)
    return gone


def settle_by_value(
    context: Context, side: Side, object: str, found: Sequence[tuple[OutboxRow, Record]]
) -> None:
    """Fields that hold what was intended are receipted; the rest is merged anew from fresh values."""
    if not found:
        return
    links = link_rows.links_by_id({row.link_id for row, _ in found})
    acked_at = context.clock.now()
    settled: list[tuple[OutboxRow, str, Values, set[str] | None]] = []
    undone = []
    for row, record in found:
        plan = context.objects[links[row.link_id].object]
        done = done_fields(plan, side, row, record)
        complete = done >= set(unpack(row.intended))
        if not done and row.op == Op.UPDATE:
            undone.append(row.id)
            continue
        kept = row if complete else outbox.with_versions(row, None, None)
        settled.append((kept, record.id, record.values, None if complete else done))
    commit_settled(context, settled, acked_at)
    outbox.drop(undone)
    inbox.want(context.connection_id, side, object, [record.id for _, record in found], context.clock.now())


def _missing(context: Context, rows: Sequence[OutboxRow], now: datetime) -> None:
    """The target is gone: its link is closed as deleted there."""
    for side in Side:
        of_side = [row for row in rows if row.side == side.value]
        ask_to_close(context, side, of_side)
        identity.close(
            context.connection_id, [row.link_id for row in of_side], f"deleted_{side.value}", side, now
        )
        for object in {row.object for row in of_side}:
            gone = [row.record_id for row in of_side if row.object == object and row.record_id]
            take_read(context, side, object, [], gone, now)
    if rows:
        follow_deletes(context)


def _moved(context: Context, moved: Sequence[tuple[OutboxRow, Receipt]]) -> list[tuple[OutboxRow, Receipt]]:
    """The target has become another record: its reading tells which, and the next round goes on with that.

    Returns those of which no reading tells: they are refused.
    """
    refused = []
    for object in {row.object for row, _ in moved}:
        of_object = [(row, receipt) for row, receipt in moved if row.object == object]
        ids = [row.record_id for row, _ in of_object if row.record_id is not None]
        side = Side(of_object[0][0].side)
        fetched = context.systems[side].fetch(object, ids, context.fields(side, object))
        take_read(context, side, object, fetched.records, fetched.missing, fetched.requested_at)
        still = {record.id for record in fetched.records if record.converted_to is None}
        refused += [each for each in of_object if each[0].record_id in still]
        outbox.drop([row.id for row, _ in of_object if row.record_id not in still])
    return refused


def _duplicates(context: Context, refused: Sequence[tuple[OutboxRow, Receipt]], asked_at: datetime) -> None:
    """A create met a record with that key: the record becomes a sighting, never an overwrite.

    One that this very call made, and was refused when something on the way repeated it, is receipted.
    """
    for side in Side:
        of_side = [(row, receipt) for row, receipt in refused if row.side == side.value]
        if not of_side:
            continue
        found = look_up(context, side, {(row.object, row.key) for row, _ in of_side if row.key})
        ours = _made_since(context, side, [row for row, _ in of_side], found, asked_at)
        commit_settled(context, ours, context.clock.now())
        made = {row.id for row, *_ in ours}
        outbox.drop([row.id for row, _ in of_side if row.id not in made])


def _made_since(
    context: Context, side: Side, rows: Sequence[OutboxRow], found: Iterable[Record], asked_at: datetime
) -> list[tuple[OutboxRow, str, Values, set[str] | None]]:
    """Return the rows whose record was made no earlier than they were sent and holds all that was sent."""
    system = context.systems[side]
    since = asked_at + timedelta(seconds=system.clock_difference()) - _STAMP_SLACK
    fresh = {record.key: record for record in found if record.created and record.created >= since}
    links = link_rows.links_by_id({row.link_id for row in rows})
    return [
        (row, record.id, record.values, None)
        for row in rows
        if (record := fresh.get(row.key)) is not None
        and done_fields(context.objects[links[row.link_id].object], side, row, record)
        >= unpack(row.intended).keys()
    ]


def look_up(context: Context, side: Side, wanted: Iterable[tuple[str, str]]) -> list[Record]:
    """Read records by e-mail, given as (object, key), into the inbox, in the order of the names; return them."""
    found: list[Record] = []
    keys_by_object: dict[str, list[str]] = {}
    for object, key in sorted(wanted):
        keys_by_object.setdefault(object, []).append(key)
    for object, keys in keys_by_object.items():
        requested_at = context.clock.now()
        records = context.systems[side].find(object, keys, context.fields(side, object))
        take_read(context, side, object, records, [], requested_at)
        found += records
    return found
