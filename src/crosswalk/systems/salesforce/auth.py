"""What signing in takes, and which grants it allows.

Source: Salesforce OAuth 2.0, client credentials, JWT bearer and refresh token flows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from ...core.failures import UserError
from ...core.sign_in import Tokens
from ...core.words import keepable as _
from ..oauth import BY_BROWSER, AccessToken, Form
from ..signing import read_key
from .assertion import GRANT_TYPE, PRODUCTION, SANDBOX, audience_of, signed
from .ids import long_id

# Client credentials are granted only on a My Domain host, never here.
_SHARED_LOGINS = frozenset({urlsplit(PRODUCTION).hostname, urlsplit(SANDBOX).hostname})

# How the hosts of an org's pages end, and how its login host does instead.
_PAGES = (
    (".lightning.force.com", ".my.salesforce.com"),
    (".my.salesforce-setup.com", ".my.salesforce.com"),
)
_SALESFORCE = ".salesforce.com"
_LOGINS = ".my.salesforce.com"
_MY_DOMAIN = re.compile(r"(?!localhost$)[A-Za-z][A-Za-z0-9-]*")  # a name alone; with "--" it is a sandbox's


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a person gave. The client id comes with a secret, a private key and a user name, or a refresh token."""

    login_url: str
    client_id: str = ""
    client_secret: str = ""
    username: str = ""
    private_key: str = ""  # PEM, for a signed statement
    audience: str = ""  # of the statement; empty: as the login address says
    grant: str = ""  # BY_BROWSER: only what a person at a browser allowed; empty: whatever the rest allows
    refresh_token: str = ""
    access_token: str = ""  # used only when nothing else can get one
    instance_url: str = ""
    user_id: str = ""

    def __repr__(self) -> str:
        return f"<Credentials {self.login_url}>"

    @property
    def login(self) -> str:
        """The login address with its scheme, without a slash at the end."""
        return login_address(self.login_url)

    @property
    def need_browser(self) -> bool:
        """Whether a person must sign in by browser before these open anything."""
        if not (self.login_url and self.client_id) or self.refresh_token:
            return False
        return self.grant == BY_BROWSER or not (self.client_secret or self.private_key or self.access_token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token(AccessToken):
    """An access token and the host that takes it."""

    instance_url: str
    org_id: str
    user_id: str

    def __repr__(self) -> str:
        return f"<Token for {self.instance_url}>"


def parse_credentials(given: Mapping[str, Any]) -> Credentials:
    """Take what is known out of `given`, whether it suffices or not; other keys are ignored."""
    known = {name: str(given[name]).strip() for name in Credentials.__slots__ if given.get(name)}
    return Credentials(**{"login_url": "", **known})


def read_credentials(given: Mapping[str, Any], stored: Tokens) -> Credentials:
    """Take what is needed out of `given`; other keys are ignored.

    Raises UserError when no token can ever be had with it, not with the `stored` tokens either.
    """
    credentials = parse_credentials(given)
    refreshed = credentials.refresh_token or stored.get("refresh_token")
    by_grant = credentials.client_id and (credentials.client_secret or credentials.private_key or refreshed)
    by_token = credentials.access_token and credentials.instance_url
    if not credentials.login_url or not (by_grant or by_token):
        raise UserError(
            _("The Salesforce credentials are not complete."),
            cure=_(
                "Give login_url and client_id with client_secret, or with private_key_file and username, or with"
                " refresh_token; with none of these you sign in by browser."
            ),
        )
    if credentials.private_key:
        _check_key(credentials)
    elif not (refreshed or by_token or credentials.instance_url or _has_own_domain(credentials)):
        raise UserError(
            _("Salesforce gives tokens for key and secret only at your own address, not at {url}.").format(
                url=credentials.login
            ),
            cure=_("Give your My Domain address as login_url, like https://acme.my.salesforce.com."),
        )
    return credentials


def _check_key(credentials: Credentials) -> None:
    read_key(credentials.private_key)
    if not credentials.username:
        raise UserError(
            _("The Salesforce credentials have a private key and do not say for whom (`username`)."),
            cure=_("Give the integration user's user name; it looks like an e-mail address."),
        )


def grants(given: Credentials, stored: Tokens, now: datetime) -> Iterator[tuple[str, Form]]:
    """Yield token address and form of every grant that the credentials allow, the best first.

    `now` is the vendor's time.
    """
    client = {"client_id": given.client_id}
    if given.private_key and given.grant != BY_BROWSER:
        yield given.login, signed_form(given, now)
    if given.client_secret:
        client["client_secret"] = given.client_secret
        if given.grant != BY_BROWSER:
            yield _own_domain(given), {"grant_type": "client_credentials", **client}
    refresh_token = stored.get("refresh_token") or given.refresh_token
    if given.client_id and refresh_token:
        yield given.login, {"grant_type": "refresh_token", "refresh_token": refresh_token, **client}


def signed_form(given: Credentials, now: datetime) -> Form:
    """Return the form of the JWT bearer grant; `now` is the vendor's time."""
    assertion = signed(
        read_key(given.private_key),
        client_id=given.client_id,
        username=given.username,
        audience=given.audience or audience_of(given.login),
        now=now,
    )
    return {"grant_type": GRANT_TYPE, "assertion": assertion}


def _own_domain(given: Credentials) -> str:
    """Return the My Domain address, as far as the credentials say it."""
    if given.instance_url and not _has_own_domain(given):
        return with_scheme(given.instance_url).rstrip("/")
    return given.login


def _has_own_domain(given: Credentials) -> bool:
    return urlsplit(given.login).hostname not in _SHARED_LOGINS


def read_token(tokens: Tokens) -> Token | None:
    """Return the access token among stored tokens."""
    if not tokens.get("access_token"):
        return None
    return Token(
        value=tokens["access_token"],
        instance_url=tokens["instance_url"],
        org_id=tokens.get("org_id", ""),
        user_id=tokens.get("user_id", ""),
        shared=True,
    )


def identity(address: str) -> tuple[str, str]:
    """Return org id and user id from an identity address, empty if it is none."""
    parts = urlsplit(address).path.strip("/").split("/")
    return (long_id(parts[-2]), long_id(parts[-1])) if len(parts) >= 3 else ("", "")


def login_address(given: str) -> str:
    """Return the address to sign in at, from any address of the org that a browser may show, or its My Domain name.

    Source: Salesforce, My Domain URL formats.
    """
    if _MY_DOMAIN.fullmatch(given):
        given = f"{given}.sandbox{_LOGINS}" if "--" in given else f"{given}{_LOGINS}"
    parts = urlsplit(with_scheme(given).rstrip("/"))
    for page, login in _PAGES:
        if parts.netloc.lower().endswith(page):
            return f"{parts.scheme}://{parts.netloc[: -len(page)]}{login}"
    if parts.netloc.lower().endswith(_SALESFORCE):
        return f"{parts.scheme}://{parts.netloc}"
    return parts.geturl()


def with_scheme(url: str) -> str:
    """Return an address that says https unless it says something else."""
    return url if "://" in url else f"https://{url}"
