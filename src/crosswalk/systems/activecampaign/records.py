"""Contacts as they come over the wire, and as records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from ...core.consent import Consent
from ...core.schema import OPT_OUT, Schema
from ...core.system import Record
from ...core.values import Value, normal_email, parse_moment
from .lists import Flag, ListRow, consent_of, moment
from .schema import PREFIX, Id, Meta, Raw, decoder

Unset = msgspec.UnsetType
UNSET = msgspec.UNSET

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class ContactRow(msgspec.Struct, rename="camel", gc=False):
    """One contact. What the answer leaves out stays unset, which is not empty."""

    id: Id
    email: str | Unset | None = UNSET
    first_name: str | Unset | None = UNSET
    last_name: str | Unset | None = UNSET
    phone: str | int | Unset | None = UNSET
    cdate: str | None = None
    udate: str | None = None
    deleted: Flag = None
    anonymized: Flag = None
    bounced_hard: Flag = msgspec.field(default=None, name="bounced_hard")
    bounced_date: str | None = msgspec.field(default=None, name="bounced_date")
    contact_lists: list[Id] | Unset | None = UNSET  # ids of its rows on lists
    field_values: list[Id] | Unset | None = UNSET  # ids of its value rows

    def gone(self) -> bool:
        """Tell whether the contact is deleted or erased."""
        return _set(self.deleted) or _set(self.anonymized)


class ValueRow(msgspec.Struct, gc=False):
    """One custom value of one contact."""

    field: Id
    contact: Id | None = None
    owner: Id | None = None
    value: Raw = None
    udate: str | None = None


class ContactPage(msgspec.Struct, rename="camel"):
    """A list of contacts with the value rows of all of them beside it."""

    contacts: list[ContactRow]
    field_values: list[ValueRow] | Unset = UNSET
    contact_lists: list[ListRow] | Unset = UNSET
    meta: Meta = msgspec.field(default_factory=Meta)


class ContactAnswer(msgspec.Struct, rename="camel"):
    """One contact with its value rows beside it."""

    contact: ContactRow
    field_values: list[ValueRow] | Unset = UNSET
    contact_lists: list[ListRow] | Unset = UNSET


_ATTRIBUTES: dict[str, Callable[[ContactRow], Raw | Unset]] = {
    "email": lambda row: row.email,
    "firstName": lambda row: row.first_name,
    "lastName": lambda row: row.last_name,
    "phone": lambda row: row.phone,
}


class Reader:
    """Makes records of rows, for one choice of fields.

    A field that the schema does not know, or whose value cannot be read, stays unknown.
    """

    def __init__(self, schema: Schema, fields: Sequence[str]) -> None:
        known = [schema.fields[name] for name in fields if name in schema.fields]
        self._standard = [
            (field.name, _ATTRIBUTES[field.name], decoder(field.kind))
            for field in known
            if field.name in _ATTRIBUTES
        ]
        self._custom = {
            field.name.removeprefix(PREFIX): (field.name, decoder(field.kind))
            for field in known
            if field.name.startswith(PREFIX)
        }
        self._empty: dict[str, Value] = dict.fromkeys(name for name, _ in self._custom.values())
        self._consent = OPT_OUT in fields

    @property
    def include(self) -> list[tuple[str, str]]:
        """The query that side-loads what these fields need."""
        beside = ["fieldValues"] if self._custom else []
        beside += ["contactLists"] if self._consent else []
        return [("include", ",".join(beside))] if beside else []

    def records(self, page: ContactPage) -> list[Record]:
        """Return the page's records in its order; custom fields without a value row are empty."""
        lists = self._lists(page.contact_lists)
        if isinstance(page.field_values, Unset):
            return [self._record(row, [], lists, complete=False) for row in page.contacts]
        rows: defaultdict[str, list[ValueRow]] = defaultdict(list)
        for value in page.field_values:
            rows[str(value.contact if value.contact is not None else value.owner)].append(value)
        return [self._record(row, rows.get(str(row.id), ()), lists, complete=True) for row in page.contacts]

    def _lists(self, given: list[ListRow] | Unset) -> dict[str, list[ListRow]] | None:
        """Return rows on lists by contact; None when the answer has none at all, which says nothing."""
        if not self._consent or isinstance(given, Unset):
            return None
        rows: defaultdict[str, list[ListRow]] = defaultdict(list)
        for row in given:
            rows[str(row.contact)].append(row)
        return rows

    def record(self, answer: ContactAnswer, *, complete: bool) -> Record:
        """Return one contact's record; `complete` says that the answer holds all its value rows."""
        values = answer.field_values
        lists = self._lists(answer.contact_lists) if complete else None
        if isinstance(values, Unset):
            return self._record(answer.contact, [], lists, complete=False)
        return self._record(answer.contact, values, lists, complete=complete)

    def _record(
        self,
        row: ContactRow,
        rows: Sequence[ValueRow],
        lists: Mapping[str, Sequence[ListRow]] | None,
        *,
        complete: bool,
    ) -> Record:
        values: dict[str, Value] = {}
        times: dict[str, datetime] = {}
        gone = row.gone()
        if not gone:
            self._read_standard(row, values)
            if complete and _all_there(row, rows):
                values.update(self._empty)
            self._read_custom(rows, values, times)
        created = moment(row.cdate)
        email = None if isinstance(row.email, Unset) else row.email
        return Record(
            id=str(row.id),
            key=normal_email(email),
            values=values,
            stamp=moment(row.udate) or created or _NEVER,
            created=created,
            times=times,
            deleted=gone,
            consent=None if gone or lists is None else _consent(row, lists.get(str(row.id), ())),
        )

    def _read_standard(self, row: ContactRow, values: dict[str, Value]) -> None:
        for name, attribute, decode in self._standard:
            raw = attribute(row)
            if not isinstance(raw, Unset):
                values[name] = None if raw is None else decode(raw)

    def _read_custom(
        self, rows: Sequence[ValueRow], values: dict[str, Value], times: dict[str, datetime]
    ) -> None:
        for row in rows:
            wanted = self._custom.get(str(row.field))
            if wanted is None:
                continue
            name, decode = wanted
            changed = moment(row.udate)
            if changed is not None:
                times[name] = changed
            try:
                values[name] = None if row.value is None else decode(row.value)
            except ValueError:
                values.pop(name, None)


def _consent(row: ContactRow, rows: Sequence[ListRow]) -> Consent | None:
    """Return a contact's consent, or None when a row is missing that the contact itself lists."""
    if not isinstance(row.contact_lists, Unset) and len(row.contact_lists or ()) > len(rows):
        return None
    return consent_of(rows, row.bounced_hard, row.bounced_date)


def zone_minutes(page: ContactPage) -> int | None:
    """Return the account's offset from UTC in minutes, as the page's last stamp shows it."""
    raw = page.contacts[-1].udate if page.contacts else None
    try:
        offset = parse_moment(raw).utcoffset() if raw else None
    except ValueError:
        return None
    return None if offset is None else int(offset.total_seconds() // 60)


def _set(flag: Flag) -> bool:
    return str(flag) in {"1", "True"}


def _all_there(row: ContactRow, rows: Sequence[ValueRow]) -> bool:
    """Tell whether no value row is missing that the contact itself lists: then absence means empty."""
    return isinstance(row.field_values, Unset) or len(row.field_values or ()) <= len(rows)
