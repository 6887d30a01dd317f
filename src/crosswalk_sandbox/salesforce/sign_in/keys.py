"""The org's key for id tokens, made when it is first needed. Source: Salesforce, OpenID Connect tokens."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crosswalk_sandbox.signing import Signer

ID_TOKEN_LIVES = 120  # seconds


class Keys:
    """One key pair; it outlives a reset, as it belongs to the org and not to its data."""

    def __init__(self) -> None:
        self._signer: Signer | None = None

    def id_token(
        self, about: Mapping[str, Any], audience: str, access_token: str, now: datetime, nonce: str | None
    ) -> str:
        """A signed statement for the app about the user who signed in."""
        issued = int(now.timestamp())
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            **about,
            "aud": audience,
            "iat": issued,
            "exp": issued + ID_TOKEN_LIVES,
            "at_hash": base64.urlsafe_b64encode(half).decode().rstrip("="),
            **({"nonce": nonce} if nonce else {}),
        }
        return self._ready().sign(claims)

    def key_set(self) -> dict[str, Any]:
        """`GET /id/keys`."""
        return self._ready().key_set()

    @property
    def pem(self) -> str | None:
        """The private key, if one was made."""
        return self._signer.pem if self._signer else None

    def restore(self, pem: str | None) -> None:
        """Take that key, or none."""
        self._signer = None
        if pem:
            from crosswalk_sandbox.signing import Signer  # slow to import

            self._signer = Signer(pem)

    def _ready(self) -> Signer:
        if self._signer is None:
            from crosswalk_sandbox.signing import Signer  # slow to import

            self._signer = Signer()
        return self._signer
