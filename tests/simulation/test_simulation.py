"""A hundred histories; see docs/simulation.md."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest
import structlog.testing
from tests.conftest import database_named, only_one, own_name
from tests.simulation.names import STATES
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

SEEDS = 100
CHUNK = 5


@pytest.fixture
def folder() -> Path:
    """Where all workers of this run put their results."""
    folder = Path(os.environ["CROSSWALK_TEST_HOME"]) / "simulation"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """Log lines of single calls would take longer than the calls."""
    with structlog.testing.capture_logs():
        yield


@pytest.mark.long
@pytest.mark.parametrize("number", range(SEEDS // CHUNK))
def test_nothing_is_lost_whatever_people_and_vendors_do(
    number: int,
    django_database: str,
    database_server: tuple[str, psycopg.Connection],
    tmp_path: Path,
    folder: Path,
) -> None:
    from tests.simulation.play import play_seed

    first = first_seed() + number * CHUNK
    results = [play_seed(seed, tmp_path) for seed in range(first, first + CHUNK)]
    unreached = _gather(folder, number, results)
    assert not [failure(played) for played in results if played.wrong]
    for played in filter(lambda each: is_played_twice(each.seed), results):
        assert not difference(played, _elsewhere(database_server, number, played.seed))
    assert not unreached


def _elsewhere(database_server: tuple[str, psycopg.Connection], number: int, seed: int) -> Played:
    """The same seed in another process, which orders its sets otherwise, as its database does its rows."""
    from tests.simulation.__main__ import make_database, start

    url, server = database_server
    name = own_name(f"simulated_{number}")
    make_database(server, name, other_plans(seed))
    child = start(database_named(url, name), ["--seed", str(seed)], hashed=str(number + 1))
    (line,) = child.communicate()[0].splitlines()
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    return msgspec.json.decode(line, type=Played)


def _gather(folder: Path, number: int, results: list[Played]) -> list[str]:
    """Keep results for the table; the last of all says which states no seed reached."""
    with only_one(folder / "lock"):
        (folder / f"{number}.json").write_bytes(msgspec.json.encode(results))
        files = sorted(folder.glob("*.json"))
        if len(files) < SEEDS // CHUNK:
            return []
        everything = [
            each for file in files for each in msgspec.json.decode(file.read_bytes(), type=list[Played])
        ]
        (folder / "table.txt").write_text("\n".join(table(everything, STATES)))
        return missing(everything, STATES)
