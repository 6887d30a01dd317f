"""Whether somebody waits for the answer: then a system that cannot be reached at all is told of at once.

A run tries again, since the network may be back in a second; somebody who mistyped an address is better told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_waits: ContextVar[bool] = ContextVar("somebody_waits", default=False)


def somebody_waits() -> bool:
    """Tell whether what is done now is done for somebody who waits for it."""
    return _waits.get()


@contextmanager
def waited_for() -> Iterator[None]:
    """Let what is done inside be done for somebody who waits for it."""
    before = _waits.set(True)
    try:
        yield
    finally:
        _waits.reset(before)
