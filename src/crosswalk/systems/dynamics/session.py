"""The token in use: taken from the store that all processes share, renewed there before it ends.

Source: Microsoft identity platform, token endpoint; a renewed refresh token replaces the one before.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx2
import msgspec

from ...core.clock import Clock
from ...core.sign_in import Tokens, TokenStore
from ..answers import Answer
from ..http import HttpClient
from ..oauth import Form, Grant, TokenSession, token_client
from .auth import EARLY, Credentials, Token, assertion, grants, origin, read_token
from .oauth_errors import explain_refusal, nothing_to_renew_with


class TokenAnswer(msgspec.Struct, frozen=True):
    """What the token endpoint gives."""

    access_token: str
    expires_in: int | str | None = None  # seconds
    refresh_token: str | None = None

    def __repr__(self) -> str:
        return "<token answer>"

    def tokens(self, before: Tokens, now: datetime) -> dict[str, str]:
        """Return what is to be stored: a new refresh token replaces the one before. `now` is our time."""
        kept = {name: value for name, value in before.items() if name not in {"access_token", "ends"}}
        found = {**kept, "access_token": self.access_token}
        if self.expires_in:
            found["ends"] = (now + timedelta(seconds=float(self.expires_in))).isoformat()
        if self.refresh_token:
            found["refresh_token"] = self.refresh_token
        return found


def login_client(
    given: Credentials, connection: str, clock: Clock, transport: httpx2.BaseTransport | None
) -> HttpClient:
    """Return what talks to Entra ID; its failures are in the words of `connection`'s owner."""
    return token_client(
        "Microsoft Entra ID",
        origin(given.authority),
        clock,
        transport,
        lambda answer: explain_refusal(answer, connection),
    )


class Session(TokenSession[Token]):
    """Gets tokens for one environment and keeps the one in use, for as long as it lasts some minutes more."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        tokens: TokenStore,
        clock: Clock,
        transport: httpx2.BaseTransport | None,
    ) -> None:
        super().__init__(login_client(credentials, tokens.connection, clock, transport), tokens, clock)
        self.credentials = credentials

    def read(self, stored: Tokens) -> Token | None:
        return read_token(stored)

    def lasts(self, token: Token) -> bool:
        return token.ends is None or self.clock.now() < token.ends - EARLY

    def grants(self, stored: Tokens) -> Iterator[Grant]:
        for form in grants(self.credentials, stored, self.vendor_time(), self.clock.new_id()):
            yield f"{self.credentials.endpoints}/token", form

    def signed_again(self, form: Form) -> Form | None:
        if "client_assertion" not in form:
            return None
        return {**form, **assertion(self.credentials, self.vendor_time(), self.clock.new_id())}

    def take(self, answer: Answer, stored: Tokens, asked_at: datetime) -> Tokens:
        return answer.decode(TokenAnswer).tokens(stored, asked_at)

    def given(self, stored: Tokens, stale: str) -> Tokens:
        given = self.credentials
        if not given.access_token or given.access_token == stale:
            raise nothing_to_renew_with(self.tokens.connection)
        return TokenAnswer(access_token=given.access_token).tokens(stored, self.clock.now())
