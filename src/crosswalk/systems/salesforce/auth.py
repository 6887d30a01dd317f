"""Signing in: OAuth grants, and the token in use.

Source: Salesforce OAuth 2.0, client credentials flow and refresh token flow.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from gettext import gettext as _
from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec

from ...core.clock import Clock
from ...core.failures import FailureKind, SystemFailure, UserError
from ..http import NEXT_RUN, Answer, HttpClient, mark
from .errors import Refused, explain
from .ids import long_id

# Client credentials are granted only on a My Domain host, never here.
_SHARED_LOGINS = frozenset({"login.salesforce.com", "test.salesforce.com"})

_NEW_SIGN_IN = mark("Connect Salesforce again; the user or an admin ended the access that was given.")
_NEW_SECRET = mark("Copy the consumer key and secret of your app from Salesforce again.")
_APPROVAL = mark(
    "Have a Salesforce admin approve the app for the integration user, or install it in the org."
)
_GRANT_SET_UP = mark(
    "Turn on the app's client credentials flow, name a user to run as, and sign in at your My Domain address."
)

# error → what to do. A grant refused with one of _FINAL is refused with any other grant as well.
_CURES = {
    "invalid_grant": _NEW_SIGN_IN,
    "invalid_client_id": _NEW_SECRET,
    "invalid_client": _NEW_SECRET,
    "invalid_app_access": _APPROVAL,
    "OAUTH_APP_BLOCKED": _APPROVAL,
    "unsupported_grant_type": _GRANT_SET_UP,
    "inactive_user": mark("Activate the integration user in Salesforce."),
    "inactive_org": mark("Activate the org with Salesforce."),
}
_FINAL = frozenset({"invalid_client_id", "invalid_client", "inactive_org"})
_TRY_AGAIN = "unknown_error"
_KINDS = {"rate_limit_exceeded": FailureKind.QUOTA, _TRY_AGAIN: FailureKind.TRANSIENT}
_LOGIN_LIMIT_PAUSE = 900.0  # seconds; logins are counted per hour
_PAUSES = (0.5, 2.0, 5.0)  # seconds between tries, where Salesforce says that another one may work


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What signing in takes. The client id comes with a secret, a refresh token, or both."""

    login_url: str
    client_id: str = ""
    client_secret: str = ""
    refresh_token: str = ""
    access_token: str = ""  # used only when nothing else can get one
    instance_url: str = ""
    user_id: str = ""

    def __repr__(self) -> str:
        return f"<Credentials {self.login_url}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token and the host that takes it."""

    value: str
    instance_url: str
    org_id: str
    user_id: str

    def __repr__(self) -> str:
        return f"<Token for {self.instance_url}>"


class _TokenAnswer(msgspec.Struct, frozen=True):
    access_token: str
    instance_url: str
    id: str = ""  # address of the identity; its last two parts are org id and user id
    refresh_token: str | None = None

    def __repr__(self) -> str:
        return f"<token answer of {self.instance_url}>"


class _OAuthError(msgspec.Struct, frozen=True):
    error: str
    error_description: str = ""


class _NoBudget:
    """Token calls are not counted among a tenant's calls."""

    def wait(self) -> None:
        """Go at once."""

    def learn(self, **_told: float | None) -> None:
        """Nothing is paced here."""


def read_credentials(given: Mapping[str, Any]) -> Credentials:
    """Take what is needed out of `given`; other keys are ignored.

    Raises UserError when no token can ever be had with it.
    """
    known = {name: str(given[name]).strip() for name in Credentials.__slots__ if given.get(name)}
    credentials = Credentials(**{"login_url": "", **known})
    by_grant = credentials.client_id and (credentials.client_secret or credentials.refresh_token)
    by_token = credentials.access_token and credentials.instance_url
    if not credentials.login_url or not (by_grant or by_token):
        raise UserError(
            _("The Salesforce credentials are not complete."),
            cure=_(
                "Give login_url, client_id and client_secret (or a refresh_token in place of the secret)."
            ),
        )
    return credentials


