"""Addresses: which ones may be called, and how they stand in messages."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from ..core.failures import FailureKind, SystemFailure
from ..core.words import keepable as _


def require_secure(url: str) -> None:
    """Raise SystemFailure(PERMISSION) unless `url` is https, or http on a loopback address."""
    parts = urlsplit(url)
    if parts.hostname and (
        parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))
    ):
        return
    raise SystemFailure(
        FailureKind.PERMISSION,
        _("{url} is not a secure address: nothing was sent to it.").format(url=public_url(url)),
        cure=_("Use the address that begins with https://; plain http is accepted only for localhost."),
        code="insecure_address",
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def public_url(url: str) -> str:
    """Return `url` without user, password, query and fragment, fit for a message."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" if host else url.partition("?")[0]
