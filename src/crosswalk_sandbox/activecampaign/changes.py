"""What is to change on a contact: read from either dialect of the API, checked whole, then applied."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from crosswalk_sandbox.activecampaign.calls import number
from crosswalk_sandbox.activecampaign.errors import InvalidError, VendorError
from crosswalk_sandbox.activecampaign.store import Account, Contact, Field
from crosswalk_sandbox.activecampaign.values import stored
from crosswalk_sandbox.http import json_response

EMAIL = re.compile(r"[^\s@<>(),;:\"\[\]\\]+@([^\W_]([\w-]*[^\W_])?\.)+[^\W\d_][\w-]+")
OWN_TEXTS = {"first_name": "firstName", "last_name": "lastName", "phone": "phone"}
LONGEST_EMAIL = 255
LONGEST_NAME = 255  # more is cut without a word


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a call names a contact's attributes."""

    first_name: str
    last_name: str
    phone: str
    values: str  # the list of custom values
    value_field: str  # the key of the field's id in it


SYNC = Dialect(
    first_name="firstName", last_name="lastName", phone="phone", values="fieldValues", value_field="field"
)
IMPORT = Dialect(
    first_name="first_name", last_name="last_name", phone="phone", values="fields", value_field="id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Checked changes; None and absent fields stay as they are."""

    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    values: dict[int, Any] = field(default_factory=dict)  # by field id, as sent


def read_changes(account: Account, body: Mapping[str, Any], dialect: Dialect) -> Changes:
    """Check a contact object; attributes that a contact does not have are ignored. Raises InvalidError."""
    return Changes(
        email=read_email(body["email"]) if "email" in body else None,
        first_name=_text(body, dialect.first_name, LONGEST_NAME),
        last_name=_text(body, dialect.last_name, LONGEST_NAME),
        phone=_text(body, dialect.phone, LONGEST_NAME),
        values=_values(account, body.get(dialect.values), dialect),
    )


def read_email(given: Any) -> str:
    """The trimmed address. Raises InvalidError when there is none or it is none."""
    if given is None or given == "":
        raise InvalidError.missing("email")
    if not isinstance(given, str) or len(given) > LONGEST_EMAIL or not EMAIL.fullmatch(given.strip()):
        raise InvalidError.unfit("email", "Email address is invalid.")
    return given.strip()


def _text(body: Mapping[str, Any], name: str, longest: int) -> str | None:
    if name not in body:
        return None
    given = body[name]
    if isinstance(given, bool | list | dict):
        raise InvalidError.unfit(name, f"{name} must be text.")
    return "" if given is None else str(given)[:longest]


def _values(account: Account, given: Any, dialect: Dialect) -> dict[int, Any]:
    """Custom values by field id, each checked against its field's type."""
    if given is None:
        return {}
    if not isinstance(given, list):
        raise InvalidError.unfit(dialect.values, f"{dialect.values} must be a list.")
    return dict(_value(account, item, dialect) for item in given)


def _value(account: Account, item: Any, dialect: Dialect) -> tuple[int, Any]:
    if not isinstance(item, dict) or "value" not in item:
        raise InvalidError.unfit(dialect.values, f"{dialect.values} needs {dialect.value_field} and value.")
    definition = known_field(account, item.get(dialect.value_field), dialect.values)
    stored(definition, item["value"], "", account.rules)
    return definition.id, item["value"]


def known_field(account: Account, given: Any, attribute: str) -> Field:
    """The field with that id. Raises InvalidError."""
    definition = account.fields.get(number(given))
    if definition is None:
        raise InvalidError.unfit(attribute, f"There is no field with id {given}.")
    return definition


def check_free(account: Account, email: str, contact: Contact | None = None) -> None:
    """Raises InvalidError when another contact than `contact` has the address."""
    holder = account.with_email(email)
    if holder is not None and holder is not contact:
        raise InvalidError.duplicate("email", "Email address already exists in the system")


def apply(
    account: Account, contact: Contact, changes: Changes, at: datetime, user: int | None = None
) -> None:
    """Make checked changes; the contact's stamp moves even when nothing differs."""
    if changes.email is not None:
        account.move_email(contact, account.rules.made_of("email", changes.email))
    for attribute, name in OWN_TEXTS.items():
        if (text := getattr(changes, attribute)) is not None:
            setattr(contact, attribute, account.rules.made_of(name, text))
    for field_id, value in changes.values.items():
        write_value(account, contact, field_id, value, at, user)
    contact.updated = at


def write_value(
    account: Account, contact: Contact, field_id: int, value: Any, at: datetime, user: int | None
) -> None:
    """Store one checked value; emptying what has no row makes none."""
    row = contact.values.get(field_id)
    text = stored(account.fields[field_id], value, row.value if row else "", account.rules)
    if row is None and (not text or value in (None, "")):
        return
    account.set_value(contact, field_id, text, at, user)


def check_room(account: Account) -> None:
    """Raises VendorError when the account has as many contacts as its plan allows."""
    limit = account.rules.contact_limit
    if limit is None or len(account.contacts) < limit:
        return
    text = "Contact limit reached. Upgrade your plan to add more contacts."
    if account.rules.limit_status == 403:
        raise VendorError(json_response(403, {"errors": [{"status": 403, "title": text, "detail": ""}]}))
    raise InvalidError.unfit("email", text)


def without_blank_values(changes: Changes) -> Changes:
    """The same changes without custom values that are empty."""
    kept = {field_id: value for field_id, value in changes.values.items() if not _blank(value)}
    return replace(changes, values=kept)


def without_blanks(changes: Changes) -> Changes:
    """The same changes with everything empty left out: an import does not blank anything."""
    return Changes(
        email=changes.email,
        first_name=changes.first_name or None,
        last_name=changes.last_name or None,
        phone=changes.phone or None,
        values=without_blank_values(changes).values,
    )


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.replace("|", "").strip())


def tag_names(given: Any) -> list[str]:
    """Names of tags from a list of texts. Raises InvalidError."""
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(name, str) and name.strip() for name in given):
        raise InvalidError.unfit("tags", "tags must be a list of names.")
    return [name.strip() for name in given]


def put_tags(account: Account, contact: Contact, names: Iterable[str], at: datetime) -> None:
    """Tag a contact by names; new names become new tags."""
    for name in names:
        account.tag_contact(contact, account.tag_named(name) or account.add_tag(name), at)
