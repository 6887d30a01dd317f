"""Rows of query and delta answers as records, and canonical values as JSON.

Options travel by their labels and are stored by their numbers; a lookup is the id of what it points to.

Source: Dataverse Web API, types of columns and their JSON forms, change tracking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from ...core.consent import Consent, Place, Standing
from ...core.schema import OPT_OUT
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
)
from ..answers import Answer
from .columns import Column
from .schema import Described

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_UNSET = msgspec.UNSET
_Unset = msgspec.UnsetType

# What every record is read with, where the environment has it: column → type in JSON.
_OWN_COLUMNS: Mapping[str, Any] = {
    "modifiedon": _Moment | None,
    "createdon": _Moment | None,
    "modifiedby": str | None,
    "modifiedonbehalfby": str | None,
    "masterid": str | None,
}
# Of leads: what a qualified one became.
_QUALIFICATION: Mapping[str, Any] = {"statecode": int | None, "parentcontactid": str | None}
_QUALIFIED = 1
_DELETED = "$deletedEntity"  # ends the context of a row that says that a record is gone


class RowPage(msgspec.Struct, frozen=True):
    """One answer to a query; of its two links, the last page of a reading of changes has the second."""

    records: list[Record]
    etags: Mapping[str, str]  # by record id
    next_link: str | None
    delta_link: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """How one column is read."""

    field: str
    attribute: str
    decode: Callable[[Any], Value]
    empty: Value  # what null stands for
    hides: bool  # null may be a value that is not shown to us


class RowReader:
    """Decodes the rows of one table with one list of fields. Numbers never become floats on the way."""

    def __init__(self, described: Described, fields: Sequence[str]) -> None:
        """`fields` are names that the table has."""
        self._table = described.table
        self._described = described
        columns = described.columns
        names = [name for name in dict.fromkeys(fields) if name != OPT_OUT]
        own = dict(_OWN_COLUMNS) | (dict(_QUALIFICATION) if described.table.object == "lead" else {})
        told = {name: type_ for name, type_ in own.items() if name in columns}
        self._boxes = (
            [name for name in described.table.no_mail if name in columns] if OPT_OUT in fields else []
        )
        types: dict[str, Any] = {described.key: str, described.table.email: str | None}
        types |= told
        for name in [*names, *self._boxes]:
            types.setdefault(name, _form(columns[name])[0])
        self._attributes = {name: f"c{place}" for place, name in enumerate(types)}
        wire = {name: columns[name].wire_name if name in columns else name for name in types}
        self.columns = [wire[name] for name in types]
        row: Any = _row_type({self._attributes[name]: (wire[name], type_) for name, type_ in types.items()})
        self._page: Any = msgspec.defstruct(
            "Rows",
            [
                ("value", list[row]),
                ("next_link", str | None, None),
                ("delta_link", str | None, None),
            ],
            rename={"next_link": "@odata.nextLink", "delta_link": "@odata.deltaLink"},
        )
        self._cells = [self._cell(columns[name]) for name in names]

    def _cell(self, column: Column) -> _Cell:
        return _Cell(
            field=column.field.name,
            attribute=self._attributes[column.field.name],
            decode=_decoder(
                column, own=column.field.name in _OWN_COLUMNS or column.field.name in _QUALIFICATION
            ),
            empty=False if column.field.kind is Kind.BOOLEAN else None,
            hides=column.secured,
        )

    def page(self, answer: Answer) -> RowPage:
        """Decode an answer to a query. Raises SystemFailure(BUG) if its shape is unknown."""
        page = answer.decode(self._page)
        told_at = answer.vendor_time or answer.requested_at
        rows = [row for row in page.value if not _says_nothing(row)]
        records = [self._record(row, told_at) for row in rows]
        tagged = zip(records, rows, strict=True)
        etags = {record.id: row.etag for record, row in tagged if isinstance(row.etag, str)}
        return RowPage(records, etags, page.next_link, page.delta_link)

    def _record(self, row: Any, told_at: datetime) -> Record:
        if _is_gone(row):
            return Record(id=row.gone_id.lower(), key=None, stamp=told_at, deleted=True)
        stamp = self._own(row, "modifiedon") or self._own(row, "createdon") or told_at
        by = self._own(row, "modifiedonbehalfby") or self._own(row, "modifiedby")
        master = self._own(row, "masterid")
        return Record(
            id=self._own(row, self._described.key).lower(),
            key=normal_email(self._own(row, self._table.email)),
            values=self._values(row),
            stamp=stamp,
            created=self._own(row, "createdon"),
            modified_by=by.lower() if by else None,
            deleted=master is not None,
            master_id=master.lower() if master else None,
            converted_to=self._converted_to(row),
            consent=self._consent(row, stamp, by) if self._boxes and master is None else None,
        )

    def _own(self, row: Any, name: str) -> Any:
        """Return what a row says under a name; None where it does not."""
        attribute = self._attributes.get(name)
        found = None if attribute is None else getattr(row, attribute)
        return None if found is _UNSET else found

    def _values(self, row: Any) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for cell in self._cells:
            raw = getattr(row, cell.attribute)
            if raw is None:
                if not cell.hides:
                    values[cell.field] = cell.empty
            elif raw is not _UNSET:
                try:
                    values[cell.field] = cell.decode(raw)
                except (TypeError, ValueError):
                    continue  # not readable: unknown, which is not empty
        return values

    def _converted_to(self, row: Any) -> str | None:
        """Return the contact that a lead was qualified to, "" where none was made, None of any other record."""
        if self._table.object != "lead" or self._own(row, "statecode") != _QUALIFIED:
            return None
        return (self._own(row, "parentcontactid") or "").lower()

    def _consent(self, row: Any, stamp: datetime, by: str | None) -> Consent | None:
        """Return what a record's boxes say; any that is ticked means no mail, and a hidden one is not known."""
        ticks = {name: getattr(row, self._attributes[name]) for name in self._boxes}
        hidden = any(
            tick is _UNSET or (tick is None and self._described.columns[name].secured)
            for name, tick in ticks.items()
        )
        out = any(tick is True for tick in ticks.values())
        if hidden and not out:
            return None
        return Consent(
            standing=Standing.OUT if out else Standing.NONE,
            places=tuple(Place(name, str(tick is True).lower(), stamp) for name, tick in ticks.items()),
            by=by.lower() if by else None,
        )


