"""Where people may be sent back to. Source: Redirect URI (reply URL) restrictions and limitations."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from crosswalk_sandbox.dynamics.entra.apps import App

LOOPBACK = ("localhost", "127.0.0.1")
Platform = Literal["web", "public", "spa"]


def platform_of(app: App, uri: str) -> Platform | None:
    """The platform of the app that has this address; None where it is not registered."""
    if any(same(uri, each) for each in app.redirect_uris):
        return "web"
    if any(same(uri, each) for each in app.public_redirect_uris):
        return "public"
    return "spa" if any(same(uri, each) for each in app.spa_redirect_uris) else None


def same(uri: str, registered: str) -> bool:
    """Whether an address is a registered one, letter by letter; on this machine over http the port does not count."""
    try:
        one, other = urlsplit(uri), urlsplit(registered)
        ports = (one.port, other.port)
    except ValueError:  # a port that is no number
        return False
    if other.scheme != "http" or other.hostname not in LOOPBACK:
        return uri == registered
    without = (
        (each.scheme, each.hostname, each.path or "/", each.query, each.fragment) for each in (one, other)
    )
    return len(set(without)) == 1 and all(port is None or 0 < port < 65_536 for port in ports)
