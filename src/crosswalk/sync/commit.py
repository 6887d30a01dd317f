"""Receipts become shadows, holds and journal rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from crosswalk.core import catalogue
from crosswalk.core.mapping import Side
from crosswalk.core.system import Op, Outcome, Problem, Receipt, Record
from crosswalk.core.values import Value, Values, normal_email, pack, same, unpack
from crosswalk.merge import Reason, fingerprint, stored_differently
from crosswalk.store import identity, inbox, outbox, pairs
from crosswalk.store.outbox import OutboxRow, Settlement
from crosswalk.store.outcomes import HoldNote
from crosswalk.store.pairs import LinkRow

from .brakes import ask_to_close
from .context import Context, ObjectPlan
from .creating import creation_mark
from .fields import FieldsLostError, lost
from .lives import follow_deletes
from .merging import REJECTED, STORED, VENDORS, journal_fields
from .pull import take_read

UNION = Reason.UNION.value  # both sides are to hold the same, whichever was written
TOGETHER = frozenset(
    {UNION, Reason.CHOSEN.value}
)  # may be written to both sides: one receipt does not settle it
_STAMP_SLACK = timedelta(
    seconds=2
)  # a vendor's stamps are whole seconds, its clock is measured by half a one


def settle(
    context: Context,
    row: OutboxRow,
    link: LinkRow,
    record_id: str,
    read: Values,
    acked_at: datetime,
    *,
    siblings: set[int],
    only: set[str] | None = None,
    confirmed: bool = True,
) -> Settlement:
    """Work out what one receipted write leaves behind.

    `read` is what the target holds now, as far as somebody looked; fields nobody read keep the value sent as shadow
    and are confirmed by the next reading, as are all fields when `read` is but the answer to the write
    (not `confirmed`); of that answer every value is taken, since it is the vendor's own word for what it made of ours.
    What became empty is looked at once more by the next reading. `siblings` are other open writes of the same link: a
    field that is offered to both sides moves its shadows with the last of them. `only` restricts the receipt to these
    target fields.
    """
    side = Side(row.side)
    plan = context.objects[link.object]
    intended, source = unpack(row.intended), unpack(row.source)
    fields = journal_fields(row.expected, row.intended, row.reasons)
    target_shadow, source_shadow = unpack(link.shadow(side)), unpack(link.shadow(side.other))
    unconfirmed = unpack(link.unconfirmed(side))
    forms: dict[str, tuple[Value, Value, str]] = {}
    if row.op == Op.CREATE:
        intended = {**unpack(row.expected), **intended}
    for field in plan.mapping.fields:
        name = field.name(side)
        if name not in intended or (only is not None and name not in only):
            continue
        source_name = field.name(side.other)
        if siblings and fields.get(name, ("", "", ""))[2] in TOGETHER:
            continue
        target_shadow[name] = stored = _stored(plan, side, name, intended[name], read, answered=not confirmed)
        if not confirmed or name not in read or (read[name] is None and stored is not None):
            unconfirmed[name] = None
        if not same(plan.schemas[side].fields[name].kind, stored, intended[name]):
            forms[name] = (intended[name], stored, STORED)
        if fields.get(name, ("", "", ""))[2] == UNION:
            source_shadow[source_name] = intended[name]
        elif source_name in source:
            source_shadow[source_name] = source[source_name]
    _move(link, side, record_id, target_shadow, source_shadow, unconfirmed, acked_at)
    link.key = _contact_key(plan, link) or link.key
    if only is not None:
        fields = {name: entry for name, entry in fields.items() if name in only}
    return Settlement(
        row=row,
        link=link,
        record_id=record_id,
        fields=fields,
        forms=forms,
        new_key=_new_key(plan, side, row, fields),
    )


def _new_key(plan: ObjectPlan, side: Side, row: OutboxRow, written: Iterable[str]) -> str | None:
    """Return the address that an update gave its record."""
    name = plan.schemas[side].email
    if row.op == Op.CREATE or name not in written:
        return None
    email = unpack(row.intended)[name]
    return normal_email(email) if isinstance(email, str) else None


def _stored(plan: ObjectPlan, side: Side, name: str, sent: Value, read: Values, *, answered: bool) -> Value:
    """Return the shadow of a written field: what was read where it is our value in the vendor's form."""
    if name not in read:
        return sent
    value = read[name]
    if (answered and value is not None) or is_ours(plan, side, name, sent, value):
        return value
    return sent  # a change by that side: the next merge sees it against what was sent


