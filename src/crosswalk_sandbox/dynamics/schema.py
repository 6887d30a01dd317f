"""The environment's tables and columns, read from the table beside this module.

Source: Dataverse, table and column metadata; column lists of the standard tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from importlib import resources
from typing import Any

import msgspec

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.labels import option_labels
from crosswalk_sandbox.dynamics.relationships import INTERSECTS, RELATIONSHIPS, Ties
from crosswalk_sandbox.dynamics.states import STATUS_OF_STATE

NUMBERS = frozenset({"Integer", "BigInt", "Decimal", "Double", "Money"})
TEXTS = frozenset({"String", "Memo"})
CHOICES = frozenset({"Picklist", "State", "Status"})
REFERENCES = frozenset({"Lookup", "Customer", "Owner"})
MULTIPLE = "MultiSelectPicklist"
BLOBS = frozenset({"File", "Image"})  # what the vendor calls Virtual too
DATE_ONLY = frozenset(
    {"birthdate", "anniversary", "estimatedclosedate", "actualclosedate", "finaldecisiondate"}
)
FIRST_VERSION = 88_012_345
PRINCIPALS = frozenset({"systemuser", "team"})  # they share a base type, which has the key
PRINCIPAL_KEY = "ownerid"
UNREADABLE = frozenset({"Virtual", "EntityName", "PartyList"})


class ColumnRow(msgspec.Struct, frozen=True, array_like=True):
    """A column as the table has it; see Column for what the words mean."""

    name: str
    label: str
    type: str
    length: int | None
    required: str
    creatable: bool
    updatable: bool
    precision: int | None
    targets: tuple[str, ...]
    part_of: str | None
    options: tuple[int, ...]


class TableRow(msgspec.Struct, frozen=True, kw_only=True):
    """A table as the table of tables has it."""

    schema_name: str
    set_name: str
    label: str
    plural: str
    code: int
    key: str
    title: str
    tracked: bool
    columns: tuple[ColumnRow, ...]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table."""

    table: str
    name: str  # the logical name
    schema_name: str
    label: str
    type: str  # AttributeType; MultiSelectPicklist for what the vendor calls Virtual
    length: int | None  # most characters
    required: str  # only SystemRequired is enforced
    creatable: bool
    updatable: bool
    precision: int | None  # digits after the point
    targets: tuple[str, ...]  # tables that a lookup may point to
    part_of: str | None  # the column whose name or type this one shows
    options: Mapping[int, str]  # value to label
    format: str = ""  # of text: Email, Phone, Url, Text; of date-times: DateOnly, DateAndTime
    behaviour: str = ""  # of date-times: UserLocal, DateOnly, TimeZoneIndependent
    custom: bool = False  # made by the environment's own people
    secured: bool = False  # under column security
    description: str = ""
    minimum: Decimal | None = None  # of numbers; None is the least of the type
    maximum: Decimal | None = None
    default: bool | int | None = None  # what the forms fill in; of yes or no what a creation gets
    precision_source: int = 2  # of money
    max_kilobytes: int | None = None  # of files and images
    option_set: str = ""  # the global option set that a choice takes its options from
    relationships: Mapping[str, str] = field(default_factory=dict)  # of own lookups: table to schema name

    @property
    def json_name(self) -> str | None:
        """The name in JSON; None for what the Web API does not show."""
        if self.part_of is not None or self.type in UNREADABLE:
            return None
        return f"_{self.name}_value" if self.type in REFERENCES else self.name

    @property
    def navigations(self) -> dict[str, str]:
        """The navigation properties of a lookup, with the table that each leads to."""
        name = self.schema_name if self.custom else self.name
        if self.type == "Customer":
            return {f"{name}_{target}": target for target in self.targets}
        return {name: self.targets[0]} if self.targets else {}

    def relationship(self, target: str) -> str:
        """The relationship by which a lookup leads to a table; the other way round it leads to many rows."""
        made = self.relationships.get(target) or RELATIONSHIPS.get((self.table, self.name, target))
        return made or f"{target}_{self.table}_{self.name}"

    @property
    def target_column(self) -> str:
        """The column of a row that says which table a polymorphic lookup points to."""
        return f"{self.name}type"

    @cached_property
    def id(self) -> str:
        return ids.make(0, f"column {self.table} {self.name}")


@dataclass(frozen=True, kw_only=True)
class Key:
    """An alternate key: columns whose values together belong to one row."""

    name: str  # the logical name
    schema_name: str
    label: str
    columns: tuple[str, ...]
    asked: str  # when its index was asked for: ISO 8601
    failed: bool = False  # rows had the same values


