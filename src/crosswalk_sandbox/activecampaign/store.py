"""The state of one ActiveCampaign account: plain objects, indexes by id and e-mail, and stamps."""

from __future__ import annotations

import random
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from crosswalk_sandbox.activecampaign.habits import Moving, Rules
from crosswalk_sandbox.clock import Clock

ACTIVE, UNSUBSCRIBED, BOUNCED = 1, 2, 3  # states on a list
ZONE = timezone(timedelta(hours=-6))  # the account's time zone, in which it writes its stamps


@dataclass(slots=True, kw_only=True)
class User:
    """Somebody with a sign-in and an API key."""

    id: int
    username: str
    first_name: str
    last_name: str
    email: str
    key: str
    admin: bool


@dataclass(slots=True, kw_only=True)
class Option:
    """One choice of a field; values hold its `value`, not its id."""

    id: int
    field: int
    order: int
    value: str
    label: str
    default: bool


@dataclass(slots=True, kw_only=True)
class Field:
    """A custom field of contacts."""

    id: int
    title: str
    type: str
    perstag: str
    description: str = ""
    default: str = ""
    visible: bool = True
    order: int = 1
    options: list[Option] = field(default_factory=list)
    created: datetime
    updated: datetime


@dataclass(slots=True, kw_only=True)
class Relation:
    """Makes a field visible on a list; list 0 is all of them."""

    id: int
    field: int
    list: int
    created: datetime


@dataclass(slots=True, kw_only=True)
class FieldValue:
    """A contact's value of a custom field; always text."""

    id: int
    contact: int
    field: int
    value: str
    created: datetime
    updated: datetime
    created_by: int | None = None
    updated_by: int | None = None


@dataclass(slots=True, kw_only=True)
class Tag:
    """A tag; `kind` is contact or template."""

    id: int
    name: str
    kind: str
    description: str
    created: datetime


@dataclass(slots=True, kw_only=True)
class ContactTag:
    """A tag on a contact."""

    id: int
    contact: int
    tag: int
    created: datetime


@dataclass(slots=True, kw_only=True)
class MailingList:
    """A list that contacts subscribe to."""

    id: int
    name: str
    stringid: str
    sender_url: str
    sender_reminder: str
    created: datetime
    updated: datetime


@dataclass(slots=True, kw_only=True)
class Membership:
    """A contact's state on a list: 0 unconfirmed, 1 active, 2 unsubscribed, 3 bounced."""

    id: int
    contact: int
    list: int
    status: int
    source: int
    created: datetime
    updated: datetime


@dataclass(slots=True, kw_only=True, eq=False)
class Contact:
    """A contact. Stamps are aware UTC in whole seconds; keys of the dicts are field, tag and list ids."""

    id: int
    email: str
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    account_name: str = ""
    created: datetime
    updated: datetime
    deleted: datetime | None = None
    bounced_hard: bool = False
    anonymized: bool = False
    values: dict[int, FieldValue] = field(default_factory=dict)
    tags: dict[int, ContactTag] = field(default_factory=dict)
    lists: dict[int, Membership] = field(default_factory=dict)


def key_of(email: str) -> str:
    """The form in which e-mail addresses are compared: trimmed, without case."""
    return email.strip().lower()


