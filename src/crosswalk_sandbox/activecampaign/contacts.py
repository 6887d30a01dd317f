"""The contact endpoints: create, sync, change, delete, read. Source: API v3, Contacts."""

from __future__ import annotations

from typing import Any

from crosswalk_sandbox.activecampaign import rows
from crosswalk_sandbox.activecampaign.calls import Call, paged
from crosswalk_sandbox.activecampaign.changes import (
    SYNC,
    Changes,
    apply,
    check_free,
    check_room,
    read_changes,
    without_blank_values,
)
from crosswalk_sandbox.activecampaign.errors import InvalidError, unknown
from crosswalk_sandbox.activecampaign.listing import select
from crosswalk_sandbox.activecampaign.sideloads import included, sideload
from crosswalk_sandbox.activecampaign.store import Account, Contact
from crosswalk_sandbox.http import Response, json_response

ALWAYS_BESIDE_ONE = ("contactLists", "fieldValues")


def create(account: Account, call: Call) -> Response:
    """`POST /contacts`: 201, or 422 `duplicate` when the address is taken."""
    changes = _changes(account, call) if _may_lack_email(account, call) else _with_email(account, call)
    check_free(account, changes.email or "")
    return _written(account, _new(account, changes), 201)


def sync(account: Account, call: Call) -> Response:
    """`POST /contact/sync`: 201 created or 200 updated, by address; absent attributes stay."""
    changes = _with_email(account, call)
    contact = account.with_email(changes.email or "")
    if contact is None:
        return _written(account, _new(account, changes), 201)
    apply(account, contact, changes, account.now())
    return _written(account, contact, 200)


def update(account: Account, call: Call) -> Response:
    """`PUT /contacts/{id}`: may change the address, 422 when it is taken."""
    contact = found(account, call)
    changes = _changes(account, call)
    if changes.email is not None:
        check_free(account, changes.email, contact)
    apply(account, contact, changes, account.now())
    return _written(account, contact, 200)


def read(account: Account, call: Call) -> Response:
    """`GET /contacts/{id}`: with lists and custom values beside it, asked for or not."""
    contact = found(account, call)
    row = rows.contact_row(account, contact)
    beside: dict[str, Any] = {"contactAutomations": [], "deals": [], "geoIps": [], "accountContacts": []}
    beside |= sideload(account, [contact], [row], included(call.request, ALWAYS_BESIDE_ONE))
    return json_response(200, {**beside, "contact": row})


def delete(account: Account, call: Call) -> Response:
    """`DELETE /contacts/{id}`: `{}`; nothing lists it afterwards."""
    account.delete_contact(found(account, call))
    return json_response(200, {})


def browse(account: Account, call: Call) -> Response:
    """`GET /contacts`: filtered, ordered, paged, with side-loads."""
    page, meta = paged(call, select(account, call.request))
    found_rows = [rows.contact_row(account, contact) for contact in page]
    beside = {"scoreValues": [], **sideload(account, page, found_rows, included(call.request))}
    return json_response(200, {**beside, "contacts": found_rows, "meta": meta})


def read_values(account: Account, call: Call) -> Response:
    """`GET /contacts/{id}/fieldValues`: all of them, without `meta`."""
    values = found(account, call).values.values()
    return json_response(200, {"fieldValues": [rows.value_row(account, row) for row in values]})


def read_tags(account: Account, call: Call) -> Response:
    """`GET /contacts/{id}/contactTags`: all of them, without `meta`."""
    tags = found(account, call).tags.values()
    return json_response(200, {"contactTags": [rows.contact_tag_row(account, row) for row in tags]})


def read_lists(account: Account, call: Call) -> Response:
    """`GET /contacts/{id}/contactLists`: all of them, without `meta`."""
    lists = found(account, call).lists.values()
    return json_response(200, {"contactLists": [rows.membership_row(row) for row in lists]})


def found(account: Account, call: Call) -> Contact:
    """The contact of the path. Raises VendorError (404)."""
    contact = account.contacts.get(call.id)
    if contact is None:
        raise unknown("Subscriber", call.ids[0])
    return contact


def _may_lack_email(account: Account, call: Call) -> bool:
    """Whether the account allows contacts without an address, and the call does."""
    named = call.body().get("allowNullEmail"), call.envelope("contact").get("allowNullEmail")
    return account.rules.null_email and True in named


def _with_email(account: Account, call: Call) -> Changes:
    changes = _changes(account, call)
    if changes.email is None:
        raise InvalidError.missing("email")
    return changes


def _changes(account: Account, call: Call) -> Changes:
    changes = read_changes(account, call.envelope("contact"), SYNC)
    return without_blank_values(changes) if account.rules.blank_values == "ignored" else changes


def _new(account: Account, changes: Changes) -> Contact:
    check_room(account)
    at = account.now()
    contact = account.add_contact(changes.email or "", at)
    apply(account, contact, changes, at)
    return contact


def _written(account: Account, contact: Contact, status: int) -> Response:
    row = rows.contact_row(account, contact)
    beside = sideload(account, [contact], [row], {"fieldValues"})
    return json_response(status, {**beside, "contact": row})
