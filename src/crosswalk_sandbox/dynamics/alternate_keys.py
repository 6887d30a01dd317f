"""Alternate keys: whether their index is built, and that no two rows have the same values.

Source: Define alternate keys for a table.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from crosswalk_sandbox.dynamics.environment import Environment, Row, compared
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.schema import Key, Table


def status(environment: Environment, key: Key) -> str:
    """Pending, InProgress, Active or Failed: a job of the environment builds the index."""
    age = environment.clock.now() - datetime.fromisoformat(key.asked)
    built = timedelta(seconds=environment.job_seconds)
    if age < built:
        return "Pending" if age < built / 2 else "InProgress"
    return "Failed" if key.failed else "Active"


def has_duplicates(environment: Environment, table: Table, columns: tuple[str, ...]) -> bool:
    """Whether several rows have the same values; what is empty in a column does not count."""
    found = (compared(row, columns) for row in environment.rows[table.name].values())
    return any(count > 1 for count in Counter(each for each in found if None not in each).values())


def check(environment: Environment, table: Table, row: Row) -> None:
    """Refuse a row whose values of a key another row has. Raises ODataError."""
    for key in table.keys:
        values = compared(row, key.columns)
        if key.failed or None in values:
            continue
        if environment.having(table.name, key.columns, values) not in (None, row[table.key]):
            named = ", ".join(table.columns[name].label for name in key.columns)
            text = (
                f"A record that has the attribute values {named} already exists. The entity key {key.label} "
                "requires that this set of attributes contains unique values. Select unique values and try again."
            )
            raise ODataError("0x80060892", text)
