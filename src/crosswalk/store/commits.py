"""Transactions that need not wait for the disk, and work that stands whatever becomes of a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
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


@contextmanager
def apart() -> Iterator[Any]:
    """A cursor whose work stands, and whose locks end at once, also inside a transaction that is going to be undone.

    There it has a session of its own.
    """
    if not database.in_atomic_block:
        with database.cursor() as cursor:
            yield cursor
        return
    with psycopg.connect(**database.get_connection_params(), autocommit=True) as own, own.cursor() as cursor:
        yield cursor
