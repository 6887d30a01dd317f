"""What people do in ActiveCampaign's own pages, and the dump of everything the account holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crosswalk_sandbox.activecampaign import merging, rows
from crosswalk_sandbox.activecampaign.calls import number
from crosswalk_sandbox.activecampaign.changes import (
    SYNC,
    Changes,
    apply,
    check_free,
    check_room,
    put_tags,
    read_changes,
    tag_names,
    write_value,
)
from crosswalk_sandbox.activecampaign.errors import InvalidError, VendorError
from crosswalk_sandbox.activecampaign.imports import Imports
from crosswalk_sandbox.activecampaign.store import Account, Contact, Field
from crosswalk_sandbox.activecampaign.values import MULTIPLE, joined
from crosswalk_sandbox.system import PersonError, Record

OWN = ("email", "firstName", "lastName", "phone")
KNOWN = (*OWN, "fields", "tags", "lists")
DEFAULT_USER = 1


class People:
    """People at work in the account. Their edits move `udate`; tags and lists do not."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._operations: dict[str, Callable[[int, str | None, Mapping[str, Any]], Contact]] = {
            "create": self._create,
            "edit": self._edit,
            "delete": self._delete,
            "tag": self._tag,
            "untag": self._untag,
            "bounce": self._bounce,
            "merge": self._merge,
            "anonymize": self._anonymize,
            "set_values": self._set_values,
        }

    def act(
        self, user: str, object_name: str, op: str, record_id: str | None, values: Mapping[str, Any]
    ) -> Record:
        """The contact after it. Raises PersonError."""
        if object_name != "contact" or op not in self._operations:
            wanted = ", ".join(self._operations)
            raise PersonError(f"people here can {wanted} a contact, not {op} a {object_name}")
        try:
            contact = self._operations[op](self._user(user), record_id, values)
        except InvalidError as invalid:
            raise PersonError(invalid.title) from invalid
        except VendorError as refused:
            raise PersonError(refused.response.body.decode()) from refused
        return dumped_contact(self._account, contact)

    def _create(self, user: int, record_id: str | None, values: Mapping[str, Any]) -> Contact:
        changes = self._changes(values)
        if changes.email is None and not self._account.rules.null_email:
            raise PersonError("a new contact needs an email")
        check_free(self._account, changes.email or "")
        check_room(self._account)
        contact = self._account.add_contact(changes.email or "", self._account.now())
        return self._apply(contact, changes, values, user)

    def _edit(self, user: int, record_id: str | None, values: Mapping[str, Any]) -> Contact:
        contact, changes = self._found(record_id), self._changes(values)
        if changes.email is not None:
            check_free(self._account, changes.email, contact)
        return self._apply(contact, changes, values, user)

    def _delete(self, user: int, record_id: str | None, values: Mapping[str, Any]) -> Contact:
        contact = self._found(record_id)
        self._account.delete_contact(contact)
        return contact

    def _tag(self, user: int, record_id: str | None, values: Mapping[str, Any]) -> Contact:
        contact = self._found(record_id)
        put_tags(self._account, contact, _given_tags(values), self._account.now())
        return contact

    def _untag(self, user: int, record_id: str | None, values: Mapping[str, Any]) -> Contact:
        contact = self._found(record_id)
        for name in _given_tags(values):
            tag = self._account.tag_named(name)
            if tag is None or tag.id not in contact.tags:
                raise PersonError(f"contact {contact.id} has no tag {name!r}")
            self._account.untag_contact(contact.tags[tag.id])
        return contact

    def _bounce(self, user: int, record_id: str | None, values: Mapping[str, Any]) -> Contact:
        """A mail could not be delivered for good: not a person's doing, but it happens in the account."""
        contact = self._found(record_id)
        self._account.bounce(contact, self._account.now())
        return contact

    def _merge(self, user: int, record_id: str | None, values: Mapping[str, Any]) -> Contact:
        """Take another contact over; see `merging`."""
        options = merging.read_options(values)
        source, into = self._found(str(options.source)), self._found(record_id)
        if source is into:
            raise PersonError("a contact cannot be merged into itself")
        merging.merge(self._account, source, into, keep_source=options.keep == "source", user=user)
        return into

    def _anonymize(self, user: int, record_id: str | None, values: Mapping[str, Any]) -> Contact:
        """Erase who the contact was, as the person asked for."""
        contact = self._found(record_id)
        self._account.anonymize(contact, self._account.now())
        return contact

    def _set_values(self, user: int, record_id: str | None, values: Mapping[str, Any]) -> Contact:
        """Set custom values alone, as automations and `/fieldValues` do: the contact's stamp does not move."""
        contact, changes = self._found(record_id), self._changes(values)
        if not values or {*OWN, "tags", "lists"} & set(values):
            raise PersonError("set_values takes custom fields alone")
        for field_id, value in changes.values.items():
            write_value(self._account, contact, field_id, value, self._account.now(), user)
        return contact

    def _apply(self, contact: Contact, changes: Changes, values: Mapping[str, Any], user: int) -> Contact:
        """The contact's stamp moves only if something of it is edited."""
        at = self._account.now()
        if set(values) - {"tags", "lists"}:
            apply(self._account, contact, changes, at, user)
        put_tags(self._account, contact, tag_names(values.get("tags")), at)
        for name, status in _object(values, "lists").items():
            self._account.set_status(contact, self._list(name), self._status(status), 0, at)
        return contact

    def _changes(self, values: Mapping[str, Any]) -> Changes:
        """Own attributes by their API names; other names, and those in `fields`, are custom fields'."""
        body: dict[str, Any] = {name: values[name] for name in OWN if name in values}
        custom = {name: value for name, value in values.items() if name not in KNOWN}
        custom |= _object(values, "fields")
        for name, value in custom.items():
            field = self._field(name)
            body.setdefault("fieldValues", []).append({"field": field.id, "value": _as_text(field, value)})
        return read_changes(self._account, body, SYNC)

    def _field(self, name: str) -> Field:
        for field in self._account.fields.values():
            if name in (str(field.id), field.title) or name.upper() == field.perstag:
                return field
        raise PersonError(f"a contact has no field {name!r}")

    def _found(self, record_id: str | None) -> Contact:
        contact = self._account.contacts.get(number(record_id))
        if contact is None:
            raise PersonError(f"there is no contact {record_id}")
        return contact

    def _user(self, name: str) -> int:
        if not name:
            return DEFAULT_USER
        for user in self._account.users.values():
            if name in (str(user.id), user.username, user.email):
                return user.id
        raise PersonError(f"there is no user {name!r}")

    def _list(self, name: str) -> int:
        for mailing_list in self._account.lists.values():
            if name in (str(mailing_list.id), mailing_list.name):
                return mailing_list.id
        raise PersonError(f"there is no list {name!r}")

    def _status(self, given: Any) -> int:
        if number(given) not in (1, 2):
            raise PersonError("on a list a contact is made 1 (subscribed) or 2 (unsubscribed)")
        return number(given)


