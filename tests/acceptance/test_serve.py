"""`crosswalk serve` and `crosswalk web`: real processes, asked over HTTP."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest
from tests.helpers.command_line import Installation, Sandbox
from tests.helpers.forked import Forked
from tests.helpers.served import SECONDS, started, wait_for

from crosswalk.store import embedded

TOKEN = "only-for-prometheus"


def children(process: subprocess.Popen[bytes] | Forked) -> dict[str, int]:
    """The parts of `serve` by name, with their process ids."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
    commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in found}
    return {words[3].decode(): pid for pid, words in commands.items() if len(words) > 3}


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Installation]:
    """An installation with an embedded database of its own."""
    home = tmp_path / "home"
    yield Installation(home=home, database_url=None)
    embedded.remove(home)


def test_serve_runs_everything_starts_anew_what_dies_and_stops_cleanly(alone: Installation) -> None:
    with started(alone, "serve") as served:
        wait_for(lambda: not served.wrong(), "readiness")
        assert embedded.status(alone.home).running
        before = children(served.process)
        for name in ("worker", "web"):
            subprocess.run(["kill", "-KILL", str(before[name])], check=True)
        wait_for(lambda: children(served.process).keys() == before.keys(), "new parts")
        now = children(served.process)
        assert not set(now.values()) & set(before.values())
        assert served.get("healthz").json() == {"alive": True}
        assert served.stop() == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in now.values())
    assert not embedded.status(alone.home).running
    assert {"timestamp", "level", "event"} <= served.lines()[-1].keys()


def test_nothing_remains_of_a_serve_that_is_killed(crosswalk: Installation) -> None:
    with started(crosswalk, "serve") as served:
        wait_for(lambda: children(served.process).keys() == {"web", "worker"}, "both parts")
        wait_for(lambda: served.get("healthz").status_code == 200, "an answer")
        parts = children(served.process).values()
        served.process.kill()
        served.process.wait(SECONDS)
        wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in parts), "the end of both parts")


def test_web_alone_says_what_is_missing_and_tells_prometheus_what_is_going_on(
    synced: Installation, sandbox: Sandbox, database_server: tuple[str, psycopg.Connection]
) -> None:
    sandbox.edit("salesforce", "Lead", sandbox.leads()[0]["Id"], FirstName="Edited")
    assert synced("sync").code == 0
    assert synced.database_url is not None
    with (
        started(synced, "web", CROSSWALK_METRICS_TOKEN=TOKEN) as served,
        psycopg.connect(synced.database_url, autocommit=True) as database,
    ):
        assert served.wrong() == {"worker": "No worker was heard of for a minute."}
        database.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
        assert served.get("readyz").status_code == 200

        assert served.get("metrics").status_code == 401
        assert served.get("metrics", Authorization="Bearer another").status_code == 401
        answer = served.get("metrics", Authorization=f"Bearer {TOKEN}")
        assert answer.status_code == 200
        figures = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
        assert float(figures['crosswalk_runs{connection="acme",state="done"}']) == 2
        assert float(figures['crosswalk_backlog{connection="acme",place="inbox"}']) == 0
        assert float(figures['crosswalk_writes{connection="acme",op="create",side="activecampaign"}']) > 0
        assert float(figures["crosswalk_workers"]) == 1
        assert float(figures['crosswalk_calls{connection="acme",system="salesforce"}']) > 0
        assert float(figures['crosswalk_connection_state{connection="acme",state="ok"}']) == 1
        assert float(figures['crosswalk_connection_state{connection="acme",state="behind"}']) == 0
        latency = "crosswalk_edit_to_write_seconds"
        assert float(figures[latency + '_bucket{connection="acme",le="+Inf"}']) == 1
        assert 0 <= float(figures[latency + '_sum{connection="acme"}']) < SECONDS
        assert any(name.startswith("crosswalk_feed_age_seconds{") for name in figures)

        database.execute("DELETE FROM django_migrations WHERE app = 'store' AND name LIKE '0015%'")
        assert served.wrong() == {"migrations": "The database's tables are not up to date."}

        name = urlsplit(synced.database_url).path.removeprefix("/")
        database_server[1].execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        database.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert served.wrong() == {"database": "The database cannot be reached."}
        assert served.get("readyz").status_code == 503
        assert served.get("healthz").status_code == 200

        assert served.stop() == 0
        assert TOKEN not in served.log.read_text(encoding="utf-8")


def test_without_a_token_there_are_no_metrics_and_a_taken_port_is_told(crosswalk: Installation) -> None:
    with started(crosswalk, "web") as served:
        assert served.get("metrics").status_code == 404
        assert httpx2.post(served.address() + "healthz", trust_env=False).status_code == 405
        port = str(urlsplit(served.address()).port)
        refused = crosswalk("web", "--port", port)
        assert refused.code == 1
        assert f"127.0.0.1, port {port}" in refused.err
        assert "--port" in refused.err
