"""What the headers of a contact export mean.

The vendor does not document them, so every spelling that is likely is understood; what is no known attribute
becomes a custom field.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crosswalk_sandbox.activecampaign.store import Account, Field
from crosswalk_sandbox.load.columns import Column

ATTRIBUTES = {
    "email": ("email", "email address", "e-mail", "e-mail address", "emailaddress"),
    "first_name": ("first name", "firstname", "first_name"),
    "last_name": ("last name", "lastname", "last_name"),
    "full_name": ("name", "full name", "fullname", "contact name"),
    "phone": ("phone", "phone number", "telephone"),
    "account_name": ("account", "account name", "organization", "organisation", "orgname"),
    "id": ("id", "contact id", "contactid", "subscriber id", "subscriberid"),
    "tags": ("tags", "tag"),
    "lists": ("lists", "list", "list name", "list names", "list membership"),
    "status": ("status", "contact status", "list status", "subscription status"),
    "created": (
        "date created", "created", "created date", "create date", "creation date", "date added", "cdate",
        "created at", "created_at", "subscription date", "date subscribed",
    ),
    "updated": (
        "date updated", "date modified", "updated", "updated date", "last updated", "last modified", "udate",
        "modified", "date last updated", "updated at", "updated_at",
    ),
}  # fmt: skip
NAMES = {name: attribute for attribute, names in ATTRIBUTES.items() for name in names}
NOT_READ = frozenset({"ip", "ip address", "ip4", "hash", "gravatar"})
STATUSES = {
    "active": 1, "subscribed": 1, "unsubscribed": 2, "unsubscribe": 2, "bounced": 3, "unconfirmed": 0,
    "hard bounced": 3, "1": 1, "2": 2, "3": 3, "0": 0,
}  # fmt: skip
TELLING = frozenset(STATUSES) - {"active", "0", "1", "2", "3"}  # words that say little but a list's state
LIST_NAME = re.compile(
    r"list\s*:\s*(?P<name>.+)|(?P<other>.+?)\s*(?:-\s*)?\(?(?:list )?status\)?\Z", re.IGNORECASE
)
MERGE_TAG = re.compile(r"%(?P<tag>\w+)%\Z")


@dataclass(frozen=True, slots=True)
class Attribute:
    """Something that every contact has."""

    name: str


@dataclass(frozen=True, slots=True)
class Custom:
    """A custom field: one that the account has already, or a new one of that title."""

    title: str
    known: Field | None = None


@dataclass(frozen=True, slots=True)
class OnList:
    """The contact's state on one list."""

    name: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A column that is not read; without a reason nobody needs to be told."""

    reason: str = ""


Meaning = Attribute | Custom | OnList | Ignored


def meanings(account: Account, headers: Sequence[str], columns: Sequence[Column]) -> list[Meaning]:
    """What each column means, by its header and where that is not enough by its values."""
    found: list[Meaning] = []
    for header, column in zip(headers, columns, strict=True):
        meaning = _meaning(account, header, column)
        known = _name(meaning) and _name(meaning) in {_name(each) for each in found}
        found.append(Ignored(f"another column is {header}, too") if known else meaning)
    return found


def _name(meaning: Meaning) -> str:
    match meaning:
        case Attribute():
            return f"attribute {meaning.name}"
        case Custom():
            return f"custom {meaning.title.lower()}"
        case OnList():
            return f"list {meaning.name.lower()}"
    return ""


def _meaning(account: Account, header: str, column: Column) -> Meaning:
    plain = " ".join(header.strip("% ").split()).lower()
    if not plain or plain in NOT_READ:
        return Ignored()
    states = _are_states(column)
    attribute = NAMES.get(plain)
    if attribute and (attribute != "status" or states):
        return Attribute(attribute)
    if field := _known(account, header):
        return Custom(field.title, field)
    if (name := _list(account, header, states, column)) is not None:
        return OnList(name)
    return Custom(_title(header))


def _known(account: Account, header: str) -> Field | None:
    """The custom field of that title or merge tag."""
    wanted = header.strip("% ").lower()
    fields = account.fields.values()
    return next((each for each in fields if wanted in (each.title.lower(), each.perstag.lower())), None)


def _list(account: Account, header: str, states: bool, column: Column) -> str | None:
    """The list whose states a column holds; None when it holds something else."""
    found = LIST_NAME.match(header)
    name = (found["name"] or found["other"]) if found else header
    known = {each.name.lower(): each.name for each in account.lists.values()}
    if not states and column.count:
        return None
    if name.lower() in known:
        return known[name.lower()]
    said = found is not None and found["name"] is not None
    return name if said or (states and _words(column) & TELLING) else None


def _are_states(column: Column) -> bool:
    return bool(column.count) and _words(column) <= STATUSES.keys()


def _words(column: Column) -> set[str]:
    """The different values of a column, "" among them when they are too many."""
    return {""} if column.values is None else {text.lower() for text in column.values}


def _title(header: str) -> str:
    """A title for people, from a merge tag if need be."""
    if found := MERGE_TAG.match(header):
        return " ".join(word.capitalize() for word in found["tag"].split("_") if word)
    return header


def listed(text: str) -> dict[str, int | None]:
    """The lists in a cell, such as `Newsletter, Product updates (unsubscribed)`, with the states it names."""
    separator = "||" if "||" in text else ";" if ";" in text else ","
    found: dict[str, int | None] = {}
    for part in filter(None, map(str.strip, text.split(separator))):
        name, _, said = part.rstrip(")").replace("(", ":").rpartition(":")
        status = STATUSES.get(said.strip().lower())
        if name and status is not None:
            found[name.strip()] = status
        else:
            found[part] = None
    return found