def _given_tags(values: Mapping[str, Any]) -> list[str]:
    """From `{"tag": name}` or `{"tags": [names]}`."""
    given = tag_names([values["tag"]] if "tag" in values else values.get("tags"))
    if not given:
        raise PersonError("values need a tag")
    return given


def _object(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    given = values.get(name, {})
    if not isinstance(given, dict):
        raise PersonError(f"{name} must be an object")
    return given


def _as_text(field: Field, value: Any) -> Any:
    """Lists and ticks as the pages store them."""
    if field.type in MULTIPLE and isinstance(value, list):
        return joined(value)
    if field.type in MULTIPLE and isinstance(value, bool):
        return joined(option.value for option in field.options[:1]) if value else ""
    return value


def dumped_contact(account: Account, contact: Contact) -> Record:
    """A contact with custom values (by merge tag in `fields`), tag names and list states."""
    values = [rows.value_row(account, row) for row in contact.values.values()]
    return {
        **rows.contact_row(account, contact),
        "fieldValues": values,
        "fields": {
            account.fields[row.field].perstag: row.value
            for row in contact.values.values()
            if row.field in account.fields
        },
        "tags": [account.tags[tag_id].name for tag_id in contact.tags if tag_id in account.tags],
        "lists": {str(row.list): str(row.status) for row in contact.lists.values()},
    }


def dump(account: Account, imports: Imports) -> dict[str, list[Record]]:
    """Everything by object name."""
    batches = imports.batches.values()
    return {
        "contact": [dumped_contact(account, contact) for contact in account.everyone()],
        "field": [rows.field_row(account, field) for field in account.fields.values()],
        "fieldOption": [
            rows.option_row(option) for field in account.fields.values() for option in field.options
        ],
        "tag": [rows.tag_row(account, tag) for tag in account.tags.values()],
        "list": [rows.list_row(mailing_list) for mailing_list in account.lists.values()],
        "user": [{**rows.user_row(user), "key": user.key} for user in account.users.values()],
        "import": [
            {
                "batchId": batch.id,
                "status": "completed" if batch.done else "waiting",
                "contacts": len(batch.items),
                "exclude_automations": sum(item.quiet for item in batch.items),
                "success": [str(contact_id) for contact_id in batch.success],
                "failure": batch.failure,
            }
            for batch in batches
        ],
    }
