"""Merging one contact into another, which the vendor's pages alone can do.

Source: ActiveCampaign Help, How to merge contacts: the source's address is gone afterwards, the destination's stays,
and of fields that differ either all are the destination's or all the source's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from crosswalk_sandbox.activecampaign.store import ACTIVE, Account, Contact
from crosswalk_sandbox.system import PersonError

OWN = ("first_name", "last_name", "phone", "account_name")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a merge takes besides the contact that stays."""

    source: str | int  # the contact that goes
    keep: Literal["destination", "source"] = "destination"  # whose values stay where both have one


def read_options(values: Mapping[str, Any]) -> Options:
    """Raises PersonError."""
    try:
        return msgspec.convert(values, Options)
    except msgspec.ValidationError as error:
        raise PersonError(f"merge takes source, a contact's id, and keep: {error}") from error


def merge(account: Account, source: Contact, into: Contact, *, keep_source: bool, user: int) -> None:
    """Let `into` have what the source has; the source is deleted, and only the stamp of `into` shows it."""
    at = account.now()
    account.delete_contact(source)
    for name in OWN:
        if (text := getattr(source, name)) and (keep_source or not getattr(into, name)):
            setattr(into, name, text)
    for field_id, row in source.values.items():
        mine = into.values.get(field_id)
        if row.value and (keep_source or mine is None or not mine.value):
            account.set_value(into, field_id, row.value, at, user)
    for tag_id in source.tags:
        account.tag_contact(into, account.tags[tag_id], at)
    _join_lists(account, source, into, at)
    into.updated = at


def _join_lists(account: Account, source: Contact, into: Contact, at: datetime) -> None:
    """Where only the source is on a list its state passes over; who left a list is not active on it again."""
    for row in source.lists.values():
        mine = into.lists.get(row.list)
        if mine is None or (mine.status == ACTIVE and row.status != ACTIVE):
            account.set_status(into, row.list, row.status, row.source, at)
