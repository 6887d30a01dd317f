"""All addresses about signing in, and what the rest of the org asks of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from crosswalk_sandbox import credentials
from crosswalk_sandbox.http import Request, Response
from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.salesforce import ids
from crosswalk_sandbox.salesforce.answers import Answer, encode
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.sign_in import consent, forms, people
from crosswalk_sandbox.salesforce.sign_in.apps import SCOPES, App, Apps, secret
from crosswalk_sandbox.salesforce.sign_in.consent import Consent
from crosswalk_sandbox.salesforce.sign_in.errors import OAuthError
from crosswalk_sandbox.salesforce.sign_in.grants import Grants, Logins
from crosswalk_sandbox.salesforce.sign_in.keys import Keys
from crosswalk_sandbox.salesforce.sign_in.tokens import Given, Session, Tokens

PATH = "/services/oauth2"
IDENTITY_PATH = "/id"
KEYS_PATH = "/id/keys"
CONFIGURATION_PATH = "/.well-known/openid-configuration"
FIRST_SCOPE = "refresh_token api id"
UNCACHED = {"cache-control": "no-cache, no-store"}
REST_SCOPES = frozenset({"api", "full"})  # one of these is needed for the REST API
Door = Callable[[Request], Answer | Response]


def serves(request: Request) -> bool:
    """Whether a request is about signing in, which does not count as use of the API."""
    return request.path.startswith((PATH + "/", IDENTITY_PATH + "/", CONFIGURATION_PATH))


def template(request: Request) -> str:
    """The path of such a request, with braces where it names a record."""
    path = request.path.rstrip("/")
    return path if not path.startswith(IDENTITY_PATH + "/") or path == KEYS_PATH else "/id/{org}/{user}"


class SavedSignIn(msgspec.Struct, kw_only=True):
    """Everything about signing in, as it is kept in a file."""

    apps: list[App]
    given: Given
    first_tokens: tuple[str, str]  # of the ready line: access and refresh
    key: str | None
    logins: dict[str, list[datetime]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """Who calls the API with a live token, and whether the token is good for it."""

    user: str
    may_rest: bool


class OAuth:
    """The sign-in of one org."""

    def __init__(self, org: Org, seed: int, limits: Limits) -> None:
        self._org = org
        self._limits = limits
        self._key = f"salesforce sandbox {seed}".encode()
        self.apps = Apps(self._key, people.username(org, org.caller))
        self.keys = Keys()
        self.reset()

    def reset(self) -> None:
        """Back to the one app, the one session and the one refresh token of the start."""
        self.apps.reset()
        self.tokens = Tokens(self._key, self._org.clock, self._org.id)
        app, caller = self.apps.default, self._org.caller
        self.refresh_token = "5Aep861" + secret(self._key, "refresh token")
        grant = self.tokens.new_grant(app, caller, FIRST_SCOPE, self.refresh_token)
        self.access_token = self.tokens.new_session(app, caller, FIRST_SCOPE, grant=grant)
        self._open()

    def saved(self) -> SavedSignIn:
        """All of it, to be kept."""
        return SavedSignIn(
            apps=list(self.apps),
            given=self.tokens.given,
            first_tokens=(self.access_token, self.refresh_token),
            key=self.keys.pem,
            logins={user: window.passed for user, window in self._logins.windows.items()},
        )

    def restore(self, saved: SavedSignIn) -> None:
        """Go on from what was kept."""
        self.apps.restore(saved.apps)
        self.tokens.given = saved.given
        self.access_token, self.refresh_token = saved.first_tokens
        self.keys.restore(saved.key)
        for user, passed in saved.logins.items():
            self._logins.window(user).restore(passed)

    def entrance(self, token: str) -> Entrance | None:
        """Who comes with a live access token, whose idle time starts again; None for any other."""
        session = self._live(token)
        if session is None:
            return None
        session.used = self._org.clock.now()
        return Entrance(user=session.user, may_rest=bool(REST_SCOPES & set(session.scope.split())))

    def handle(self, request: Request) -> Response:
        """Answer a request for which `serves` holds."""
        try:
            answer = self._door(request)(request)
        except OAuthError as error:
            content = {"error": error.error, "error_description": error.description}
            answer = Answer(status=error.status, content=content, headers=UNCACHED)
        return answer if isinstance(answer, Response) else encode(request, answer)

    def set_app(self, order: Mapping[str, Any]) -> App:
        """Register an app or change one, as an admin does. Raises ValueError."""
        app = self.apps.changed(order)
        for name in (*app.preapproved, *([app.run_as] if app.run_as else [])):
            if people.named(self._org, name) is None:
                raise ValueError(f"there is no user {name}")
        self.apps.put(app)
        return app

    def _open(self) -> None:
        """The doors, on the tokens as they are now."""
        self._logins = Logins(limits=self._limits)
        self._grants = Grants(self._org, self.apps, self.tokens, self.keys, self._logins)
        consent_page = Consent(self._org, self.apps, self.tokens)
        either = ("GET", "POST")
        self._doors: dict[str, tuple[tuple[str, ...], Door]] = {
            consent.PATH: (either, consent_page.handle),
            f"{PATH}/token": (("POST",), self._token),
            f"{PATH}/revoke": (either, self._revoke),
            f"{PATH}/introspect": (("POST",), self._introspect),
            f"{PATH}/userinfo": (either, self._userinfo),
            KEYS_PATH: (("GET",), lambda _: Answer(content=self.keys.key_set())),
            CONFIGURATION_PATH: (("GET",), self._configuration),
            "/id/{org}/{user}": (either, self._identity),
        }

    def _door(self, request: Request) -> Door:
        methods, door = self._doors.get(template(request), ((), None))
        if door is None or request.method not in methods:
            raise OAuthError("invalid_request", "unsupported method or resource", 405 if methods else 404)
        return door

    def _token(self, request: Request) -> Answer:
        return Answer(content=self._grants.token(request), headers=UNCACHED)

    def _revoke(self, request: Request) -> Answer:
        """A refresh token goes with its access tokens, an access token alone."""
        token = forms.fields(request).get("token", "")
        number, grant = self.tokens.grant_with(token) or (0, None)
        if grant is not None and grant.refresh_token == token:
            self.tokens.end_grant(number)
        elif self._live(token):
            del self.tokens.given.sessions[token]
        else:
            raise OAuthError("unsupported_token_type", "this token type is not supported")
        return Answer()

    def _introspect(self, request: Request) -> Answer:
        """What is known of a live token of the app that asks; `token_type_hint` is not needed.

        Source: Salesforce, OAuth 2.0 token introspection; RFC 7662.
        """
        form = forms.fields(request)
        app = self._grants.client(request, form)
        token = form.get("token", "")
        known = self._known_session(request, app, token) or self._known_grant(request, app, token)
        return Answer(content=known or {"active": False}, headers=UNCACHED)

    def _known_session(self, request: Request, app: App, token: str) -> dict[str, Any] | None:
        session = self._live(token)
        if session is None or session.app != app.client_id:
            return None
        told = self._told(request, app, session.user, session.scope)
        made, ends = int(session.made.timestamp()), int((session.used + app.session).timestamp())
        return {**told, "token_type": "access_token", "exp": ends, "iat": made, "nbf": made}

    def _known_grant(self, request: Request, app: App, token: str) -> dict[str, Any] | None:
        _, grant = self.tokens.grant_with(token) or (0, None)
        if grant is None or grant.refresh_token != token or grant.app != app.client_id:
            return None
        if not self.tokens.grant_lives(grant, app):
            return None
        made = int(grant.made.timestamp())
        told = self._told(request, app, grant.user, grant.scope)
        return {**told, "token_type": "refresh_token", "iat": made, "nbf": made}

    def _told(self, request: Request, app: App, user: str, scope: str) -> dict[str, Any]:
        return {
            "active": True,
            "scope": scope,
            "client_id": app.client_id,
            "username": people.username(self._org, user),
            "sub": self._org.identity_url(self._org.served_at(request), user),
        }

    def _userinfo(self, request: Request) -> Answer | Response:
        user = self._bearer(request)
        if isinstance(user, Response):
            return user
        return Answer(content=people.info(self._org, self._org.served_at(request), user))

    def _identity(self, request: Request) -> Answer | Response:
        """`/id/{org}/{user}`: of the token's own user, or of another one of this org."""
        user, named = self._bearer(request), [ids.canonical(part) for part in request.segments[1:]]
        if isinstance(user, Response):
            return user
        if len(named) != 2 or named[0] != self._org.id or named[1] not in self._org.store["User"].rows:
            return _forbidden("Wrong_Org")
        return Answer(content=people.identity(self._org, self._org.served_at(request), named[1], user))

    def _bearer(self, request: Request) -> str | Response:
        """The user of a live token; 403 in plain text without one."""
        scheme, token = credentials.bearer(request)
        if not token:
            scheme, token = forms.BEARER[0], request.param("oauth_token") or ""
        if not token:
            return _forbidden("Missing_OAuth_Token")
        entrance = self.entrance(token) if scheme in forms.BEARER else None
        return entrance.user if entrance else _forbidden("Bad_OAuth_Token")

    def _live(self, token: str) -> Session | None:
        session = self.tokens.given.sessions.get(token)
        app = self.apps.find(session.app) if session else None
        return session if session and app and self.tokens.session_lives(session, app) else None

    def _configuration(self, request: Request) -> Answer:
        """Source: Salesforce, OpenID Connect discovery endpoint."""
        base = self._org.served_at(request)
        named = {"authorization": "authorize", "token": "token", "revocation": "revoke",
                 "userinfo": "userinfo", "introspection": "introspect"}  # fmt: skip
        return Answer(content={
            "issuer": base,
            **{f"{name}_endpoint": f"{base}{PATH}/{path}" for name, path in named.items()},
            "jwks_uri": base + KEYS_PATH,
            "scopes_supported": list(SCOPES),
            "response_types_supported": ["code"],
            "grant_types_supported": self._grants.flows,
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "display_values_supported": ["page", "popup", "touch"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": ["iss", "sub", "aud", "iat", "exp", "at_hash", "nonce", *people.CLAIMS],
        })  # fmt: skip


def _forbidden(text: str) -> Response:
    return Response(403, text.encode(), {"content-type": "text/plain"})
