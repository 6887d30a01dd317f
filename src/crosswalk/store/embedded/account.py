"""The user that the server runs as, and folders that belong to it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crosswalk.core.language import gettext as _
from crosswalk.store.embedded.place import ROOT_BASE, EmbeddedError, is_root

SYSTEM_USER = "crosswalk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user id and a group id."""

    uid: int
    gid: int

    def run_as(self) -> dict[str, Any]:
        """Arguments of `subprocess` that run a program as this user; none if we are this user."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account() -> Account:
    """Whom the server runs as: us, or as root the system user `crosswalk`, made where missing.

    Raises EmbeddedError if there is none and none can be made.
    """
    if not is_root():
        return Account(uid=os.geteuid(), gid=os.getegid())
    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _add_system_user()
        entry = pwd.getpwnam(SYSTEM_USER)
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def _add_system_user() -> None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")
    options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    command = [useradd or "useradd", *options, "--home-dir", str(ROOT_BASE), SYSTEM_USER]
    try:
        subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedError(
            _(
                "PostgreSQL does not run as root, and the system user '{user}' that it would run as "
                "could not be created: {error}"
            ).format(user=SYSTEM_USER, error=getattr(error, "stderr", None) or error),
            cure=_("Create that user, or run as an ordinary user, or name a server with DATABASE_URL."),
        ) from error


def make_folder(folder: Path, *, mode: int, owner: Account | None = None) -> None:
    """Makes a folder with exactly this mode; one that exists is left as it is, and so are its parents."""
    try:
        folder.mkdir(mode=mode)
    except FileExistsError:
        return
    folder.chmod(mode)  # a umask may have taken bits away
    if owner is not None and owner.uid != os.geteuid():
        os.chown(folder, owner.uid, owner.gid)
