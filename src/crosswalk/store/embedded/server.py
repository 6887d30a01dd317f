"""Starts, finds and stops the server.

Three signs, each for its own question. *Healthy*: a connection succeeds; nothing else counts. *Alive*: the
lock on `Place.running`, which the server and its children inherit and the kernel drops with the last of them,
is held. *Whom to signal*: the pid in postmaster.pid, if the server is alive and that process is the server.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psycopg

from crosswalk.core.language import gettext as _
from crosswalk.store.embedded.account import Account
from crosswalk.store.embedded.cluster import (
    ENVIRONMENT,
    ROLE,
    make_cluster,
    make_folders,
    make_server_folders,
    server_programs,
)
from crosswalk.store.embedded.locks import PAUSE, locked, try_lock
from crosswalk.store.embedded.place import PORT, EmbeddedError, Place

DATABASE = "crosswalk"
START_SECONDS = 300.0
"""How long a start may take; recovery after a crash is the long case."""
STOP_SECONDS = 60.0

SETTINGS = {
    "listen_addresses": "",
    "port": PORT,
    "unix_socket_permissions": "0700",
    "max_connections": 50,
    "shared_buffers": "128MB",
    "dynamic_shared_memory_type": "mmap",  # a container's /dev/shm is small, and a log-out may empty it
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",  # seven files, each overwritten a week later
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": 0,
}

_DETACHED = 'exec </dev/null >"$0" 2>&1; "$@" &'
"""For sh: the log file, then the command. The shell ends at once, so the server is nobody's child."""


def dsn(place: Place, *, password: bool = True, database: str = DATABASE) -> str:
    """The address of the server, as a libpq URI; raises FileNotFoundError if it was never created."""
    secret = f":{quote(place.password.read_text(), safe='')}" if password else ""
    return f"postgresql://{ROLE}{secret}@/{database}?host={quote(str(place.sockets), safe='')}&port={PORT}"


def connect(place: Place, database: str = DATABASE) -> psycopg.Connection:
    """A connection; raises OSError or psycopg.OperationalError where no server takes one.

    While a server recovers from a crash it does not.
    """
    return psycopg.connect(dsn(place, database=database), autocommit=True, connect_timeout=10)


def trouble(place: Place, database: str = DATABASE) -> str | None:
    """Why the server takes no connection; None if it is healthy."""
    try:
        connect(place, database).close()
    except (OSError, psycopg.OperationalError) as error:
        return str(error)
    return None


def ensure_running(place: Place) -> None:
    """Returns when the server takes connections, whoever started it; raises EmbeddedError if it does not."""
    if trouble(place) is None:
        return
    account = make_folders(place)
    with locked(place.lock, seconds=START_SECONDS) as lock:
        if trouble(place) is None:
            return
        make_server_folders(place, account)
        make_cluster(place, account, lock)
        _bring_up(place, account)
        _make_database(place)


def _bring_up(place: Place, account: Account) -> None:
    """Waits while a server that is alive starts, recovers or ends; launches one where none is."""
    deadline = time.monotonic() + START_SECONDS
    launched = False
    while why := trouble(place, "postgres"):
        if time.monotonic() > deadline:
            raise _failure(place, _("The database did not come up in time: ") + why)
        running = try_lock(place.running)
        if running is not None:
            try:
                if launched:
                    raise _failure(place, _("The database ended while starting: ") + _last_words(place))
                _launch(place, account, running)
                launched = True
            finally:
                os.close(running)
        time.sleep(PAUSE)


def _launch(place: Place, account: Account, running: int) -> None:
    """Starts the server apart from us: own session, none of our streams, but with our lock `running`."""
    _drop_stale_pid_files(place)
    settings = {**SETTINGS, "unix_socket_directories": _quoted(place.sockets)}
    options = [f"--{name}={value}" for name, value in settings.items()]
    server: list[str | Path] = [server_programs() / "postgres", "-D", place.data, *options]
    try:
        subprocess.run(
            ["/bin/sh", "-c", _DETACHED, place.start_log, *server],
            cwd=place.server,
            env=ENVIRONMENT,
            umask=0o077,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[running],
            start_new_session=True,
            check=True,
            **account.run_as(),
        )
    except subprocess.SubprocessError as error:
        raise _failure(place, _("The database could not be started: ") + str(error)) from error


def _quoted(folder: Path) -> str:
    """A folder as one element of a list setting, whatever characters it has."""
    return '"' + str(folder).replace('"', '""') + '"'


def _make_database(place: Place) -> None:
    with connect(place, "postgres") as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchall():
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _failure(place: Place, message: str) -> EmbeddedError:
    return EmbeddedError(message, cure=_("See its log in {folder}").format(folder=place.data / "log"))


def _last_words(place: Place) -> str:
    logs = [place.start_log, *sorted(place.data.glob("log/*.log"), key=lambda log: log.stat().st_mtime)]
    lines = [line for log in logs if log.exists() for line in log.read_text(errors="replace").splitlines()]
    return " / ".join(lines[-5:])


def postmaster_pid(place: Place) -> int | None:
    """The process id in postmaster.pid, if that process is this data folder's server."""
    try:
        pid = int((place.data / "postmaster.pid").read_text().splitlines()[0])
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError, IndexError):
        return None
    return pid if os.fsencode(place.data) in arguments else None


def _drop_stale_pid_files(place: Place) -> None:
    """PostgreSQL refuses to start over a pid, for its data or its socket, that is now another process."""
    if postmaster_pid(place) is None:
        for stale in (place.data / "postmaster.pid", place.sockets / f".s.PGSQL.{PORT}.lock"):
            stale.unlink(missing_ok=True)


def ensure_stopped(place: Place) -> bool:
    """Stops the server and cuts its connections; False if none ran; EmbeddedError if it does not end."""
    if not place.running.exists():
        return False
    with locked(place.lock, seconds=START_SECONDS):
        if _ended(place):
            return False
        pid = postmaster_pid(place)
        if pid is not None:
            os.kill(pid, signal.SIGINT)  # "fast": roll back, write everything, end
        deadline = time.monotonic() + STOP_SECONDS
        while not _ended(place):
            if time.monotonic() > deadline:
                raise _failure(place, _("The database (process {pid}) does not end.").format(pid=pid))
            time.sleep(PAUSE)
        return True


def _ended(place: Place) -> bool:
    descriptor = try_lock(place.running)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is not None
