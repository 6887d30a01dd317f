"""Transactions that need not wait for the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection as database
from django.db import transaction


@contextmanager
def recoverable() -> Iterator[Any]:
    """One transaction, whose cursor is yielded, that a crash of the server's machine may forget.

    Only for what is worked out again from what was committed before: commits keep their order, and the intent to send,
    which waits for the disk, takes along everything before it.
    """
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        yield cursor
