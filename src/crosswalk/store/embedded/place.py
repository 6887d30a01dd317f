"""Where an embedded server lives.

An ordinary user's server lives in the user's home of Crosswalk. PostgreSQL refuses to run as root, and the
user that it then runs as cannot reach below folders such as /root: as root, a home only *names* an instance.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from crosswalk.core.failures import UserError

ROOT_BASE = Path("/var/lib/crosswalk")
PORT = 5432
"""Names the socket file; no port is ever opened."""

_LONGEST_SOCKET_PATH = 107
"""Bytes that `sockaddr_un` holds, less the closing zero. Source: unix(7)."""


class EmbeddedError(UserError):
    """The embedded PostgreSQL cannot do what was asked; the message says why, `cure` what helps."""


def is_root() -> bool:
    """Whether this process runs as root."""
    return os.geteuid() == 0


def home() -> Path:
    """The home of this installation: `CROSSWALK_HOME`, else in the user's data folder (root: `default`)."""
    if named := os.environ.get("CROSSWALK_HOME"):
        return Path(named).expanduser().resolve()
    if is_root():
        return ROOT_BASE / "default"
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser().resolve() / "crosswalk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The folders and files of one embedded server."""

    folder: Path
    """The caller's: locks and password. Below it, `server` belongs to the user that the server runs as."""

    @classmethod
    def of(cls, home: Path) -> Place:
        """The place that belongs to a home; the same home is always the same place."""
        home = home.expanduser().resolve()
        if is_root() and home.parent != ROOT_BASE:
            readable = re.sub(r"[^A-Za-z0-9_-]+", "-", home.name)[:30].strip("-") or "instance"
            home = ROOT_BASE / f"{readable}-{_digest(home)}"
        return cls(folder=home / "database")

    @property
    def lock(self) -> Path:
        """Locked by whoever starts or stops the server."""
        return self.folder / "lock"

    @property
    def running(self) -> Path:
        """Locked by the server and its children for as long as one of them lives."""
        return self.folder / "running"

    @property
    def password(self) -> Path:
        """The password of the server's only role."""
        return self.folder / "password"

    @property
    def server(self) -> Path:
        """Everything that the server itself writes."""
        return self.folder / "server"

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.server / "data"

    @property
    def start_log(self) -> Path:
        """What the server says before its own log is open."""
        return self.server / "start.log"

    @property
    def sockets(self) -> Path:
        """The folder of the socket: `server`, or one below /tmp if libpq cannot use that path.

        It may be too long, and a comma separates hosts. Source: PostgreSQL, libpq, parameter `host`.
        """
        length = len(os.fsencode(self.server / f".s.PGSQL.{PORT}"))
        if length <= _LONGEST_SOCKET_PATH and "," not in str(self.server):
            return self.server
        return Path(f"/tmp/crosswalk-{os.geteuid()}-{_digest(self.folder)}")


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
