"""The token in use: taken from the store that all processes share, renewed there, ended when the org is let go.

Source: Salesforce OAuth 2.0, token and revocation endpoints; refresh token rotation.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import httpx2
import msgspec

from ...core.clock import Clock
from ...core.failures import SystemFailure
from ...core.sign_in import Tokens, TokenStore
from ..http import Answer, HttpClient
from ..oauth import Uncounted
from .assertion import GRANT_TYPE
from .auth import Credentials, Form, Token, grants, identity, read_token, signed_form
from .errors import Refused
from .ids import long_id
from .oauth_errors import TRY_AGAIN, explain_refusal, is_final, nothing_to_renew_with

_PAUSES = (0.5, 2.0, 5.0)  # seconds between tries, where Salesforce says that another one may work
_CLOCK_MATTERS = 60.0  # seconds by which a clock may be wrong before a signed statement is made again
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
    return HttpClient(
        vendor="Salesforce",
        base_url=given.login,
        budget=Uncounted(),
        clock=clock,
        transport=transport,
        explain=lambda answer: explain_refusal(answer, connection),
    )


class Session:
    """Gets tokens and keeps the one in use; safe to share between threads."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        tokens: TokenStore,
        clock: Clock,
        transport: httpx2.BaseTransport | None,
    ) -> None:
        self.http = login_client(credentials, tokens.connection, clock, transport)
        self._clock = clock
        self._credentials = credentials
        self._tokens = tokens
        self._lock = threading.Lock()
        self._token: Token | None = None

    def token(self) -> Token:
        """Return the token in use, one that is stored, or a new one.

        Raises SystemFailure(AUTH) when Salesforce refuses to give one.
        """
        with self._lock:
            if self._token is None:
                self._token = read_token(self._tokens.read()) or self._obtain()
            return self._token

    def renew(self, stale: Token) -> Token:
        """Return a token other than `stale`, which was refused; `shared`, if somebody else was faster."""
        with self._lock:
            if self._token is None or self._token.value == stale.value:
                self._token = None
                self._token = self._obtain(stale.value)
            return self._token

    def sign_in(self) -> Token:
        """Return a new token, whatever is stored: the proof that the credentials are still good."""
        with self._lock:
            self._token = self._obtain(forced=True)
            return self._token

    def revoke(self) -> None:
        """End every token that we hold. Raises SystemFailure when one of them may live on.

        Source: Salesforce OAuth 2.0, revocation. A token that is not known any more counts as ended.
        """
        given, stored = self._credentials, self._tokens.read()
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

    def _obtain(self, stale: str = "", *, forced: bool = False) -> Token:
        """Have the stored tokens replaced, unless others have done so since `stale` was read."""
        asked = False

        def change(stored: Tokens) -> Tokens:
            nonlocal asked
            current = stored.get("access_token", "")
            if current and current != stale and not forced:
                return stored
            asked = True
            return self._granted(stored, stale)

        token = read_token(self._tokens.renew(change))
        assert token is not None
        return replace(token, shared=not asked)

    def _granted(self, stored: Tokens, stale: str) -> Tokens:
        first: Refused | None = None
        for url, form in grants(self._credentials, stored, self._vendor_time()):
            try:
                return self._ask(url, form, stored)
            except Refused as failure:
                first = first or failure
                if is_final(failure):
                    break
        given = self._credentials
        if first is not None:
            raise first
        if not given.access_token or given.access_token == stale:
            raise nothing_to_renew_with(self._tokens.connection)
        answer = TokenAnswer(access_token=given.access_token, instance_url=given.instance_url)
        return answer.tokens(stored, given)

    def _ask(self, url: str, form: Form, stored: Tokens) -> Tokens:
        assumed = self.http.clock_difference
        try:
            answer = self._request(url, form)
        except Refused:
            if form["grant_type"] != GRANT_TYPE or abs(self.http.clock_difference - assumed) < _CLOCK_MATTERS:
                raise
            # Our clock is wrong, as the refusal showed: the statement is signed once more, by theirs.
            answer = self._request(url, signed_form(self._credentials, self._vendor_time()))
        return answer.decode(TokenAnswer).tokens(stored, self._credentials)

    def _vendor_time(self) -> datetime:
        return self._clock.now() + timedelta(seconds=self.http.clock_difference)

    def _request(self, url: str, form: Mapping[str, str]) -> Answer:
        for pause in (*_PAUSES, None):
            try:
                return self.http.request("POST", f"{url}{TOKEN_PATH}", form=form, repeatable=True)
            except SystemFailure as failure:
                failure.in_doubt = False  # a token that got lost harms nothing
                if pause is None or failure.code != TRY_AGAIN:
                    raise
                self._clock.sleep(pause)
        raise AssertionError("the last try has no pause")
