"""The token service's doors: discovery, keys, pages for people, and tokens for people and for applications."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from crosswalk_sandbox import credentials
from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.entra import devices, discovery, pages
from crosswalk_sandbox.dynamics.entra.apps import App, Apps
from crosswalk_sandbox.dynamics.entra.assertions import check_assertion
from crosswalk_sandbox.dynamics.entra.authorize import Authorize
from crosswalk_sandbox.dynamics.entra.devices import Devices
from crosswalk_sandbox.dynamics.entra.errors import NO_STORE, EntraError, refused
from crosswalk_sandbox.dynamics.entra.given import Given, Memory
from crosswalk_sandbox.dynamics.entra.people import People
from crosswalk_sandbox.dynamics.entra.redeeming import Redeeming
from crosswalk_sandbox.dynamics.entra.tokens import TOKEN_LIVES, Tokens
from crosswalk_sandbox.dynamics.places import Places
from crosswalk_sandbox.http import Request, Response, json_response

DOMAIN = "example.onmicrosoft.com"  # the tenant's verified domain
MANY_TENANTS = ("common", "organizations")  # of people who sign in, never of an application alone
TOKEN_PATH = ("oauth2", "v2.0", "token")
FIRST_TOKEN_PATH = ("oauth2", "token")  # of the platform's version 1: a resource instead of a scope
AUTHORIZE_PATH = ("oauth2", "v2.0", "authorize")
LOGOUT_PATH = ("oauth2", "v2.0", "logout")
DEVICE_PATH = ("oauth2", "v2.0", "devicecode")
DEVICE_PAGE = ("oauth2", "deviceauth")
PAGES = (AUTHORIZE_PATH, LOGOUT_PATH, DEVICE_PAGE, ("v2.0", "adminconsent"), ("adminconsent",))
PLACES = (TOKEN_PATH, FIRST_TOKEN_PATH, DEVICE_PATH, discovery.CONFIGURATION, discovery.KEYS, *PAGES)
OF_PEOPLE = ("authorization_code", "refresh_token")
DEFAULT = "/.default"
SCOPE = re.compile(r"\S+")
RESOURCE = re.compile(r"[a-z][a-z0-9+.-]*://\S+|[0-9a-f-]{36}", re.IGNORECASE)


class SavedEntra(msgspec.Struct, kw_only=True):
    """The tenant as it is kept."""

    apps: list[App]
    pem: str
    given: Given = msgspec.field(default_factory=Given)


class Entra:
    """One tenant, which knows one resource: the environment."""

    def __init__(self, seed: int, clock: Clock, places: Places) -> None:
        self._clock = clock
        self._places = places
        self.tenant = ids.make(seed, "tenant")
        self.apps = Apps(seed)
        self.tokens = Tokens()
        self.people = People(seed)
        self.memory = Memory(seed)
        self._authorize = Authorize(self.apps, self.people, self.memory, places, clock, self.tenant)
        self._redeeming = Redeeming(self.people, self.memory, self.tokens, places, clock, self.tenant)
        self._devices = Devices(self.apps, self.people, self.memory, places, clock, self.tenant)
        self._refusals = 0

    def reset(self) -> None:
        """Apps, consents and all that was given out as at the start."""
        self.apps.reset()
        self.memory.given = Given()
        self._refusals = 0

    def saved(self) -> SavedEntra:
        return SavedEntra(apps=list(self.apps), pem=self.tokens.pem, given=self.memory.given)

    def restore(self, saved: SavedEntra) -> None:
        self.apps.restore(saved.apps)
        self.memory.given = saved.given
        self.tokens.restore(saved.pem)

    def handle(self, request: Request) -> Response | None:
        """The answer to a request to the token service; None for what is not there."""
        tenant, rest = request.segments[0], request.segments[1:]
        address = self._places.served_at(request)
        try:
            if rest == TOKEN_PATH:
                return self._token(request, tenant, address)
            known = tenant in MANY_TENANTS or self._is_own(tenant)
            if rest in PLACES and not known:
                raise EntraError(90002, tenant=tenant)
            if rest == FIRST_TOKEN_PATH:
                return self._first_token(request, tenant, address)
            if rest == DEVICE_PATH:
                return json_response(200, self._devices.begin(_form(request), address), NO_STORE)
            if rest in PAGES and request.method in ("GET", "POST"):
                return self._page(request, rest)
        except EntraError as error:
            if rest in PAGES:
                return pages.error(f"AADSTS{error.number}: {error.text}")
            self._refusals += 1
            asked = request.headers.get("client-request-id")
            return refused(error, address, self._clock.now(), self._refusals, asked)
        if request.method != "GET":
            return None
        if rest == discovery.KEYS:
            return json_response(200, self.tokens.key_set())
        if rest == discovery.CONFIGURATION:
            many = tenant in MANY_TENANTS
            return json_response(200, discovery.configuration(address, tenant, None if many else self.tenant))
        return None

    def revoke(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """What a person (`user`) was given, or consent to an app (`app`), counts no more. Raises ValueError."""
        human, app = self.people.find(str(order.get("user", ""))), order.get("app")
        if human is None and app is None:
            raise ValueError(f"revoke takes app, or user: {', '.join(self.people.by_name)}")
        if human is not None:
            self.memory.given.revoked[human.upn] = self._clock.now()
        for each in self.apps:
            if each.name == app:
                self.memory.withdraw(each.client_id)
        return {}

    def _page(self, request: Request, rest: tuple[str, ...]) -> Response:
        if rest == AUTHORIZE_PATH:
            return self._authorize.handle(request)
        if rest == LOGOUT_PATH:
            return self._authorize.sign_out(request)
        if rest == DEVICE_PAGE:
            return self._devices.page(request)
        return self._authorize.admin_consent(request)

    def token_for(self, app: App, resource: str, address: str, *, certificate: bool = False) -> str:
        """A new access token of an app for a resource."""
        claims = {
            "aud": resource,
            "iss": discovery.issuer(address, self.tenant),
            "tid": self.tenant,
            "appid": app.client_id,
            "azp": app.client_id,
            "appidacr": "2" if certificate else "1",
            "oid": app.object_id,
            "sub": app.object_id,
            "idtyp": "app",
            "ver": "2.0",
        }
        return self.tokens.issue(claims, self._clock.now())

    def _is_own(self, tenant: str) -> bool:
        return tenant.lower() in (self.tenant, DOMAIN)

    def _token(self, request: Request, tenant: str, address: str) -> Response:
        """Source: Microsoft identity platform, "Get a token". Raises EntraError."""
        form = _form(request)
        grant = form.get("grant_type", "")
        of_people = (*OF_PEOPLE, devices.GRANT, devices.SHORT_GRANT)
        if not self._is_own(tenant) and (grant not in of_people or tenant not in MANY_TENANTS):
            raise EntraError(90002, tenant=tenant)
        if not grant:
            raise EntraError(900144, field="grant_type")
        if grant in OF_PEOPLE:
            return json_response(200, self._of_person(request, form, address, grant), NO_STORE)
        if grant in (devices.GRANT, devices.SHORT_GRANT):
            return json_response(200, self._of_device(request, form, address), NO_STORE)
        if grant != "client_credentials":
            raise EntraError(70003, grant=grant)
        app, certificate = self._client(request, form, address)
        resource = self._resource(form.get("scope", ""))
        content = {
            "token_type": "Bearer",
            "expires_in": TOKEN_LIVES,
            "ext_expires_in": TOKEN_LIVES,
            "access_token": self.token_for(app, resource, address, certificate=certificate),
        }
        return json_response(200, content, NO_STORE)

    def _first_token(self, request: Request, tenant: str, address: str) -> Response:
        """The application's token as version 1 asks for it and answers. Raises EntraError."""
        form = _form(request)
        if not self._is_own(tenant):
            raise EntraError(90002, tenant=tenant)
        if form.get("grant_type") != "client_credentials":
            raise EntraError(70003, grant=form.get("grant_type", ""))
        app, certificate = self._client(request, form, address)
        if not form.get("resource"):
            raise EntraError(900144, field="resource")
        resource = self._resource(form["resource"].rstrip("/") + DEFAULT)
        now = int(self._clock.now().timestamp())
        numbers = {
            "expires_in": TOKEN_LIVES,
            "ext_expires_in": TOKEN_LIVES,
            "expires_on": now + TOKEN_LIVES,
            "not_before": now - 300,
        }
        content = {
            "token_type": "Bearer",
            **{name: str(number) for name, number in numbers.items()},
            "resource": form["resource"],
            "access_token": self.token_for(app, resource, address, certificate=certificate),
        }
        return json_response(200, content, NO_STORE)

    def _of_person(
        self, request: Request, form: Mapping[str, str], address: str, grant: str
    ) -> dict[str, Any]:
        """Tokens for a person; only web apps have a secret to show. Raises EntraError."""
        platform = self._redeeming.platform(form)
        if platform == "web":
            app, _ = self._client(request, form, address)
        else:
            app = self._public_client(request, form, platform)
        redeem = (
            self._redeeming.by_code if grant == "authorization_code" else self._redeeming.by_refresh_token
        )
        return redeem(app, form, address)

    def _of_device(self, request: Request, form: Mapping[str, str], address: str) -> dict[str, Any]:
        """Tokens for the person who accepted for a device. Raises EntraError."""
        app = self.apps.find(form.get("client_id", ""))
        if app is None or not app.public_client_flows:
            app, _ = self._client(request, form, address)
        return self._redeeming.by_device(app, self._devices.signed_in(app, form), form, address)

    def _public_client(self, request: Request, form: Mapping[str, str], platform: str) -> App:
        app = self.apps.find(form.get("client_id", ""))
        if app is None:
            raise EntraError(700016, app=form.get("client_id", ""), tenant=self.tenant)
        if form.get("client_secret") or form.get("client_assertion"):
            raise EntraError(700025)
        if platform == "spa" and "origin" not in request.headers:
            raise EntraError(9002327)
        return app

    def _client(self, request: Request, form: Mapping[str, str], address: str) -> tuple[App, bool]:
        """The app with its credentials checked, and whether it showed a certificate. Raises EntraError."""
        client_id, secret = credentials.basic(request) or (form.get("client_id"), form.get("client_secret"))
        if not client_id:
            raise EntraError(900144, field="client_id")
        app = self.apps.find(client_id)
        if app is None:
            raise EntraError(700016, app=client_id, tenant=self.tenant)
        if assertion := form.get("client_assertion"):
            audiences = self._audiences(address)
            check_assertion(app, assertion, form.get("client_assertion_type"), audiences, self._clock.now())
            return app, True
        self._check_secret(app, secret)
        return app, False

    def _check_secret(self, app: App, secret: str | None) -> None:
        if not secret:
            raise EntraError(7000218)
        if secret != app.client_secret:
            raise EntraError(7000215, app=app.client_id)
        if app.secret_expires and app.secret_expires <= self._clock.now():
            raise EntraError(7000222, app=app.client_id)

    def _audiences(self, address: str) -> set[str]:
        """What an assertion may name as its audience: the token's address, or the issuer's."""
        names = (self.tenant, DOMAIN)
        paths = ("/".join(path) for path in (TOKEN_PATH, FIRST_TOKEN_PATH))
        tokens = {f"{address}/{name}/{path}" for path in paths for name in names}
        return tokens | {discovery.issuer(address, self.tenant)}

    def _resource(self, scope: str) -> str:
        """The environment that a scope names. Raises EntraError."""
        scopes: list[str] = SCOPE.findall(scope)
        if not scopes:
            raise EntraError(90014, field="scope")
        if len(scopes) > 1 or not RESOURCE.match(scopes[0]):
            raise EntraError(70011, scope=scope)
        if not scopes[0].endswith(DEFAULT):
            raise EntraError(1002012, scope=scope)
        resource = scopes[0].removesuffix(DEFAULT).rstrip("/")
        if not self._places.is_own(resource):
            raise EntraError(500011, resource=resource, tenant=self.tenant)
        return resource


def _form(request: Request) -> dict[str, str]:
    """The fields of a form that was posted. Raises EntraError."""
    if request.method != "POST":
        raise EntraError(900561, method=request.method)
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def serves(request: Request) -> bool:
    """Whether this is a request to the token service."""
    return request.segments[1:] in PLACES


def template(request: Request) -> str:
    """The path with the tenant's place."""
    return "/".join(("/{tenant}", *request.segments[1:]))


def object_of(request: Request) -> dict[str, Any]:
    """The JSON object of a body. Raises ValueError."""
    return msgspec.json.decode(request.body, type=dict[str, Any])
