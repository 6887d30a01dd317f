"""Service protection: how much of the environment one user may use within five minutes.

Source: Dataverse, Service protection API limits.
"""

from __future__ import annotations

import math
from collections import deque
from datetime import datetime

import msgspec

from crosswalk_sandbox.dynamics.errors import ODataError
from crosswalk_sandbox.limits import Limits, Window

SECONDS = 300
REQUESTS = 6_000
MILLISECONDS = 1_200_000  # of work, of all requests together
AT_ONCE = 52
MOST_WAIT = SECONDS  # seconds
TOO_MANY = "Number of requests exceeded the limit of {most} over time window of 300 seconds."
TOO_LONG = (
    "Combined execution time of incoming requests exceeded limit of {most:,} milliseconds over time window of "
    "300 seconds. Decrease number of concurrent requests or reduce the duration of requests and try again later."
)
TOO_CLOSE = "Number of concurrent requests exceeded the limit of {most}."


class ThrottledError(Exception):
    """A request too many; `wait` is what Retry-After says, in seconds."""

    def __init__(self, code: str, message: str, wait: int) -> None:
        super().__init__(message)
        self.error = ODataError(code, message)
        self.headers = {"retry-after": str(min(MOST_WAIT, wait))}


# by limit: code, message, and how much there is of it
LIMITS = {
    "requests": ("0x80072322", TOO_MANY, REQUESTS),
    "work": ("0x80072321", TOO_LONG, MILLISECONDS),
    "at_once": ("0x80072326", TOO_CLOSE, AT_ONCE),
}


def beyond(limit: str, limits: Limits, wait: int) -> ThrottledError:
    """The refusal of what goes beyond one of the limits."""
    code, message, most = LIMITS[limit]
    return ThrottledError(code, message.format(most=limits.widened(most)), wait)


class SavedUse(msgspec.Struct, kw_only=True):
    """What a user used up lately."""

    requests: list[datetime]
    work: list[tuple[datetime, float]]  # when, milliseconds
    refused: list[datetime]


class Use:
    """What one user used up of the window."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._requests = Window(limit=limits.widened(REQUESTS), seconds=SECONDS)
        self._most = limits.widened(MILLISECONDS)
        self._at_once = limits.widened(AT_ONCE)
        self._work: deque[tuple[datetime, float]] = deque()
        self._sum = 0.0
        self._refused = Window(limit=REQUESTS, seconds=SECONDS)  # since when the user has been told to wait

    def take(self, now: datetime, beside: int) -> None:
        """Let a request in, `beside` so many others of the user. Raises ThrottledError."""
        self._forget(now)
        if beside >= self._at_once:
            raise beyond("at_once", self._limits, 1 + self._told(now))
        if self._sum >= self._most:
            raise beyond("work", self._limits, self._until_rested(now) + self._told(now))
        if not self._requests.take(now):
            raise beyond("requests", self._limits, self._requests.wait(now) + self._told(now))

    def spend(self, now: datetime, milliseconds: float) -> None:
        """Note the work of a request that was let in."""
        self._work.append((now, milliseconds))
        self._sum += milliseconds

    def remaining(self, now: datetime) -> dict[str, str]:
        """The headers that say what is left."""
        self._forget(now)
        seconds = max(0.0, self._most - self._sum) / 1000
        return {
            "x-ms-ratelimit-burst-remaining-xrm-requests": str(self._requests.remaining(now)),
            "x-ms-ratelimit-time-remaining-xrm-requests": f"{seconds:,.2f}",
        }

    def saved(self) -> SavedUse:
        """The use, to be kept."""
        work = list(self._work)
        return SavedUse(requests=self._requests.passed, work=work, refused=self._refused.passed)

    def restore(self, saved: SavedUse) -> None:
        """Go on from what was kept."""
        self._requests.restore(saved.requests)
        self._work = deque(saved.work)
        self._sum = sum(milliseconds for _, milliseconds in saved.work)
        self._refused.restore(saved.refused)

    def _until_rested(self, now: datetime) -> int:
        """Whole seconds until enough work is older than the window."""
        left = self._sum
        for at, milliseconds in self._work:
            left -= milliseconds
            if left < self._most:
                return math.ceil(SECONDS - (now - at).total_seconds())
        return SECONDS

    def _told(self, now: datetime) -> int:
        """How often the user was told to wait lately: whoever keeps on asking waits longer. Counts this one."""
        before = self._refused.limit - self._refused.remaining(now)
        self._refused.take(now)
        return before

    def _forget(self, now: datetime) -> None:
        while self._work and not 0 <= (now - self._work[0][0]).total_seconds() < SECONDS:
            self._sum -= self._work.popleft()[1]
        if not self._work:
            self._sum = 0.0


class Protection:
    """The use of every user."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._uses: dict[str, Use] = {}

    def of(self, user: str) -> Use:
        """What that user used up."""
        if user not in self._uses:
            self._uses[user] = Use(self.limits)
        return self._uses[user]

    def reset(self) -> None:
        self._uses.clear()

    def saved(self) -> dict[str, SavedUse]:
        """All of it, to be kept."""
        return {user: use.saved() for user, use in self._uses.items()}

    def restore(self, saved: dict[str, SavedUse]) -> None:
        """Go on from what was kept."""
        self._uses.clear()
        for user, use in saved.items():
            self.of(user).restore(use)
