"""The token in use: taken from the store that all processes share, renewed there, ended when the org is let go.

Source: Salesforce OAuth 2.0, token and revocation endpoints; refresh token rotation.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import httpx2
import msgspec

from ...core.clock import Clock
from ...core.failures import SystemFailure
from ...core.sign_in import Tokens, TokenStore
from ..answers import Answer
from ..http import HttpClient
from ..oauth import Form, Grant, TokenSession, token_client
from .assertion import GRANT_TYPE
from .auth import Credentials, Token, grants, identity, read_token, signed_form
from .ids import long_id
from .oauth_errors import TRY_AGAIN, explain_refusal, nothing_to_renew_with

_PAUSES = (0.5, 2.0, 5.0)  # seconds between tries, where Salesforce says that another one may work
TOKEN_PATH = "/services/oauth2/token"
_REVOKE_PATH = "/services/oauth2/revoke"
_DEAD_ALREADY = 400  # the status for a token that Salesforce does not know (any more)


class TokenAnswer(msgspec.Struct, frozen=True):
    """What the token endpoint gives."""

    access_token: str
    instance_url: str
    id: str = ""  # address of the identity; its last two parts are org id and user id
    refresh_token: str | None = None

    def __repr__(self) -> str:
        return f"<token answer of {self.instance_url}>"

    def tokens(self, before: Tokens, given: Credentials) -> dict[str, str]:
        """Return what is to be stored: a new refresh token replaces the one before, which has died."""
        org_id, user_id = identity(self.id)
        found = {
            "access_token": self.access_token,
            "instance_url": self.instance_url.rstrip("/"),
            "org_id": org_id,
            "user_id": user_id or long_id(given.user_id),
            "refresh_token": self.refresh_token or before.get("refresh_token", ""),
        }
        return {name: value for name, value in found.items() if value}


def login_client(
    given: Credentials, connection: str, clock: Clock, transport: httpx2.BaseTransport | None
) -> HttpClient:
    """Return what talks to the login address; its failures are in the words of `connection`'s owner."""
    return token_client(
        "Salesforce", given.login, clock, transport, lambda answer: explain_refusal(answer, connection)
    )


class Session(TokenSession[Token]):
    """Gets tokens for one org and keeps the one in use."""

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

    def revoke(self) -> None:
        """End every token that we hold. Raises SystemFailure when one of them may live on.

        Source: Salesforce OAuth 2.0, revocation. A token that is not known any more counts as ended.
        """
        given, stored = self.credentials, self.tokens.read()
        held = [
            stored.get("refresh_token"),
            given.refresh_token,
            stored.get("access_token"),
            given.access_token,
        ]
        for token in dict.fromkeys(filter(None, held)):
            accept = frozenset({200, _DEAD_ALREADY})
            self.http.request(
                "POST", _REVOKE_PATH, form={"token": token}, repeatable=True, accept=accept, may_be_empty=True
            )

    def read(self, stored: Tokens) -> Token | None:
        return read_token(stored)

    def grants(self, stored: Tokens) -> Iterator[Grant]:
        for url, form in grants(self.credentials, stored, self.vendor_time()):
            yield f"{url}{TOKEN_PATH}", form

    def signed_again(self, form: Form) -> Form | None:
        signed = form["grant_type"] == GRANT_TYPE
        return signed_form(self.credentials, self.vendor_time()) if signed else None

    def take(self, answer: Answer, stored: Tokens, asked_at: datetime) -> Tokens:
        return answer.decode(TokenAnswer).tokens(stored, self.credentials)

    def given(self, stored: Tokens, stale: str) -> Tokens:
        given = self.credentials
        if not given.access_token or given.access_token == stale:
            raise nothing_to_renew_with(self.tokens.connection)
        answer = TokenAnswer(access_token=given.access_token, instance_url=given.instance_url)
        return answer.tokens(stored, given)

    def post(self, url: str, form: Form) -> Answer:
        for pause in _PAUSES:
            try:
                return super().post(url, form)
            except SystemFailure as failure:
                if failure.code != TRY_AGAIN:
                    raise
                self.clock.sleep(pause)
        return super().post(url, form)
