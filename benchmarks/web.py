"""Pages of an installation with 100,000 links: server time and bytes of each, as an administrator gets them."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx2
import psycopg

from crosswalk.cli.session import Session

from .figures import Figure, at_most, told
from .fill import fill
from .systems import Systems, systems
from .wide import PAIRS, wide_connection

Say = Callable[[str], None]
MOST_MS, MOST_KB = 200.0, 200.0
MOST_MS_ASKED = 1000.0  # where both systems are asked meanwhile
_NAME = "web"
_SEED = 2  # of an org that no other measurement on the same database called
_PASSWORD = "a password for a benchmark"
TIMES = 20  # that each page is asked for
_TIMES_ASKED = 5  # at most
_SECONDS = 60.0
# what is asked → its address; numbers are those of the filled connection
PAGES = {
    "overview": "/",
    "people": "/users",
    "settings": "/settings",
    "audit log": "/audit",
    "help": "/help",
    "account": "/account",
    "a new connection": "/connections/new",
    "how a connection stands": "/connections/{connection}/",
    "what is going on": "/connections/{connection}/?part=live",
    "which records take part": "/connections/{connection}/?part=counted",
    "a connection's settings": "/connections/{connection}/settings",
    "what removing a connection takes": "/connections/{connection}/remove",
    "system connections": "/connections/{connection}/set-up/connect",
    "users of the CRM": "/connections/{connection}/set-up/users",
    "field mapping": "/connections/{connection}/set-up/mapping/contact/standard",
    "proposed pairs": "/connections/{connection}/set-up/mapping/contact/standard/suggestions",
    "which records, how often": "/connections/{connection}/set-up/records",
    "plans": "/connections/{connection}/plans",
    "a plan": "/connections/{connection}/plans/{plan}",
    "runs": "/connections/{connection}/runs",
    "a run": "/connections/{connection}/runs/{run}",
    "holds": "/connections/{connection}/holds",
    "holds of a cause": "/connections/{connection}/holds?cause=CW-4001",
    "one hold": "/connections/{connection}/holds/{hold}",
    "records by address": "/connections/{connection}/records?q=person50000@example.com",
    "records by a part of it": "/connections/{connection}/records?q=person5",
    "a record": "/connections/{connection}/records/crm/0035g0000000050000",
}

DOWNLOAD = "/connections/{connection}/plans/{plan}/download?format=csv"
WIDE = "/connections/{connection}/set-up/mapping/contact/custom"


def web_figures(session: Session, links: int, times: int, say: Say) -> Iterator[Figure]:
    """Fill an installation, start the web, ask for every page."""
    with systems(contacts=20, limits="off", seed=_SEED) as both, _database() as database:
        numbers = _filled(session, both, database, links, say)
        with _served() as address, _administrator(address) as client:
            for name, pattern in PAGES.items():
                yield from _page(name, partial(_opened, client, pattern.format(**numbers)), times)
            yield from _download(client, DOWNLOAD.format(**numbers))
            with wide_connection(session) as wide:
                yield from _wide(client, WIDE.format(connection=wide), times)


def _filled(
    session: Session, both: Systems, database: psycopg.Connection, links: int, say: Say
) -> dict[str, int]:
    from crosswalk.store import connections

    from .bench import Bench

    Bench(session, both, _NAME).open_and_run()
    number = connections.get(_NAME).id
    say(f"filling {links} links")
    began = time.perf_counter()
    fill(database, number, links)
    say(f"   {time.perf_counter() - began:.0f} s")
    return {"connection": number, **_numbers(database, number)}


def _numbers(database: psycopg.Connection, connection: int) -> dict[str, int]:
    """Return the numbers of what pages are about: the newest of each."""
    tables = ("hold", "run", "plan")
    found: dict[str, int] = {}
    for table in tables:
        row = database.execute(
            f"SELECT coalesce(max(id), 0) FROM {table} WHERE connection_id = %s", [connection]
        ).fetchone()
        assert row is not None
        found[table] = int(row[0])
    return found


def _opened(client: httpx2.Client, address: str) -> httpx2.Response:
    return client.get(address, headers={"HX-Request": "true"} if "part=" in address else {})


def _page(
    name: str, ask: Callable[[], httpx2.Response], times: int, most_ms: float = MOST_MS
) -> Iterator[Figure]:
    took, size = [], 0
    for _again in range(times + 1):
        began = time.perf_counter()
        answer = ask()
        took.append(time.perf_counter() - began)
        assert answer.status_code == 200, (name, answer.status_code, answer.text[:3000])
        size = max(size, len(answer.content))
    ordered = sorted(took[1:])  # the first loads templates
    yield told(f"{name}: half of the answers within", 1000 * statistics.median(ordered), "ms")
    p95 = ordered[max(0, round(0.95 * len(ordered)) - 1)]
    yield at_most(f"{name}: 95 % of the answers within", 1000 * p95, "ms", most_ms)
    yield at_most(f"{name}: size", size / 1024, "KB", MOST_KB)


def _wide(client: httpx2.Client, address: str, times: int) -> Iterator[Figure]:
    """Ask for a tab of many pairs, and for the same with real records."""
    name = f"field mapping, {PAIRS} pairs with long names"
    yield from _page(name, partial(_opened, client, address), times)
    form = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', client.get(address).text))
    assert len(form) > 3 * PAIRS, form
    send = partial(client.post, f"{address}/sample", data=form)
    read = f"{name} and ten real records, which are read then"
    yield from _page(read, send, min(times, _TIMES_ASKED), MOST_MS_ASKED)


def _download(client: httpx2.Client, address: str) -> Iterator[Figure]:
    began, first, size = time.perf_counter(), 0.0, 0
    with client.stream("GET", address) as answer:
        for piece in answer.iter_bytes():
            first = first or time.perf_counter() - began
            size += len(piece)
    yield told("a plan as a table: first byte within", 1000 * first, "ms")
    yield told("a plan as a table: all of it within", time.perf_counter() - began, "s")
    yield told("a plan as a table: size", size / 2**20, "MB")


# --- the web as it is served -----------------------------------------------------------------------------------------


@contextmanager
def _database() -> Iterator[psycopg.Connection]:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        yield database


@contextmanager
def _served() -> Iterator[str]:
    """Yield the address of a web on the database of `place`."""
    log = Path(os.environ["CROSSWALK_HOME"]) / "web.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [*_program(), "web", "--port", "0"], stderr=stderr, stdin=subprocess.DEVNULL
        )
    try:
        yield _address(process, log)
    finally:
        process.terminate()
        process.wait(_SECONDS)


def _program() -> list[str]:
    return [str(Path(sys.executable).with_name("crosswalk"))]


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + _SECONDS
    while True:
        found = re.search(r"Crosswalk is at (http://\S+)/", log.read_text(encoding="utf-8"))
        if found:
            return found[1]
        assert process.poll() is None, log.read_text(encoding="utf-8")
        assert time.monotonic() < until, "the web does not answer"
        time.sleep(0.05)


@contextmanager
def _administrator(address: str) -> Iterator[httpx2.Client]:
    """Yield the browser of an administrator who is signed in."""
    added = subprocess.run(
        [*_program(), "user", "add", "ada", "--role", "administrator", "--json"],
        check=True,
        capture_output=True,
        text=True,
    )
    (path,) = re.findall(r"/link/[\w-]+", added.stdout)
    with httpx2.Client(base_url=address, trust_env=False, timeout=_SECONDS) as client:
        client.get(path)
        answer = client.post(
            path, data={"password": _PASSWORD, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        )
        assert answer.status_code == 302, answer.text
        yield client
