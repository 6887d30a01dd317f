"""What an environment is kept as in a state file."""

from __future__ import annotations

from typing import Any

import msgspec

from crosswalk_sandbox.dynamics.entra.service import SavedEntra
from crosswalk_sandbox.dynamics.environment import LaterEdit
from crosswalk_sandbox.dynamics.files.stored import StoredFile
from crosswalk_sandbox.dynamics.protection import SavedUse
from crosswalk_sandbox.dynamics.relationships import Tie
from crosswalk_sandbox.dynamics.rules import Rules
from crosswalk_sandbox.dynamics.schema import FIRST_VERSION, Column, Key, OptionSet, Table


class MadeTable(msgspec.Struct, kw_only=True):
    """What else there is to know of a table that the environment's own people made."""

    schema_name: str
    set_name: str
    label: str
    plural: str
    code: int
    key: str
    title: str
    custom: bool = True
    intersect: bool = False


class SavedTable(msgspec.Struct, kw_only=True):
    """A table that was changed or made by metadata calls."""

    name: str
    columns: list[Column]
    keys: list[Key]
    tracked: bool
    made: MadeTable | None = None


class SavedEnvironment(msgspec.Struct, kw_only=True):
    """Everything that an environment holds."""

    rows: dict[str, list[dict[str, Any]]]
    version: int
    made: int
    deleted: list[tuple[str, str, int]]
    entra: SavedEntra
    used: dict[str, SavedUse] = {}  # of the limits, by systemuserid
    rules: Rules = msgspec.field(default_factory=Rules)
    later: list[LaterEdit] = []
    tables: list[SavedTable] = []
    option_sets: list[OptionSet] = []
    ties: list[Tie] | None = None
    files: dict[str, StoredFile] = {}
    schema_version: int = FIRST_VERSION


def saved_table(table: Table) -> SavedTable:
    """What is kept of a table."""
    columns = list(table.columns.values())
    facts = {name: getattr(table, name) for name in MadeTable.__struct_fields__}
    made = MadeTable(**facts) if table.custom else None
    return SavedTable(
        name=table.name, columns=columns, keys=list(table.keys), tracked=table.tracked, made=made
    )
