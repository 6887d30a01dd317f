"""The org's users: people who work there, not portals, sites or integrations.

Source: Object Reference, User (IsActive, UserType); SOQL, LIKE with its escape sequences.
"""

from __future__ import annotations

import msgspec

from ...core.failures import FailureKind, SystemFailure
from ...core.system import Member
from ...core.words import keepable as _
from . import soql
from .client import Client
from .ids import long_id

_STAFF = ["IsActive = true", "UserType = 'Standard'"]


class _User(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    name: str | None = None
    email: str | None = None


class _Page(msgspec.Struct, frozen=True):
    records: list[_User]


def find_users(client: Client, search: str, limit: int) -> list[Member]:
    """Find users by a part of their name or e-mail, in one call. Raises SystemFailure(PERMISSION) without the right."""
    try:
        found = client.query(_statement(search.strip(), limit)).decode(_Page).records
    except SystemFailure as failure:
        if failure.kind in {FailureKind.PERMISSION, FailureKind.MAPPING}:
            failure.kind = FailureKind.PERMISSION
            failure.cure = _(
                "Let the connection's user see other users: Setup, Permission Sets, System Permissions, View All Users."
                " Everything else works without it."
            )
        raise
    members = [Member(id=long_id(each.id), name=each.name or "", email=each.email or "") for each in found]
    return [each for each in members if _meets(each, search.strip().casefold())]


def _meets(member: Member, part: str) -> bool:
    """Tell whether a user was asked for: a pattern may match more than was meant."""
    return "\\" not in part or part in member.name.casefold() or part in member.email.casefold()


def _statement(search: str, limit: int) -> str:
    named = []
    if search:
        part, _exact = soql.like(search)
        named = [f"(Name LIKE '%{part}%' OR Email LIKE '%{part}%')"]
    return soql.select(
        ["Id", "Name", "Email"], "User", where=[*_STAFF, *named], tail=f"ORDER BY Name LIMIT {limit}"
    )
