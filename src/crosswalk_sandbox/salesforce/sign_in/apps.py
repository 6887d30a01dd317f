"""The org's registered apps, with the settings that an admin makes. Source: Salesforce, External Client Apps."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

DEFAULT_NAME = "Crosswalk"  # the app of the ready line
SCOPES = {
    "api": "Manage user data via APIs",
    "refresh_token": "Perform requests at any time, even when you are not signed in",
    "offline_access": "Perform requests at any time, even when you are not signed in",
    "id": "Access your identity",
    "profile": "Access your name and picture",
    "email": "Access your e-mail address",
    "address": "Access your postal address",
    "phone": "Access your phone numbers",
    "openid": "Access unique user identifiers",
    "web": "Manage user data via web browsers",
    "full": "Full access to everything you may see and do",
    "chatter_api": "Access Connect REST API resources",
    "visualforce": "Access Visualforce applications",
    "lightning": "Access Lightning applications",
    "content": "Access content resources",
    "custom_permissions": "Access custom permissions",
    "pardot_api": "Manage Pardot services",
}
SAME_SCOPE = {
    "offline_access": "refresh_token", "profile": "id", "email": "id", "address": "id", "phone": "id",
}  # fmt: skip
REFRESH_SCOPE = "refresh_token"
LEAST_SESSION, MOST_SESSION = 15 * 60, 24 * 60 * 60  # seconds without a call
LOOPBACK = ("localhost", "127.0.0.1")
GIVEN_BY_THE_ORG = ("client_id",)


class App(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A registered app; users are named by their user names."""

    name: str
    client_id: str
    client_secret: str
    callback_urls: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("api", "refresh_token", "id")
    permitted_users: Literal["all", "preapproved"] = "all"  # all: whoever allows it on the page of consent
    preapproved: tuple[str, ...] = ()
    run_as: str | None = None  # of client credentials
    certificate: str | None = None  # PEM: an X.509 certificate or a public key, for signed statements
    secret_required: bool = True  # for authorization codes and refresh tokens
    pkce_required: bool = False
    rotation: bool = False  # each refresh token serves once
    refresh_token_policy: Literal["until_revoked", "idle", "lifetime", "at_once"] = "until_revoked"
    refresh_token_seconds: int = 30 * 24 * 60 * 60  # of idle and lifetime
    session_seconds: int = 2 * 60 * 60  # an access token dies after so long without a call
    installed: bool = True  # else only users who allowed it before may use it
    blocked: bool = False

    @property
    def session(self) -> timedelta:
        return timedelta(seconds=self.session_seconds)

    def grants(self, scope: str) -> bool:
        """Whether the app may ask for a scope; `full` does not include the refresh token."""
        same = same_scope(scope)
        return same in map(same_scope, self.scopes) or ("full" in self.scopes and same != REFRESH_SCOPE)

    def preapproves(self, username: str) -> bool:
        """Whether an admin approved the app for a user, who then need not be asked."""
        chosen = username.lower() in (name.lower() for name in self.preapproved)
        return chosen and self.permitted_users == "preapproved"


def same_scope(scope: str) -> str:
    """The one name of a scope that has several."""
    return SAME_SCOPE.get(scope, scope)


def refreshes(scope: str) -> bool:
    """Whether a granted scope, its parts separated by blanks, includes the refresh token."""
    return REFRESH_SCOPE in map(same_scope, scope.split())


class Apps:
    """The apps of an org, by name and by key."""

    def __init__(self, key: bytes, run_as: str) -> None:
        self._key = key
        self._run_as = run_as
        self._by_name: dict[str, App] = {}
        self.reset()

    def __iter__(self) -> Iterator[App]:
        return iter(self._by_name.values())

    def reset(self) -> None:
        """Only the app of the ready line, as at the start."""
        self._by_name = {DEFAULT_NAME: self._first()}

    @property
    def default(self) -> App:
        return self._by_name[DEFAULT_NAME]

    def find(self, client_id: str) -> App | None:
        return next((app for app in self if app.client_id == client_id), None)

    def changed(self, order: Mapping[str, Any]) -> App:
        """The app of that name with the named settings changed, or a new one. Raises ValueError."""
        name = order.get("name", DEFAULT_NAME)
        if wrong := [setting for setting in GIVEN_BY_THE_ORG if setting in order]:
            raise ValueError(f"{', '.join(wrong)} is given by the org")
        if not isinstance(name, str) or not name:
            raise ValueError("name must be text")
        known = self._by_name.get(name) or self._new(name)
        app = msgspec.convert({**msgspec.to_builtins(known), **order}, App)
        _check(app)
        return app

    def put(self, app: App) -> None:
        """Set an app in the place of the one with its name."""
        self._by_name[app.name] = app

    def restore(self, apps: list[App]) -> None:
        """Take these apps in place of all others."""
        self._by_name = {app.name: app for app in apps}

    def _first(self) -> App:
        return App(
            name=DEFAULT_NAME,
            client_id=self._client_id(""),
            client_secret=self._client_secret(""),
            callback_urls=("http://localhost:1717/OauthRedirect", "http://localhost:8080/callback"),
            scopes=("refresh_token", "api", "id", "openid", "web"),
            run_as=self._run_as,
        )

    def _new(self, name: str) -> App:
        whose = f" of {name}"
        return App(name=name, client_id=self._client_id(whose), client_secret=self._client_secret(whose))

    def _client_id(self, whose: str) -> str:
        return "3MVG9" + secret(self._key, f"client id{whose}")[:80]

    def _client_secret(self, whose: str) -> str:
        return hashlib.sha256(self._key + f" client secret{whose}".encode()).hexdigest().upper()


def secret(key: bytes, purpose: str) -> str:
    """Text that looks like chance and is the same for a seed."""
    digest = hashlib.sha512(key + b" " + purpose.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=").replace("-", ".")


def _check(app: App) -> None:
    """Refuse settings that the vendor's setup pages refuse. Raises ValueError."""
    if unknown := [scope for scope in app.scopes if scope not in SCOPES]:
        raise ValueError(f"there is no scope {unknown[0]}: " + ", ".join(SCOPES))
    for url in app.callback_urls:
        _check_callback(url)
    if not LEAST_SESSION <= app.session_seconds <= MOST_SESSION:
        raise ValueError(f"session_seconds is between {LEAST_SESSION} and {MOST_SESSION}")
    if app.refresh_token_seconds < 1:
        raise ValueError("refresh_token_seconds is at least 1")
    if app.certificate is not None:
        from crosswalk_sandbox import signing  # slow to import, and seldom needed

        signing.public_key(app.certificate)


def _check_callback(url: str) -> None:
    """Source: Salesforce, callback URLs: https, a scheme of the app's own, or http on this machine."""
    parts = urlsplit(url)
    if not parts.scheme or parts.fragment or (parts.scheme == "http" and parts.hostname not in LOOPBACK):
        raise ValueError(f"a callback URL is https, or http on localhost, without a fragment: {url}")
