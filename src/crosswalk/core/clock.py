"""Time, sleep and new ids come from one injected source, so that whole histories can be repeated."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The only source of time, waiting and new ids in the product."""

    def now(self) -> datetime:
        """Return the current moment, aware, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

    def new_id(self) -> str:
        """Return an id that nobody used before."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))

    def new_id(self) -> str:
        return uuid.uuid4().hex
