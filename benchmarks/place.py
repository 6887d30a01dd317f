"""A database for the measurement alone, on a server of its own; gone when it ends."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from crosswalk.cli.session import Session, open_session_at
from crosswalk.store import embedded


@contextmanager
def place() -> Iterator[Session]:
    """Yield the way to a new database, once a process. Only then may the pipeline be imported."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory(prefix="crosswalk-bench-") as folder:
        home = Path(folder)
        try:
            yield open_session_at(embedded.start(home), home)
            _leave_database()
        finally:
            embedded.remove(home)


def _leave_database() -> None:
    from django.db import connections

    connections.close_all()
