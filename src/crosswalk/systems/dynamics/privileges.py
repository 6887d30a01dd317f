"""What the application user's security roles allow, as far as the environment tells.

Source: Dataverse Web API, RetrieveUserPrivileges; privileges are named after verb and table, and held to a depth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from .batch import Request
from .client import Client

EVERYWHERE = "Global"
_DEPTHS = ("Basic", "Local", "Deep", EVERYWHERE)  # numbered so, the least first
_NOT_GRANTED = -1


class _Held(msgspec.Struct, frozen=True, rename="pascal"):
    privilege_id: str
    depth: str | int = EVERYWHERE
    privilege_name: str | None = None


class _HeldAll(msgspec.Struct, frozen=True, rename="pascal"):
    role_privileges: list[_Held]


class _Named(msgspec.Struct, frozen=True):
    privilegeid: str
    name: str


class _NamedAll(msgspec.Struct, frozen=True):
    value: list[_Named]


def held(client: Client, user_id: str, names: Sequence[str]) -> Mapping[str, str | None] | None:
    """Return the depth to which the user holds each of these privileges, None for one that is not held.

    None in all where the environment does not tell. One call.
    """
    wanted = " or ".join(f"name eq '{name}'" for name in names)
    function = f"/systemusers({user_id})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()"
    answers = client.batch(
        [
            Request(path=function),
            Request(path="/privileges", query=[("$select", "privilegeid,name"), ("$filter", wanted)]),
        ],
        repeatable=True,
    )
    if answers[0].status != 200:
        return None
    rows = answers[0].decode(_HeldAll).role_privileges
    named = answers[1].decode(_NamedAll).value if answers[1].status == 200 else []
    if not named and not any(row.privilege_name for row in rows):
        return None
    return _depths(names, rows, {each.privilegeid.lower(): each.name for each in named})


def _depths(names: Sequence[str], rows: Sequence[_Held], by_id: Mapping[str, str]) -> dict[str, str | None]:
    """Return the widest depth of each privilege: several roles may grant it."""
    widest = dict.fromkeys((name.lower() for name in names), _NOT_GRANTED)
    for row in rows:
        name = (row.privilege_name or by_id.get(row.privilege_id.lower(), "")).lower()
        if name in widest:
            widest[name] = max(widest[name], _rank(row.depth))
    return {name: _DEPTHS[rank] if (rank := widest[name.lower()]) >= 0 else None for name in names}


def _rank(depth: str | int) -> int:
    if isinstance(depth, int):
        return min(max(depth, 0), len(_DEPTHS) - 1)
    return _DEPTHS.index(depth) if depth in _DEPTHS else 0