@dataclass(frozen=True, kw_only=True)
class OptionSet:
    """A global option set."""

    name: str
    label: str
    options: Mapping[int, str]
    custom: bool = True

    @cached_property
    def id(self) -> str:
        return ids.make(0, f"option set {self.name}")


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table."""

    name: str  # the logical name
    schema_name: str
    set_name: str
    label: str
    plural: str
    code: int
    key: str
    title: str
    tracked: bool
    columns: Mapping[str, Column]
    keys: tuple[Key, ...] = ()
    custom: bool = False  # made by the environment's own people
    intersect: bool = False  # holds the rows of a many-to-many relationship

    @cached_property
    def id(self) -> str:
        return ids.make(0, f"table {self.name}")

    @cached_property
    def properties(self) -> dict[str, Column]:
        """The columns by their names in JSON; of a principal also its key by the name that all principals have."""
        found = {column.json_name: column for column in self.columns.values() if column.json_name}
        return {**found, PRINCIPAL_KEY: self.columns[self.key]} if self.name in PRINCIPALS else found

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The columns that cannot be empty."""
        columns = self.columns.values()
        return tuple(each.name for each in columns if each.required == "SystemRequired" and each.json_name)

    @cached_property
    def amounts(self) -> tuple[str, ...]:
        """The amounts that have another in the base currency."""
        money = (each.name for each in self.columns.values() if each.type == "Money")
        return tuple(name for name in money if f"{name}_base" in self.columns)

    @cached_property
    def secured(self) -> frozenset[str]:
        """The columns under column security."""
        return frozenset(each.name for each in self.columns.values() if each.secured)

    @cached_property
    def images(self) -> tuple[Column, ...]:
        """The columns that hold pictures."""
        return tuple(each for each in self.columns.values() if each.type == "Image")

    @cached_property
    def defaults(self) -> dict[str, bool]:
        """What yes-or-no columns are in a new row."""
        columns = self.columns.values()
        return {each.name: bool(each.default) for each in columns if each.type == "Boolean"}

    @cached_property
    def navigations(self) -> dict[str, tuple[Column, str]]:
        """Navigation properties with their case: the lookup column, and the table that it leads to."""
        return {
            name: (column, target)
            for column in self.columns.values()
            if column.type in REFERENCES
            for name, target in column.navigations.items()
        }

    @property
    def stateful(self) -> bool:
        return "statecode" in self.columns

    @property
    def owned(self) -> bool:
        return "ownerid" in self.columns


CONNECTING = ("Business", "Family", "Social", "Sales", "Other")
GLOBAL_OPTION_SETS = (
    OptionSet(
        name="connectionrole_category",
        label="Category",
        options=dict(enumerate(CONNECTING, start=1)),
        custom=False,
    ),
)


Kept = tuple[dict[str, Table], dict[str, OptionSet], Ties, int]


class Schema:
    """All tables of the environment. A table is never changed in place: a change is a new table."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self.tables = dict(tables)
        self.by_set = {table.set_name: table for table in tables.values()}
        self.option_sets = {each.name: each for each in GLOBAL_OPTION_SETS}
        self.ties = Ties()
        self.version = FIRST_VERSION

    def put(self, *tables: Table) -> None:
        """Set tables in the place of those with their names."""
        self.tables |= {table.name: table for table in tables}
        self.by_set |= {table.set_name: table for table in tables}
        self.version += 1

    def remove(self, name: str) -> None:
        """Take a table away."""
        del self.by_set[self.tables.pop(name).set_name]
        self.version += 1

    def put_column(self, column: Column) -> None:
        """Add a column to its table, or set it in the place of the one with its name."""
        table = self.tables[column.table]
        self.put(replace(table, columns={**table.columns, column.name: column}))

    def put_option_set(self, option_set: OptionSet) -> None:
        self.option_sets[option_set.name] = option_set
        self.version += 1

    def remove_option_set(self, name: str) -> None:
        del self.option_sets[name]
        self.version += 1

    def collections(self, name: str) -> dict[str, tuple[Table, Column]]:
        """The navigation properties from a table to many rows: the rows' table, and its lookup."""
        return {
            column.relationship(name): (table, column)
            for table in self
            for column, target in table.navigations.values()
            if target == name
        }

    def kept(self) -> Kept:
        """What it is now, to go back to."""
        return dict(self.tables), dict(self.option_sets), self.ties.copy(), self.version

    def go_back(self, kept: Kept) -> None:
        tables, option_sets, ties, self.version = kept
        self.tables, self.option_sets, self.ties = dict(tables), dict(option_sets), ties.copy()
        self.by_set = {table.set_name: table for table in tables.values()}

    def __iter__(self) -> Iterator[Table]:
        return iter(self.tables.values())

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]

    def find(self, name: str) -> Table | None:
        """The table of that logical name."""
        return self.tables.get(name)


def load(added: Sequence[Column]) -> Schema:
    """Read the table of tables; `added` are custom columns."""
    text = resources.files(__package__).joinpath("tables.json").read_bytes()
    rows = msgspec.json.decode(text, type=dict[str, TableRow])
    return Schema({name: _table(name, row, added) for name, row in rows.items()})


def _table(name: str, row: TableRow, added: Sequence[Column]) -> Table:
    columns = [_column(name, each) for each in row.columns]
    columns += [column for column in added if column.table == name]
    facts: dict[str, Any] = {part: getattr(row, part) for part in row.__struct_fields__ if part != "columns"}
    named = {column.name: column for column in columns}
    return Table(name=name, columns=named, intersect=name in INTERSECTS, **facts)


def _column(table: str, row: ColumnRow) -> Column:
    facts: dict[str, Any] = {part: getattr(row, part) for part in row.__struct_fields__ if part != "options"}
    values = row.options or ((0, 1) if row.type == "Boolean" else ())
    if row.name == "statuscode" and table in STATUS_OF_STATE:
        values = tuple(status for statuses in STATUS_OF_STATE[table].values() for status in statuses)
    return Column(
        table=table,
        schema_name=row.name[0].upper() + row.name[1:],
        options=option_labels(table, row.name, values, boolean=row.type == "Boolean"),
        format=_format(row),
        behaviour=_behaviour(row),
        **facts,
    )


def _format(row: ColumnRow) -> str:
    if row.type != "String":
        return "TextArea" if row.type == "Memo" else ""
    if row.name.startswith("emailaddress"):
        return "Email"
    if row.name.endswith("url"):
        return "Url"
    return "Phone" if "phone" in row.name or row.name in ("fax", "pager") else "Text"


def _behaviour(row: ColumnRow) -> str:
    if row.type != "DateTime":
        return ""
    return "DateOnly" if row.name in DATE_ONLY else "UserLocal"
