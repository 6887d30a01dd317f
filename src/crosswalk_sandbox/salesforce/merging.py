"""Merging records of one object, and emptying the recycle bin.

Source: Salesforce SOAP API, merge, whose names the options have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from crosswalk_sandbox.salesforce import saving
from crosswalk_sandbox.salesforce.errors import RecordError
from crosswalk_sandbox.salesforce.guards import Actor
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.schema import Field, Object
from crosswalk_sandbox.salesforce.store import Row

MOST_LOSERS = 2


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """What a merge takes besides the record that stays."""

    record_to_merge_ids: list[str]
    master_record: dict[str, Any] = {}  # values that the record that stays gets, whoever had them


def merge(org: Org, kind: Object, winner: Row, values: Mapping[str, Any], actor: Actor) -> Row:
    """The record that stays. Losers go to the recycle bin with its id as MasterRecordId.

    What refers to a loser refers to the winner from now on. Raises RecordError for what the vendor refuses,
    ValueError for options that there are not.
    """
    options = msgspec.convert(values, Options)
    losers = [saving.target(org, kind, record_id) for record_id in options.record_to_merge_ids]
    _check(kind, winner, losers)
    for loser in losers:
        _refer_to(org, kind, loser["Id"], winner["Id"], actor)
        merged = {**org.store[kind.name].rows[loser["Id"]], "MasterRecordId": winner["Id"]}
        saving.put_in_bin(org, kind, merged, actor)
    draft = saving.read(org, kind, options.master_record)
    return saving.update(org, org.store[kind.name].rows[winner["Id"]], draft, actor)


def _check(kind: Object, winner: Row, losers: list[Row]) -> None:
    if "mergeable" not in kind.is_:
        raise RecordError("INVALID_TYPE", f"{kind.name} records cannot be merged")
    ids = {row["Id"] for row in (winner, *losers)}
    if not 1 <= len(losers) <= MOST_LOSERS or len(ids) <= len(losers):
        raise RecordError("NUMBER_OUTSIDE_VALID_RANGE", "merge takes one or two other records")
    for row in (winner, *losers):
        saving.refuse_deleted(row)
        if row.get("IsPersonAccount"):
            raise RecordError("INVALID_OPERATION", "person accounts are not merged here")
        if row.get("IsConverted"):
            raise RecordError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")


def purge(org: Org, kind: Object, row: Row) -> Row:
    """Take a record out of the recycle bin for good; the record as it was. Raises RecordError."""
    if not row["IsDeleted"]:
        raise RecordError("DELETE_FAILED", "Entity is not in the recycle bin")
    saving.erase(org, kind, row)
    org.emptied = org.now()
    return row


def _refer_to(org: Org, kind: Object, loser: str, winner: str, actor: Actor) -> None:
    """Let what refers to the loser refer to the winner; what the org itself wrote stays as it is."""
    for other, reference in _references(org, kind):
        for row in [row for row in _rows(org, other, reference, loser) if not row.get("IsDeleted")]:
            saving.put_stamped(org, other, {**row, reference.name: winner}, actor)


def _references(org: Org, kind: Object) -> Iterator[tuple[Object, Field]]:
    for other in org.schema:
        for field in other.fields.values():
            if kind.name in field.to and field.is_ & {"createable", "updateable"}:
                yield other, field


def _rows(org: Org, kind: Object, reference: Field, record_id: str) -> list[Row]:
    table = org.store[kind.name]
    if table.indexed(reference.name):
        return table.find(reference.name, record_id)
    return [row for row in table.rows.values() if row.get(reference.name) == record_id]
