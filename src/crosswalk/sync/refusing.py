"""Writes that a system refused become holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from crosswalk.core import catalogue
from crosswalk.core.mapping import Side
from crosswalk.core.system import Op, Problem, Receipt
from crosswalk.core.values import Values, unpack
from crosswalk.merge import fingerprint
from crosswalk.store import link_rows, outbox
from crosswalk.store.hold_rows import HoldNote
from crosswalk.store.link_rows import LinkRow
from crosswalk.store.outbox import OutboxRow

from .context import Context
from .creating import creation_mark
from .fields import FieldsLostError, lost
from .merging import REJECTED


def hold_refused(context: Context, refused: Sequence[tuple[OutboxRow, Receipt]], now: datetime) -> None:
    """Keep what the vendor said of each refused write. Raises FieldsLostError when a field is gone."""
    if not refused:
        return
    links = link_rows.links_by_id({row.link_id for row, _ in refused})
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
