"""The audit log: what people did to the installation and its connections, through whichever door they came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.utils import timezone

from crosswalk.core.values import Value

from .models import Act, Connection

# (person, door) in whose name what happens now happens
_actor: ContextVar[tuple[str, str]] = ContextVar("actor", default=("", ""))


@contextmanager
def acting(person: str, door: str) -> Iterator[None]:
    """Let what happens inside be done by a person through a door (web, cli)."""
    token = _actor.set((person, door))
    try:
        yield
    finally:
        _actor.reset(token)


def actor() -> str:
    """Return in whose name what happens now happens; empty: in nobody's."""
    return _actor.get()[0]


def note(what: str, connection: Connection | None = None, **detail: Any) -> None:
    """Keep that the acting person did something; within the transaction that does it, where there is one.

    `what` is a name of `core.acts.ACTS`; `detail` is plain data without secrets, such as before and after. What nobody
    does (a worker by its schedule) is not kept: runs have their own history.
    """
    person, door = _actor.get()
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