def _row_type(columns: Mapping[str, tuple[str, Any]]) -> Any:
    """Make the type of a row out of attribute → (name in JSON, type); any may be missing."""
    of_all = {"etag": "@odata.etag", "context": "@odata.context", "gone_id": "id", "reason": "reason"}
    return msgspec.defstruct(
        "Row",
        [
            *((attribute, type_ | _Unset, _UNSET) for attribute, (_name, type_) in columns.items()),
            *((attribute, str | None | _Unset, _UNSET) for attribute in of_all),
        ],
        rename={**{attribute: name for attribute, (name, _type) in columns.items()}, **of_all},
        kw_only=True,
    )


def _is_gone(row: Any) -> bool:
    return isinstance(row.context, str) and row.context.endswith(_DELETED)


def _says_nothing(row: Any) -> bool:
    """A record that left what we may see is not gone; only asking for it by id tells."""
    return _is_gone(row) and row.reason not in {"deleted", None, _UNSET}


def _choice(labels: Mapping[int, str]) -> Callable[[int], Value]:
    return lambda number: labels.get(number, str(number))


def _choices(labels: Mapping[int, str]) -> Callable[[str], Value]:
    def decode(raw: str) -> Value:
        numbers = [int(each) for each in raw.split(",") if each.strip()]
        return choices_value(labels.get(number, str(number)) for number in numbers)

    return decode


def _day(raw: str) -> Value:
    """Older environments print a time behind the day, which means nothing."""
    return date_text(raw[:10])


# kind → (type in JSON, from there to the canonical value); kinds that are not here are texts.
_FORMS: Mapping[Kind, tuple[Any, Callable[[Any], Value]]] = {
    **dict.fromkeys(NUMBER_KINDS, (Decimal | None, number_text)),
    Kind.BOOLEAN: (bool | None, bool),
    Kind.DATE: (str | None, _day),
    Kind.DATETIME: (str | None, datetime_text),
    Kind.REFERENCE: (str | None, str.lower),
}


def _form(column: Column) -> tuple[Any, Callable[[Any], Value]]:
    if column.field.kind is Kind.CHOICE:
        return int | None, _choice(column.labels)
    if column.field.kind is Kind.CHOICES:
        return str | None, _choices(column.labels)
    return _FORMS.get(column.field.kind, (str | None, clean_text))


def _decoder(column: Column, *, own: bool) -> Callable[[Any], Value]:
    """Own columns are decoded for the record already: a moment is no text any more."""
    return datetime_text if own and column.field.kind is Kind.DATETIME else _form(column)[1]


def to_json(column: Column, value: Value) -> object:
    """Return the JSON form of a canonical value; None empties the field.

    Raises ValueError when the value cannot be of that kind, or is no option of the column.
    """
    kind = column.field.kind
    if kind is Kind.BOOLEAN:
        return _boolean(value)
    if value is None:
        return None
    if kind is Kind.CHOICES and isinstance(value, tuple):
        return ",".join(map(str, sorted(_number(column, each) for each in value)))
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no {kind}")
    if kind is Kind.CHOICE:
        return _number(column, value)
    return msgspec.Raw(number_text(value).encode()) if kind in NUMBER_KINDS else value


def _boolean(value: Value) -> bool:
    """Two options have no third: empty means not ticked."""
    if value is None or isinstance(value, bool):
        return bool(value)
    raise ValueError(f"{value!r} is no {Kind.BOOLEAN}")


def _number(column: Column, label: str) -> int:
    """Return the number of an option. Raises ValueError if there is none of that label."""
    numbers = column.numbers
    if label in numbers:
        return numbers[label]
    alike = [number for each, number in numbers.items() if each.casefold() == label.casefold()]
    if len(alike) != 1:
        raise ValueError(f"{label!r} is no option of {column.field.name}")
    return alike[0]
