"""*Try ten records*: a run that writes what a plan says of a few of its records, and leaves everything else waiting.

It is chosen from the plan's rows: some creates, some updates, on both sides where there are some. Only the sightings of
those records are looked at; the first run is still to come, with its plan or another one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

import msgspec

from crosswalk.core.mapping import Side
from crosswalk.core.system import Op
from crosswalk.store import plan_rows, plans
from crosswalk.store.models import Plan
from crosswalk.store.plan_rows import Written

from .context import CONTACT, Context
from .fill import Only

KIND, TRIED = "trial", "tried"  # the kind of such a run, and its state when it is through
RECORDS = 10
_SPARE = 3  # times as many rows are looked at as are wanted of a kind: some cannot be tried by themselves


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What a trial is to write."""

    rows: Sequence[int]  # of the plan
    only: Only


def choose(context: Context, plan: Plan, records: int) -> Trial:
    """Choose the rows of at most so many writes; what an earlier trial chose and did not come through goes first."""
    begun = plan_rows.begun(plan.id, TRIED)
    fresh = _in_turns(context, plan, records)
    chosen: dict[int, Written] = {}
    for rows in _whole_links([*begun, *fresh]):
        if len(chosen) + len(rows) <= records:
            chosen |= {row.id: row for row in rows}
    return Trial(rows=sorted(chosen), only=_only(chosen.values()))


def _in_turns(context: Context, plan: Plan, records: int) -> Iterator[Written]:
    """Yield one row of each kind, then the next of each, as long as there are some."""
    kinds = [name for name in plans.figures(plan).kinds if name.partition(" ")[0] in frozenset(Op)]
    found = [
        [row for row in plan_rows.untried(plan.id, kind, records * _SPARE) if _stands_alone(context, row)]
        for kind in kinds
    ]
    for turn in zip_longest(*found):
        yield from (row for row in turn if row is not None)


def _stands_alone(context: Context, row: Written) -> bool:
    """Tell whether a write needs no other one before it, as a change of an address may: somebody else gives it up."""
    emails = {plan.schemas[Side(row.side)].email for plan in context.objects.values()}
    return row.op != Op.UPDATE or not emails & set(row.fields)


def _whole_links(rows: Sequence[Written]) -> Iterator[list[Written]]:
    """Yield with each row what is written to the other record of its link, each link once."""
    beside = plan_rows.of_links(rows)
    for link_id in dict.fromkeys(row.link_id for row in rows):
        yield beside[link_id]


def _only(rows: Iterable[Written]) -> Only:
    ids: dict[tuple[Side, str], list[str]] = defaultdict(list)
    for row in rows:
        if row.crm_id is not None:
            ids[Side.CRM, row.crm_object].append(row.crm_id)
        if row.contact_id is not None:
            ids[Side.ACTIVECAMPAIGN, CONTACT].append(row.contact_id)
    return ids
