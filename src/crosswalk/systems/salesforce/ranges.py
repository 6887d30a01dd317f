"""Reading records by ranges of their ids, and those made last. Source: Salesforce SOQL, ORDER BY and LIMIT."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from ...core.system import Range, Record
from . import soql
from .client import Client
from .criteria import NOTHING, Condition
from .feed import only_persons
from .lookup import MOST_IDS, Lookup
from .schema import Described

PAGE = 2_000  # records a call gives at most; one more is asked for, so that the answer tells whether there is one

SOME = 30  # records of which a few are wanted: some of them may not take part for another reason
MANY = 200  # where the selection can only be judged here


def read_latest(
    client: Client, described: Described, fields: Sequence[str], condition: Condition
) -> Sequence[Record]:
    """Read some of the live records with an e-mail that were made last, of those that meet a condition."""
    if condition.text == NOTHING:
        return []
    lookup = Lookup(client, described, fields)
    fits = condition.text is not None and soql.size(condition.text) <= soql.LONGEST_FILTER
    where = [
        *only_persons(described),
        f"{described.sobject.email} != null",
        *([condition.text] if fits and condition.text else []),
    ]
    exact = condition.exact and (fits or condition.text is None)
    tail = f"ORDER BY CreatedDate DESC LIMIT {SOME if exact else MANY}"
    answer = client.query(soql.select(lookup.columns, described.sobject.name, where=where, tail=tail))
    return lookup.complete(lookup.page(answer).records)


def read_range(
    client: Client, described: Described, fields: Sequence[str], after: str, only: str | None
) -> Range:
    """Read the live records with the next ids, of those that meet the condition `only`."""
    lookup = Lookup(client, described, fields)
    where = [
        *only_persons(described),
        *([only] if only else []),
        *([f"Id > {soql.text(after)}"] if after else []),
    ]
    tail = f"ORDER BY Id LIMIT {PAGE + 1}"
    answer = client.query(soql.select(lookup.columns, described.sobject.name, where=where, tail=tail))
    page = lookup.page(answer)
    records: Sequence[Record] = page.records[:PAGE]
    ids = [each.id for each in records]
    last = page.done and len(page.records) <= PAGE
    calls = 1
    if not lookup.fits:  # what has gone meanwhile is not among them
        records = lookup.fetch(ids).records
        calls += ceil(len(ids) / MOST_IDS)
    return Range(
        records=records,
        upto=None if last or not ids else ids[-1],
        requested_at=answer.requested_at,
        calls=calls,
        calls_per_absent=1 / MOST_IDS,
    )
