"""What all vendors' OAuth 2.0 sign-ins share.

Source: RFC 7636.
"""

from __future__ import annotations

import hashlib

from .signing import base64url


class Uncounted:
    """The budget of calls for tokens, which are not counted among a tenant's calls."""

    def wait(self) -> None:
        """Go at once."""

    def learn(self, **_told: float | None) -> None:
        """Nothing is paced here."""


def challenge_of(verifier: str) -> str:
    """Return the code challenge, method S256, of a code verifier."""
    return base64url(hashlib.sha256(verifier.encode()).digest()).decode()
