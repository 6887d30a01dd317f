"""On whose behalf, and how, the environment is worked with at the moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

GLOBAL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a user may do."""

    depths: Mapping[str, int]  # by privilege: 0 own rows, 1 of the business unit, 2 of those below too, 3 all
    user: str
    unit: str  # the user's business unit
    units_below: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    roles: int = 0
    shared: Mapping[str, int] = field(default_factory=dict)  # with the user or a team: bits of rights, by row


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Who works; a new one is nobody in particular, who may do everything: a person, or the sandbox itself."""

    user: str = ""
    behalf_of: str | None = None  # the real caller, who acts as `user`
    rights: Rights | None = None  # None: all
    headers: Mapping[str, str] = field(default_factory=dict)  # of the call; none for a person
