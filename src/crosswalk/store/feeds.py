"""Feeds: their rows, who uses them, and the lease under which they are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection as database

from .models import Connection, Feed, Mapping


def open_feed(tenant_id: int, name: str, fields: Sequence[str]) -> Feed:
    """Return a feed; it starts again from the beginning when fields are to be read that it did not read so far."""
    feed, _ = Feed.objects.get_or_create(tenant_id=tenant_id, name=name)
    known = set(feed.fields.split("\n")) - {""}
    if not known.issuperset(fields):
        feed.cursor = None
        feed.fields = "\n".join(sorted(fields))
        feed.save(update_fields=["cursor", "fields"])
    return feed


def users_of(tenant_id: int) -> list[int]:
    """Return the ids of the connections that use a tenant and have a mapping."""
    ids = Mapping.objects.values("connection_id")
    used = Connection.objects.filter(id__in=ids)
    return list(
        (used.filter(crm_id=tenant_id) | used.filter(activecampaign_id=tenant_id)).values_list(
            "id", flat=True
        )
    )


@contextmanager
def lease(name: str, number: int, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lease `name` of a row; another process waits for it (or gets False). It ends with its holder."""
    with database.cursor() as cursor:
        call = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
        cursor.execute(f"SELECT {call}(hashtext(%s), %s)", [name, number])
        (answer,) = cursor.fetchone()
    held = wait or bool(answer)
    try:
        yield held
    finally:
        if held:
            with database.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtext(%s), %s)", [name, number])
