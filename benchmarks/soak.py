"""`python -m benchmarks.soak`: people edit both sides under faults while a worker runs; both sides must end equal.

Two connections, one of each CRM, run again and again for some minutes. People edit, create and delete records on both
sides, and calls fail in every way that the sandbox knows, by a printed seed. Then the faults end, and `crosswalk
verify` must find nothing; the worker may have grown by a twentieth at most since the first quarter of the time.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .crms import CRMS
from .place import place
from .systems import Control, Systems

GROWTH = 0.05  # of the worker's memory, at most
_PAUSE = 0.2  # seconds between two doings
_RUN_EVERY = 5.0  # seconds
_FAULTS: Sequence[dict[str, Any]] = (
    {"kind": "status", "status": 503, "times": 4},
    {"kind": "status", "status": 500, "times": 1, "when": "after"},
    {"kind": "throttle", "times": 2},
    {"kind": "delay", "seconds": 2, "times": 3},
    {"kind": "drop", "times": 2},
    {"kind": "drop", "times": 1, "when": "after"},
    {"kind": "truncate", "times": 1},
    {"kind": "html", "times": 1},
)


class People:
    """Everybody who works on two systems, and what goes wrong meanwhile."""

    def __init__(self, systems: Systems, chance: random.Random, done: Counter[str]) -> None:
        self._systems = systems
        self._chance = chance
        self._done = done
        self._crm = CRMS[systems.vendor]
        self._made = 0

    def act(self) -> None:
        """Do one thing."""
        ways: list[tuple[Callable[[], str], int]] = [
            (self._edit_in_crm, 8),
            (self._edit_contact, 8),
            (self._create_in_crm, 2),
            (self._delete_contact, 1),
            (self._fail, 1),
        ]
        (way,) = self._chance.choices([each for each, _ in ways], [weight for _, weight in ways])
        self._done[way()] += 1

    def _edit_in_crm(self) -> str:
        crm = self._crm
        person = self._chance.choice(self._systems.crm.records(crm.contact))
        field = self._chance.choice([crm.first_name, crm.last_name])
        self._systems.crm.person("edit", crm.contact, person[crm.id], {field: self._name()})
        return "edits in the CRM"

    def _edit_contact(self) -> str:
        contact = self._chance.choice(self._systems.activecampaign.records("contact"))
        field = self._chance.choice(["firstName", "lastName"])
        self._systems.activecampaign.person("edit", "contact", contact["id"], {field: self._name()})
        return "edits in ActiveCampaign"

    def _create_in_crm(self) -> str:
        self._made += 1
        email = f"soak{self._systems.vendor}{self._made}@example.org"
        values = {self._crm.last_name: self._name(), self._crm.email: email}
        self._systems.crm.person("create", self._crm.contact, None, values)
        return "created in the CRM"

    def _delete_contact(self) -> str:
        contact = self._chance.choice(self._systems.activecampaign.records("contact"))
        self._systems.activecampaign.person("delete", "contact", contact["id"], {})
        return "deleted in ActiveCampaign"

    def _fail(self) -> str:
        system: Control = self._chance.choice([self._systems.crm, self._systems.activecampaign])
        order = self._chance.choice(_FAULTS)
        system.fail(order)
        return f"fault {order['kind']}"

    def _name(self) -> str:
        return f"Name {self._chance.getrandbits(40):x}"


def main() -> int:
    """Soak. Returns the exit code: 1 when the sides differ or the worker has grown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    options = parser.parse_args()
    print(f"soaking for {options.minutes:g} minutes with --seed {options.seed}", flush=True)
    with place() as session:
        from .crowd import crowd
        from .workers import connected, working

        with crowd(2) as systems:
            names = connected(session, systems, "soak")
            with working(1, len(names)) as (worker,):
                grown = _soak(systems, names, worker, options.minutes * 60, options.seed)
            return _verdict(names, grown)


def _soak(systems: Sequence[Systems], names: Sequence[str], worker: int, seconds: float, seed: int) -> float:
    """Let everybody work so long; return by which share the worker's memory has grown since a quarter of it."""
    done: Counter[str] = Counter()
    chance = random.Random(seed)
    people = [People(each, chance, done) for each in systems]
    began = time.monotonic()
    run_at = first = 0.0
    while (passed := time.monotonic() - began) < seconds:
        if passed >= run_at:
            _start_all(names)
            run_at += _RUN_EVERY
        chance.choice(people).act()
        first = first or (memory(worker) if passed > seconds / 4 else 0.0)
        time.sleep(_PAUSE)
    for each in systems:
        each.crm.mend()
        each.activecampaign.mend()
    last = memory(worker)
    print(*(f"{number:6} {what}" for what, number in sorted(done.items())), sep="\n")
    print(f"worker: {first:.0f} MB after a quarter of the time, {last:.0f} MB at the end", flush=True)
    return last / first - 1


def _start_all(names: Sequence[str]) -> None:
    from crosswalk.store import connections
    from crosswalk.store.jobs import defer

    for name in names:
        defer(connections.get(name).id)


def memory(pid: int) -> float:
    """Return what a process holds in memory, in MB. Source: proc(5), VmRSS."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def _verdict(names: Sequence[str], grown: float) -> int:
    """Run until nothing waits, verify, and say how it ended."""
    unequal = [name for name in names if not _settled(name)]
    print(*(f"{name}: not equal" for name in unequal), sep="\n", end="\n" if unequal else "")
    print(f"{'equal' if not unequal else 'NOT equal'}, memory {100 * grown:+.1f} %", flush=True)
    return 1 if unequal or grown > GROWTH else 0


def _settled(name: str) -> bool:
    """Sync twice, as nothing is to wait after that, and verify; all by the command line."""
    program = str(Path(sys.executable).with_name("crosswalk"))
    for command in ("sync", "sync", "verify"):
        done = subprocess.run(
            [program, command, "--connection", name], check=False, capture_output=True, text=True
        )
        if done.returncode:
            print(done.stdout, done.stderr, sep="\n")
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
