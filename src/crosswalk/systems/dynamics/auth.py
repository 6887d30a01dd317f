"""What signing in takes, and which grants it allows.

Source: Microsoft identity platform, client credentials with secret and with certificate, refresh tokens; Dataverse,
the environment's address as resource.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from ...core.failures import UserError
from ...core.sign_in import Tokens
from ...core.words import keepable as _
from ..oauth import BY_BROWSER, AccessToken, Form
from .certificates import key_of, signed_statement

PUBLIC_AUTHORITY = "https://login.microsoftonline.com"
ANY_TENANT = "organizations"  # where a person's own tenant decides
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EARLY = timedelta(minutes=5)  # before its end a token is renewed: a long call must not outlive it


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a person gave. The client id comes with a certificate and its key, a secret, or a refresh token."""

    url: str  # the environment
    authority: str = PUBLIC_AUTHORITY
    tenant: str = ""  # id or verified domain
    client_id: str = ""
    client_secret: str = ""
    certificate: str = ""  # PEM
    private_key: str = ""  # PEM
    caller_object_id: str = ""  # the Entra object id of the person as whom we write; empty: as ourselves
    grant: str = ""  # BY_BROWSER: only what a person at a browser allowed; empty: whatever the rest allows
    refresh_token: str = ""
    access_token: str = ""  # used only when nothing else can get one

    def __repr__(self) -> str:
        return f"<Credentials {self.url}>"

    @property
    def environment(self) -> str:
        """The environment's address without a path: it names the resource that tokens are for."""
        return origin(self.url)

    @property
    def endpoints(self) -> str:
        """The address below which the tenant's OAuth 2.0 endpoints are."""
        return f"{origin(self.authority)}/{self.tenant or ANY_TENANT}/oauth2/v2.0"

    @property
    def by_itself(self) -> bool:
        """Whether the app signs in without anybody."""
        return self.grant != BY_BROWSER and bool(self.client_secret or self.private_key)

    @property
    def need_browser(self) -> bool:
        """Whether a person must sign in by browser before these open anything."""
        if not (self.url and self.client_id) or self.refresh_token:
            return False
        return self.grant == BY_BROWSER or not (self.by_itself or self.access_token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token(AccessToken):
    """An access token, and when it ends."""

    ends: datetime | None = None  # None: that is not known

    def __repr__(self) -> str:
        return "<Token>"


def parse_credentials(given: Mapping[str, Any]) -> Credentials:
    """Take what is known out of `given`, whether it suffices or not; other keys are ignored."""
    known = {name: str(given[name]).strip() for name in Credentials.__slots__ if given.get(name)}
    return Credentials(**{"url": "", **known})


def read_credentials(given: Mapping[str, Any], stored: Tokens) -> Credentials:
    """Take what is needed out of `given`; other keys are ignored.

    Raises UserError when no token can ever be had with it, not with the `stored` tokens either.
    """
    credentials = parse_credentials(given)
    refreshed = credentials.refresh_token or stored.get("refresh_token")
    by_grant = credentials.client_id and (credentials.by_itself or refreshed)
    if not credentials.url or not (by_grant or credentials.access_token):
        raise UserError(
            _("The Dynamics 365 credentials are not complete."),
            cure=_(
                "Give url (like https://acme.crm4.dynamics.com), tenant and client_id with certificate_file and"
                " private_key_file, or with client_secret; with neither of them you sign in by browser."
            ),
        )
    if credentials.by_itself and not credentials.tenant:
        raise UserError(
            _("The Dynamics 365 credentials do not name the tenant."),
            cure=_(
                "Give tenant: the “Directory (tenant) ID” on the app's overview page in Microsoft Entra ID."
            ),
        )
    if credentials.private_key:
        key_of(credentials.private_key, credentials.certificate)
    return credentials


def grants(given: Credentials, stored: Tokens, now: datetime, new_id: str) -> Iterator[Form]:
    """Yield the form of every grant that the credentials allow, the best first.

    `now` is the vendor's time; `new_id` makes a signed statement the only one of its kind.
    """
    own = {
        "grant_type": "client_credentials",
        "client_id": given.client_id,
        "scope": f"{given.environment}/.default",
    }
    if given.by_itself and given.private_key:
        yield {**own, **assertion(given, now, new_id)}
    if given.by_itself and given.client_secret:
        yield {**own, "client_secret": given.client_secret}
    refresh_token = stored.get("refresh_token") or given.refresh_token
    if given.client_id and refresh_token:
        yield {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "scope": delegated_scope(given),
            **app(given, now, new_id),
        }


def app(given: Credentials, now: datetime, new_id: str) -> Form:
    """Return what proves the app beside a code or a refresh token; a public client only says who it is."""
    proof: Form = {}
    if given.private_key:
        proof = assertion(given, now, new_id)
    elif given.client_secret:
        proof = {"client_secret": given.client_secret}
    return {"client_id": given.client_id, **proof}


def assertion(given: Credentials, now: datetime, new_id: str) -> Form:
    """Return the part of a form that proves the app by its certificate."""
    statement = signed_statement(
        key_of(given.private_key, given.certificate),
        client_id=given.client_id,
        audience=f"{given.endpoints}/token",
        now=now,
        new_id=new_id,
    )
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": statement}


def delegated_scope(given: Credentials) -> str:
    """Return the scope in which a person lets us act, and lets us go on without them."""
    return f"{given.environment}/user_impersonation offline_access"


def read_token(tokens: Tokens) -> Token | None:
    """Return the access token among stored tokens."""
    value, ends = tokens.get("access_token"), tokens.get("ends")
    if not value:
        return None
    return Token(value=value, shared=True, ends=datetime.fromisoformat(ends) if ends else None)


def origin(url: str) -> str:
    """Return scheme and host of an address as a person copies it; https unless it says something else."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    return f"{parts.scheme}://{parts.netloc}"
