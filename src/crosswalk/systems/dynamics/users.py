"""The environment's users: people, not applications.

Source: Dataverse Web API, systemuser (isdisabled, applicationid, accessmode), query function contains.
"""

from __future__ import annotations

import msgspec

from ...core.failures import FailureKind, SystemFailure
from ...core.system import Member
from ...core.words import keepable as _
from .client import Client, Query
from .people import literal

_PEOPLE = "isdisabled eq false and applicationid eq null"
_COLUMNS = "systemuserid,fullname,internalemailaddress"


class _User(msgspec.Struct, frozen=True):
    systemuserid: str
    fullname: str | None = None
    internalemailaddress: str | None = None


class _Page(msgspec.Struct, frozen=True):
    value: list[_User]


def find_users(client: Client, search: str, limit: int) -> list[Member]:
    """Find users by a part of their name or e-mail, in one call. Raises SystemFailure(PERMISSION) without the right."""
    try:
        found = client.read("/systemusers", query=_query(search.strip(), limit)).decode(_Page).value
    except SystemFailure as failure:
        if failure.kind is FailureKind.PERMISSION:
            failure.cure = _(
                "Give the application user's security role Read on the table User, for the whole organization."
                " Everything else works without it."
            )
        raise
    return [
        Member(id=each.systemuserid.lower(), name=each.fullname or "", email=each.internalemailaddress or "")
        for each in found
    ]


def _query(search: str, limit: int) -> Query:
    condition = _PEOPLE
    if search:
        part = literal(search)
        condition += f" and (contains(fullname,'{part}') or contains(internalemailaddress,'{part}'))"
    return [("$select", _COLUMNS), ("$filter", condition), ("$orderby", "fullname asc"), ("$top", str(limit))]
