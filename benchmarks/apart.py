"""A connection that is run in a process of its own, as the command does, on a database of its own.

The process reads orders from stdin, a line each: first the sandbox's ready line, then how to run. It answers each run
with a line of JSON: what it cost, and how much memory the process has taken at most since it began.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec
import psycopg

from crosswalk.cli.session import Session, open_session_at

from .measure import Cost, peak_memory
from .place import another_database, quiet
from .systems import Systems

_ROOT = Path(__file__).parent.parent
_OPEN_AND_RUN, _OPEN_AND_PLAN, _RUN = "open and run", "open and plan", "run"
_CREATE = "create in the CRM "  # and the object


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A run's cost as it goes from one process to the other; see `Cost`."""

    calls: dict[str, dict[str, int]]
    wall: float
    http: float
    waited: float
    processor: float
    peak: float

    def cost(self) -> Cost:
        """Return the cost."""
        return Cost(
            calls={system: Counter(calls) for system, calls in self.calls.items()},
            wall=self.wall,
            http=self.http,
            waited=self.waited,
            processor=self.processor,
        )


class Apart:
    """The other end of such a process."""

    def __init__(self, process: subprocess.Popen[str], systems: Systems, database: str) -> None:
        self.systems = systems
        self.peak = 0.0  # MB, at the end of the last run
        self._process = process
        self._database = database
        self._say(msgspec.json.encode(systems.ready).decode())

    def open_and_run(self) -> Cost:
        """Open the connection and run it, as the command does."""
        return self._cost(_OPEN_AND_RUN)

    def open_and_plan(self) -> Cost:
        """Open the connection and make a plan."""
        return self._cost(_OPEN_AND_PLAN)

    def run(self) -> Cost:
        """Run the connection as it was opened last."""
        return self._cost(_RUN)

    def create_in_crm(self, object: str) -> Cost:
        """Let new contacts become records of this object from now on, and run the connection as the command does."""
        return self._cost(_CREATE + object)

    def links(self) -> int:
        """Return how many records are linked."""
        with psycopg.connect(self._database) as connection:
            (count,) = connection.execute("SELECT count(*) FROM link").fetchone() or (0,)
        return int(count)

    def _cost(self, order: str) -> Cost:
        self._say(order)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process that runs the connection ended; see above"
        answer = msgspec.json.decode(line, type=_Answer)
        self.peak = answer.peak
        return answer.cost()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        print(line, file=self._process.stdin, flush=True)


@contextmanager
def apart(systems: Systems) -> Iterator[Apart]:
    """Yield a connection of these systems; its process and its database end with the block."""
    with (
        another_database(migrated=True) as database,
        tempfile.TemporaryDirectory(prefix="crosswalk-bench-") as home,
    ):
        command = [sys.executable, "-m", "benchmarks.apart", home]
        environment = {**os.environ, "DATABASE_URL": database}
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=_ROOT
        ) as process:
            yield Apart(process, systems, database)


def main() -> None:
    """Be that process, until stdin ends."""
    quiet()
    session = open_session_at(os.environ["DATABASE_URL"], Path(sys.argv[1]))
    _obey(session, sys.stdin, sys.stdout)


def _obey(session: Session, orders: IO[str], answers: IO[str]) -> None:
    from .bench import Bench

    ready = msgspec.json.decode(orders.readline(), type=dict[str, dict[str, str]])
    bench = Bench(session, Systems.of(ready), "apart")
    ways = {_OPEN_AND_RUN: bench.open_and_run, _OPEN_AND_PLAN: bench.open_and_plan, _RUN: bench.run}
    for line in orders:
        order = line.strip()
        created = order.removeprefix(_CREATE)
        cost = ways[order]() if created == order else bench.create_in_crm(created)
        answer = _Answer(
            calls={system: dict(calls) for system, calls in cost.calls.items()},
            wall=cost.wall,
            http=cost.http,
            waited=cost.waited,
            processor=cost.processor,
            peak=peak_memory(),
        )
        print(msgspec.json.encode(answer).decode(), file=answers, flush=True)


if __name__ == "__main__":
    main()
