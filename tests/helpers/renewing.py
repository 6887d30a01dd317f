"""A process whose threads all find their access token dead at once: `python -m tests.helpers.renewing ORDER`.

ORDER is JSON: `key_file`, `threads`, and `die`: true to be killed between the vendor's answer and the commit. It says
`ready`, waits for a line, and prints how many of its threads could read from the org in the end.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.helpers.systems import FreeBudget


def main(order: dict[str, Any]) -> None:
    import django

    django.setup()
    from crosswalk.core.clock import SystemClock
    from crosswalk.store import connections
    from crosswalk.store.tokens import TenantTokens
    from crosswalk.store.vault import Vault
    from crosswalk.systems.salesforce import connect

    vault, clock = Vault.at(Path(order["key_file"])), SystemClock()
    tenant = connections.get("acme").crm
    given = connections.credentials(vault, tenant)
    stores = [TenantTokens(tenant, vault, connection="acme") for _ in range(order["threads"])]
    systems = [connect(given, budget=FreeBudget(), clock=clock, tokens=store) for store in stores]
    if order["die"]:
        vault.seal = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign,assignment]
    print("ready", flush=True)
    sys.stdin.readline()
    together = threading.Barrier(len(systems))

    def read(system: Any) -> bool:
        system.user_id()
        together.wait()
        return bool(system.describe("lead").fields)

    with ThreadPoolExecutor(len(systems)) as pool:
        print(sum(pool.map(read, systems)), flush=True)
    for system in systems:
        system.close()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
