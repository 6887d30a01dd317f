"""Locks between processes: flock on a file, which the kernel drops when its last holder is gone."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crosswalk.core.language import gettext as _
from crosswalk.store.embedded.place import EmbeddedError

PAUSE = 0.05
"""Seconds between two looks at something that is waited for."""


def try_lock(file: Path) -> int | None:
    """An open descriptor that holds the lock, or None if somebody else holds it."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def locked(file: Path, *, seconds: float) -> Iterator[int]:
    """Holds the lock, by the descriptor it gives; raises EmbeddedError if others held it for that long."""
    deadline = time.monotonic() + seconds
    while (descriptor := try_lock(file)) is None:
        if time.monotonic() > deadline:
            raise EmbeddedError(
                _("Another process has been starting or stopping the database for {seconds:.0f} s.").format(
                    seconds=seconds
                )
            )
        time.sleep(PAUSE)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
