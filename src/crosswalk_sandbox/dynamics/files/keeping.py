"""Putting contents into file and image columns, and taking them out."""

from __future__ import annotations

import base64

from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.dynamics.files.stored import StoredFile, image_of
from crosswalk_sandbox.dynamics.records import guards, saving
from crosswalk_sandbox.dynamics.schema import Column, Table
from crosswalk_sandbox.dynamics.security import rights

TOO_LONG = "0x8004418a"


def held(environment: Environment, column: Column, row: Row) -> StoredFile | None:
    """What a column of a row holds."""
    value = row.get(column.name)
    if column.type == "Image":
        return image_of(value) if value else None
    return environment.files.stored.get(value or "")


def check_size(column: Column, size: int) -> None:
    """Refuse what is more than the column takes. Raises ODataError."""
    if size > (column.max_kilobytes or 0) * 1024:
        text = f"The file has {size} bytes; the column {column.name} takes {column.max_kilobytes} kilobytes."
        raise ODataError(TOO_LONG, text)


def put(
    environment: Environment, table: Table, row: Row, column: Column, file: StoredFile | None
) -> str | None:
    """Set what a column holds, or empty it; the id of the file. Raises ODataError."""
    if file is not None:
        check_size(column, len(file.content))
    user = environment.session.user
    if column.type == "Image":
        shown = base64.b64encode(file.content).decode() if file else None
        saved = saving.update(environment, user, table, row, {column.name: shown})
        return str(saved.get(f"{column.name}id"))
    rights.require(environment, "Write", table, row)
    guards.refuse_secured(environment, table, {column.name: None})
    key = environment.new_id() if file else None
    if file and key:
        environment.files.stored[key] = file
    environment.files.stored.pop(row.get(column.name, ""), None)
    named = {column.name: key, f"{column.name}_name": file.name if file else None}
    whole = {**row, **named, **saving.changed_by(environment, table, user)}
    environment.put(table.name, {name: value for name, value in whole.items() if value is not None})
    return key
