"""`python -m tests.simulation`: plays seeds on a PostgreSQL of its own, in as many processes as there are cores."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import psycopg
from tests.conftest import database_named, make_template, own_name, template
from tests.simulation.crms import CRMS
from tests.simulation.report import (
    Played,
    difference,
    failure,
    first_seed,
    is_played_twice,
    missing,
    other_plans,
    table,
)

from crosswalk.store import embedded


def main() -> int:
    """Play what was asked for; 0 when nothing failed and every state was reached."""
    asked = _asked()
    if asked.database:
        return _play_here(asked)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whoever ends this leaves no server behind
    home = Path(tempfile.mkdtemp(prefix="crosswalk-simulation-"))
    try:
        url = embedded.start(home)
        with psycopg.connect(url, autocommit=True) as server:
            make_template(server, url)
            return _one(asked, server, url) if asked.seed is not None else _many(asked, server, url)
    finally:
        embedded.remove(home)
        shutil.rmtree(home, ignore_errors=True)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--first", type=int, help="the first of them; else from commit and date")
    parser.add_argument("--seed", type=int, help="play this one and tell its story")
    parser.add_argument(
        "--crm", default="", choices=["", *CRMS], help="play with this one; else it follows from the seed"
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many play at a time")
    parser.add_argument("--database", help="play here, on this database, and print results as JSON")
    parser.add_argument("--step", type=int, default=1, help=argparse.SUPPRESS)
    return parser.parse_args()


# --- a process that plays


def _play_here(asked: argparse.Namespace) -> int:
    set_up(asked.database)
    from tests.simulation.play import play_seed

    seeds = range(asked.first, asked.first + asked.seeds, asked.step) if asked.seed is None else [asked.seed]
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            print(msgspec.json.encode(play_seed(seed, Path(folder), asked.crm)).decode(), flush=True)
    return 0


def set_up(database_url: str) -> None:
    """Point Django at a database, and keep silent."""
    os.environ["DATABASE_URL"] = database_url
    os.environ["DJANGO_SETTINGS_MODULE"] = "crosswalk.settings"
    import django
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    django.setup()


# --- the process that asks


def _one(asked: argparse.Namespace, server: psycopg.Connection, url: str) -> int:
    (played,) = _play([_child(server, url, 0, ["--seed", str(asked.seed), *_with(asked.crm)])])
    print(
        failure(played) if played.wrong else "\n".join([*played.story, f"seed {played.seed}: nothing wrong"])
    )
    return 1 if played.wrong else 0


def _many(asked: argparse.Namespace, server: psycopg.Connection, url: str) -> int:
    from tests.simulation.names import STATES

    started = time.monotonic()
    first = first_seed() if asked.first is None else asked.first
    print(f"seeds {first} to {first + asked.seeds - 1}", flush=True)
    workers = asked.processes
    children = []
    for number in range(workers):
        seeds = ["--first", str(first + number), "--seeds", str(asked.seeds - number), "--step", str(workers)]
        seeds += _with(asked.crm)
        children.append(_child(server, url, number, seeds))
    results = _play(children)
    wrong = [failure(played) for played in results if played.wrong]
    for played in filter(lambda each: is_played_twice(each.seed), results):
        off = other_plans(played.seed)
        seed = ["--seed", str(played.seed), *_with(played.crm)]
        (again,) = _play([_child(server, url, workers, seed, hashed="4242", off=off)])
        wrong += filter(None, [difference(played, again)])
    print("\n".join(table(results, STATES)))
    wrong += [f"never reached: {name}" for name in missing(results, STATES)]
    print("\n\n".join(wrong) or "nothing wrong")
    print(f"{len(results) / (time.monotonic() - started) * 60:.0f} seeds a minute")
    return 1 if wrong else 0


def _with(crm: str) -> list[str]:
    return ["--crm", crm] if crm else []


def _child(
    server: psycopg.Connection,
    url: str,
    number: int,
    seeds: list[str],
    hashed: str = "0",
    off: tuple[str, ...] = (),
) -> subprocess.Popen[str]:
    """A process that plays seeds on a database of its own; `hashed` orders its sets otherwise, `off` its rows."""
    name = own_name(f"simulated_{number}")
    server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    make_database(server, name, off)
    return start(database_named(url, name), seeds, hashed)


def make_database(server: psycopg.Connection, name: str, off: tuple[str, ...]) -> None:
    """Make a migrated database that does without some ways to find, join and order rows."""
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template()}")
    for setting in off:
        server.execute(f"ALTER DATABASE {name} SET {setting} = off")


def start(database_url: str, seeds: list[str], hashed: str) -> subprocess.Popen[str]:
    """Start a process that plays on that database."""
    command = [sys.executable, "-m", "tests.simulation", "--database", database_url, *seeds]
    environment = {**os.environ, "PYTHONHASHSEED": hashed}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def _play(children: list[subprocess.Popen[str]]) -> list[Played]:
    """All results, by seed."""
    try:
        lines = [line for child in children for line in child.communicate()[0].splitlines()]
    finally:
        for child in children:
            child.kill()
    assert all(child.returncode == 0 for child in children)
    return sorted((msgspec.json.decode(line, type=Played) for line in lines), key=lambda each: each.seed)


if __name__ == "__main__":
    sys.exit(main())
