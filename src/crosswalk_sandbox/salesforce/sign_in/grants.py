"""`/services/oauth2/token`: access tokens for codes, refresh tokens, signed statements and apps themselves.

Source: Salesforce, OAuth 2.0 web server, refresh token, JWT bearer and client credentials flows.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crosswalk_sandbox import browser, credentials
from crosswalk_sandbox.http import Request
from crosswalk_sandbox.limits import Limits, Window
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.sign_in import forms, people
from crosswalk_sandbox.salesforce.sign_in.apps import App, Apps, refreshes
from crosswalk_sandbox.salesforce.sign_in.errors import (
    OAuthError,
    bad_assertion,
    dead_token,
    invalid_grant,
    not_approved,
    not_permitted,
)
from crosswalk_sandbox.salesforce.sign_in.keys import Keys
from crosswalk_sandbox.salesforce.sign_in.tokens import Code, Tokens

LOGIN_HOSTS = ("https://login.salesforce.com", "https://test.salesforce.com")
STATEMENT_LIVES = 5 * 60  # seconds that `exp` may lie ahead
LOGINS_AN_HOUR = 3_600  # of one user
HOUR = 60 * 60.0
# the vendor takes more than the 128 characters of RFC 7636: jsforce sends 171
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,}\Z")
Form = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What a token call leads to, and how much of it the answer tells."""

    app: App
    user: str
    scope: str
    access_token: str
    refresh_token: str | None = None
    nonce: str | None = None
    by_hand: bool = False  # a user allowed it: an id token comes along if the scope has openid
    signed: bool = True  # with issued_at and signature, which the answer to a signed statement lacks


@dataclass(slots=True, kw_only=True)
class Logins:
    """How often each user signed in within the hour."""

    limits: Limits
    windows: dict[str, Window] = field(default_factory=dict)

    def take(self, user: str, now: datetime) -> None:
        """Count a sign-in. Raises OAuthError for one too many."""
        if not self.window(user).take(now) and self.limits.enforced:
            raise OAuthError("rate_limit_exceeded", "logins rate exceeded")

    def window(self, user: str) -> Window:
        """The sign-ins of a user."""
        if user not in self.windows:
            most = self.limits.widened(LOGINS_AN_HOUR)
            self.windows[user] = Window(limit=most, seconds=HOUR)
        return self.windows[user]


