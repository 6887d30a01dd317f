"""A person signs in at a browser: authorization code with PKCE.

Source: Microsoft identity platform, authorization code flow; Dataverse, delegated permission user_impersonation.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from typing import Any

import httpx2

from ...core.clock import Clock
from ...core.failures import UserError
from ...core.sign_in import Granted
from ...core.words import keepable as _
from ..addresses import require_secure
from ..http import HttpClient
from ..oauth import CodeSignIn, Form, granted
from .auth import Credentials, app, delegated_scope, parse_credentials
from .oauth_errors import no_refresh_token, refusal
from .session import TokenAnswer, login_client

_KEPT = (
    "url",
    "authority",
    "tenant",
    "client_id",
    "client_secret",
    "certificate",
    "private_key",
    "caller_object_id",
)


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
    if not (credentials.url and credentials.client_id):
        raise UserError(
            _("The Dynamics 365 credentials name no app to sign in with."),
            cure=_("Give url (the environment's address) and client_id (the app's Application (client) ID)."),
        )
    require_secure(credentials.endpoints)
    require_secure(credentials.environment)

    return CodeSignIn(
        authorize=f"{credentials.endpoints}/authorize",
        client_id=credentials.client_id,
        redirect_uri=redirect_uri,
        question={"scope": delegated_scope(credentials), "response_mode": "query"},
        trade=lambda form: _traded(
            form, credentials, login_client(credentials, connection, clock, transport), clock
        ),
        refused=lambda error, said: refusal(error, said, connection, status=302),
        kept=kept,
    )


def _traded(form: Form, credentials: Credentials, login: HttpClient, clock: Clock) -> Granted:
    """Trade what the browser brought back for tokens."""
    asked_at = clock.now()
    vendor_time = asked_at + timedelta(seconds=login.clock_difference)
    sent = {**form, **app(credentials, vendor_time, clock.new_id()), "scope": delegated_scope(credentials)}
    with closing(login):
        url = f"{credentials.endpoints}/token"
        answer = login.request("POST", url, form=sent, repeatable=False).decode(TokenAnswer)
    if not answer.refresh_token:
        raise no_refresh_token()
    return granted(credentials, _KEPT, answer.tokens({}, asked_at))
