"""What an app may ask for on behalf of a person. Source: Scopes and permissions in the Microsoft identity platform."""

from __future__ import annotations

from dataclasses import dataclass

from crosswalk_sandbox.dynamics.entra.apps import App
from crosswalk_sandbox.dynamics.entra.errors import EntraError
from crosswalk_sandbox.dynamics.places import Places

DEFAULT, IMPERSONATION = ".default", "user_impersonation"
IDENTITY = {
    "openid": "Sign you in",
    "profile": "View your basic profile",
    "email": "View your email address",
    "offline_access": "Maintain access to data you have given it access to",
}
IN_WORDS = {IMPERSONATION: "Access Dynamics 365 as you", **IDENTITY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scopes:
    """What was asked for."""

    resource: str | None  # the environment, as it was named; None where only the person's identity is wanted
    permissions: tuple[str, ...]  # of the resource
    identity: tuple[str, ...]

    @property
    def granted(self) -> str:
        """As the answer to a call for a token names it."""
        return " ".join((*(f"{self.resource}/{each}" for each in self.permissions), *self.identity))

    @property
    def wanted(self) -> frozenset[str]:
        """What a person must have consented to."""
        return frozenset((*self.permissions, *self.identity))


def read(text: str, app: App, places: Places, tenant: str) -> Scopes:
    """The scopes of a request. Raises EntraError."""
    asked = list(dict.fromkeys(text.split()))
    identity = tuple(each for each in asked if each in IDENTITY)
    named = [each.rpartition("/") for each in asked if each not in IDENTITY]
    if any(not resource for resource, _, _ in named):
        raise EntraError(70011, scope=text)
    resources = {resource.rstrip("/") for resource, _, _ in named}
    if len(resources) > 1:
        raise EntraError(28000, scope=text)
    if not resources:
        return Scopes(resource=None, permissions=(), identity=identity)
    resource = resources.pop()
    if not places.is_own(resource):
        raise EntraError(500011, resource=resource, tenant=tenant)
    return Scopes(resource=resource, permissions=_permissions(named, app, text), identity=identity)


def _permissions(named: list[tuple[str, str, str]], app: App, text: str) -> tuple[str, ...]:
    """The permissions of the resource; `.default` stands for what is registered. Raises EntraError."""
    names = [name for _, _, name in named]
    if DEFAULT in names and len(names) > 1:
        raise EntraError(70011, scope=text)
    for name in names:
        if name not in (DEFAULT, IMPERSONATION):
            raise EntraError(650053, app=app.name, scope=name)
    if not app.user_impersonation and DEFAULT in names:
        raise EntraError(650057, app=app.client_id)
    return (IMPERSONATION,)
