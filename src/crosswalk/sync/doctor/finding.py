"""One thing that was looked at."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec


class State(StrEnum):
    """How it is; the later, the worse."""

    OK = "ok"
    WARN = "warn"  # works, but something should be done
    FAIL = "fail"  # does not work


_ORDER = list(State)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What was found; with a cure unless all is well."""

    check: str  # what was looked at, always by the same word
    about: str = ""  # which one of several
    state: State = State.OK
    message: str
    cure: str = ""


def worst(findings: Iterable[Finding]) -> State:
    """Return the worst state there is."""
    return max((finding.state for finding in findings), key=_ORDER.index, default=State.OK)


def by_size(difference: float, warn: float, fail: float) -> State:
    """Return how bad a difference is, whatever its sign."""
    if abs(difference) > fail:
        return State.FAIL
    return State.WARN if abs(difference) > warn else State.OK
