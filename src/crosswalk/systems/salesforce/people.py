"""Records by the name of the person.

Source: Object Reference, Lead and Contact (Name); SOQL, LIKE with its escape sequences, which ignores letter case.
"""

from __future__ import annotations

import msgspec

from ...core.system import Named
from ..names import holds, words
from . import soql
from .client import Client
from .feed import only_persons
from .ids import long_id
from .schema import Described


class _Row(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    name: str | None = None
    email: str | None = None


class _Page(msgspec.Struct, frozen=True):
    records: list[_Row]


def find_people(client: Client, described: Described, name: str, limit: int) -> list[Named]:
    """Find records whose name has each word of a name, in one call."""
    wanted = words(name)
    if not wanted:
        return []
    patterns = [soql.like(word) for word in wanted]
    email = described.sobject.email
    statement = soql.select(
        ["Id", "Name", *([email] if email in described.schema.fields else [])],
        described.sobject.name,
        where=[*only_persons(described), *(f"Name LIKE '%{text}%'" for text, _exact in patterns)],
        tail=f"ORDER BY Name LIMIT {limit}",
    )
    rows = client.query(statement).decode(_Page).records
    found = [Named(id=long_id(row.id), name=row.name or "", email=row.email or "") for row in rows]
    loose = not all(exact for _text, exact in patterns)
    return [each for each in found if not loose or holds(each.name, wanted)]
