"""Where a demo lives: a home of its own with a database of its own, taken by one demo at a time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from crosswalk.store import embedded
from crosswalk.store.embedded.account import make_folder
from crosswalk.store.embedded.locks import try_lock
from crosswalk.store.embedded.place import is_root


@contextmanager
def instance() -> Iterator[Path]:
    """Yield a home that no other demo uses, empty even where an earlier demo was killed; removed at the end."""
    home, lock = _free_home()
    try:
        _clear(home)
        yield home
    finally:
        _clear(home)
        (home / "lock").unlink()
        home.rmdir()
        os.close(lock)


def _free_home() -> tuple[Path, int]:
    """Return the first home that nobody holds, and the descriptor that now holds it."""
    for number in count(1):
        home = embedded.home() / (f"demo-{number}" if number > 1 else "demo")
        lock = _taken(home)
        if lock is not None:
            return home, lock
    raise AssertionError("there are always more numbers")


def _taken(home: Path) -> int | None:
    _make(home)
    try:
        lock = try_lock(home / "lock")
        if lock is None:
            return None
        if os.fstat(lock).st_ino == (home / "lock").stat().st_ino:
            return lock
    except FileNotFoundError:
        return None  # its last demo ended between our two steps
    os.close(lock)
    return None


def _make(home: Path) -> None:
    """As root the folders above are for the database's user too, whatever the umask."""
    for folder in (*reversed(home.parents), home):
        if not folder.exists():
            make_folder(folder, mode=0o755 if is_root() else 0o700)


def _clear(home: Path) -> None:
    """Stop the database and delete everything but the lock."""
    embedded.remove(home)
    for entry in home.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name != "lock":
            entry.unlink()
