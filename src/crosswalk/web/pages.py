"""What all pages share: who may open them, how they are rendered, what their templates know."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from django.utils.functional import SimpleLazyObject

from crosswalk.core.clock import SystemClock
from crosswalk.store import connections
from crosswalk.store.models import Connection

from . import demo, navigation
from .models import User
from .people import visible
from .roles import Role

View = Callable[..., HttpResponseBase]
THEMES = ("system", "light", "dark")
THEME_COOKIE = "crosswalk_theme"


def route(address: str, view: View, name: str, *, roles: Collection[Role] | None) -> URLPattern:
    """Declare a page for people in these roles; None: for everybody, signed in or not. There is no other way to."""
    return path(address, view if roles is None else _for_roles(view, roles), name=name)


def connection_route(address: str, view: View, name: str, *, roles: Collection[Role]) -> URLPattern:
    """Declare a page about one connection for people in these roles who see it; for others there is no such page.

    The view gets the connection (`store.models.Connection`, with its tenants) after the request.
    """
    return route(f"connections/<int:number>/{address}", _with_connection(view), name, roles=roles)


def _with_connection(view: View) -> View:
    @wraps(view)
    def looked_up(request: HttpRequest, number: int, **arguments: Any) -> HttpResponseBase:
        connection = _seen_connection(person(request), number)
        request.connection = connection  # type: ignore[attr-defined] # for the navigation of its pages
        return view(request, connection, **arguments)

    return looked_up


def _seen_connection(user: User, number: int) -> Connection:
    """Return a connection that somebody sees. Raises Http404."""
    seen = visible(user)
    found = connections.by_number(number) if seen is None or number in seen else None
    if found is None:
        raise Http404
    return found


def _for_roles(view: View, roles: Collection[Role]) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if person(request).role not in roles:
            raise PermissionDenied
        answer = view(request, **arguments)
        answer.headers.setdefault("Cache-Control", "no-store")  # what was seen ends with the session
        return answer

    return guarded


def person(request: HttpRequest) -> User:
    """Return who is signed in."""
    user = request.user
    if not isinstance(user, User):
        raise PermissionDenied
    return user


def now() -> datetime:
    """Return the time."""
    return SystemClock().now()


def known(request: HttpRequest) -> User | None:
    """Return who is signed in, if that was looked up already; ask no database."""
    user = getattr(request, "user", None)
    if type(user) is SimpleLazyObject:
        user = getattr(request, "_cached_user", None)
    return user if isinstance(user, User) else None


def context(request: HttpRequest) -> dict[str, Any]:
    """Return what every template knows. It asks no database, so that pages about errors work without one."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    user, connection = known(request), getattr(request, "connection", None)
    here = request.resolver_match.url_name if request.resolver_match else ""
    return {
        "is_demo": demo.is_demo(),
        "theme": chosen if chosen in THEMES else "system",
        "person": user,
        "connection": connection,
        "bar": navigation.bar(user, request.path, here or "") if user else [],
        "connection_bar": navigation.connection_bar(user, connection, request.path, here or "")
        if user and connection
        else [],
    }


def is_part(request: HttpRequest) -> bool:
    """Tell whether a page renews a part of itself."""
    return request.headers.get("HX-Request") == "true"