class Grants:
    """The token endpoint of an org."""

    def __init__(self, org: Org, apps: Apps, tokens: Tokens, keys: Keys, logins: Logins) -> None:
        self._org = org
        self._apps = apps
        self._tokens = tokens
        self._keys = keys
        self._logins = logins
        self._flows: dict[str, Callable[[Request, Form], Granted]] = {
            "authorization_code": self._by_code,
            "refresh_token": self._by_refresh_token,
            "urn:ietf:params:oauth:grant-type:jwt-bearer": self._by_statement,
            "client_credentials": self._by_client_credentials,
        }

    @property
    def flows(self) -> list[str]:
        """The grant types there are."""
        return list(self._flows)

    def token(self, request: Request) -> dict[str, str]:
        """The answer to a call for a token. Raises OAuthError."""
        form = forms.fields(request)
        flow = self._flows.get(form.get("grant_type", ""))
        if flow is None:
            self.client(request, form)
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        return self._answer(request, flow(request, form))

    def client(self, request: Request, form: Form, *, secret_required: bool = True) -> App:
        """The app that calls, by key and secret from the body or by HTTP Basic. Raises OAuthError."""
        pair = credentials.basic(request)
        client_id, secret = pair or (form.get("client_id", ""), form.get("client_secret"))
        app = self._apps.find(client_id)
        if app is None:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if secret is None and not secret_required and not app.secret_required:
            return app
        if not hmac.compare_digest((secret or "").encode(), app.client_secret.encode()):
            raise OAuthError("invalid_client", "invalid client credentials", 401 if pair else 400)
        return app

    def _usable(self, app: App) -> App:
        if app.blocked:
            raise OAuthError("OAUTH_APP_BLOCKED", "this app is blocked by admin")
        self._tokens.forget(app)
        return app

    def _by_code(self, request: Request, form: Form) -> Granted:
        app = self._usable(self.client(request, form, secret_required=False))
        code = self._tokens.given.codes.get(form.get("code", ""))
        if code is None or code.app != app.client_id:
            raise invalid_grant("invalid authorization code")
        if not self._tokens.code_lives(code):
            raise invalid_grant("expired authorization code")
        if form.get("redirect_uri") not in app.callback_urls:
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        code.spent = True
        if form["redirect_uri"] != code.redirect_uri:
            raise invalid_grant("invalid authorization code")
        _check_verifier(code, form.get("code_verifier"))
        self._let_in(code.user)
        number = self._tokens.new_grant(app, code.user, code.scope)
        return Granted(
            app=app,
            user=code.user,
            scope=code.scope,
            access_token=self._tokens.new_session(app, code.user, code.scope, grant=number),
            refresh_token=self._tokens.given.grants[number].refresh_token,
            nonce=code.nonce,
            by_hand=True,
        )

    def _by_refresh_token(self, request: Request, form: Form) -> Granted:
        app = self._usable(self.client(request, form, secret_required=False))
        shown = form.get("refresh_token", "")
        number, grant = self._tokens.grant_with(shown) or (0, None)
        if grant is None or grant.app != app.client_id:
            raise dead_token()
        if shown != grant.refresh_token:  # a rotated one comes back: somebody else may have the new one
            self._tokens.end_grant(number)
            raise dead_token()
        if not self._tokens.grant_lives(grant, app):
            raise dead_token()
        self._let_in(grant.user)
        grant.used = self._org.clock.now()
        if app.rotation:
            self._tokens.rotate(grant)
        return Granted(
            app=app,
            user=grant.user,
            scope=grant.scope,
            access_token=self._tokens.new_session(app, grant.user, grant.scope, grant=number),
            refresh_token=grant.refresh_token if app.rotation else None,
            by_hand=True,
        )

    def _by_statement(self, request: Request, form: Form) -> Granted:
        app, user = self._stated(request, form.get("assertion", ""))
        scope = " ".join(app.scopes)
        token = self._tokens.stated_session(app, user) or self._tokens.new_session(
            app, user, scope, stated=True
        )
        return Granted(app=app, user=user, scope=scope, access_token=token, signed=False)

    def _stated(self, request: Request, assertion: str) -> tuple[App, str]:
        """The app and the user of a signed statement, both checked. Raises OAuthError."""
        from crosswalk_sandbox import signing  # slow to import, and seldom needed

        try:
            statement = signing.read(assertion)
        except ValueError:
            raise bad_assertion() from None
        claims = statement.claims
        app = self._apps.find(str(claims.get("iss", "")))
        if app is None:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        self._usable(app)
        if app.certificate is None or not statement.is_signed_with(app.certificate):
            raise bad_assertion()
        self._check_times(claims)
        self._check_audience(request, claims.get("aud"))
        return app, self._approved_user(app, claims.get("sub"))

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        """`exp` in seconds, as a number or as digits, not past and not far ahead. Raises OAuthError."""
        try:
            ahead = float(claims["exp"]) - self._org.clock.now().timestamp()
        except (KeyError, TypeError, ValueError):
            raise bad_assertion() from None
        if ahead <= 0:
            raise invalid_grant("expired authorization code")
        if not ahead <= STATEMENT_LIVES:
            raise bad_assertion()

    def _check_audience(self, request: Request, audience: object) -> None:
        own = self._org.served_at(request)
        accepted = {*LOGIN_HOSTS, own, f"{own}/services/oauth2/token"}
        named = audience if isinstance(audience, list) else [audience]
        if not accepted & {each.rstrip("/") for each in named if isinstance(each, str)}:
            raise invalid_grant("audience is invalid")

    def _approved_user(self, app: App, name: object) -> str:
        """The user whom a statement names, if the app may act for them. Raises OAuthError."""
        user = people.named(self._org, name) if isinstance(name, str) else None
        if user is None:
            raise not_approved()
        user_id = str(user["Id"])
        self._let_in(user_id)
        if app.permitted_users == "preapproved" and not app.preapproves(user["Username"]):
            raise not_permitted()
        approved = app.preapproves(user["Username"]) or self._tokens.approved(app, user_id)
        if not approved or not any(refreshes(scope) for scope in app.scopes):
            raise not_approved()
        return user_id

    def _by_client_credentials(self, request: Request, form: Form) -> Granted:
        app = self._usable(self.client(request, form))
        user = people.named(self._org, app.run_as) if app.run_as else None
        if user is None:
            raise invalid_grant("no client credentials user enabled")
        self._let_in(user["Id"])
        scope = " ".join(app.scopes)
        token = self._tokens.new_session(app, user["Id"], scope)
        return Granted(app=app, user=user["Id"], scope=scope, access_token=token)

    def _let_in(self, user_id: str) -> None:
        """Count a sign-in of an active user. Raises OAuthError."""
        if not self._org.store["User"].rows[user_id]["IsActive"]:
            raise OAuthError("inactive_user", "user is inactive")
        self._logins.take(user_id, self._org.clock.now())

    def _answer(self, request: Request, granted: Granted) -> dict[str, str]:
        instance = self._org.served_at(request)
        identity = self._org.identity_url(instance, granted.user)
        answer = {
            "access_token": granted.access_token,
            "scope": granted.scope,
            "instance_url": instance,
            "id": identity,
            "token_type": "Bearer",
        }
        if granted.refresh_token is not None:
            answer["refresh_token"] = granted.refresh_token
        if granted.signed:
            issued_at = str(int(self._org.clock.now().timestamp() * 1000))
            answer |= {"issued_at": issued_at, "signature": _signature(granted.app, identity + issued_at)}
        if granted.by_hand and "openid" in granted.scope.split():
            answer["id_token"] = self._id_token(instance, granted)
        return answer

    def _id_token(self, instance: str, granted: Granted) -> str:
        about = people.claims(self._org, instance, granted.user)
        return self._keys.id_token(
            about, granted.app.client_id, granted.access_token, self._org.clock.now(), granted.nonce
        )


def _signature(app: App, text: str) -> str:
    digest = hmac.new(app.client_secret.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _check_verifier(code: Code, verifier: str | None) -> None:
    """Source: RFC 7636, 4.6: the verifier's SHA-256 in base64url is the challenge. Raises OAuthError."""
    if code.challenge is None and not verifier:
        return
    if not VERIFIER.match(verifier or "") or browser.challenge_of(verifier or "") != code.challenge:
        raise invalid_grant("invalid code verifier")
