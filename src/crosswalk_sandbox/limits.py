"""How strictly the systems' limits are enforced, and the sliding window that counts calls."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`real`, `off` or `xF`: whether limits refuse anything, and by what factor they are widened."""

    enforced: bool
    factor: int

    @classmethod
    def parse(cls, text: str) -> Limits:
        """Read `real`, `off` or `x` and a whole factor, such as `x20`. Raises ValueError."""
        if text in ("real", "off"):
            return cls(enforced=text == "real", factor=1)
        if text.startswith("x") and text[1:].isdecimal() and int(text[1:]) > 0:
            return cls(enforced=True, factor=int(text[1:]))
        raise ValueError(f"limits must be 'real', 'off' or 'xF' with a whole F above 0, not {text!r}")

    def widened(self, number: int) -> int:
        """A vendor's limit `number` under the factor."""
        return number * self.factor


class Window:
    """Counts what was let through within the last `seconds`; what is refused does not count."""

    def __init__(self, *, limit: int, seconds: float) -> None:
        self.limit = limit
        self._seconds = seconds
        self._passed: deque[datetime] = deque()

    def take(self, now: datetime) -> bool:
        """Let one call through if there is room; False means refused."""
        self._forget(now)
        if len(self._passed) >= self.limit:
            return False
        self._passed.append(now)
        return True

    @property
    def passed(self) -> list[datetime]:
        """When each call was let through, to be kept."""
        return list(self._passed)

    def restore(self, passed: Iterable[datetime]) -> None:
        """Go on as if those calls had been let through, and no others."""
        self._passed = deque(passed)

    def remaining(self, now: datetime) -> int:
        self._forget(now)
        return self.limit - len(self._passed)

    def wait(self, now: datetime) -> int:
        """Whole seconds, at least 1, until a call would be let through."""
        self._forget(now)
        if len(self._passed) < self.limit:
            return 1
        return max(1, math.ceil(self._seconds - (now - self._passed[0]).total_seconds()))

    def _forget(self, now: datetime) -> None:
        while self._passed and not 0 <= (now - self._passed[0]).total_seconds() < self._seconds:
            self._passed.popleft()
