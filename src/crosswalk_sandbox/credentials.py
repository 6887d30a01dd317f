"""Reading the Authorization header: HTTP Basic and bearer tokens."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote

from crosswalk_sandbox.http import Request


def basic(request: Request) -> tuple[str, str] | None:
    """User name and password of HTTP Basic; None without it."""
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(coded, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote(name), unquote(password)


def bearer(request: Request) -> tuple[str, str]:
    """The scheme and the token of the Authorization header, both "" without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return scheme.lower(), token.strip()
