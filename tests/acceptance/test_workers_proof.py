"""Two workers on one database, six connections of both CRMs; workers are killed and stopped, the database restarted.

`make test` kills a few times, `make workers-proof KILLS=30` as often as it is told. The seed is printed.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from random import Random, SystemRandom

import pytest
from tests.helpers.command_line import Installation, running_sandbox
from tests.helpers.forked import Forked
from tests.helpers.many_pairs import Pair
from tests.helpers.workers import (
    HEARTBEAT,
    SECONDS,
    at_work,
    end_worker,
    jobs,
    looking,
    runs,
    start_worker,
    under_way,
    wait_for,
)

from crosswalk.store import embedded

pytestmark = pytest.mark.long
KILLS = int(os.environ.get("CROSSWALK_KILLS", "6"))
SEED = int(os.environ.get("CROSSWALK_SEED") or SystemRandom().randrange(1_000_000))
CRMS = ("salesforce", "dynamics") * 3
OUTAGE = 7.0  # seconds
LATENCY = 0.1  # seconds that the vendors take to answer


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """An installation with a server of its own, since that is going to be stopped."""
    home = tmp_path / "home"
    home.mkdir()
    yield Installation(home=home, database_url=embedded.start(home))
    embedded.remove(home)


@pytest.fixture
def pairs(installation: Installation) -> Iterator[list[Pair]]:
    """Six connections whose first sync is done."""
    with ExitStack() as stack, ThreadPoolExecutor(6) as several:
        seeded = [running_sandbox(6, crm, seed=number) for number, crm in enumerate(CRMS, 1)]
        sandboxes = list(several.map(stack.enter_context, seeded))
        made = [
            Pair(name=f"c{number}", crm=crm, sandbox=sandbox, random=Random(SEED + number))
            for number, (crm, sandbox) in enumerate(zip(CRMS, sandboxes, strict=True), 1)
        ]
        list(several.map(lambda pair: pair.set_up(installation), made))
        for pair in made:
            for system in pair.sandbox.ready:
                pair.sandbox.post(system, "faults", {"kind": "delay", "rate": 1.0, "seconds": LATENCY})
            assert installation("schedule", "set", pair.name, "--every", "12h").code == 0
        yield made


class Crew:
    """Two workers, and what befalls them."""

    def __init__(self, crosswalk: Installation, random: Random) -> None:
        self._crosswalk = crosswalk
        self._random = random
        self.workers = [start_worker(crosswalk) for _ in range(2)]
        self._stopped: Forked | None = None
        self.kills: Counter[str] = Counter()

    def strike(self) -> None:
        """Kill or stop one of the two. A killed one is replaced, a stopped one goes on at the next strike."""
        self.wake()
        victim = self._random.choice(self.workers)
        if self._random.random() < 0.5:
            self.kills["SIGSTOP"] += 1
            victim.send_signal(signal.SIGSTOP)
            self._stopped = victim
            return
        self.kills["SIGKILL"] += 1
        end_worker(victim)
        self.workers[self.workers.index(victim)] = start_worker(self._crosswalk)

    def wake(self) -> None:
        """Let who was stopped go on."""
        if self._stopped is not None:
            self._stopped.send_signal(signal.SIGCONT)
            self._stopped = None

    def end(self) -> None:
        """End both."""
        for worker in self.workers:
            end_worker(worker)


@pytest.fixture
def crew(installation: Installation, pairs: list[Pair]) -> Iterator[Crew]:
    crew = Crew(installation, Random(SEED))
    yield crew
    crew.end()


def start_all(crosswalk: Installation) -> None:
    """All connections are due; return when one of them runs."""
    with looking(crosswalk) as database:
        database.execute("UPDATE schedule SET next_at = now()")
        wait_for(lambda: under_way(database), "a run")


def settle(crosswalk: Installation) -> None:
    """Wait until each connection had a whole run."""
    with looking(crosswalk) as database:
        ((last,),) = database.execute("SELECT coalesce(max(id), 0) FROM run").fetchall()
        database.execute("UPDATE schedule SET next_at = now()")
        whole = "SELECT count(DISTINCT connection_id) FROM run WHERE id > %s AND state = 'done'"
        wait_for(lambda: database.execute(whole, [last]).fetchall() == [(len(CRMS),)], "a run of each")
        wait_for(lambda: not jobs(database), "the end of all jobs")


def restart_database(crosswalk: Installation, crew: Crew) -> None:
    """The database goes away in the middle of runs, for long enough that nobody's patience is enough."""
    crew.wake()
    with looking(crosswalk) as database:
        wait_for(lambda: at_work(database) == len(crew.workers), "both workers")
        wait_for(lambda: under_way(database), "a run")
    assert embedded.stop(crosswalk.home)
    time.sleep(OUTAGE)
    assert embedded.start(crosswalk.home) == crosswalk.database_url
    assert [worker.poll() for worker in crew.workers] == [None, None], "a worker did not outlast that"


def test_nothing_is_lost_or_doubled_whatever_befalls_the_workers(
    installation: Installation, pairs: list[Pair], crew: Crew
) -> None:
    print(f"seed {SEED}, {KILLS} kills")
    random = Random(SEED)
    with looking(installation) as database:
        wait_for(lambda: sum(runs(database).values()) >= len(CRMS), "the first runs")
    for pair in pairs:
        pair.forget_calls()
    for kill in range(KILLS):
        for pair in pairs:
            pair.work()
        start_all(installation)
        time.sleep(random.uniform(0, 2 * HEARTBEAT))
        if kill == KILLS // 2:
            restart_database(installation, crew)
        crew.strike()
    crew.wake()
    settle(installation)
    settle(installation)  # whoever was made in the middle of a run

    wrongs = [wrong for pair in pairs for wrong in pair.wrongs()]
    read_again = sum(pair.read_again() for pair in pairs)
    with looking(installation) as database:
        ended = runs(database)
        errors = database.execute("SELECT DISTINCT error FROM run WHERE state = 'failed'").fetchall()
    print(f"{dict(crew.kills)}; runs {dict(ended)}; {read_again} pages read again; {errors}")
    assert not wrongs, f"seed {SEED}: {wrongs}"
    cut_off = ended["interrupted"] + ended["failed"]
    assert cut_off, f"seed {SEED}: no kill hit a run"
    assert read_again <= cut_off, f"seed {SEED}: more than a page for each run that was cut off"
    for pair in pairs:
        verified = installation("verify", "--connection", pair.name)
        assert verified.code == 0, f"seed {SEED}: {verified.out}"
    for worker in crew.workers:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(SECONDS) == 0
