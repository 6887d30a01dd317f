"""Counting what a selection takes: the table is read with the columns that it asks for, and judged here.

Dataverse counts no further than 5,000 rows, and adds up no more than 50,000; 100,000 narrow rows are twenty calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ...core.judging import Judge
from ...core.mapping import Selection, SelectionKind
from ...core.system import Counted, Record
from .client import Client
from .feed import ROWS
from .lookup import Lookup
from .schema import Described

_PREFER = [f"odata.maxpagesize={ROWS}"]


def count(client: Client, described: Described, selection: Selection, now: datetime) -> Counted:
    """Count the records that a selection takes at the environment's time `now`, and those with an e-mail."""
    if selection.kind is SelectionKind.NONE:
        return Counted(records=0, with_email=0)
    asked = selection.asked
    judge = None if asked is None else Judge(asked, described.schema, now)
    taken = [
        record.key is not None
        for record in _live(client, described, [row.field for row in asked.all_rows()] if asked else [])
        if selection.may_take(record.created) and (judge is None or judge.meets(record.values))
    ]
    return Counted(records=len(taken), with_email=sum(taken))


def _live(client: Client, described: Described, fields: list[str]) -> Iterator[Record]:
    lookup = Lookup(client, described, fields)
    query = [lookup.select, ("$orderby", f"{described.key} asc")]
    for answer in client.pages(f"/{described.set_name}", query=query, prefer=_PREFER):
        yield from (record for record in lookup.reader.page(answer).records if not record.deleted)
