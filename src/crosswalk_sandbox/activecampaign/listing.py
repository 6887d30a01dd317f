"""Which contacts `GET /contacts` finds and in what order. Parameters that it does not know are ignored."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from crosswalk_sandbox.activecampaign.calls import number
from crosswalk_sandbox.activecampaign.store import Account, Contact, read_time
from crosswalk_sandbox.http import Request

Filter = Callable[[list[Contact]], list[Contact]]
ORDER = re.compile(r"orders\[(\w+)\]")
IDS = re.compile(r"ids\[\d*\]")


def select(account: Account, request: Request) -> Sequence[Contact]:
    """All contacts that pass every filter, by id unless ordered otherwise."""
    found = _candidates(account, request)
    for name, value in request.query:
        if maker := FILTERS.get(name):
            found = maker(value, request)(found)
    return _ordered(found, request)


def _candidates(account: Account, request: Request) -> list[Contact]:
    """Contacts by the indexes: address, ids, range of ids."""
    email = request.param("email")
    if email:
        contact = account.with_email(email)
        return [contact] if contact else []
    wanted = [number(value) for name, value in request.query if IDS.fullmatch(name)]
    if wanted:
        return [account.contacts[each] for each in sorted(set(wanted)) if each in account.contacts]
    low, high = request.param("id_greater"), request.param("id_less")
    first = account.place(number(low) + 1) if low else 0
    last = account.place(number(high)) if high else len(account.by_id)
    return account.by_id[first:last]


def _ordered(found: list[Contact], request: Request) -> list[Contact]:
    """By the documented orders, the first named counting most; the others are ignored."""
    orders = [(match[1], value.upper()) for name, value in request.query if (match := ORDER.fullmatch(name))]
    if orders == [("id", "ASC")]:
        return found  # as it is
    for name, direction in reversed(orders):
        if key := ORDERS.get(name):
            found = sorted(found, key=key, reverse=direction == "DESC")
    return found


def _passing(test: Callable[[Contact], bool]) -> Filter:
    return lambda found: [contact for contact in found if test(contact)]


def _email_like(value: str, _: Request) -> Filter:
    return _passing(lambda contact: value.lower() in contact.email.lower())


def _search(value: str, _: Request) -> Filter:
    wanted = value.lower()
    return _passing(
        lambda contact: (
            wanted in f"{contact.email}\n{contact.first_name} {contact.last_name}\n{contact.phone}".lower()
        )
    )


def _phone(value: str, _: Request) -> Filter:
    return _passing(lambda contact: contact.phone.startswith(value))


def _tag(value: str, _: Request) -> Filter:
    tag_id = number(value)
    return lambda found: [contact for contact in found if tag_id in contact.tags]


def _list(value: str, _: Request) -> Filter:
    list_id = number(value)
    return lambda found: [contact for contact in found if list_id in contact.lists]


def _status(value: str, request: Request) -> Filter:
    """State on the list of `listid`, or on any; -1 is any state."""
    if not value.isdigit():
        return list
    status, list_id = int(value), number(request.param("listid"))
    return _passing(
        lambda contact: any(
            row.status == status for row in contact.lists.values() if list_id in (0, row.list)
        )
    )


def _nobody(value: str, _: Request) -> Filter:
    """Segments, automations, forms: the account has none."""
    return lambda found: []


def _stamped(choose: Callable[[list[Contact], datetime], list[Contact]]) -> Callable[[str, Request], Filter]:
    """Strictly after or before a time; a text that is no time filters nothing."""

    def make(value: str, _: Request) -> Filter:
        at = read_time(value)
        return list if at is None else lambda found: choose(found, at)

    return make


FILTERS: dict[str, Callable[[str, Request], Filter]] = {
    "email_like": _email_like,
    "search": _search,
    "phone": _phone,
    "tagid": _tag,
    "listid": _list,
    "status": _status,
    "segmentid": _nobody,
    "seriesid": _nobody,
    "formid": _nobody,
    "waitid": _nobody,
    "filters[created_after]": _stamped(
        lambda found, at: [contact for contact in found if contact.created > at]
    ),
    "filters[created_before]": _stamped(
        lambda found, at: [contact for contact in found if contact.created < at]
    ),
    "filters[updated_after]": _stamped(
        lambda found, at: [contact for contact in found if contact.updated > at]
    ),
    "filters[updated_before]": _stamped(
        lambda found, at: [contact for contact in found if contact.updated < at]
    ),
}
ORDERS: dict[str, Callable[[Contact], Any]] = {
    "id": lambda contact: contact.id,
    "cdate": lambda contact: contact.created,
    "email": lambda contact: contact.email.lower(),
    "first_name": lambda contact: contact.first_name.lower(),
    "last_name": lambda contact: contact.last_name.lower(),
    "name": lambda contact: (contact.first_name.lower(), contact.last_name.lower()),
    "score": lambda contact: 0,
}
