"""The full name, which the system puts together. Source: Dataverse, name formats."""

from __future__ import annotations

from crosswalk_sandbox.dynamics.environment import Row
from crosswalk_sandbox.dynamics.schema import Table

PARTS = ("firstname", "lastname")


def full_name(table: Table, row: Row) -> Row:
    """The row with its full name, if the table has one."""
    if not {"fullname", *PARTS} <= table.columns.keys():
        return row
    name = " ".join(str(row[part]) for part in PARTS if row.get(part))
    rest = {key: value for key, value in row.items() if key != "fullname"}
    return {**rest, "fullname": name} if name else rest
