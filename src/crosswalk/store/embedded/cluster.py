"""Makes what a server needs before its first start: folders, the password, the data folder."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from gettext import gettext as _
from pathlib import Path

from crosswalk.store.embedded.account import Account, make_folder, server_account
from crosswalk.store.embedded.binaries import programs
from crosswalk.store.embedded.locks import locked
from crosswalk.store.embedded.place import ROOT_BASE, EmbeddedError, Place, is_root

ROLE = "crosswalk"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""Of the server and of initdb: nothing of the caller's surroundings takes part."""

_INITDB_OPTIONS = (
    f"--username={ROLE}",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--no-instructions",
)


def make_folders(place: Place) -> Account:
    """Makes the caller's folders of a place and names the user that the server runs as.

    Raises EmbeddedError if there is no such user, OSError if a folder cannot be made.
    """
    if not is_root():
        place.folder.parent.mkdir(parents=True, exist_ok=True)
        make_folder(place.folder, mode=0o700)
        return server_account()
    for folder in (ROOT_BASE, place.folder.parent, place.folder):
        make_folder(folder, mode=0o755)
    with locked(ROOT_BASE / ".lock", seconds=60):
        return server_account()


def server_programs() -> Path:
    """The folder of PostgreSQL's programs, as the server's user can run them."""
    if not is_root():
        return programs()
    with locked(ROOT_BASE / ".lock", seconds=120):
        return programs()


def make_server_folders(place: Place, account: Account) -> None:
    """Makes the folders of the server and its socket; raises EmbeddedError if one is somebody else's."""
    for folder in (place.server, place.sockets):
        make_folder(folder, mode=0o700, owner=account)
    found = place.sockets.lstat()
    if (found.st_mode & 0o170077, found.st_uid) != (0o040000, account.uid):
        raise EmbeddedError(
            _("{folder} should be a folder that only the database's user can open, and is not.").format(
                folder=place.sockets
            ),
            cure=_("Remove it, or choose a shorter CROSSWALK_HOME."),
        )


def make_cluster(place: Place, account: Account) -> None:
    """Makes the data folder unless it exists; one that a crash left unfinished is made anew.

    Raises EmbeddedError if initdb fails or the password of an existing data folder is lost.
    """
    known = place.password.exists()
    if place.data.exists() and known:
        return
    if place.data.exists():
        raise EmbeddedError(
            _("The password file {file} of the database is missing.").format(file=place.password),
            cure=_("Restore it from a backup."),
        )
    if not known:
        _write_password(place.password)
    unfinished = place.server / "data.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    with tempfile.NamedTemporaryFile("w", dir=place.folder) as copy:
        copy.write(place.password.read_text())
        copy.flush()
        os.chown(copy.name, account.uid, account.gid)
        _initdb([*_INITDB_OPTIONS, f"--pwfile={copy.name}", f"--pgdata={unfinished}"], place.server, account)
    unfinished.rename(place.data)


def _initdb(options: list[str], folder: Path, account: Account) -> None:
    done = subprocess.run(
        [server_programs() / "initdb", *options],
        cwd=folder,
        env=ENVIRONMENT,
        umask=0o077,
        capture_output=True,
        text=True,
        check=False,
        **account.run_as(),
    )
    if done.returncode != 0:
        raise EmbeddedError(_("The database could not be created: {error}").format(error=done.stderr.strip()))


def _write_password(file: Path) -> None:
    unfinished = file.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600, exist_ok=False)
    unfinished.write_text(secrets.token_urlsafe(32))
    unfinished.rename(file)
