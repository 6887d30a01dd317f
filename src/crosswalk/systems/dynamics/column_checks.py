"""What the set-up checks say of a table's columns.

Source: Dataverse, table definitions, column security, date and time behaviour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...core.system import Check, ObjectUse
from ...core.words import joined
from ...core.words import keepable as _
from ..answers import mark
from ..checking import good
from .columns import Behaviour
from .schema import Described

_TRACK = mark("Power Apps, Tables, {table}, Properties, Advanced options: turn on “Track changes”.")


def known(described: Described, names: Sequence[str]) -> list[str]:
    """Return those of these fields that there are."""
    return [name for name in names if name in described.columns]


def tracking(described: Described) -> Check:
    """Judge whether changes are kept for those who ask."""
    name, table = f"{described.table.object} change tracking", described.table.name
    if described.tracked:
        return good(name, _("{table}: changes, deletions and merges can be followed.").format(table=table))
    return Check(
        name=name,
        ok=False,
        message=_("{table}: changes are not tracked; every sync has to compare everything.").format(
            table=table
        ),
        cure=_(_TRACK).format(table=table),
    )


def email(described: Described) -> Check:
    """Judge the column that holds the match key."""
    table = described.table
    seen = table.email in described.schema.fields
    if seen:
        message = _("{table}: the e-mail column, by which records find each other, can be read.")
    else:
        message = _("{table}: the e-mail column {field}, by which records find each other, is not there.")
    return Check(
        name=f"{table.object} e-mail",
        ok=seen,
        message=message.format(table=table.name, field=table.email),
        cure="" if seen else _("Restore the column {field}.").format(field=table.email),
    )


def required(described: Described) -> Check:
    """Name what a new record needs; what only forms ask for may be missing in a record that a program makes."""
    needed = [field.name for field in described.schema.fields.values() if field.required]
    message = _("A new {table} needs: {fields}.").format(
        table=described.table.name, fields=", ".join(needed) or "–"
    )
    if described.wanted_by_forms:
        wanted = _("Forms ask people for {asked}: creation_defaults of the mapping can fill these in.")
        message = joined(message, wanted.format(asked=", ".join(described.wanted_by_forms)))
    return good(f"{described.table.object} required fields", message)


def mapped(described: Described, use: ObjectUse) -> Check:
    """Judge the mapped fields: those that are gone, and those that must be written and cannot."""
    fields, table = described.schema.fields, described.table
    gone = [name for name in use.reads if name not in fields]
    closed = [name for name in use.writes if name in fields and not fields[name].writable]
    name = f"{table.object} mapped fields"
    if not gone and not closed:
        message = _("{table}: all {count} mapped fields are there, and those to be written can be written.")
        return good(name, message.format(table=table.name, count=len(use.reads)))
    message = _("{table}: mapped fields that are gone: {gone}; that cannot be written: {closed}.")
    return Check(
        name=name,
        ok=False,
        message=message.format(
            table=table.name, gone=", ".join(gone) or "–", closed=", ".join(closed) or "–"
        ),
        cure=_(
            "Take fields that are gone out of the mapping; map calculated fields, and lookups of several tables, with"
            " to_crm “never”."
        ),
    )


def secured(described: Described, use: ObjectUse) -> Iterator[Check]:
    """Say which mapped fields column security may hide: Dataverse then shows them empty."""
    secured = [name for name in known(described, use.reads) if described.columns[name].secured]
    if secured:
        yield good(
            f"{described.table.object} column security",
            _(
                "{table}: protected by column security: {fields}. Their empty values never travel, since hidden ones"
                " look the same; see that the application user is in a column security profile for them."
            ).format(table=described.table.name, fields=", ".join(secured)),
        )


def dates(described: Described, use: ObjectUse) -> Iterator[Check]:
    """Say which mapped dates and times have no time zone."""
    walls = [
        name
        for name in known(described, use.reads)
        if described.columns[name].behaviour is Behaviour.TIME_ZONE_INDEPENDENT
    ]
    if walls:
        yield good(
            f"{described.table.object} time zones",
            _(
                "{table}: times without a time zone: {fields}. They are taken for UTC, so ActiveCampaign shows them"
                " shifted by the account's time zone."
            ).format(table=described.table.name, fields=", ".join(walls)),
        )


def opt_out(described: Described) -> Check:
    """Judge the column that says who wants no e-mail."""
    table = described.table
    box = described.schema.fields.get(table.opt_out)
    fine = box is not None and box.writable
    if fine:
        message = _("{table}: the column {field} can be read and set, for opt-outs to travel both ways.")
    elif box is not None:
        message = _("{table}: the column {field} cannot be set: opt-outs of ActiveCampaign do not arrive.")
    else:
        message = _("{table}: there is no column {field}: opt-outs do not travel.")
    return Check(
        name=f"{table.object} opt-out",
        ok=fine,
        message=message.format(table=table.name, field=table.opt_out),
        cure="" if fine else _("Restore the column, or set settings.consent to false."),
    )
