"""Makes what a server needs before its first start: folders, the password, the data folder."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from pathlib import Path

from crosswalk.core.language import gettext as _
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


def make_cluster(place: Place, account: Account, lock: int) -> None:
    """Makes the data folder unless it exists; one that a crash left unfinished is made anew.

    `lock` is the descriptor of the place's lock: initdb holds it too, so that nobody else begins while it
    works, even if we are killed meanwhile.

    Raises EmbeddedError if initdb fails or the password of an existing data folder is lost.
    """
    if place.data.exists():
        if not place.password.exists():
            raise EmbeddedError(
                _("The password file {file} of the database is missing.").format(file=place.password),
                cure=_("Restore it from a backup."),
            )
        return
    password = secrets.token_urlsafe(32)
    _write_private(place.password, password)
    readable = place.folder / "password.initdb"
    _write_private(readable, password)
    os.chown(readable, account.uid, account.gid)
    unfinished = place.server / "data.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    options = [*_INITDB_OPTIONS, f"--pwfile={readable}", f"--pgdata={unfinished}"]
    _initdb(options, place.server, account, lock)
    readable.unlink()
    unfinished.rename(place.data)


def _initdb(options: list[str], folder: Path, account: Account, lock: int) -> None:
    done = subprocess.run(
        [server_programs() / "initdb", *options],
        cwd=folder,
        env=ENVIRONMENT,
        umask=0o077,
        pass_fds=[lock],
        capture_output=True,
        text=True,
        check=False,
        **account.run_as(),
    )
    if done.returncode != 0:
        raise EmbeddedError(_("The database could not be created: {error}").format(error=done.stderr.strip()))


def _write_private(file: Path, text: str) -> None:
    """Writes a file that only we can read; one of an unfinished attempt is replaced."""
    file.unlink(missing_ok=True)
    file.touch(mode=0o600, exist_ok=False)
    file.write_text(text)
