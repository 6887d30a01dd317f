"""What one run costs: calls, and its time by where it went."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crosswalk.systems.http import HttpClient

from .systems import ACTIVECAMPAIGN, Calls, Systems


class Stopwatch:
    """The machine's clock, which tells how long it slept and can be moved on; see `core.clock.Clock`."""

    def __init__(self) -> None:
        self.slept = 0.0
        self._ahead = timedelta()
        self._ids = 0

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def sleep(self, seconds: float) -> None:
        began = time.perf_counter()
        time.sleep(max(0.0, seconds))
        self.slept += time.perf_counter() - began

    def new_id(self) -> str:
        self._ids += 1
        return f"id{self._ids}"

    def advance(self, seconds: float) -> None:
        """Move the clock on."""
        self._ahead += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What was measured. Times are seconds; `wall` = `http` + `waited` + `own`."""

    calls: dict[str, Calls]  # by system
    wall: float
    http: float  # inside HTTP calls
    waited: float  # asleep: for the vendors' limits, and for imports to be through
    processor: (
        float  # this process's processor time: where others use the machine too, it says more than `own`
    )

    @property
    def own(self) -> float:
        """Our own work, the database's included."""
        return self.wall - self.http - self.waited

    @property
    def activecampaign(self) -> int:
        """Calls to ActiveCampaign."""
        return self.calls[ACTIVECAMPAIGN].total()

    @property
    def crm(self) -> int:
        """Calls to the CRM."""
        return sum(calls.total() for system, calls in self.calls.items() if system != ACTIVECAMPAIGN)


def measured(
    systems: Systems, clock: Stopwatch, clients: Sequence[HttpClient], work: Callable[[], object]
) -> Cost:
    """Do `work`, which calls through `clients` (more may join them), and return what it cost."""
    calls, http, slept = systems.calls(), _in_http(clients), clock.slept
    processor, began = time.process_time(), time.perf_counter()
    work()
    wall, processor = time.perf_counter() - began, time.process_time() - processor
    return Cost(
        calls={name: after - calls[name] for name, after in systems.calls().items()},
        wall=wall,
        http=_in_http(clients) - http,
        waited=clock.slept - slept,
        processor=processor,
    )


def fixed_work() -> float:
    """Do a piece of work that is always the same; return the processor time of the quickest of three, in seconds."""
    return min(_fixed_work() for _ in range(3))


def _fixed_work() -> float:
    began = time.process_time()
    for number in range(200_000):
        str({"name": f"Name {number}", "number": number * number % 7})
    return time.process_time() - began


def peak_memory() -> float:
    """Return the most memory that this process ever held, in MB, whatever the process that started it held.

    Source: proc(5), VmHWM; `getrusage` counts the memory of the process that was copied to start this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _in_http(clients: Sequence[HttpClient]) -> float:
    return sum(client.seconds_in_http for client in clients)
