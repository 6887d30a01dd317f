"""What all vendors' OAuth 2.0 sign-ins share: a person at a browser (authorization code with PKCE), the token in use.

Source: RFC 6749, RFC 7636.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from urllib.parse import quote, urlencode

import httpx2

from ..core.clock import Clock
from ..core.failures import FailureKind, SystemFailure
from ..core.sign_in import Granted, Tokens, TokenStore
from .answers import Answer
from .http import HttpClient
from .refusals import Refused
from .signing import base64url

Form = dict[str, str]
Grant = tuple[str, Form]  # address of the token endpoint, and what is sent there
BY_BROWSER = "authorization_code"  # value of `grant` where a person signed in, or shall
_CLOCK_MATTERS = 60.0  # seconds by which a clock may be wrong before a signed statement is made again


class Uncounted:
    """The budget of calls for tokens, which are not counted among a tenant's calls."""

    def wait(self) -> None:
        """Go at once."""

    def learn(self, **_told: float | None) -> None:
        """Nothing is paced here."""


class CodeSignIn:
    """One sign-in by browser. Implements `core.sign_in.BrowserSignIn`.

    `authorize` is where the person goes, with what is asked in `question`. `trade` gets the form that goes to the token
    endpoint and returns what it brought; `refused` says what an error in the browser's way back means. With what was
    `kept` of a sign-in that began elsewhere, it is that one.
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
        kept: Mapping[str, str] | None = None,
    ) -> None:
        self.state = kept["state"] if kept else secrets.token_urlsafe(32)
        self._verifier = kept["verifier"] if kept else secrets.token_urlsafe(64)
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

    def kept(self) -> Mapping[str, str]:
        """Return what another process needs, beside the credentials, to go on with this sign-in; it is secret."""
        return {
            "state": self.state,
            "verifier": self._verifier,
            "redirect_uri": self._client["redirect_uri"],
        }

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


def granted(given: object, kept: Iterable[str], tokens: Tokens) -> Granted:
    """Return what a sign-in by browser brought; `kept` names what stays of the credentials `given`."""
    credentials = {name: value for name in kept if (value := getattr(given, name))}
    return Granted(credentials={**credentials, "grant": BY_BROWSER}, tokens=tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """An access token."""

    value: str
    shared: bool = False  # it was there already: others may have used it, and it may have expired

    def __repr__(self) -> str:
        return "<token>"


TokenT = TypeVar("TokenT", bound=AccessToken)


class TokenSession(ABC, Generic[TokenT]):
    """Gets tokens and keeps the one in use; safe to share between threads.

    It is taken from the store that all processes share, and renewed there.
    """

    def __init__(self, http: HttpClient, tokens: TokenStore, clock: Clock) -> None:
        self.http = http
        self.tokens = tokens
        self.clock = clock
        self._lock = threading.Lock()
        self._token: TokenT | None = None

    @abstractmethod
    def read(self, stored: Tokens) -> TokenT | None:
        """Return the access token among stored tokens."""

    def lasts(self, token: TokenT) -> bool:
        """Tell whether a token is not about to end, as far as that is known."""
        return True

    @abstractmethod
    def grants(self, stored: Tokens) -> Iterable[Grant]:
        """Yield every grant that the credentials allow, the best first."""

    @abstractmethod
    def signed_again(self, form: Form) -> Form | None:
        """Return a form with a statement signed anew by the vendor's time; None where nothing was signed."""

    @abstractmethod
    def take(self, answer: Answer, stored: Tokens, asked_at: datetime) -> Tokens:
        """Return what is to be stored of an answer of the token endpoint."""

    @abstractmethod
    def given(self, stored: Tokens, stale: str) -> Tokens:
        """Return what the credentials themselves hold, where no grant is to be had.

        Raises SystemFailure when that is nothing, or `stale`.
        """

    def token(self) -> TokenT:
        """Return the token in use, one that is stored, or a new one.

        Raises SystemFailure(AUTH) when the vendor refuses to give one.
        """
        with self._lock:
            if self._token is None or not self.lasts(self._token):
                self._token = self._good(self.tokens.read()) or self._obtain()
            return self._token

    def renew(self, stale: TokenT) -> TokenT:
        """Return a token other than `stale`, which was refused; `shared`, if somebody else was faster."""
        with self._lock:
            if self._token is None or self._token.value == stale.value:
                self._token = None
                self._token = self._obtain(stale.value)
            return self._token

    def sign_in(self) -> TokenT:
        """Return a new token, whatever is stored: the proof that the credentials are still good."""
        with self._lock:
            self._token = self._obtain(forced=True)
            return self._token

    def vendor_time(self) -> datetime:
        """Return the vendor's time, as far as it is known."""
        return self.clock.now() + timedelta(seconds=self.http.clock_difference)

    def post(self, url: str, form: Form) -> Answer:
        """Ask the token endpoint: a token that got lost harms nothing."""
        try:
            return self.http.request("POST", url, form=form, repeatable=True)
        except SystemFailure as failure:
            failure.in_doubt = False
            raise

    def _good(self, stored: Tokens) -> TokenT | None:
        token = self.read(stored)
        return token if token is not None and self.lasts(token) else None

    def _obtain(self, stale: str = "", *, forced: bool = False) -> TokenT:
        """Have the stored tokens replaced, unless others have done so since `stale` was read."""
        asked = False

        def change(stored: Tokens) -> Tokens:
            nonlocal asked
            good = self._good(stored)
            if good is not None and good.value != stale and not forced:
                return stored
            asked = True
            return self._granted(stored, stale)

        token = self.read(self.tokens.renew(change))
        assert token is not None
        return replace(token, shared=not asked)

    def _granted(self, stored: Tokens, stale: str) -> Tokens:
        first: Refused | None = None
        for url, form in self.grants(stored):
            try:
                return self._ask(url, form, stored)
            except Refused as failure:
                first = first or failure
                if failure.final or failure.kind is not FailureKind.AUTH:
                    break
        if first is not None:
            raise first
        return self.given(stored, stale)

    def _ask(self, url: str, form: Form, stored: Tokens) -> Tokens:
        assumed, asked_at = self.http.clock_difference, self.clock.now()
        try:
            answer = self.post(url, form)
        except Refused:
            wrong = abs(self.http.clock_difference - assumed) >= _CLOCK_MATTERS
            again = self.signed_again(form) if wrong else None
            if again is None:
                raise
            # Our clock is wrong, as the refusal showed: the statement is signed once more, by theirs.
            answer = self.post(url, again)
        return self.take(answer, stored, asked_at)


def token_client(
    vendor: str,
    address: str,
    clock: Clock,
    transport: httpx2.BaseTransport | None,
    explain: Callable[[Answer], SystemFailure],
) -> HttpClient:
    """Return what talks to a token endpoint, whose calls nobody counts."""
    return HttpClient(
        vendor=vendor,
        base_url=address,
        budget=Uncounted(),
        clock=clock,
        transport=transport,
        explain=explain,
    )