def is_ours(plan: ObjectPlan, side: Side, name: str, sent: Value, read: Value) -> bool:
    """Tell whether a side's field holds the value that we sent, perhaps in its vendor's form."""
    definition = plan.schemas[side].fields[name]
    return same(definition.kind, sent, read) or stored_differently(
        VENDORS[side], definition.kind, sent, read, length=definition.length
    )


def _move(
    link: LinkRow,
    side: Side,
    record_id: str,
    target_shadow: Values,
    source_shadow: Values,
    unconfirmed: Values,
    acked_at: datetime,
) -> None:
    setattr(link, f"{side.value}_shadow", pack(target_shadow))
    setattr(link, f"{side.other.value}_shadow", pack(source_shadow))
    setattr(link, f"{side.value}_unconfirmed", pack(unconfirmed) if unconfirmed else b"")
    setattr(link, f"{side.value}_acked_at", acked_at)
    setattr(link, f"{side.value}_id", record_id)
    if link.crm_id is not None and link.activecampaign_id is not None:
        link.state = "open"


def _contact_key(plan: ObjectPlan, link: LinkRow) -> str | None:
    email = unpack(link.activecampaign_shadow).get(plan.schemas[Side.ACTIVECAMPAIGN].email)
    return normal_email(email) if isinstance(email, str) else None


def _siblings(rows: Iterable[OutboxRow]) -> dict[int, set[int]]:
    """Return, per link, its writes that are still open."""
    found: dict[int, set[int]] = {}
    for row_id, link_id in outbox.open_of({row.link_id for row in rows}):
        found.setdefault(link_id, set()).add(row_id)
    return found


def commit_settled(
    context: Context,
    run_id: int,
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
    links = pairs.links_by_id({row.link_id for row in rows})
    holds = pairs.holds_of(links)
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
    outbox.commit_receipts(context.connection_id, run_id, context.tenants, settlements, context.clock.now())


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
    holds: Mapping[str, pairs.HoldRow],
) -> list[int]:
    """Return the holds that this receipt ends: those of the written fields and of the whole record."""
    if not holds:
        return []
    names = set(written)
    plan = context.objects[link.object]
    ended = [
        holds[field.crm].id
        for field in plan.mapping.fields
        if field.crm in holds and field.name(Side(row.side)) in names
    ]
    return ended + ([holds[""].id] if "" in holds else [])


