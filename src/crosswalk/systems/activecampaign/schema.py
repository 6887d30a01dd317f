"""A contact's fields, standard and custom, and how their values look on the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import msgspec

from ...core.failures import FailureKind, SystemFailure
from ...core.schema import Field, Option, Schema, Standard
from ...core.values import (
    Kind,
    Value,
    choices_value,
    clean_text,
    date_text,
    datetime_text,
    number_text,
)
from ...core.words import keepable as _
from .client import Api

CONTACT = "contact"
PAGE = 100  # the largest page the vendor gives
SEPARATOR = "||"
PREFIX = "field/"
LISTS = "contactLists"  # what holds a contact's consent

Raw = Any  # one odd value must not spoil a page
Id = str | int
Count = str | int | None

STANDARD = (
    Field(name="email", label="Email", kind=Kind.EMAIL, vendor_type="email", required=True),
    Field(name="firstName", label="First name", kind=Kind.TEXT, vendor_type="text"),
    Field(name="lastName", label="Last name", kind=Kind.TEXT, vendor_type="text"),
    Field(name="phone", label="Phone", kind=Kind.PHONE, vendor_type="phone"),
)
_NAMES = {Standard.FIRST_NAME: "firstName", Standard.LAST_NAME: "lastName", Standard.PHONE: "phone"}

# Source: API v3, Custom fields; for currency ActiveCampaign's own mapping table. A type that is not here is shown but
# never written.
_KINDS = {
    "text": Kind.TEXT,
    "hidden": Kind.TEXT,
    "textarea": Kind.LONG_TEXT,
    "number": Kind.NUMBER,
    "currency": Kind.CURRENCY,
    "date": Kind.DATE,
    "datetime": Kind.DATETIME,
    "dropdown": Kind.CHOICE,
    "radio": Kind.CHOICE,
    "listbox": Kind.CHOICES,
    "checkbox": Kind.CHOICES,
}


class Meta(msgspec.Struct, gc=False):
    """What a list says about itself; totals come as text or number."""

    total: Count = None

    def count(self) -> int | None:
        """Return the total as a number, None where the vendor says none."""
        text = str(self.total)
        return int(text) if text.isdigit() else None


class _FieldRow(msgspec.Struct, gc=False):
    id: Id
    title: str = ""
    type: str | None = None
    perstag: str | None = None


class _OptionRow(msgspec.Struct, gc=False):
    field: Id
    value: str | int | float | None = None
    label: str | None = None
    orderid: Count = None
    id: Id | None = None


class _FieldsPage(msgspec.Struct, rename="camel"):
    fields: list[_FieldRow]
    field_options: list[_OptionRow] | msgspec.UnsetType = msgspec.UNSET
    meta: Meta = msgspec.field(default_factory=Meta)


def read_schema(api: Api) -> Schema:
    """Read a contact's fields: one call per hundred custom fields. Raises SystemFailure."""
    rows: dict[str, _FieldRow] = {}
    options: dict[str, dict[str, Option]] | None = {}
    for page in _pages(api):
        rows |= {str(row.id): row for row in page.fields}
        if isinstance(page.field_options, msgspec.UnsetType):
            options = None
        elif options is not None:
            for field, option in _options(page.field_options):
                options.setdefault(field, {})[option.value] = option
    fields = [*STANDARD, *(_field(row, options) for row in rows.values())]
    return Schema(
        object=CONTACT,
        fields={field.name: field for field in fields},
        email="email",
        standard=_NAMES,
        opt_out=LISTS,
    )


def require_fields(api: Api, schema: Schema, names: Iterable[str]) -> None:
    """Ask whether these fields of `schema` still exist. Raises SystemFailure(MAPPING) naming the first that does not.

    The vendor's refusal of an unknown field does not say which one it means.
    """
    known = read_schema(api).fields
    for name in names:
        if name not in known:
            label = schema.fields[name].label if name in schema.fields else name
            raise SystemFailure(
                FailureKind.MAPPING,
                _("ActiveCampaign has no contact field {label} ({name}) any more.").format(
                    label=label, name=name
                ),
                cure=_("Take the field out of the mapping, or map the one that took its place."),
                code="field_gone",
            )


