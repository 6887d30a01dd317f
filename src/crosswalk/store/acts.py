"""The audit log: what people did to the installation and its connections, through whichever door they came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection as database
from django.utils import timezone

from crosswalk.core import acts
from crosswalk.core.values import Value

from .models import Act, Connection

acting = acts.acting


def actor() -> str:
    """Return in whose name what happens now happens; empty: in nobody's."""
    return acts.actor()[0]


def note(what: str, connection: Connection | None = None, **detail: Any) -> None:
    """Keep that the acting person did something; within the transaction that does it, where there is one.

    `what` is a name of `core.acts.ACTS`; `detail` is plain data without secrets, such as before and after. What nobody
    does (a worker by its schedule) is not kept: runs have their own history.
    """
    person, door = acts.actor()
    if person:
        Act.objects.create(
            at=timezone.now(),
            person=person,
            door=door,
            what=what,
            connection_id=None if connection is None else connection.id,
            connection_name="" if connection is None else connection.name,
            detail=_plain(detail),
        )


def plain(values: Mapping[str, Value]) -> dict[str, Any]:
    """Return values of fields as the log keeps them."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def since(connection: Connection, beginning: str, moment: datetime) -> list[Act]:
    """Return what people did to a connection after a moment, of the acts whose names begin so; the latest first."""
    found = Act.objects.filter(connection_id=connection.id, what__startswith=beginning, at__gt=moment)
    return list(found.order_by("-id")[:20])


def _plain(detail: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in detail.items() if value is not None}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which acts are meant; empty: all."""

    person: str = ""
    what: str = ""
    connection: str = ""  # its name


def listed(wanted: Wanted, *, before: int | None = None, limit: int | None = None) -> Sequence[Act]:
    """Return acts, newest first: those with a smaller number than `before`."""
    found = Act.objects.order_by("-id")
    if wanted.person:
        found = found.filter(person=wanted.person)
    if wanted.what:
        found = found.filter(what=wanted.what)
    if wanted.connection:
        found = found.filter(connection_name=wanted.connection)
    if before is not None:
        found = found.filter(id__lt=before)
    return list(found[:limit])


_LOOKED_AT = 10_000  # of the latest acts, for what a list can be narrowed to
_KNOWN = """
    SELECT array_agg(DISTINCT person), array_agg(DISTINCT connection_name), array_agg(DISTINCT what)
    FROM (SELECT person, connection_name, what FROM act ORDER BY id DESC LIMIT %s) latest
"""


def known() -> tuple[list[str], list[str], list[str]]:
    """Return who acted, on which connections, and what was done lately: what a list can be narrowed to."""
    with database.cursor() as cursor:
        cursor.execute(_KNOWN, [_LOOKED_AT])
        people, connections, done = (sorted(filter(None, names or ())) for names in cursor.fetchall()[0])
    return people, connections, done
