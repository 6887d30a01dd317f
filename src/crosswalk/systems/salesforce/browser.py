"""A person signs in at a browser: authorization code with PKCE.

Source: Salesforce OAuth 2.0, web server flow; RFC 7636.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import closing
from gettext import gettext as _
from typing import Any
from urllib.parse import quote, urlencode

import httpx2

from ...core.clock import Clock
from ...core.failures import UserError
from ...core.sign_in import Granted
from ..http import require_secure
from ..oauth import challenge_of
from .auth import BY_BROWSER, Credentials, parse_credentials
from .oauth_errors import no_refresh_token, refusal
from .session import TOKEN_PATH, TokenAnswer, login_client

AUTHORIZE_PATH = "/services/oauth2/authorize"
SCOPES = "api refresh_token id"
_KEPT = ("login_url", "client_id", "client_secret", "username")


def needs_browser(given: Mapping[str, Any]) -> bool:
    """Tell whether a person must sign in by browser before these credentials open anything."""
    return parse_credentials(given).need_browser


class BrowserSignIn:
    """One sign-in by browser. Implements `core.sign_in.BrowserSignIn`."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        redirect_uri: str,
        connection: str,
        clock: Clock,
        transport: httpx2.BaseTransport | None,
    ) -> None:
        self.state = secrets.token_urlsafe(32)
        self._verifier = secrets.token_urlsafe(64)
        self._credentials = credentials
        self._redirect_uri = redirect_uri
        self._connection = connection
        self._clock = clock
        self._transport = transport

    @property
    def address(self) -> str:
        """Where the person goes; whoever is signed in there already is asked as whom to go on."""
        asked = {
            "response_type": "code",
            "client_id": self._credentials.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": SCOPES,
            "state": self.state,
            "code_challenge": challenge_of(self._verifier),
            "code_challenge_method": "S256",
            "prompt": "select_account",
        }
        if self._credentials.username:
            asked["login_hint"] = self._credentials.username
        return f"{self._credentials.login}{AUTHORIZE_PATH}?{urlencode(asked, quote_via=quote)}"

    def finish(self, told: Mapping[str, str]) -> Granted:
        """Trade the code for tokens. Raises SystemFailure when Salesforce or the person refused."""
        if "error" in told or "code" not in told:
            error = told.get("error", "access_denied")
            raise refusal(error, told.get("error_description", ""), self._connection, status=302)
        given = self._credentials
        form = {
            "grant_type": "authorization_code",
            "code": told["code"],
            "redirect_uri": self._redirect_uri,
            "client_id": given.client_id,
            "code_verifier": self._verifier,
            **({"client_secret": given.client_secret} if given.client_secret else {}),
        }
        login = login_client(given, self._connection, self._clock, self._transport)
        with closing(login):
            answer = login.request("POST", TOKEN_PATH, form=form, repeatable=False).decode(TokenAnswer)
        if not answer.refresh_token:
            raise no_refresh_token()
        kept = {name: value for name in _KEPT if (value := getattr(given, name))}
        return Granted(credentials={**kept, "grant": BY_BROWSER}, tokens=answer.tokens({}, given))


def begin_sign_in(
    given: Mapping[str, Any],
    *,
    redirect_uri: str,
    connection: str,
    clock: Clock,
    transport: httpx2.BaseTransport | None = None,
) -> BrowserSignIn:
    """Begin a sign-in by browser for the app that `given` names.

    Raises UserError when it names none, SystemFailure for an address that is plain http outside loopback.
    """
    credentials = parse_credentials(given)
    if not (credentials.login_url and credentials.client_id):
        raise UserError(
            _("The Salesforce credentials name no app to sign in with."),
            cure=_("Give login_url and client_id: the consumer key of your External Client App."),
        )
    require_secure(credentials.login)
    return BrowserSignIn(
        credentials, redirect_uri=redirect_uri, connection=connection, clock=clock, transport=transport
    )
