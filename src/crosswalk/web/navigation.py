"""The ways between pages: one bar for the installation, one for each connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crosswalk.store.models import Connection

from .models import User
from .roles import ADMINISTRATORS, EVERYBODY, MANAGERS, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A way to a page, and to those whose addresses are below it; `covers` are names of other routes there."""

    route: str
    label: str | Promise
    icon: str
    roles: frozenset[Role] = EVERYBODY
    covers: tuple[str, ...] = ()


BAR: Sequence[Item] = (
    Item(route="overview", label=_("Overview"), icon="house"),
    Item(route="users", label=_("People"), icon="users", roles=ADMINISTRATORS),
    Item(route="audit", label=_("Audit log"), icon="scroll-text", roles=MANAGERS),
    Item(route="settings", label=_("Settings"), icon="settings", roles=ADMINISTRATORS),
    Item(route="help-index", label=_("Help"), icon="life-buoy"),
)
CONNECTION_BAR: Sequence[Item] = (
    Item(route="connection", label=_("How it stands"), icon="activity"),
    Item(route="plans", label=_("Plan"), icon="file-diff"),
    Item(route="runs", label=_("Runs"), icon="history", covers=("task", "task-again")),
    Item(route="holds", label=_("Holds"), icon="hand"),
    Item(route="records", label=_("Records"), icon="search"),
    Item(route="setup", label=_("Set-up"), icon="list-checks"),
    Item(
        route="connection-settings",
        label=_("Settings"),
        icon="settings",
        roles=MANAGERS,
        covers=("connection-remove",),
    ),
)


# route → the letter that leads there after g
KEYS = {
    "overview": "o",
    "users": "p",
    "settings": "s",
    "audit": "a",
    "help-index": "h",
    "connection": "c",
    "plans": "l",
    "runs": "r",
    "holds": "d",
    "records": "f",
    "setup": "u",
    "connection-settings": "e",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """An item as a template shows it."""

    address: str
    label: str | Promise
    icon: str
    key: str  # empty: none
    is_here: bool


def bar(user: User, path: str, here: str) -> list[Way]:
    """Return the pages of the installation that somebody may open; `here` is the route's name at `path`."""
    return [_way(item, path, here) for item in BAR if user.role in item.roles]


def connection_bar(user: User, connection: Connection, path: str, here: str) -> list[Way]:
    """Return the pages of a connection that somebody may open."""
    return [_way(item, path, here, connection.id) for item in CONNECTION_BAR if user.role in item.roles]


def _way(item: Item, path: str, here: str, *arguments: int) -> Way:
    address = reverse(item.route, args=arguments)
    return Way(
        address=address,
        label=item.label,
        icon=item.icon,
        key=KEYS.get(item.route, ""),
        is_here=path == address or path.startswith(f"{address}/") or here in item.covers,
    )
