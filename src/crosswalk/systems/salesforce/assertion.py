"""A signed statement of who signs in: the assertion of the JWT bearer flow.

Source: Salesforce OAuth 2.0, JWT bearer flow; RFC 7519, RFC 7518 (RS256).
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa

from ..signing import compact

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFETIME = 180  # seconds; Salesforce refuses statements that last longer
PRODUCTION, SANDBOX = "https://login.salesforce.com", "https://test.salesforce.com"
# ending of the login host → who is spoken to; the first that fits
_AUDIENCES = (
    ("test.salesforce.com", SANDBOX),
    (".sandbox.my.salesforce.com", SANDBOX),
    (".scratch.my.salesforce.com", SANDBOX),
    ("login.salesforce.com", PRODUCTION),
    (".my.salesforce.com", PRODUCTION),
)


def audience_of(login_url: str) -> str:
    """Return whom a statement for this login address must name: production, sandboxes, or else the address itself."""
    parts = urlsplit(login_url)
    host = (parts.hostname or "").lower()
    known = (audience for ending, audience in _AUDIENCES if host.endswith(ending))
    return next(known, f"{parts.scheme}://{parts.netloc}")


def signed(key: rsa.RSAPrivateKey, *, client_id: str, username: str, audience: str, now: datetime) -> str:
    """Return the statement that `username` signs in to `audience` by the app `client_id`, good for three minutes.

    `now` is the vendor's time.
    """
    claims = {"iss": client_id, "sub": username, "aud": audience, "exp": int(now.timestamp()) + LIFETIME}
    return compact(key, {"alg": "RS256"}, claims)