def _pages(api: Api) -> Iterator[_FieldsPage]:
    offset = 0
    while True:
        answer = api.get("/fields", [("limit", str(PAGE)), ("offset", str(offset))])
        page = answer.decode(_FieldsPage)
        yield page
        offset += len(page.fields)
        total = page.meta.count()
        if not page.fields or (len(page.fields) < PAGE if total is None else offset >= total):
            return


def _options(rows: Iterable[_OptionRow]) -> Iterator[tuple[str, Option]]:
    for row in sorted(rows, key=lambda row: _whole(row.orderid)):
        value = clean_text(str(row.value)) if row.value is not None else None
        if value is not None:
            yield str(row.field), Option(value=value, label=row.label or value)


def _whole(raw: Count) -> int:
    text = str(raw)
    return int(text) if text.isdigit() else 0


def _field(row: _FieldRow, options: dict[str, dict[str, Option]] | None) -> Field:
    kind = _KINDS.get(row.type or "", Kind.OTHER)
    choice = kind in {Kind.CHOICE, Kind.CHOICES}
    known = tuple((options or {}).get(str(row.id), {}).values())
    return Field(
        name=f"{PREFIX}{row.id}",
        label=row.title or f"{PREFIX}{row.id}",
        kind=kind,
        vendor_type=row.type or "",
        aliases=tuple(alias for alias in (row.perstag, row.title) if alias),
        options=known if choice else (),
        restricted=choice and options is not None,  # a value that is no option is dropped without a word
        creatable=kind is not Kind.OTHER,
        writable=kind is not Kind.OTHER,
    )


def _text(raw: Raw) -> Value:
    return clean_text(raw if isinstance(raw, str) else str(raw))


def _number(raw: Raw) -> Value:
    text = _text(raw)
    return None if text is None else number_text(str(text))


def _amount(raw: Raw) -> Value:
    """An amount with decimal places; whether `1250` would be 1250 or 12.50 is not documented."""
    text = _text(raw)
    if text is not None and "." not in str(text):
        raise ValueError("an amount without decimal places")
    return None if text is None else number_text(str(text))


def _date(raw: Raw) -> Value:
    text = str(raw).strip()
    return date_text(text[:10]) if is_moment(text) else None


def _datetime(raw: Raw) -> Value:
    text = str(raw)
    return datetime_text(text) if is_moment(text) else None


def _choices(raw: Raw) -> Value:
    return choices_value(raw) if isinstance(raw, list) else _chosen(str(raw))


@lru_cache(maxsize=1024)  # of all selections that there could be, people make few
def _chosen(raw: str) -> Value:
    return choices_value(raw.split(SEPARATOR))


def is_moment(text: str) -> bool:
    """Tell whether a date says something: the vendor writes an absent one as "" or as zeros."""
    return bool(text.strip()) and not text.startswith("0000-00-00")


_DECODE: dict[Kind, Callable[[Raw], Value]] = {
    Kind.NUMBER: _number,
    Kind.CURRENCY: _amount,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.CHOICES: _choices,
}


def decoder(kind: Kind) -> Callable[[Raw], Value]:
    """Return the function that makes a raw value canonical. It raises ValueError for what it cannot read."""
    return _DECODE.get(kind, _text)


def encode(value: Value, kind: Kind) -> str:
    """Return a value as the vendor stores it; empty is "". Raises ValueError when it cannot be written."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        if any(SEPARATOR in item for item in value):
            raise ValueError(_("an option may not contain {separator}").format(separator=SEPARATOR))
        return SEPARATOR + SEPARATOR.join(value) + SEPARATOR
    if isinstance(value, bool):
        raise ValueError(_("ActiveCampaign has no yes/no fields"))
    if kind is Kind.DATETIME:
        return value.removesuffix("Z") + "+00:00"
    return _with_places(value) if kind is Kind.CURRENCY else value


def _with_places(amount: str) -> str:
    """Return an amount with two decimal places at least: so nobody can take it for cents."""
    whole, _point, fraction = amount.partition(".")
    return f"{whole}.{fraction.ljust(2, '0')}"
