"""A person signs in at a browser: authorization code with PKCE.

Source: Salesforce OAuth 2.0, web server flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import httpx2

from ...core.clock import Clock
from ...core.failures import UserError
from ...core.sign_in import Granted
from ...core.words import keepable as _
from ..addresses import require_secure
from ..http import HttpClient
from ..oauth import CodeSignIn, Form, granted
from .auth import Credentials, parse_credentials
from .oauth_errors import no_refresh_token, refusal
from .session import TOKEN_PATH, TokenAnswer, login_client

AUTHORIZE_PATH = "/services/oauth2/authorize"
SCOPES = "api refresh_token id"
_KEPT = ("login_url", "client_id", "client_secret", "username")


def needs_browser(given: Mapping[str, Any]) -> bool:
    """Tell whether a person must sign in by browser before these credentials open anything."""
    return parse_credentials(given).need_browser


def begin_sign_in(
    given: Mapping[str, Any],
    *,
    redirect_uri: str,
    connection: str,
    clock: Clock,
    transport: httpx2.BaseTransport | None = None,
    kept: Mapping[str, str] | None = None,
) -> CodeSignIn:
    """Begin a sign-in by browser for the app that `given` names, or go on with the one of which this was `kept`.

    Raises UserError when it names none, SystemFailure for an address that is plain http outside loopback.
    """
    credentials = parse_credentials(given)
    if not (credentials.login_url and credentials.client_id):
        raise UserError(
            _("The Salesforce credentials name no app to sign in with."),
            cure=_("Give login_url and client_id: the consumer key of your External Client App."),
        )
    require_secure(credentials.login)

    return CodeSignIn(
        authorize=f"{credentials.login}{AUTHORIZE_PATH}",
        client_id=credentials.client_id,
        redirect_uri=redirect_uri,
        question={
            "scope": SCOPES,
            **({"login_hint": credentials.username} if credentials.username else {}),
        },
        trade=lambda form: _traded(
            form, credentials, login_client(credentials, connection, clock, transport)
        ),
        refused=lambda error, said: refusal(error, said, connection, status=302),
        kept=kept,
    )


def _traded(form: Form, credentials: Credentials, login: HttpClient) -> Granted:
    """Trade what the browser brought back for tokens."""
    if credentials.client_secret:
        form["client_secret"] = credentials.client_secret
    with closing(login):
        answer = login.request("POST", TOKEN_PATH, form=form, repeatable=False).decode(TokenAnswer)
    if not answer.refresh_token:
        raise no_refresh_token()
    return granted(credentials, _KEPT, answer.tokens({}, credentials))