def take_receipts(
    context: Context,
    run_id: int,
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
    commit_settled(context, run_id, done, now, confirmed=False)
    _duplicates(context, run_id, by_outcome[Outcome.DUPLICATE], asked_at)
    again = [row.id for row, _ in by_outcome[Outcome.RETRY]]
    outbox.mark_again(again)
    unmoved = _moved(context, by_outcome[Outcome.MOVED])
    gone = _changed(context, run_id, [row for row, _ in by_outcome[Outcome.CHANGED]])
    _missing(context, [*(row for row, _ in by_outcome[Outcome.MISSING]), *gone], now)
    _refused(context, [*by_outcome[Outcome.REFUSED], *unmoved], now)
    return again


def _changed(context: Context, run_id: int, rows: Sequence[OutboxRow]) -> list[OutboxRow]:
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
        settle_by_value(context, run_id, side, object, found)
    return gone


def settle_by_value(
    context: Context, run_id: int, side: Side, object: str, found: Sequence[tuple[OutboxRow, Record]]
) -> None:
    """Fields that hold what was intended are receipted; the rest is merged anew from fresh values."""
    if not found:
        return
    links = pairs.links_by_id({row.link_id for row, _ in found})
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
    commit_settled(context, run_id, settled, acked_at)
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


def _duplicates(
    context: Context, run_id: int, refused: Sequence[tuple[OutboxRow, Receipt]], asked_at: datetime
) -> None:
    """A create met a record with that key: the record becomes a sighting, never an overwrite.

    One that this very call made, and was refused when something on the way repeated it, is receipted.
    """
    for side in Side:
        of_side = [(row, receipt) for row, receipt in refused if row.side == side.value]
        if not of_side:
            continue
        found = look_up(context, side, {(row.object, row.key) for row, _ in of_side if row.key})
        ours = _made_since(context, side, [row for row, _ in of_side], found, asked_at)
        commit_settled(context, run_id, ours, context.clock.now())
        made = {row.id for row, *_ in ours}
        outbox.drop([row.id for row, _ in of_side if row.id not in made])


def _made_since(
    context: Context, side: Side, rows: Sequence[OutboxRow], found: Iterable[Record], asked_at: datetime
) -> list[tuple[OutboxRow, str, Values, set[str] | None]]:
    """Return the rows whose record was made no earlier than they were sent and holds all that was sent."""
    system = context.systems[side]
    since = asked_at + timedelta(seconds=system.clock_difference()) - _STAMP_SLACK
    fresh = {record.key: record for record in found if record.created and record.created >= since}
    links = pairs.links_by_id({row.link_id for row in rows})
    return [
        (row, record.id, record.values, None)
        for row in rows
        if (record := fresh.get(row.key)) is not None
        and done_fields(context.objects[links[row.link_id].object], side, row, record)
        >= unpack(row.intended).keys()
    ]


def done_fields(plan: ObjectPlan, side: Side, row: OutboxRow, record: Record) -> set[str]:
    """Return the fields of a write that its target holds as intended, perhaps in its vendor's form."""
    return {
        name
        for name, value in unpack(row.intended).items()
        if name in record.values and is_ours(plan, side, name, value, record.values[name])
    }


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


def _refused(context: Context, refused: Sequence[tuple[OutboxRow, Receipt]], now: datetime) -> None:
    if not refused:
        return
    links = pairs.links_by_id({row.link_id for row, _ in refused})
    unwritable = {
        row.id
        for row, receipt in refused
        if lost(context, links[row.link_id].object, Side(row.side), receipt.problems)
    }
    refused = [(row, receipt) for row, receipt in refused if row.id not in unwritable]
    holds = [
        hold
        for row, receipt in refused
        for problem in receipt.problems
        for hold in _holds(context, row, links[row.link_id], problem)
    ]
    outbox.refuse(context.connection_id, [row.id for row, _ in refused], holds, now)
    if unwritable:
        outbox.drop(sorted(unwritable))  # matched anew, without the field
        raise FieldsLostError


def _holds(context: Context, row: OutboxRow, link: LinkRow, problem: Problem) -> Iterator[HoldNote]:
    """A refusal holds the field it names; else the whole creation, or every field of the update."""
    side = Side(row.side)
    plan = context.objects[link.object]
    intended = unpack(row.intended)
    offered = [field for field in plan.fields if field.mapping.name(side) in intended]
    named = [field for field in offered if field.mapping.name(side) == problem.field]
    if not named and row.op == Op.CREATE:
        yield _note(link, side, problem, fingerprint=creation_mark(plan, side, intended))
        return
    expected, source = unpack(row.expected), unpack(row.source)
    for field in named or offered:
        values = {
            side.value: expected.get(field.mapping.name(side)),
            side.other.value: source.get(field.mapping.name(side.other)),
        }
        mark = fingerprint(field, values[Side.CRM.value], values[Side.ACTIVECAMPAIGN.value])
        yield _note(link, side, problem, field=field.mapping.crm, values=values, fingerprint=mark)


def _note(
    link: LinkRow,
    side: Side,
    problem: Problem,
    *,
    fingerprint: str,
    field: str = "",
    values: Values | None = None,
) -> HoldNote:
    return HoldNote(
        link_id=link.id,
        side=side,
        object=link.object,
        record_id=link.crm_id or link.activecampaign_id or "",
        field=field,
        kind=REJECTED,
        code=catalogue.of_refusal(problem.kind).code,
        reason=problem.message,
        cure=problem.cure,
        values=values or {},
        fingerprint=fingerprint,
    )
