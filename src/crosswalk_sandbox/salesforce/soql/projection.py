"""From rows to the records of an answer: attributes, fields, parents, children."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from crosswalk_sandbox.salesforce.org import Getter, Org
from crosswalk_sandbox.salesforce.soql.columns import Column
from crosswalk_sandbox.salesforce.store import Row

Record = dict[str, Any]
Projector = Callable[[Row], Record]


@dataclass(slots=True)
class Branch:
    """What is asked of one object on the way: own fields and parents, by their names in the answer."""

    fields: dict[str, Getter] = field(default_factory=dict)
    parents: dict[str, tuple[str, Branch]] = field(default_factory=dict)  # (reference field, what of it)


def branch(org: Org, columns: Sequence[Column]) -> Branch:
    """Sort the columns of a query into a tree along their relationships."""
    root = Branch()
    for column in columns:
        node = root
        for reference in column.through:
            name = reference.relationship or reference.name
            node = node.parents.setdefault(name, (reference.name, Branch()))[1]
        node.fields[column.name] = column.leaf
    return root


def attributes(org: Org, version: str, record_id: str) -> dict[str, str]:
    """The `attributes` of a record. Source: Salesforce REST, query."""
    kind = org.schema.of_id(record_id)
    name = kind.name if kind else ""
    return {"type": name, "url": f"/services/data/v{version}/sobjects/{name}/{record_id}"}


def projector(org: Org, root: Branch, version: str) -> Projector:
    """How a row becomes a record with those fields; a missing parent is None."""
    own = tuple(root.fields.items())
    parents = [
        (name, reference, projector(org, below, version)) for name, (reference, below) in root.parents.items()
    ]
    find = org.row

    def project(row: Row) -> Record:
        record: Record = {"attributes": attributes(org, version, row["Id"])}
        for name, get in own:
            record[name] = get(row)
        for name, reference, below in parents:
            parent = find(row.get(reference))
            record[name] = None if parent is None else below(parent)
        return record

    return project
