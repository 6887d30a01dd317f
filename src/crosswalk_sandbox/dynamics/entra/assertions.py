"""Certificate credentials: the signed assertion by which an app proves itself.

Source: Microsoft identity platform application authentication certificate credentials.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crosswalk_sandbox.dynamics.entra.apps import App
from crosswalk_sandbox.dynamics.entra.errors import EntraError

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("RS256", "PS256")


def check_assertion(app: App, assertion: str, kind: str | None, audiences: set[str], now: datetime) -> None:
    """Refuse an assertion that does not prove the app. Raises EntraError."""
    from crosswalk_sandbox import signing  # slow to import, and seldom needed

    if kind != ASSERTION_TYPE:
        raise EntraError(900144, field="client_assertion_type")
    try:
        statement = signing.read(assertion)
    except ValueError:
        raise EntraError(50027) from None
    if app.certificate is None or not statement.is_signed_with(app.certificate, ALGORITHMS):
        raise EntraError(700027, app=app.client_id)
    _check_claims(app, statement.claims, audiences, now)


def _check_claims(app: App, claims: Mapping[str, Any], audiences: set[str], now: datetime) -> None:
    if claims.get("iss") != app.client_id or claims.get("sub") != app.client_id:
        raise EntraError(700021)
    named = claims.get("aud")
    if not audiences & {each for each in (named if isinstance(named, list) else [named]) if each}:
        raise EntraError(700023)
    try:
        begins, ends = float(claims.get("nbf", 0)), float(claims["exp"])
    except (KeyError, TypeError, ValueError):
        raise EntraError(50027) from None
    if not begins <= now.timestamp() + 300 or ends <= now.timestamp():
        raise EntraError(700024)
