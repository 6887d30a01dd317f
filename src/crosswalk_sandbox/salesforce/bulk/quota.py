"""What bulk jobs may use up in a day. Source: Salesforce, Bulk API 2.0 Limits, and REST, Limits."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Any

import msgspec

from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.limits import Limits, Window
from crosswalk_sandbox.salesforce.bulk.jobs import MEGABYTE, Sizes
from crosswalk_sandbox.salesforce.errors import ApiError

DAY = 24 * 60 * 60.0


class SavedQuota(msgspec.Struct, kw_only=True):
    """What was used up, and when, as it is kept in a file."""

    batches: list[datetime]
    queries: list[datetime]
    stored: list[tuple[datetime, int]]  # sizes in bytes


class Quota:
    """Counts batches, query jobs and the size of their results over the last 24 hours."""

    def __init__(self, clock: Clock, limits: Limits, sizes: Sizes) -> None:
        self._clock = clock
        self._limits = limits
        self._sizes = sizes
        self.reset()

    def reset(self) -> None:
        """Nothing is used up."""
        self._enforced = self._limits.enforced
        self._most_mb = self._limits.widened(self._sizes.results_mb_a_day)
        self._batches = Window(limit=self._limits.widened(self._sizes.batches_a_day), seconds=DAY)
        self._queries = Window(limit=self._limits.widened(self._sizes.queries_a_day), seconds=DAY)
        self._stored: deque[tuple[datetime, int]] = deque()

    def saved(self) -> SavedQuota:
        """What is used up, to be kept."""
        return SavedQuota(
            batches=self._batches.passed, queries=self._queries.passed, stored=list(self._stored)
        )

    def restore(self, saved: SavedQuota) -> None:
        """Go on from what was kept."""
        self._batches.restore(saved.batches)
        self._queries.restore(saved.queries)
        self._stored = deque(saved.stored)

    def take_batch(self) -> bool:
        """Count a batch of an ingest job; whether there is room for it."""
        return self._batches.take(self._clock.now()) or not self._enforced

    def take_query(self) -> None:
        """Count a query job. Raises ApiError when there is no room for it."""
        if not self._queries.take(self._clock.now()) and self._enforced:
            most = self._queries.limit
            text = f"Max bulk v2 query jobs ({most}) per 24 hrs has been reached ({most + 1})"
            raise ApiError("LIMIT_EXCEEDED", text)
        if self._enforced and self._mb_left() <= 0:
            most_kb = self._most_mb * 1024
            text = f"Max bulk v2 query result size stored ({most_kb}) kb per 24 hrs has been exceeded"
            raise ApiError("LIMIT_EXCEEDED", text)

    def store(self, size: int) -> None:
        """Count the size of a query's results, in bytes."""
        self._stored.append((self._clock.now(), size))

    def told(self) -> dict[str, Any]:
        """What `/limits` says of bulk jobs."""
        now = self._clock.now()
        left = {
            "DailyBulkApiBatches": (self._batches.limit, self._batches.remaining(now)),
            "DailyBulkV2QueryFileStorageMB": (self._most_mb, self._mb_left()),
            "DailyBulkV2QueryJobs": (self._queries.limit, self._queries.remaining(now)),
        }
        return {name: {"Max": most, "Remaining": max(rest, 0)} for name, (most, rest) in left.items()}

    def _mb_left(self) -> int:
        now = self._clock.now()
        while self._stored and (now - self._stored[0][0]).total_seconds() >= DAY:
            self._stored.popleft()
        return self._most_mb - sum(size for _, size in self._stored) // MEGABYTE
