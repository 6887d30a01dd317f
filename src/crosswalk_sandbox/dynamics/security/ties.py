"""Rows tied to each other by many-to-many relationships: who is tied to whom, and what metadata says of it.

Source: Dataverse, many-to-many relationships; Associate and disassociate table rows using the Web API.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.relationships import End, Tie
from crosswalk_sandbox.dynamics.schema import Schema
from crosswalk_sandbox.dynamics.security import rights


def tied(environment: Environment, end: End, key: str) -> list[Row]:
    """The rows to which one is tied. Raises ODataError for who may not see them."""
    return grouped(environment, end).get(key, [])


def grouped(environment: Environment, end: End) -> dict[str, list[Row]]:
    """The rows at the other end, by the keys of the rows at this one. Raises ODataError as `tied` does."""
    key = environment.schema[end.far].key
    rows = {row[key]: row for row in rights.readable(environment, environment.schema[end.far])}
    groups: dict[str, list[Row]] = {}
    for row in environment.rows[end.tie.table].values():
        if row[end.theirs] in rows:
            groups.setdefault(row[end.mine], []).append(rows[row[end.theirs]])
    return groups


def is_tied(environment: Environment, tie: Tie, one: str, other: str) -> bool:
    """Whether a row of the first table is tied to one of the second."""
    return _key(environment, tie, one, other) in environment.rows[tie.table]


def associate(environment: Environment, tie: Tie, one: str, other: str) -> None:
    """Tie a row of the first table to one of the second."""
    first, second = tie.columns
    key = _key(environment, tie, one, other)
    environment.put(tie.table, {environment.schema[tie.table].key: key, first: one, second: other})


def dissociate(environment: Environment, tie: Tie, one: str, other: str) -> None:
    """Undo it, if it was done."""
    if is_tied(environment, tie, one, other):
        environment.remove(tie.table, _key(environment, tie, one, other))


def let_go(environment: Environment, table: str, key: str) -> None:
    """Undo all ties of a row that is gone."""
    for end in environment.schema.ties.of_table(table):
        for tied_by, row in list(environment.rows[end.tie.table].items()):
            if row[end.mine] == key:
                environment.remove(end.tie.table, tied_by)


def _key(environment: Environment, tie: Tie, one: str, other: str) -> str:
    return ids.make(environment.seed, f"{tie.table} {one} {other}")


def metadata(schema: Schema, table: str | None = None) -> Iterator[dict[str, Any]]:
    """The relationships as metadata, of one table or all."""
    for tie in schema.ties:
        if table in (None, tie.first, tie.second):
            yield _definition(tie)


def _definition(tie: Tie) -> dict[str, Any]:
    one, two = tie.columns
    return {
        "@odata.type": "#Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata",
        "MetadataId": ids.make(0, f"relationship {tie.name}"),
        "SchemaName": tie.name,
        "RelationshipType": "ManyToManyRelationship",
        "IsCustomRelationship": tie.custom,
        "IsManaged": not tie.custom,
        "IsValidForAdvancedFind": True,
        "SecurityTypes": "None",
        "IntroducedVersion": "1.0.0.0" if tie.custom else "5.0.0.0",
        "HasChanged": None,
        "IntersectEntityName": tie.table,
        "Entity1LogicalName": tie.first,
        "Entity1IntersectAttribute": one,
        "Entity1NavigationPropertyName": tie.first_navigation,
        "Entity2LogicalName": tie.second,
        "Entity2IntersectAttribute": two,
        "Entity2NavigationPropertyName": tie.second_navigation,
    }
