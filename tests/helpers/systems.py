"""What tests hand to a system instead of PostgreSQL and the wall clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FreeBudget:
    """A budget that never makes anyone wait and remembers what it was told."""

    def __init__(self) -> None:
        self.waits = 0
        self.learned: list[dict[str, float | int]] = []

    def wait(self) -> None:
        self.waits += 1

    def learn(
        self,
        *,
        per_second: float | None = None,
        pause: float | None = None,
        crowded: bool = False,
        used_today: int | None = None,
        limit_today: int | None = None,
    ) -> None:
        told = {
            "per_second": per_second,
            "pause": pause,
            "used_today": used_today,
            "limit_today": limit_today,
        }
        self.learned.append({name: value for name, value in told.items() if value is not None})

    def pauses(self) -> list[float]:
        return [told["pause"] for told in self.learned if "pause" in told]


class SteppedClock:
    """A clock that stands still until somebody sleeps."""

    def __init__(self, start: datetime = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)) -> None:
        self._now = start
        self._ids = 0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += timedelta(seconds=max(0.0, seconds))

    def new_id(self) -> str:
        self._ids += 1
        return f"id-{self._ids}"