class Account:
    """Everything an account holds. Not thread-safe: its owner locks."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self.clock = clock
        self.chance = random.Random(f"activecampaign {seed}")
        self.base_url = ""
        self.rules = Rules()
        self.users: dict[int, User] = {}
        self.fields: dict[int, Field] = {}
        self.relations: dict[int, Relation] = {}
        self.tags: dict[int, Tag] = {}
        self.lists: dict[int, MailingList] = {}
        self.contacts: dict[int, Contact] = {}  # live ones, ids rising
        self.deleted: list[Contact] = []
        self.values: dict[int, FieldValue] = {}
        self.contact_tags: dict[int, ContactTag] = {}
        self.by_id: list[Contact] = []  # live contacts, sorted: new ids are always the highest
        self._by_email: dict[str, Contact] = {}
        self.last_ids: Counter[str] = Counter()

    def now(self) -> datetime:
        """The time of a stamp: whole seconds."""
        return self.clock.now().replace(microsecond=0)

    def new_id(self, kind: str) -> int:
        self.last_ids[kind] += 1
        return self.last_ids[kind]

    def skip_ids(self, kind: str, last: int) -> None:
        """Go on above `last` when the next id of that kind is given out."""
        self.last_ids[kind] = max(self.last_ids[kind], last)

    def with_email(self, email: str) -> Contact | None:
        return self._by_email.get(key_of(email))

    def place(self, contact_id: int) -> int:
        """Where in `by_id` the contacts with this id or a higher one begin."""
        return bisect_left(self.by_id, contact_id, key=lambda contact: contact.id)

    def add_contact(self, email: str, at: datetime) -> Contact:
        """A new contact with a free address, live from now on; or the one that had it, if accounts revive."""
        if self.rules.revives and email and (known := self._last_with(email)):
            return self._revive(known)
        contact = Contact(id=self.new_id("contact"), email=email.strip(), created=at, updated=at)
        self.contacts[contact.id] = contact
        if contact.email:
            self._by_email[key_of(email)] = contact
        self.by_id.append(contact)
        return contact

    def _last_with(self, email: str) -> Contact | None:
        """The contact with that address that was deleted last."""
        return next((each for each in reversed(self.deleted) if key_of(each.email) == key_of(email)), None)

    def _revive(self, contact: Contact) -> Contact:
        self.deleted.remove(contact)
        contact.deleted = None
        self.contacts[contact.id] = self._by_email[key_of(contact.email)] = contact
        insort(self.by_id, contact, key=lambda each: each.id)
        self.contacts = {each.id: each for each in self.by_id}
        self.values.update((row.id, row) for row in contact.values.values())
        self.contact_tags.update((row.id, row) for row in contact.tags.values())
        return contact

    def _touch(self, contact: Contact, what: Moving, at: datetime) -> None:
        """Move the contact's stamp if such a change does, which the vendor does not tell."""
        if what in self.rules.stamp_moves_with:
            contact.updated = at

    def adopt(self, contacts: Iterable[Contact]) -> None:
        """Take live contacts, ids rising, with their values and tags, into an empty account."""
        for contact in contacts:
            self.contacts[contact.id] = contact
            if contact.email:
                self._by_email[key_of(contact.email)] = contact
            self.by_id.append(contact)
        values = (row for contact in self.by_id for row in contact.values.values())
        self.values.update((row.id, row) for row in sorted(values, key=lambda row: row.id))
        tags = (row for contact in self.by_id for row in contact.tags.values())
        self.contact_tags.update((row.id, row) for row in sorted(tags, key=lambda row: row.id))

    def move_email(self, contact: Contact, email: str) -> None:
        self._release(contact)
        contact.email = email.strip()
        self._by_email[key_of(email)] = contact

    def anonymize(self, contact: Contact, at: datetime) -> None:
        """Nothing about the person is left but the id; the address is free again, and its stamp moves."""
        self._release(contact)
        for value in list(contact.values.values()):
            self.drop_value(value)
        contact.email = contact.first_name = contact.last_name = contact.phone = contact.account_name = ""
        contact.anonymized, contact.updated = True, at
        for row in contact.lists.values():
            row.status, row.updated = UNSUBSCRIBED, at

    def delete_contact(self, contact: Contact) -> None:
        """Gone from every list and look-up; kept for the dump alone."""
        contact.deleted = self.now()
        del self.contacts[contact.id]
        self._release(contact)
        del self.by_id[self.place(contact.id)]
        for value in contact.values.values():
            del self.values[value.id]
        for row in contact.tags.values():
            del self.contact_tags[row.id]
        self.deleted.append(contact)

    def _release(self, contact: Contact) -> None:
        """Let the contact's address, if it has one, be free."""
        if self.with_email(contact.email) is contact:
            del self._by_email[key_of(contact.email)]

    def set_value(
        self, contact: Contact, field_id: int, value: str, at: datetime, user: int | None
    ) -> FieldValue:
        """Store one custom value; its own stamp moves, the contact's only by the account's rules."""
        self._touch(contact, "values", at)
        row = contact.values.get(field_id)
        if row is None:
            row = FieldValue(
                id=self.new_id("fieldValue"),
                contact=contact.id,
                field=field_id,
                value=value,
                created=at,
                updated=at,
                created_by=user,
            )
            contact.values[field_id] = self.values[row.id] = row
            return row
        row.value, row.updated, row.updated_by = value, at, user
        return row

    def drop_value(self, row: FieldValue) -> None:
        del self.values[row.id]
        del self.contacts[row.contact].values[row.field]

    def add_tag(self, name: str, kind: str = "contact", description: str = "") -> Tag:
        tag_id = self.new_id("tag")
        tag = Tag(id=tag_id, name=name, kind=kind, description=description, created=self.now())
        self.tags[tag_id] = tag
        return tag

    def tag_named(self, name: str) -> Tag | None:
        wanted = name.strip().lower()
        return next((tag for tag in self.tags.values() if tag.name.lower() == wanted), None)

    def tag_contact(self, contact: Contact, tag: Tag, at: datetime) -> ContactTag:
        """Put a tag on a contact; twice is as once."""
        if (row := contact.tags.get(tag.id)) is None:
            row = ContactTag(id=self.new_id("contactTag"), contact=contact.id, tag=tag.id, created=at)
            contact.tags[tag.id] = self.contact_tags[row.id] = row
            self._touch(contact, "tags", at)
        return row

    def untag_contact(self, row: ContactTag) -> None:
        del self.contact_tags[row.id]
        del self.contacts[row.contact].tags[row.tag]
        self._touch(self.contacts[row.contact], "tags", self.now())

    def set_status(
        self, contact: Contact, list_id: int, status: int, source: int, at: datetime
    ) -> Membership:
        """Set a contact's state on a list."""
        self._touch(contact, "lists", at)
        row = contact.lists.get(list_id)
        if row is None:
            row = Membership(
                id=self.new_id("contactList"),
                contact=contact.id,
                list=list_id,
                status=status,
                source=source,
                created=at,
                updated=at,
            )
            contact.lists[list_id] = row
        row.status, row.source, row.updated = status, source, at
        return row

    def bounce(self, contact: Contact, at: datetime) -> None:
        """A hard bounce: the contact is active on no list any more; its stamp does not move."""
        contact.bounced_hard = True
        for row in contact.lists.values():
            if row.status == ACTIVE:
                row.status, row.updated = BOUNCED, at

    def everyone(self) -> Iterable[Contact]:
        """Live and deleted contacts by id."""
        return sorted([*self.contacts.values(), *self.deleted], key=lambda contact: contact.id)


@lru_cache(maxsize=100_000)
def stamp(at: datetime) -> str:
    """ISO with the account's offset, such as `2026-03-02T08:11:04-06:00`."""
    return at.astimezone(ZONE).isoformat()


@lru_cache(maxsize=100_000)
def local_stamp(at: datetime) -> str:
    """The account's local time without offset, such as `2026-03-02 08:11:04`."""
    return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")


def read_time(text: str) -> datetime | None:
    """An ISO date or date-time in UTC; without offset it is the account's time. None if it is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=ZONE)).astimezone(UTC)
