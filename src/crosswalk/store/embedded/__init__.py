"""The embedded PostgreSQL: a real server, started by Crosswalk itself where no `DATABASE_URL` names another.

It listens on a socket that only its owner can reach, outlives the process that started it, ends with `stop`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from crosswalk.core.language import gettext as _
from crosswalk.store.embedded import server
from crosswalk.store.embedded.place import ROOT_BASE, EmbeddedError, Place, home

__all__ = ["EmbeddedError", "Status", "database_url", "home", "in_use", "remove", "start", "status", "stop"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What there is to say about the server of a home."""

    running: bool
    """It takes connections."""
    data: Path
    """PostgreSQL's data folder."""
    size: int
    """Bytes in the data folder; 0 if there is none."""
    dsn: str
    """Its address, without the password."""
    pid: int | None
    """None if it does not run."""
    version: str | None
    """PostgreSQL's; None if it does not run."""


def start(home: Path) -> str:
    """Starts the server of a home unless it runs; returns its DSN (a libpq URI with the password).

    Raises EmbeddedError if it cannot be started.
    """
    place = Place.of(home)
    with _plain_errors(place):
        server.ensure_running(place)
        return server.dsn(place)


def stop(home: Path) -> bool:
    """Stops the server of a home and cuts its connections; False if none ran.

    Raises EmbeddedError if it does not end.
    """
    place = Place.of(home)
    with _plain_errors(place):
        return server.ensure_stopped(place)


def remove(home: Path) -> None:
    """Stops the server of a home and deletes all that it stored; a caller makes sure that this is meant.

    Raises EmbeddedError if the server does not end or a file cannot be deleted.
    """
    place = Place.of(home)
    with _plain_errors(place):
        server.ensure_stopped(place)
        if place.sockets.exists():
            shutil.rmtree(place.sockets)
        if place.folder.exists():
            shutil.rmtree(place.folder)
        if place.folder.parent.parent == ROOT_BASE and place.folder.parent.exists():
            place.folder.parent.rmdir()


def status(home: Path) -> Status:
    """What there is to say about the server of a home; changes and starts nothing."""
    place = Place.of(home)
    running, version = False, None
    with suppress(OSError, psycopg.OperationalError), server.connect(place) as connection:
        running, version = True, connection.info.parameter_status("server_version")
    return Status(
        running=running,
        data=place.data,
        size=_size(place.data),
        dsn=server.dsn(place, password=False),
        pid=server.postmaster_pid(place) if running else None,
        version=version,
    )


def in_use(home: Path) -> bool:
    """Tell whether anybody has a session with the server of a home; starts nothing."""
    with suppress(OSError, psycopg.OperationalError), server.connect(Place.of(home)) as connection:
        others = (
            "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return bool(connection.execute(others).fetchall())
    return False


def database_url() -> str:
    """The DSN to use: `DATABASE_URL` where set, else that of the embedded server, which is started for it.

    Raises EmbeddedError if that cannot be started.
    """
    return os.environ.get("DATABASE_URL") or start(home())


@contextmanager
def _plain_errors(place: Place) -> Iterator[None]:
    """A full disk, or a folder that is somebody else's, is told as what it is."""
    try:
        yield
    except (OSError, psycopg.Error) as error:
        raise EmbeddedError(
            _("the database in {folder} cannot be reached: {error}").format(folder=place.folder, error=error),
            cure=_("CROSSWALK_HOME names another folder, DATABASE_URL another server."),
        ) from error


def _size(folder: Path) -> int:
    """Bytes below a folder; files that vanish meanwhile count nothing."""
    total = 0
    for parent, _folders, files in os.walk(folder):
        for name in files:
            try:
                total += (Path(parent) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return total
