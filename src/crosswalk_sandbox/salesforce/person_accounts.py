"""Person accounts: accounts that are people, each with a hidden contact that shows the same.

Source: Salesforce object reference, Account; person accounts are written through the account alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crosswalk_sandbox.salesforce import features, ids, record_types
from crosswalk_sandbox.salesforce.errors import RecordError
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.schema import Object
from crosswalk_sandbox.salesforce.store import Row

STAMPS = (
    "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp", "IsDeleted",
)  # fmt: skip


def required(org: Org, kind: Object, given: Mapping[str, Any]) -> Iterable[str]:
    """What a new record needs: a person has a last name in place of a name. Raises RecordError."""
    if kind.name != "Account" or not org.rules.person_accounts:
        return kind.required
    person = is_person(org, kind, given)
    _refuse_mixed(org, person, given)
    return ("LastName" if person and name == "Name" else name for name in kind.required)


def is_person(org: Org, kind: Object, given: Mapping[str, Any]) -> bool:
    """Whether a new account is one, which its record type says."""
    chosen = record_types.of(org, kind, ids.canonical(str(given.get("RecordTypeId"))))
    return bool(chosen and chosen.person)


def record_type(org: Org) -> str:
    """The id of the first record type of persons."""
    return next(
        record_id for record_id, each in record_types.by_id(org, org.schema["Account"]) if each.person
    )


def marks(org: Org, kind: Object, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a new record says of it."""
    if "IsPersonAccount" not in kind.fields:
        return {}
    return {"IsPersonAccount": kind.name == "Account" and is_person(org, kind, given)}


def refuse_change(org: Org, kind: Object, row: Row, sent: Mapping[str, Any]) -> None:
    """Raises RecordError for a change of the hidden contact, and for a person's or a company's own fields."""
    if not org.rules.person_accounts or kind.name not in ("Account", "Contact"):
        return
    if kind.name == "Contact" and row.get("IsPersonAccount"):
        raise _unwritable(sent)
    if kind.name == "Account":
        _refuse_mixed(org, bool(row.get("IsPersonAccount")), sent)


def refuse_delete(org: Org, kind: Object, row: Row) -> None:
    """Raises RecordError for the hidden contact of an account that is still there."""
    if kind.name == "Contact" and row.get("IsPersonAccount"):
        account = org.row(row.get("AccountId"))
        if account is not None and not account["IsDeleted"]:
            raise RecordError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")


def _refuse_mixed(org: Org, person: bool, sent: Mapping[str, Any]) -> None:
    others = {"Name"} if person else set(features.twins(org.base))
    if wrong := {
        name: value for name, value in sent.items() if name in others and value not in (None, False)
    }:
        raise _unwritable(wrong)


def _unwritable(sent: Iterable[str]) -> RecordError:
    names = tuple(sent)
    text = f"Account: bad field names on insert/update call: {', '.join(names)}"
    return RecordError("INVALID_FIELD_FOR_INSERT_UPDATE", text, names)


def follow(org: Org, row: Row) -> Row:
    """Let the hidden contact show what the account was saved with; the account, with its contact's id."""
    if not row.get("IsPersonAccount"):
        return row
    kind = org.schema["Contact"]
    known = org.row(row.get("PersonContactId"))
    contact_id = known["Id"] if known else org.new_id(kind)
    own = {name: row.get(account) for account, name in features.twins(org.base).items()}
    shared = {name: row.get(name) for name in (*features.SHARED, *STAMPS, "Name")}
    twin = {**kind.unticked, **(known or {}), **own, **shared}
    twin |= {"Id": contact_id, "AccountId": row["Id"], "IsPersonAccount": True}
    org.store.put("Contact", {name: value for name, value in twin.items() if value is not None})
    if known is None:
        row = {**row, "PersonContactId": contact_id}
        org.store.put("Account", row)
    return row
