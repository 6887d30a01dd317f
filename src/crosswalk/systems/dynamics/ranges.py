"""Reading records by ranges of the time of their creation, and those made last.

Record ids have no order that both the environment and we know: a database sorts them in a way of its own, and no
query compares them. When a record was created never changes, so a range goes from one second to another.

Source: Dataverse Web API, order, filter and page results.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ...core.mapping import Selection, SelectionKind
from ...core.system import Range, Record
from ...core.values import datetime_text
from ..answers import Answer
from .client import Client
from .feed import ROWS
from .lookup import MOST_QUERIES, MOST_VALUES, Lookup
from .schema import Described

_PREFER = [f"odata.maxpagesize={ROWS}"]
SOME = 200  # records of which a few are wanted: what a selection asks of their values is judged elsewhere


def read_latest(
    client: Client, described: Described, fields: Sequence[str], selection: Selection
) -> Sequence[Record]:
    """Read some of the live records with an e-mail that were made last and that a selection may take."""
    if selection.kind is SelectionKind.NONE:
        return []
    lookup = Lookup(client, described, fields)
    condition = f"{lookup.email} ne null"
    if selection.since is not None and selection.kind is SelectionKind.CREATED_FROM_NOW:
        condition += f" and createdon ge {datetime_text(selection.since)}"
    query = [lookup.select, ("$filter", condition), ("$orderby", "createdon desc")]
    answer = client.read(f"/{described.set_name}", query=query, prefer=[f"odata.maxpagesize={SOME}"])
    return [each for each in lookup.reader.page(answer).records if not each.deleted]


def read_range(client: Client, described: Described, fields: Sequence[str], after: str) -> Range:
    """Read the live records that were created next after the second `after`, whole seconds at a time."""
    lookup = Lookup(client, described, fields)
    query = [lookup.select, ("$orderby", f"createdon asc,{described.key} asc")]
    if after:
        query.append(("$filter", f"createdon gt {after}"))
    records: list[Record] = []
    answers: list[Answer] = []
    upto = None
    for answer in client.pages(f"/{described.set_name}", query=query, prefer=_PREFER):
        answers.append(answer)
        page = lookup.reader.page(answer)
        records += page.records
        upto = _whole_seconds(records) if page.next_link is not None else None
        if upto is not None:
            break
    kept = [each for each in records if upto is None or (each.created is not None and each.created <= upto)]
    return Range(
        records=[each for each in kept if not each.deleted],
        upto=None if upto is None else datetime_text(upto),
        requested_at=answers[0].requested_at,
        calls=len(answers),
        dated=True,
        calls_per_absent=1 / (MOST_QUERIES * MOST_VALUES),
    )


def _whole_seconds(records: Sequence[Record]) -> datetime | None:
    """Return the last second of which all records are there, since later ones have begun; None if there is none."""
    last = records[-1].created if records else None
    return next((each.created for each in reversed(records) if each.created != last), None)
