"""Failures carry the decision: the runner asks the failure, never its text."""

from __future__ import annotations

from enum import StrEnum


class FailureKind(StrEnum):
    """What a failure means for the run."""

    TRANSIENT = "transient"  # try again later, nothing is wrong with the data
    QUOTA = "quota"  # the vendor's limit; wait as long as it says
    AUTH = "auth"  # sign-in lost: the connection pauses
    DATA = "data"  # this record's values were refused: a hold
    PERMISSION = "permission"  # the user behind the credentials may not do this
    MAPPING = "mapping"  # a mapped field or option no longer exists
    CONFLICT = "conflict"  # the record is not what we thought (gone, locked, duplicate)
    BUG = "bug"  # an answer that we do not understand


class SystemFailure(Exception):
    """A system could not do what it was asked.

    `message` says what happened in the user's words, `cure` what to do next; neither holds a secret. `in_doubt` is
    true when a write may have taken effect although no answer said so. `retry_after` is in seconds. `entry` is the name
    in the error catalogue, where that is another one than the kind's.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        cure: str = "",
        code: str = "",
        in_doubt: bool = False,
        retry_after: float | None = None,
        entry: str = "",
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.cure = cure
        self.code = code
        self.in_doubt = in_doubt
        self.retry_after = retry_after
        self.entry = entry


class Halted(SystemFailure):
    """A person stopped the calls, so this one was not made: like calls that the vendor's limit does not allow.

    `halt` is its name in the error catalogue: stopped | paused | cancelled.
    """

    def __init__(self, halt: str, message: str, *, cure: str) -> None:
        super().__init__(FailureKind.QUOTA, message, cure=cure, entry=halt)
        self.halt = halt


class UserError(Exception):
    """Something the person asked for cannot be done; `str()` names the thing, `cure` the next step.

    `entry` is its name in the error catalogue.
    """

    def __init__(self, message: str, *, cure: str = "", entry: str = "user") -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure
        self.entry = entry
