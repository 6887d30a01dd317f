"""Records by the name of the person.

Source: Dataverse Web API, query function `contains`, wildcard characters in conditions (% _ [ ]); lead and contact
(fullname, masterid).
"""

from __future__ import annotations

from typing import Any

import msgspec

from ...core.system import Named
from ..names import holds, words
from .client import Client
from .schema import Described

_NAME = "fullname"
_WILD = {"[": "[[]", "%": "[%]", "_": "[_]"}  # in brackets they stand for themselves


class _Page(msgspec.Struct, frozen=True):
    value: list[dict[str, Any]]


def find_people(client: Client, described: Described, name: str, limit: int) -> list[Named]:
    """Find records whose name has each word of a name, in one call."""
    wanted = words(name)
    if not wanted:
        return []
    master = described.columns.get("masterid")
    living = [f"{master.wire_name} eq null"] if master is not None else []  # others lost a merge
    query = [
        ("$select", ",".join([described.key, _NAME, described.table.email])),
        ("$filter", " and ".join([*living, *(f"contains({_NAME},'{literal(word)}')" for word in wanted)])),
        ("$orderby", f"{_NAME} asc"),
        ("$top", str(limit)),
    ]
    rows = client.read(f"/{described.set_name}", query=query).decode(_Page).value
    found = [_named(described, row) for row in rows]
    loose = any(sign in word for word in wanted for sign in _WILD)
    return [each for each in found if not loose or holds(each.name, wanted)]


def literal(text: str) -> str:
    """Write a text that is to be contained, without quotation marks; every sign of it stands for itself."""
    return "".join(_WILD.get(sign, sign) for sign in text).replace("'", "''")


def _named(described: Described, row: dict[str, Any]) -> Named:
    return Named(
        id=str(row[described.key]).lower(),
        name=row.get(_NAME) or "",
        email=row.get(described.table.email) or "",
    )
