"""Service protection: slowing down before an environment refuses.

An environment lets each user make 6,000 calls, and have it work for 20 minutes, within any five minutes, and says in
its answers what is left. A fifth of both is left to whatever else works as the same user. Source: Dataverse, Service
protection API limits.
"""

from __future__ import annotations

from math import inf

from ...core.system import Budget
from ..answers import Answer

WINDOW = 300.0  # seconds
REQUESTS = 6_000
WORK = 1_200.0  # seconds of all requests together
OURS = 0.8  # of both
_RESTED = 0.4  # what must be left before all go freely again
_RECENT = 0.2  # weight of the last call in the average
_REQUESTS_LEFT = "x-ms-ratelimit-burst-remaining-xrm-requests"
_WORK_LEFT = "x-ms-ratelimit-time-remaining-xrm-requests"


class Protection:
    """Reads what is left from answers, and sets the pace of everybody who calls for the environment."""

    def __init__(self) -> None:
        self._call_takes = 0.0  # seconds, lately

    def learn(self, answer: Answer, budget: Budget) -> None:
        """Take in one answer. Without the headers only refusals tell."""
        took = (answer.received_at - answer.requested_at).total_seconds()
        self._call_takes += (took - self._call_takes) * (_RECENT if self._call_takes else 1.0)
        requests, work = _number(answer, _REQUESTS_LEFT), _number(answer, _WORK_LEFT)
        if requests is None or work is None:
            return
        left = min(requests / REQUESTS, work / WORK)
        if left < 1 - OURS:
            budget.learn(per_second=self._pace(requests, work))
        elif left > _RESTED:
            budget.learn(per_second=inf)

    def _pace(self, requests: float, work: float) -> float:
        """Return how many calls a second use no more than our part of what runs short."""
        paces = []
        if requests / REQUESTS < 1 - OURS:
            paces.append(OURS * REQUESTS / WINDOW)
        if work / WORK < 1 - OURS:
            paces.append(OURS * WORK / WINDOW / max(self._call_takes, WINDOW / REQUESTS))
        return round(min(paces), 1)


def _number(answer: Answer, header: str) -> float | None:
    """Return a header's number, which may have commas between its thousands."""
    try:
        return float(answer.headers.get(header, "").replace(",", ""))
    except ValueError:
        return None
