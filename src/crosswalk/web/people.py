"""People: who there is, links with which they choose a password, and what they see."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest

from crosswalk.core.acts import acting
from crosswalk.store import acts
from crosswalk.store.models import Connection

from .models import Access, EntryLink, User
from .roles import Role

VALID = timedelta(minutes=30)  # how long a link can be used


def has_administrator() -> bool:
    """Tell whether anybody can sign in who may do everything."""
    found = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True)
    return any(user.has_usable_password() for user in found)


def tidy(now: datetime) -> None:
    """Forget sessions and links that are over."""
    EntryLink.objects.filter(expires_at__lte=now).delete()
    Session.objects.filter(expire_date__lte=now).delete()


def first_link(now: datetime) -> str | None:
    """Return the secret part of a new link that makes the first administrator; None when there is one.

    Earlier ones are of no use any more.
    """
    return None if has_administrator() else _make(None, now)


def link_for(user: User, now: datetime) -> str:
    """Return the secret part of a new link with which somebody chooses a password; earlier ones are of no use."""
    with transaction.atomic():
        acts.note("person.link", name=user.name)
        return _make(user, now)


def _make(user: User | None, now: datetime) -> str:
    secret = secrets.token_urlsafe(24)
    with transaction.atomic():
        EntryLink.objects.filter(user=user).delete()
        EntryLink.objects.create(digest=_digest(secret), user=user, expires_at=now + VALID)
    return secret


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def valid_link(secret: str, now: datetime) -> EntryLink | None:
    """Return a link that can still be used, locked against others; within a transaction."""
    found = EntryLink.objects.select_for_update().filter(digest=_digest(secret), expires_at__gt=now).first()
    if found is not None and found.user_id is None and has_administrator():
        return None
    return found


def use(link: EntryLink, name: str, password: str) -> User:
    """Give whom the link is for a password, and end the link; within the transaction that locked it."""
    user = link.user or User(name=name, role=Role.ADMINISTRATOR)
    user.set_password(password)
    user.save()
    link.delete()
    with acting(user.name, "web"):
        acts.note("person.password")
    return user


def choose_password(user: User, password: str) -> None:
    """Give somebody another password."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        acts.note("person.password")


def named(name: str) -> User | None:
    """Return who has a name, in whatever case."""
    found: User | None = User.objects.filter(name__iexact=name).first()
    return found


def add(name: str, role: Role, connections: Iterable[int]) -> User:
    """Add somebody, who can sign in once they chose a password."""
    with transaction.atomic():
        user = User(name=name, role=role)
        user.set_unusable_password()
        user.save()
        _show(user, connections)
        acts.note("person.added", name=name, role=str(role), connections=_names(connections))
    return user


def change(user: User, role: Role, connections: Iterable[int], *, active: bool) -> None:
    """Change what somebody may do; within a transaction."""
    before = _rights(user)
    user.role, user.is_active = role, active
    user.save(update_fields=["role", "is_active", "changed_at"])
    _show(user, connections)
    after = _rights(user)
    if before != after:
        acts.note("person.changed", name=user.name, before=before, after=after)


def _rights(user: User) -> dict[str, object]:
    seen = list(user.accesses.values_list("connection_id", flat=True))
    return {"role": str(user.role), "may_sign_in": user.is_active, "connections": _names(seen)}


def _names(numbers: Iterable[int]) -> list[str]:
    return list(
        Connection.objects.filter(id__in=list(numbers)).order_by("name").values_list("name", flat=True)
    )


def _show(user: User, connections: Iterable[int]) -> None:
    Access.objects.filter(user=user).delete()
    Access.objects.bulk_create(Access(user=user, connection_id=number) for number in connections)


def is_last_administrator(user: User) -> bool:
    """Tell whether nobody else could let people in."""
    others = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exclude(id=user.id)
    return user.is_administrator and not any(other.has_usable_password() for other in others)


def lock_administrators() -> None:
    """Let others wait who would take an administrator away, until the transaction ends."""
    list(User.objects.select_for_update().filter(role=Role.ADMINISTRATOR).values_list("id"))


def name_tried(request: HttpRequest, credentials: Mapping[str, str] | None = None) -> str:
    """Return the name with which somebody tries to sign in; wrong passwords count whatever its case."""
    name = (credentials or {}).get("username") or request.POST.get("username", "")
    return name.casefold()


def visible(user: User) -> Sequence[int] | None:
    """Return the connections that somebody sees; None: all."""
    return None if user.sees_all else list(user.accesses.values_list("connection_id", flat=True))
