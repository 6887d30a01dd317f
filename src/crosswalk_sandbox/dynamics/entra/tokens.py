"""Access tokens: signed statements about an app, for one resource, and their proof."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from crosswalk_sandbox.dynamics import ids

if TYPE_CHECKING:
    from crosswalk_sandbox.signing import Signer

TOKEN_LIVES = 3599  # seconds
EARLY = 300  # seconds that a token is valid before it was issued, for clocks that go wrong
MOST_PROVED = 1000


class Tokens:
    """Signs tokens and proves them. The key is the process's own, or one that a state file kept."""

    def __init__(self) -> None:
        self._signer: Signer | None = None
        self._proved: dict[str, Mapping[str, Any]] = {}
        self._count = 0

    def issue(self, claims: Mapping[str, Any], now: datetime, lives: int = TOKEN_LIVES) -> str:
        """A token of these claims, valid from a little before now."""
        issued = int(now.timestamp())
        self._count += 1
        times = {"iat": issued, "nbf": issued - EARLY, "exp": issued + lives}
        return self._ready().sign({**claims, **times, "uti": ids.make(self._count, f"token {issued}")})

    def prove(self, token: str, now: datetime) -> Mapping[str, Any] | None:
        """The claims of a token signed here that is valid now; None for any other."""
        claims = self._proved.get(token) or self._signed_here(token)
        if claims is None or not claims["nbf"] <= now.timestamp() < claims["exp"]:
            return None
        if len(self._proved) >= MOST_PROVED:
            self._proved.clear()
        self._proved[token] = claims
        return claims

    def key_set(self) -> dict[str, Any]:
        """The public key, as a JSON Web Key Set."""
        return self._ready().key_set()

    @property
    def pem(self) -> str:
        """The private key, to be kept."""
        return self._ready().pem

    def restore(self, pem: str) -> None:
        """Sign and prove with that key."""
        from crosswalk_sandbox.signing import Signer  # slow to import

        self._signer = Signer(pem)
        self._proved.clear()

    def _signed_here(self, token: str) -> Mapping[str, Any] | None:
        from crosswalk_sandbox import signing  # slow to import

        try:
            statement = signing.read(token)
        except ValueError:
            return None
        return statement.claims if statement.is_signed_with(self._ready().public_pem) else None

    def _ready(self) -> Signer:
        if self._signer is None:
            self._signer = _own_signer()
        return self._signer


@cache
def _own_signer() -> Signer:
    """The key of this process: making one takes a while."""
    from crosswalk_sandbox.signing import Signer  # slow to import

    return Signer()
