"""A contact's states on lists, and what they say about mail to it. Source: API v3, Lists; Contacts (`bounced_hard`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from ...core.consent import Consent, Place, Standing
from ...core.values import parse_moment
from .schema import Id, is_moment

Flag = str | int | bool | None

ACTIVE, UNSUBSCRIBED, BOUNCED = "1", "2", "3"
STATES = {"0": "unconfirmed", ACTIVE: "active", UNSUBSCRIBED: "unsubscribed", BOUNCED: "bounced"}
_LEFT = frozenset({UNSUBSCRIBED, BOUNCED})
_NO = frozenset({"", "0", "None", "False"})


class ListRow(msgspec.Struct, gc=False):
    """One contact's state on one list. States that are not named here say nothing."""

    list: Id
    contact: Id | None = None
    status: Id | None = None
    sdate: str | None = None  # when it joined
    udate: str | None = None  # when it left

    def state(self) -> str:
        """Return the state as the vendor's number."""
        return str(self.status)

    def place(self) -> Place:
        """Return where and since when."""
        state = self.state()
        left = moment(self.udate) if state in _LEFT else None
        return Place(name_of(str(self.list)), STATES.get(state, state), left or moment(self.sdate))


def name_of(list_id: str) -> str:
    """Return how a list is called in evidence."""
    return f"list {list_id}"


def consent_of(rows: Sequence[ListRow], bounced: Flag = None, bounced_at: str | None = None) -> Consent:
    """Return a contact's consent from all its rows and its hard bounce.

    Opted out is who left a list or bounced, and is active on none; who was never on a list is not.
    """
    states = {row.state() for row in rows}
    hard = str(bounced) not in _NO
    if ACTIVE in states:
        standing = Standing.IN
    elif hard or states & _LEFT:
        standing = Standing.OUT
    else:
        standing = Standing.NONE
    places = [row.place() for row in sorted(rows, key=lambda row: (len(str(row.list)), str(row.list)))]
    if hard:
        places.append(Place("e-mail", "hard bounce", moment(bounced_at)))
    return Consent(standing=standing, places=tuple(places), marks=tuple(sorted(states & STATES.keys())))


@lru_cache(maxsize=4096)  # the rows of a contact mostly carry one stamp
def moment(raw: str | None) -> datetime | None:
    """Return a stamp in UTC; None for the vendor's many ways to say *never*."""
    if raw is None or not is_moment(raw):
        return None
    try:
        return parse_moment(raw).astimezone(UTC)
    except ValueError:
        return None
