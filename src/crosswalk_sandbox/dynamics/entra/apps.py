"""The app registrations of the tenant. Source: Microsoft Entra, App registrations."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from crosswalk_sandbox.dynamics import ids

FIRST_REDIRECTS = ("http://localhost:1717/OauthRedirect", "http://localhost:8080/callback")
REFUSING = (50076, 50079, 50173, 53003, 65001)  # what an app can be set to be refused with
DEFAULT_NAME = "Crosswalk"  # the app of the ready line
GIVEN_BY_THE_TENANT = ("client_id", "object_id")


class App(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A registered app with its credentials."""

    name: str
    client_id: str
    object_id: str  # of its service principal
    client_secret: str
    secret_expires: datetime | None = None  # aware; None is never
    certificate: str | None = None  # PEM: an X.509 certificate or a public key, for signed assertions
    # where people are sent back to: of web apps, of apps on people's own machines, of single-page apps
    redirect_uris: tuple[str, ...] = ()
    public_redirect_uris: tuple[str, ...] = ()
    spa_redirect_uris: tuple[str, ...] = ()
    public_client_flows: bool = True  # whether devices may sign in without a secret
    user_impersonation: bool = True  # whether the permission Dynamics CRM / user_impersonation is registered
    users_may_consent: bool = True  # else only administrators of the tenant may
    refresh_token_seconds: int = 90 * 24 * 60 * 60  # without being used
    refresh_token_once: bool = False  # whether a refresh token is dead once it was used
    refuses: int | None = None  # the AADSTS number with which people's tokens are refused, such as 50076


class Apps:
    """The apps of a tenant by name."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._by_name: dict[str, App] = {}
        self.reset()

    def __iter__(self) -> Iterator[App]:
        return iter(self._by_name.values())

    @property
    def default(self) -> App:
        return self._by_name[DEFAULT_NAME]

    def reset(self) -> None:
        """Only the app of the ready line, as at the start."""
        first = self._new(DEFAULT_NAME)
        self._by_name = {DEFAULT_NAME: msgspec.structs.replace(first, redirect_uris=FIRST_REDIRECTS)}

    def restore(self, apps: list[App]) -> None:
        """Take these apps in place of all others."""
        self._by_name = {app.name: app for app in apps}

    def find(self, client_id: str) -> App | None:
        wanted = client_id.lower()
        return next((app for app in self if app.client_id == wanted), None)

    def object_id_of(self, client_id: str) -> str | None:
        """The object id of an app; None if there is no such app."""
        app = self.find(client_id)
        return app.object_id if app else None

    def change(self, order: Mapping[str, Any]) -> App:
        """Change the named settings of the app of that name, or register one. Raises ValueError."""
        name = order.get("name", DEFAULT_NAME)
        if wrong := [setting for setting in GIVEN_BY_THE_TENANT if setting in order]:
            raise ValueError(f"{', '.join(wrong)} is given by the tenant")
        if not isinstance(name, str) or not name:
            raise ValueError("name must be text")
        known = self._by_name.get(name) or self._new(name)
        app = msgspec.convert({**msgspec.to_builtins(known), **order}, App)
        if app.secret_expires and app.secret_expires.tzinfo is None:
            raise ValueError("secret_expires needs a time with its zone, such as 2026-03-02T08:00:00Z")
        _check(app)
        if app.certificate is not None:
            from crosswalk_sandbox import signing  # slow to import, and seldom needed

            signing.public_key(app.certificate)
        self._by_name[name] = app
        return app

    def _new(self, name: str) -> App:
        secret = hashlib.sha256(f"dynamics {self._seed} secret {name}".encode()).hexdigest()
        return App(
            name=name,
            client_id=ids.make(self._seed, f"client id {name}"),
            object_id=ids.make(self._seed, f"service principal {name}"),
            client_secret=f"sbx8Q~{secret[:34]}",
        )


def _check(app: App) -> None:
    """Refuse settings that the vendor's pages refuse. Raises ValueError."""
    for uri in (*app.redirect_uris, *app.spa_redirect_uris, *app.public_redirect_uris):
        parts = urlsplit(uri)
        local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
        own = uri in app.public_redirect_uris and parts.scheme not in ("", "http")
        if parts.fragment or "*" in uri or not (parts.scheme == "https" or local or own):
            raise ValueError(f"a redirect URI is https, or http on localhost, without a fragment: {uri}")
    if app.refresh_token_seconds < 1:
        raise ValueError("refresh_token_seconds is at least 1")
    if app.refuses is not None and app.refuses not in REFUSING:
        raise ValueError(f"refuses is one of {', '.join(map(str, REFUSING))}")
