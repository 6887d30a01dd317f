"""What lasts from one page to the next in one browser: whose sign-in it is, and what went wrong while it was away."""

from __future__ import annotations

import secrets
from dataclasses import asdict

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from crosswalk.web.alerts import Alert

_HOLDER = "sign_in_holder"
_TROUBLE = "sign_in_trouble"


def holder(request: HttpRequest) -> str:
    """Return what tells this browser's session from others."""
    if _HOLDER not in request.session:
        request.session[_HOLDER] = secrets.token_urlsafe(16)
    return str(request.session[_HOLDER])


def callback(request: HttpRequest) -> str:
    """Return the address to which vendors send browsers back."""
    path = reverse("sign-in-return")
    return settings.PUBLIC_ADDRESS + path if settings.PUBLIC_ADDRESS else request.build_absolute_uri(path)


def tell(request: HttpRequest, place: str, alert: Alert) -> None:
    """Have the page at an address show an alert when it is opened next."""
    request.session[_TROUBLE] = {place: asdict(alert)}


def told(request: HttpRequest, place: str) -> Alert | None:
    """Return what the page at an address is to show, once."""
    kept = request.session.get(_TROUBLE, {})
    if place not in kept:
        return None
    del request.session[_TROUBLE]
    return Alert(**kept[place])
