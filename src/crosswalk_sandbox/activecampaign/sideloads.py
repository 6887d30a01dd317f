"""Side-loads: rows of related records at the top of an answer, their ids in the contact's row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from crosswalk_sandbox.activecampaign import rows
from crosswalk_sandbox.activecampaign.store import Account, Contact
from crosswalk_sandbox.http import Request

Load = Callable[[Account, Contact], list[rows.Row]]


def included(request: Request, always: Iterable[str] = ()) -> set[str]:
    """What `include=` names, unknown names and all."""
    asked = (request.param("include") or "").split(",")
    return {name.strip() for name in asked if name.strip()} | set(always)


def sideload(
    account: Account, contacts: Sequence[Contact], contact_rows: Sequence[rows.Row], names: AbstractSet[str]
) -> dict[str, list[Any]]:
    """The asked arrays; each contact's row also gets the ids of its own. Unknown names are ignored."""
    wanted = {name.partition(".")[0] for name in names}
    beside: dict[str, list[Any]] = {}
    for name, load in LOADS.items():
        if name not in wanted:
            continue
        beside[name] = []
        for contact, row in zip(contacts, contact_rows, strict=True):
            loaded = load(account, contact)
            row[name] = [each["id"] for each in loaded]
            beside[name] += loaded
    if "contactTags.tag" in names:
        used = {tag_id for contact in contacts for tag_id in contact.tags}
        beside["tags"] = [rows.tag_row(account, account.tags[tag_id]) for tag_id in sorted(used)]
    return beside


LOADS: dict[str, Load] = {
    "fieldValues": lambda account, contact: [rows.value_row(account, row) for row in contact.values.values()],
    "contactTags": lambda account, contact: [
        rows.contact_tag_row(account, row) for row in contact.tags.values()
    ],
    "contactLists": lambda account, contact: [rows.membership_row(row) for row in contact.lists.values()],
}
