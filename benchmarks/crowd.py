"""Many pairs of systems in one process: `python -m benchmarks.crowd PAIRS`, until stdin ends.

Every second pair has Salesforce, the others Dynamics 365; each has people and identities of its own. The first line
on stdout is JSON: the ready lines of all pairs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox

from .systems import ACTIVECAMPAIGN, DYNAMICS, SALESFORCE, Systems

CONTACTS = 20  # of each CRM
_FIRST = 1000  # seed: no org is that of another measurement on the same database


@contextmanager
def crowd(pairs: int) -> Iterator[list[Systems]]:
    """Yield so many pairs of systems; they end with the block."""
    command = [sys.executable, "-m", "benchmarks.crowd", str(pairs)]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        found = [Systems.of(ready) for ready in json.loads(process.stdout.readline())]
        yield found
        for each in found:
            each.close()


def _main() -> None:
    ready, servers = [], []
    for number in range(int(sys.argv[1])):
        vendor = DYNAMICS if number % 2 else SALESFORCE
        sandbox = Sandbox([vendor, ACTIVECAMPAIGN], _options(number))
        served, told = sandbox.serve({vendor: 0, ACTIVECAMPAIGN: 0})
        servers += served
        ready.append(told)
    print(json.dumps(ready), flush=True)
    sys.stdin.read()
    for server in servers:
        server.close()


def _options(number: int) -> Options:
    sizes = Sizes(leads=0, contacts=CONTACTS, subscribers=0)
    return Options(sizes=sizes, seed=_FIRST + number, limits=Limits.parse("off"))


if __name__ == "__main__":
    _main()
