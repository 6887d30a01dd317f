"""The next reading confirms what was queued: contacts that an import made or changed get their receipts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from crosswalk.core.failures import FailureKind
from crosswalk.core.language import gettext as _
from crosswalk.core.mapping import Side
from crosswalk.core.system import BatchResult, Op, Outcome, Problem, Receipt
from crosswalk.core.values import Values, unpack
from crosswalk.store import identity, inbox, link_rows, outbox, pairs
from crosswalk.store.outbox import OutboxRow
from crosswalk.store.pairs import Seen

from .commit import commit_settled, look_up, take_receipts
from .context import CONTACT, Context

DEADLINE = timedelta(minutes=10)  # after which a batch is left to the next run
SETTLING = 2.0  # seconds between the end of the last batch and the reading that confirms it
_PAGE = 2000


class Results(msgspec.Struct, kw_only=True):
    """How batches ended, and when they were through (our clock)."""

    batches: Mapping[str, BatchResult]
    acked_at: datetime


def await_imports(context: Context) -> Results:
    """Wait until the batches of all queued writes are through, and let the vendor's clock move on."""
    batch_ids = outbox.sent_batches(context.connection_id)
    if not batch_ids:
        return Results(batches={}, acked_at=context.clock.now())
    batches = context.systems[Side.ACTIVECAMPAIGN].settle(batch_ids, context.clock.now() + DEADLINE)
    now = context.clock.now()
    acked_at = max((result.through_at for result in batches.values()), default=now)
    context.clock.sleep(SETTLING - min(SETTLING, (now - acked_at).total_seconds()))
    return Results(batches=batches, acked_at=acked_at)


def confirm_imports(context: Context, results: Results) -> None:
    """Commit the writes of completed batches; call it after the contact feed was read."""
    after = 0
    while rows := outbox.sent_in(context.connection_id, list(results.batches), after, _PAGE):
        after = rows[-1].id
        rows = _confirm(context, rows, results)
        unseen = [row for row in rows if row.op == Op.CREATE and row.key]
        look_up(context, Side.ACTIVECAMPAIGN, {(CONTACT, row.key) for row in unseen if row.key})
        rest = _confirm(context, rows, results)
        _give_up(context, _confirm_renamed(context, rest, results), results)


def _confirm(context: Context, rows: Sequence[OutboxRow], results: Results) -> list[OutboxRow]:
    """Settle the rows whose contact was read since; return the others."""
    if not rows:
        return []
    seen_by_id = pairs.contacts_seen(context.connection_id, [row.record_id for row in rows if row.record_id])
    keys = [row.key for row in rows if row.key and not row.record_id]
    seen_by_key = pairs.contacts_seen_by_key(context.connection_id, keys)
    returned = {batch_id: set(result.record_ids) for batch_id, result in results.batches.items()}
    settled: list[tuple[OutboxRow, str, Values, set[str] | None]] = []
    sightings: dict[int, int] = {}
    strangers, rest = [], []
    for row in rows:
        seen = seen_by_id.get(row.record_id) if row.record_id else seen_by_key.get(row.key or "")
        ours = returned[row.batch_id or ""]
        if seen is not None and seen.record_id in ours:
            settled.append((_taking_along(row, seen), seen.record_id, unpack(seen.packed), None))
            if row.op == Op.UPDATE:
                sightings[row.id] = seen.version
        elif seen is not None:
            strangers.append(row.id)  # somebody else's contact, or an update that the import left out
        elif row.record_id in ours and row.record_id is not None:
            settled.append((row, row.record_id, {}, None))
        else:
            rest.append(row)
    commit_settled(context, settled, results.acked_at, sightings=sightings)
    outbox.drop(strangers)
    return rest


def _confirm_renamed(context: Context, rows: Sequence[OutboxRow], results: Results) -> list[OutboxRow]:
    """Settle creates whose contact has got another address since: it is among the ids that nobody else has."""
    settled: list[tuple[OutboxRow, str, Values, set[str] | None]] = []
    for batch_id in sorted({row.batch_id or "" for row in rows if row.op == Op.CREATE}):
        result = results.batches[batch_id]
        waiting = [
            row
            for row in rows
            if row.batch_id == batch_id and row.op == Op.CREATE and row.key not in result.failed_keys
        ]
        free = link_rows.unlinked(context.connection_id, result.record_ids)
        contacts = [seen for _, seen in sorted(pairs.contacts_seen(context.connection_id, free).items())]
        settled += [
            (row, seen.record_id, unpack(seen.packed), None) for row, seen in _matching(waiting, contacts)
        ]
    commit_settled(context, settled, results.acked_at)
    done = {row.id for row, *_ in settled}
    return [row for row in rows if row.id not in done]


def _matching(rows: Sequence[OutboxRow], contacts: Sequence[Seen]) -> list[tuple[OutboxRow, Seen]]:
    """Pair creates with the only contact that holds all else that was sent; one of each left belong together."""
    if len(rows) == 1 and len(contacts) == 1:
        return [(rows[0], contacts[0])]
    alike = [(row, seen) for row in rows for seen in contacts if _holds_the_rest(row, seen)]
    of_row = Counter(row.id for row, _ in alike)
    of_contact = Counter(seen.record_id for _, seen in alike)
    return [(row, seen) for row, seen in alike if of_row[row.id] == of_contact[seen.record_id] == 1]


def _holds_the_rest(row: OutboxRow, seen: Seen) -> bool:
    """Tell whether a contact holds what a create sent, but for the address."""
    values, sent = unpack(seen.packed), {**unpack(row.intended), **unpack(row.expected)}
    return all(values.get(name) == value for name, value in sent.items() if value != row.key)


def _taking_along(row: OutboxRow, seen: Seen) -> OutboxRow:
    """Let the receipt of a create settle the confirming sighting too, when it holds nothing but our own values."""
    if row.op == Op.UPDATE:
        return row
    values, ours = unpack(seen.packed), {**unpack(row.intended), **unpack(row.expected)}
    if any(values.get(name) != value for name, value in ours.items()):
        return row
    return outbox.with_versions(row, row.crm_version, seen.version)


def _give_up(context: Context, rows: Sequence[OutboxRow], results: Results) -> None:
    """Writes that the import did not carry out."""
    receipts = []
    for row in rows:
        failed = row.key in results.batches[row.batch_id or ""].failed_keys
        if failed:
            problem = Problem(
                field=None,
                kind=FailureKind.DATA,
                code="import_failed",
                message=_("ActiveCampaign could not import {key}.").format(key=row.key),
                cure=_("Correct the e-mail address and the mapped values, then retry."),
            )
            receipts.append(Receipt(write_id=row.id, outcome=Outcome.REFUSED, problems=[problem]))
    by_id = {row.id: row for row in rows}
    now = context.clock.now()
    take_receipts(context, by_id, receipts, now)
    refused = {receipt.write_id for receipt in receipts}
    lost = [row for row in rows if row.id not in refused]
    creates = [row.link_id for row in lost if row.op == Op.CREATE]
    identity.close(context.connection_id, creates, "not_created", Side.ACTIVECAMPAIGN, now)
    updates = [row for row in lost if row.op == Op.UPDATE]
    outbox.drop([row.id for row in updates])
    ids = [row.record_id for row in updates if row.record_id]
    inbox.want(context.connection_id, Side.ACTIVECAMPAIGN, CONTACT, ids, now)
