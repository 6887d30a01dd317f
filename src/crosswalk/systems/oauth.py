"""What all vendors' OAuth 2.0 sign-ins share: a person at a browser (authorization code with PKCE).

Source: RFC 6749, RFC 7636.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode

from ..core.failures import SystemFailure
from ..core.sign_in import Granted
from .signing import base64url

Form = dict[str, str]


class Uncounted:
    """The budget of calls for tokens, which are not counted among a tenant's calls."""

    def wait(self) -> None:
        """Go at once."""

    def learn(self, **_told: float | None) -> None:
        """Nothing is paced here."""


class CodeSignIn:
    """One sign-in by browser. Implements `core.sign_in.BrowserSignIn`.

    `authorize` is where the person goes, with what is asked in `question`. `trade` gets the form that goes to the token
    endpoint and returns what it brought; `refused` says what an error in the browser's way back means.
    """

    def __init__(
        self,
        *,
        authorize: str,
        client_id: str,
        redirect_uri: str,
        question: Mapping[str, str],
        trade: Callable[[Form], Granted],
        refused: Callable[[str, str], SystemFailure],
    ) -> None:
        self.state = secrets.token_urlsafe(32)
        self._verifier = secrets.token_urlsafe(64)
        self._authorize = authorize
        self._client = {"client_id": client_id, "redirect_uri": redirect_uri}
        self._question = question
        self._trade = trade
        self._refused = refused

    @property
    def address(self) -> str:
        """Where the person goes; whoever is signed in there already is asked as whom to go on."""
        asked = {
            "response_type": "code",
            **self._client,
            **self._question,
            "state": self.state,
            "code_challenge": challenge_of(self._verifier),
            "code_challenge_method": "S256",
            "prompt": "select_account",
        }
        return f"{self._authorize}?{urlencode(asked, quote_via=quote)}"

    def finish(self, told: Mapping[str, str]) -> Granted:
        """Trade the code for tokens. Raises SystemFailure when the vendor or the person refused."""
        if "error" in told or "code" not in told:
            raise self._refused(told.get("error", "access_denied"), told.get("error_description", ""))
        return self._trade(
            {
                "grant_type": "authorization_code",
                "code": told["code"],
                **self._client,
                "code_verifier": self._verifier,
            }
        )


def challenge_of(verifier: str) -> str:
    """Return the code challenge, method S256, of a code verifier."""
    return base64url(hashlib.sha256(verifier.encode()).digest()).decode()
