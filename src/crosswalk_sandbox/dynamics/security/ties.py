"""What ties users, teams and roles to each other: many of one to many of the other.

Source: Dataverse, many-to-many relationships of systemuser, team and role.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.security import rights

# by navigation property: the intersect table, and the tables that it ties, in their order there
TIES = {
    "systemuserroles_association": ("systemuserroles", "systemuser", "role"),
    "teamroles_association": ("teamroles", "team", "role"),
    "teammembership_association": ("teammembership", "team", "systemuser"),
}


def far_end(table: str, navigation: str) -> tuple[str, str] | None:
    """The intersect table and the table at the other end; None where a table has no such navigation."""
    tie, first, second = TIES.get(navigation, ("", "", ""))
    if table not in (first, second):
        return None
    return tie, second if table == first else first


def of_table(table: str) -> Iterator[tuple[str, str]]:
    """The navigation properties of a table, and the tables to which they lead."""
    for navigation in TIES:
        if found := far_end(table, navigation):
            yield navigation, found[1]


def tied(environment: Environment, table: str, navigation: str, key: str) -> list[Row]:
    """The rows to which one is tied. Raises ODataError for who may not see them."""
    return grouped(environment, table, navigation).get(key, [])


def grouped(environment: Environment, table: str, navigation: str) -> dict[str, list[Row]]:
    """The rows at the other end, by the keys of the rows at this one. Raises ODataError as `tied` does."""
    found = far_end(table, navigation)
    if found is None:
        return {}
    tie, far = found
    mine, theirs = (environment.schema[each].key for each in (table, far))
    rows = {row[theirs]: row for row in rights.readable(environment, environment.schema[far])}
    groups: dict[str, list[Row]] = {}
    for row in environment.rows[tie].values():
        if row[theirs] in rows:
            groups.setdefault(row[mine], []).append(rows[row[theirs]])
    return groups


def metadata(table: str | None = None) -> Iterator[dict[str, Any]]:
    """The relationships as metadata, of one table or all."""
    for name, (tie, first, second) in TIES.items():
        if table in (None, first, second):
            yield {
                "@odata.type": "#Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata",
                "MetadataId": ids.make(0, f"relationship {name}"),
                "SchemaName": name,
                "RelationshipType": "ManyToManyRelationship",
                "IsCustomRelationship": False,
                "IntersectEntityName": tie,
                "Entity1LogicalName": first,
                "Entity1IntersectAttribute": f"{first}id",
                "Entity1NavigationPropertyName": name,
                "Entity2LogicalName": second,
                "Entity2IntersectAttribute": f"{second}id",
                "Entity2NavigationPropertyName": name,
            }
