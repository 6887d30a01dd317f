"""Rows of query and retrieve answers as records, and canonical values as JSON.

Source: Salesforce REST API, field types and their JSON forms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Annotated, Any

import msgspec

from ...core.consent import Consent, Place, Standing
from ...core.schema import OPT_OUT, Nature, Schema
from ...core.system import Record
from ...core.values import (
    NUMBER_KINDS,
    Kind,
    Value,
    choices_value,
    clean_text,
    date_text,
    datetime_text,
    normal_email,
    number_text,
    time_text,
)
from ..answers import Answer
from .ids import long_id

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]

# What every record is read with: column → (type in JSON, what stands for an absent one).
_OWN_COLUMNS: dict[str, tuple[Any, Any]] = {
    "Id": (str, msgspec.NODEFAULT),
    "IsDeleted": (bool, False),
    "MasterRecordId": (str | None, None),
    "SystemModstamp": (_Moment, msgspec.NODEFAULT),
    "CreatedDate": (_Moment | None, None),
    "LastModifiedById": (str | None, None),
}
# Of objects that have them, where the integration user may see them.
_CONVERSION: dict[str, tuple[Any, Any]] = {
    "IsConverted": (bool, False),
    "ConvertedContactId": (str | None, None),
}


def _choices(raw: str) -> Value:
    return choices_value(raw.split(";"))


def _other(raw: object) -> Value:
    if not isinstance(raw, str):
        raise TypeError("compound values are not synced")
    return clean_text(raw)


# An encrypted text as users without the permission to see it get it: `********`, `*****1234`, `XXX-XX-1234`.
_MASK = re.compile(r"(?:[*X][- ]?){3}")


def _unmasked(raw: str) -> Value:
    if _MASK.match(raw) is not None:
        raise ValueError("the value is masked")
    return clean_text(raw)


# kind → (type in JSON, from there to the canonical value); kinds that are not here are texts.
_FORMS: dict[Kind, tuple[Any, Callable[[Any], Value]]] = {
    **dict.fromkeys(NUMBER_KINDS, (Decimal | None, number_text)),
    Kind.BOOLEAN: (bool | None, bool),
    Kind.DATE: (str | None, date_text),
    Kind.DATETIME: (str | None, datetime_text),
    Kind.TIME: (str | None, time_text),
    Kind.CHOICES: (str | None, _choices),
    Kind.OTHER: (Any, _other),
}
_TEXT_FORM: tuple[Any, Callable[[Any], Value]] = (str | None, clean_text)
_MASKED_FORM: tuple[Any, Callable[[Any], Value]] = (str | None, _unmasked)


class QueryPage(msgspec.Struct, frozen=True):
    """One answer to a query."""

    records: list[Record]
    total: int  # rows of the whole result
    done: bool
    next_url: str | None


class RowReader:
    """Decodes the rows of one object with one list of fields. Numbers never become floats on the way."""

    def __init__(self, schema: Schema, fields: Sequence[str]) -> None:
        """`fields` are names that `schema` has."""
        names = [name for name in fields if name != OPT_OUT]
        box = schema.opt_out if OPT_OUT in fields else None
        converted = [column for column in _CONVERSION if column in schema.fields]
        own = [*_OWN_COLUMNS, *converted, schema.email]
        self.columns = list(dict.fromkeys([*own, *names, *([box] if box else [])]))
        attributes = {column: f"c{place}" for place, column in enumerate(self.columns)}
        row: Any = msgspec.defstruct(
            "Row",
            [(attributes[column], *_column_type(schema, column)) for column in self.columns],
            rename={attribute: column for column, attribute in attributes.items()},
            kw_only=True,
        )
        self._row = row
        self._checkboxes = {column for column in self.columns if _column_kind(schema, column) is Kind.BOOLEAN}
        self._rows: Any = list[row | None]
        self._page: Any = msgspec.defstruct(
            "RowPage",
            [
                ("totalSize", int),
                ("done", bool),
                ("records", list[row]),
                ("nextRecordsUrl", str | None, None),
            ],
        )
        self._own = attrgetter(*(attributes[column] for column in [*_OWN_COLUMNS, schema.email]))
        self._values = [(name, attributes[name], _form(schema, name)[1]) for name in dict.fromkeys(names)]
        self._box = (box, attributes[box]) if box else None
        self._converted = [attributes[column] for column in converted]

    def page(self, answer: Answer) -> QueryPage:
        """Decode an answer to a query. Raises SystemFailure(BUG) if its shape is unknown."""
        page = answer.decode(self._page)
        return QueryPage(
            [self._record(row) for row in page.records], page.totalSize, page.done, page.nextRecordsUrl
        )

    def rows(self, answer: Answer) -> list[Record]:
        """Decode an answer to a retrieve; what it does not have is left out."""
        return [self._record(row) for row in answer.decode(self._rows) if row is not None]

    def record(self, cells: Mapping[str, str]) -> Record:
        """Decode a row of a query job's results; an empty cell is empty. Raises msgspec.ValidationError.

        Source: Salesforce Bulk API 2.0, Get Results for a Query Job.
        """
        raw = {name: self._cell(name, cell) for name, cell in cells.items()}
        return self._record(msgspec.convert(raw, self._row))

    def _cell(self, name: str, cell: str) -> str | bool | None:
        if not cell:
            return None
        return cell == "true" if name in self._checkboxes else cell

    def _record(self, row: Any) -> Record:
        record_id, deleted, master, stamp, created, modified_by, email = self._own(row)
        values: dict[str, Value] = {}
        for name, attribute, decode in self._values:
            raw = getattr(row, attribute)
            if raw is None:
                values[name] = None
            elif raw is not msgspec.UNSET:
                try:
                    values[name] = decode(raw)
                except (TypeError, ValueError):
                    continue  # not readable: unknown, which is not empty
        return Record(
            id=long_id(record_id),
            key=normal_email(email),
            values=values,
            stamp=stamp,
            created=created,
            modified_by=long_id(modified_by) if modified_by else None,
            deleted=deleted,
            master_id=long_id(master) if master else None,
            converted_to=_converted_to([getattr(row, each) for each in self._converted]),
            consent=_consent(row, self._box, stamp, modified_by) if self._box and not deleted else None,
        )


def _converted_to(marks: Sequence[bool | str | None]) -> str | None:
    """Return the contact that a lead was converted to, "" when that is not told, None when it was not converted."""
    contact = next((long_id(mark) for mark in marks if isinstance(mark, str) and mark), "")
    return contact if contact or True in marks else None


def _consent(row: Any, box: tuple[str, str], stamp: datetime, modified_by: str | None) -> Consent | None:
    """Return what a record's opt-out box says; the record's last modifier and stamp bound who and when."""
    name, attribute = box
    ticked = getattr(row, attribute)
    if not isinstance(ticked, bool):
        return None
    return Consent(
        standing=Standing.OUT if ticked else Standing.NONE,
        places=(Place(name, str(ticked).lower(), stamp),),
        by=long_id(modified_by) if modified_by else None,
    )


def to_json(kind: Kind, value: Value) -> object:
    """Return the JSON form of a canonical value; None empties the field.

    Raises ValueError when the value cannot be of that kind.
    """
    if kind is Kind.BOOLEAN:
        return _boolean(value)
    if value is None:
        return None
    if kind is Kind.CHOICES and isinstance(value, tuple):
        return ";".join(value)
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no {kind}")
    if kind in NUMBER_KINDS:
        return msgspec.Raw(number_text(value).encode())
    return f"{value}.000Z" if kind is Kind.TIME else value


def _boolean(value: Value) -> bool:
    """A checkbox has no empty state: empty means not ticked."""
    if value is None or isinstance(value, bool):
        return bool(value)
    raise ValueError(f"{value!r} is no {Kind.BOOLEAN}")


def _column_kind(schema: Schema, column: str) -> Kind | None:
    if column == "IsDeleted":
        return Kind.BOOLEAN
    return schema.fields[column].kind if column in schema.fields else None


def _column_type(schema: Schema, column: str) -> tuple[Any, Any]:
    if column in _OWN_COLUMNS:
        return _OWN_COLUMNS[column]
    if column in _CONVERSION and column in schema.fields:
        return _CONVERSION[column]
    if column == schema.email:
        return str | None, None
    return _form(schema, column)[0] | msgspec.UnsetType, msgspec.UNSET


def _form(schema: Schema, column: str) -> tuple[Any, Callable[[Any], Value]]:
    field = schema.fields[column]
    return _MASKED_FORM if field.nature is Nature.ENCRYPTED else _FORMS.get(field.kind, _TEXT_FORM)
