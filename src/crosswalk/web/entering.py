"""Who signs in, and with a wrong password: both are kept in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.http import HttpRequest

from crosswalk.core.acts import acting
from crosswalk.store import acts

_NAME = "crosswalk.web.entering"


def listen() -> None:
    """Begin, once in a process."""
    user_logged_in.connect(_entered, dispatch_uid=f"{_NAME}.entered")
    user_login_failed.connect(_refused, dispatch_uid=f"{_NAME}.refused")


def _entered(user: Any, **_more: object) -> None:
    with acting(user.name, "web"):
        acts.note("person.entered")


def _refused(credentials: Mapping[str, Any], request: HttpRequest | None = None, **_more: object) -> None:
    """A name that nobody has may be a password in the wrong place: it is not kept, nor is a try while a name rests."""
    from . import people

    user = people.named(str(credentials.get("username", "")))
    if user is not None and not getattr(request, "axes_locked_out", False):
        with acting(user.name, "web"):
            acts.note("person.refused")
