"""The token in use: taken from the store that all processes share, renewed there before it ends.

Source: Microsoft identity platform, token endpoint; a renewed refresh token replaces the one before.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import httpx2
import msgspec

from ...core.clock import Clock
from ...core.failures import SystemFailure
from ...core.sign_in import Tokens, TokenStore
from ..http import HttpClient
from ..oauth import Uncounted
from ..refusals import Refused
from .auth import Credentials, Form, Token, assertion, grants, origin, read_token
from .oauth_errors import explain_refusal, nothing_to_renew_with

_CLOCK_MATTERS = 60.0  # seconds by which a clock may be wrong before a signed statement is made again


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
    return HttpClient(
        vendor="Microsoft Entra ID",
        base_url=origin(given.authority),
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
        self.credentials = credentials
        self.tokens = tokens
        self._clock = clock
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._ends: str | None = None

    def token(self) -> Token:
        """Return a token that is good for some minutes: the one in use, one that is stored, or a new one.

        Raises SystemFailure(AUTH) when Entra ID refuses to give one.
        """
        with self._lock:
            now = self._clock.now()
            if self._token is not None and read_token(self._held(self._token), now) is None:
                self._token = self._obtain(self._token.value)
            elif self._token is None:
                stored = self.tokens.read()
                self._token = read_token(stored, now)
                self._ends = stored.get("ends")
                if self._token is None:
                    self._token = self._obtain(stored.get("access_token", ""))
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

    def _held(self, token: Token) -> Tokens:
        return {"access_token": token.value, **({"ends": self._ends} if self._ends else {})}

    def _obtain(self, stale: str = "", *, forced: bool = False) -> Token:
        """Have the stored tokens replaced, unless others have done so since `stale` was read."""
        asked = False

        def change(stored: Tokens) -> Tokens:
            nonlocal asked
            good = read_token(stored, self._clock.now())
            if good is not None and good.value != stale and not forced:
                return stored
            asked = True
            return self._granted(stored, stale)

        stored = self.tokens.renew(change)
        self._ends = stored.get("ends")
        return Token(value=stored["access_token"], shared=not asked)

    def _granted(self, stored: Tokens, stale: str) -> Tokens:
        first: Refused | None = None
        for form in grants(self.credentials, stored, self._vendor_time(), self._clock.new_id()):
            try:
                return self._ask(form, stored)
            except Refused as failure:
                first = first or failure
                if failure.final:
                    break
        given = self.credentials
        if first is not None:
            raise first
        if not given.access_token or given.access_token == stale:
            raise nothing_to_renew_with(self.tokens.connection)
        return TokenAnswer(access_token=given.access_token).tokens(stored, self._clock.now())

    def _ask(self, form: Form, stored: Tokens) -> Tokens:
        assumed = self.http.clock_difference
        try:
            return self._request(form, stored)
        except Refused:
            wrong = abs(self.http.clock_difference - assumed) >= _CLOCK_MATTERS
            if "client_assertion" not in form or not wrong:
                raise
            # Our clock is wrong, as the refusal showed: the statement is signed once more, by theirs.
            again = assertion(self.credentials, self._vendor_time(), self._clock.new_id())
            return self._request({**form, **again}, stored)

    def _request(self, form: Form, stored: Tokens) -> Tokens:
        asked_at = self._clock.now()
        url = f"{self.credentials.endpoints}/token"
        try:
            answer = self.http.request("POST", url, form=form, repeatable=True)
        except SystemFailure as failure:
            failure.in_doubt = False  # a token that got lost harms nothing
            raise
        return answer.decode(TokenAnswer).tokens(stored, asked_at)

    def _vendor_time(self) -> datetime:
        return self._clock.now() + timedelta(seconds=self.http.clock_difference)