class Session:
    """Gets tokens and keeps the one in use; safe to share between threads."""

    def __init__(
        self, credentials: Credentials, *, clock: Clock, transport: httpx2.BaseTransport | None
    ) -> None:
        self.http = HttpClient(
            vendor="Salesforce",
            base_url=_with_scheme(credentials.login_url),
            budget=_NoBudget(),
            clock=clock,
            transport=transport,
            explain=_explain_refusal,
        )
        self._clock = clock
        self._credentials = credentials
        self._refresh_token = credentials.refresh_token
        self._lock = threading.Lock()
        self._token: Token | None = None

    def token(self) -> Token:
        """Return the token in use, after getting one if there is none.

        Raises SystemFailure(AUTH) when Salesforce refuses to give one.
        """
        with self._lock:
            if self._token is None:
                self._token = self._obtain()
            return self._token

    def renew(self, stale: Token) -> Token:
        """Return a token other than `stale`, which was refused."""
        with self._lock:
            if self._token is None or self._token == stale:
                self._token = None
                self._token = self._obtain(renewing=True)
            return self._token

    def _obtain(self, *, renewing: bool = False) -> Token:
        refusal: Refused | None = None
        for url, form in self._grants():
            try:
                return self._ask(url, form)
            except Refused as failure:
                refusal = failure
                if failure.kind is not FailureKind.AUTH or failure.code in _FINAL:
                    break
        if refusal is not None:
            raise refusal
        if renewing:
            raise SystemFailure(
                FailureKind.AUTH,
                _("The Salesforce access token has expired, and there is nothing to renew it with."),
                cure=_(_NEW_SIGN_IN),
                code="expired_token",
            )
        given = self._credentials
        return Token(
            value=given.access_token,
            instance_url=given.instance_url,
            org_id="",
            user_id=long_id(given.user_id),
        )

    def _grants(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield token address and form of every grant that the credentials allow, the best first."""
        given = self._credentials
        login = self.http.base_url
        client = {"client_id": given.client_id}
        if given.client_secret:
            client["client_secret"] = given.client_secret
            own_domain = login
            if urlsplit(login).hostname in _SHARED_LOGINS and given.instance_url:
                own_domain = _with_scheme(given.instance_url).rstrip("/")
            yield own_domain, {"grant_type": "client_credentials", **client}
        if self._refresh_token:
            yield login, {"grant_type": "refresh_token", "refresh_token": self._refresh_token, **client}

    def _ask(self, url: str, form: Mapping[str, str]) -> Token:
        given = self._request(url, form).decode(_TokenAnswer)
        if given.refresh_token:
            self._refresh_token = given.refresh_token  # the one before has died
        org_id, user_id = _identity(given.id)
        return Token(
            value=given.access_token,
            instance_url=given.instance_url.rstrip("/"),
            org_id=org_id,
            user_id=user_id or long_id(self._credentials.user_id),
        )

    def _request(self, url: str, form: Mapping[str, str]) -> Answer:
        for pause in (*_PAUSES, None):
            try:
                return self.http.request("POST", f"{url}/services/oauth2/token", form=form, repeatable=True)
            except SystemFailure as failure:
                failure.in_doubt = False  # a token that got lost harms nothing
                if pause is None or failure.code != _TRY_AGAIN:
                    raise
                self._clock.sleep(pause)
        raise AssertionError("the last try has no pause")


def _identity(address: str) -> tuple[str, str]:
    """Return org id and user id from an identity address, empty if it is none."""
    parts = urlsplit(address).path.strip("/").split("/")
    return (long_id(parts[-2]), long_id(parts[-1])) if len(parts) >= 3 else ("", "")


def _with_scheme(url: str) -> str:
    return url if "://" in url else f"https://{url}"


def _explain_refusal(answer: Answer) -> SystemFailure:
    """Turn a refused token request into a failure; sign-in is lost unless the code says otherwise."""
    try:
        error = msgspec.json.decode(answer.body, type=_OAuthError)
    except (msgspec.DecodeError, UnicodeDecodeError):
        failure = explain(answer)
        if failure.kind is not FailureKind.PERMISSION or answer.status == 403:
            failure.kind = FailureKind.AUTH  # any other PERMISSION is about the address
        return failure
    kind = _KINDS.get(error.error, FailureKind.AUTH)
    return Refused(
        kind,
        _("Salesforce refused the sign-in: {reason} ({code})").format(
            reason=error.error_description or error.error, code=error.error
        ),
        cure=_(_CURES.get(error.error, _NEW_SIGN_IN) if kind is FailureKind.AUTH else NEXT_RUN),
        code=error.error,
        retry_after=_LOGIN_LIMIT_PAUSE if kind is FailureKind.QUOTA else None,
        status=answer.status,
    )
