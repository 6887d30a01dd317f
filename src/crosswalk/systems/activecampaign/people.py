"""Contacts by their names.

Source: API v3, Contacts, `search`: contact names, organization, phone or e-mail. How several words are taken is not
documented, and an account may ignore a parameter: what comes back is looked at again.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...core.system import Named
from ..names import holds, words
from .client import Api
from .records import ContactPage, ContactRow
from .schema import PAGE


def find_people(api: Api, name: str, limit: int) -> list[Named]:
    """Find contacts whose name or e-mail has each word of a name; a second call is made where all at once find none."""
    wanted = words(name)
    if not wanted:
        return []
    found = _search(api, " ".join(wanted), wanted)
    if not found and len(wanted) > 1:
        found = _search(api, max(wanted, key=len), wanted)
    return sorted(found, key=lambda each: each.name.casefold())[:limit]


def _search(api: Api, text: str, wanted: Sequence[str]) -> list[Named]:
    page = api.get("/contacts", [("search", text), ("limit", str(PAGE))]).decode(ContactPage)
    people = [_named(row) for row in page.contacts if not row.gone()]
    return [each for each in people if holds(f"{each.name} {each.email}", wanted)]


def _named(row: ContactRow) -> Named:
    parts = (part for part in (row.first_name, row.last_name) if isinstance(part, str))
    return Named(
        id=str(row.id),
        name=" ".join(" ".join(parts).split()),
        email=row.email if isinstance(row.email, str) else "",
    )
