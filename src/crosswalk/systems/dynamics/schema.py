"""Our objects as tables, with the schema of each.

Source: Dataverse, tables and their metadata.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...core.failures import FailureKind, SystemFailure
from ...core.schema import OPT_OUT, Schema, Standard
from ...core.words import keepable as _
from ..refusals import Refused
from .client import Client
from .columns import Column, columns_of, wanted_by_forms
from .metadata import Definition, read_definition


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One of our objects in Dataverse's terms."""

    object: str  # our name
    name: str  # the table's logical name
    privilege: str  # what its privileges' names end with
    email: str  # the column that holds the match key
    opt_out: str = "donotbulkemail"  # the column that an opt-out sets
    no_mail: tuple[str, ...] = ("donotbulkemail", "donotemail")  # any of them set: no mail to this person


TABLES = {
    table.object: table
    for table in (
        Table(object="lead", name="lead", privilege="Lead", email="emailaddress1"),
        Table(object="contact", name="contact", privilege="Contact", email="emailaddress1"),
    )
}

STANDARD = {Standard.FIRST_NAME: "firstname", Standard.LAST_NAME: "lastname", Standard.PHONE: "telephone1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A table's schema and what else its rows need."""

    table: Table
    schema: Schema
    columns: Mapping[str, Column]  # by field name
    set_name: str  # the table's name in addresses
    key: str  # the column of the record's id
    tracked: bool  # whether changes are kept for those who ask
    versioned: bool  # whether If-Match is honoured
    wanted_by_forms: tuple[str, ...] = ()  # fields that people must fill in and programs need not

    def known(self, fields: Iterable[str]) -> list[str]:
        """Return `fields` as a list. Raises SystemFailure(MAPPING) naming the first that does not exist."""
        names = list(fields)
        for name in [self.table.email, *names]:
            if name not in self.columns and name != OPT_OUT:
                raise field_gone(self.table, name)
        return names


def table_of(name: str) -> Table:
    """Return the definition of one of our objects. Raises SystemFailure(MAPPING) for any other name."""
    if name not in TABLES:
        raise SystemFailure(
            FailureKind.MAPPING,
            _("Dynamics 365 has no object for {object}.").format(object=name),
            cure=_("Use one of: {objects}.").format(objects=", ".join(TABLES)),
        )
    return TABLES[name]


def field_gone(table: Table, name: str) -> SystemFailure:
    """Say that a column does not exist, or not for us."""
    return SystemFailure(
        FailureKind.MAPPING,
        _("The table {table} has no column {field} (any more).").format(table=table.name, field=name),
        cure=_("Remove {field} from the mapping, or correct its name.").format(field=name),
        code="0x80060888",
    )


def describe(client: Client, table: Table) -> Described:
    """Read a table's definition. Raises SystemFailure, MAPPING where the environment has no such table."""
    try:
        definition = read_definition(client, table.name)
    except Refused as refusal:
        # A page with 404 is not the environment's word about its tables: it may come from anywhere.
        if refusal.status == 404 and refusal.kind is not FailureKind.PERMISSION:
            raise _no_table(table, refusal) from None
        raise
    return described(table, definition)


def _no_table(table: Table, refusal: Refused) -> SystemFailure:
    return SystemFailure(
        FailureKind.MAPPING,
        _("This environment has no table {table}.").format(table=table.name),
        cure=_("Leads come with Dynamics 365 Sales: install it, or take {object} out of the mapping.").format(
            object=table.object
        ),
        code=refusal.code,
    )


def described(table: Table, definition: Definition) -> Described:
    """Turn a definition into a schema and what belongs to it."""
    row = definition.table
    columns = {column.field.name: column for column in columns_of(definition, table.email)}
    fields = {name: column.field for name, column in columns.items()}
    return Described(
        table=table,
        schema=Schema(
            object=table.object,
            fields=fields,
            email=table.email,
            standard=STANDARD,
            opt_out=table.opt_out if table.opt_out in fields else None,
            no_mail=tuple(name for name in table.no_mail if name in fields and name != table.opt_out),
            hides=frozenset(name for name, column in columns.items() if column.secured),
        ),
        columns=columns,
        set_name=row.entity_set_name,
        key=row.primary_id_attribute,
        tracked=row.change_tracking_enabled,
        versioned=row.is_optimistic_concurrency_enabled,
        wanted_by_forms=wanted_by_forms(definition, columns),
    )
