"""Whether a person may be mailed, in one vocabulary for all systems."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class Standing(StrEnum):
    """What a record says about mail to its person."""

    OUT = "out"  # opted out
    IN = "in"  # active on at least one list
    NONE = "none"  # neither: a box that is not ticked, a contact on no list
    SHARED = "shared"  # of a contact on no list, as its CRM records see it: one of them opted out


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a record says so: a list or a field, what it holds, and since when (the vendor's time)."""

    where: str
    state: str
    at: datetime | None = None


class Consent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A record's standing with its evidence."""

    standing: Standing
    places: tuple[Place, ...] = ()
    marks: tuple[str, ...] = ()  # the vendor's own words, by which it counts records of a kind
    by: str | None = None  # user id of the record's last modifier, where the vendor says
