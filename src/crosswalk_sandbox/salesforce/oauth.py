"""Signing in: tokens for an app and its run-as user, and who a token belongs to.

Source: Salesforce, OAuth 2.0 endpoints. Tokens, keys and secrets are fixed for a seed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote

from crosswalk_sandbox.http import Request, Response
from crosswalk_sandbox.salesforce.answers import Answer, encode, unpacked
from crosswalk_sandbox.salesforce.errors import ApiError
from crosswalk_sandbox.salesforce.org import Org

PATH = "/services/oauth2"
IDENTITY_PATH = "/id"
SESSION_TIMEOUT = timedelta(hours=2)  # of inactivity
SCOPE = "refresh_token api id"
FORM = "application/x-www-form-urlencoded"


def serves(request: Request) -> bool:
    """Whether a request is about signing in, which does not count as use of the API."""
    return request.path.startswith((PATH + "/", IDENTITY_PATH + "/"))


class OAuthError(Exception):
    """The vendor's error object: a code and a description."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.status = status
        self.content = {"error": error, "error_description": description}


@dataclass(slots=True, kw_only=True)
class Session:
    """A live access token."""

    user: str
    refresh_token: str | None
    used: datetime


class OAuth:
    """The token endpoints of one org with one registered app."""

    def __init__(self, org: Org, seed: int) -> None:
        self._org = org
        self._key = f"salesforce sandbox {seed}".encode()
        self.client_id = "3MVG9" + self._secret("client id")[:80]
        self.client_secret = hashlib.sha256(self._key + b" client secret").hexdigest().upper()
        self.refresh_token = "5Aep861" + self._secret("refresh token")
        self.reset()

    def reset(self) -> None:
        """Back to the one session and the one refresh token of the start."""
        self._issued = 0
        self._sessions: dict[str, Session] = {}
        self._refresh_tokens = {self.refresh_token: self._org.caller}
        self.access_token = self._issue(self._org.caller, self.refresh_token)

    def user_of(self, token: str) -> str | None:
        """The user of a live access token, whose idle time starts again; None for any other."""
        session = self._sessions.get(token)
        now = self._org.clock.now()
        if session is None or now - session.used > SESSION_TIMEOUT:
            return None
        session.used = now
        return session.user

    def handle(self, request: Request) -> Response:
        """Answer a call for which `serves` holds."""
        try:
            answer = self._answer(request)
        except OAuthError as error:
            answer = Answer(status=error.status, content=error.content)
        except ApiError as error:
            answer = Answer(status=400, content={"error": "invalid_request", "error_description": str(error)})
        if isinstance(answer, Response):
            return answer
        return encode(request, answer)

    def _answer(self, request: Request) -> Answer | Response:
        if request.path.startswith(IDENTITY_PATH + "/"):
            return self._about_me(request, self._identity_of)
        name = request.path.removeprefix(PATH).strip("/")
        if name == "token" and request.method == "POST":
            return Answer(content=self._token(request), headers={"cache-control": "no-cache, no-store"})
        if name == "revoke" and request.method in ("POST", "GET"):
            return self._revoke(_form(request))
        if name == "userinfo" and request.method in ("POST", "GET"):
            return self._about_me(request, self._person)
        known = name in ("token", "revoke", "userinfo")
        raise OAuthError("invalid_request", "unsupported method or resource", 405 if known else 404)

    def _token(self, request: Request) -> dict[str, str]:
        form = _form(request)
        self._check_client(request, form)
        grant = form.get("grant_type")
        if grant == "client_credentials":
            return self._granted(request, self._issue(self._org.caller, None))
        if grant == "refresh_token":
            return self._refreshed(request, form.get("refresh_token", ""))
        raise OAuthError("unsupported_grant_type", "grant type not supported")

    def _refreshed(self, request: Request, refresh_token: str) -> dict[str, str]:
        user = self._refresh_tokens.get(refresh_token)
        if user is None:
            raise OAuthError("invalid_grant", "expired access/refresh token")
        return self._granted(request, self._issue(user, refresh_token))

    def _check_client(self, request: Request, form: dict[str, str]) -> None:
        """The app's key and secret, from the body or by HTTP Basic. Raises OAuthError."""
        basic = _basic(request)
        client_id, secret = basic or (form.get("client_id", ""), form.get("client_secret", ""))
        if client_id != self.client_id:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if secret != self.client_secret:
            raise OAuthError("invalid_client", "invalid client credentials", 401 if basic else 400)

    def _granted(self, request: Request, token: str) -> dict[str, str]:
        issued_at = str(int(self._org.clock.now().timestamp() * 1000))
        instance = self._org.served_at(request)
        identity = self._org.identity_url(instance)
        signed = hmac.new(self.client_secret.encode(), (identity + issued_at).encode(), hashlib.sha256)
        return {
            "access_token": token,
            "signature": base64.b64encode(signed.digest()).decode(),
            "scope": SCOPE,
            "instance_url": instance,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
        }

    def _revoke(self, form: dict[str, str]) -> Answer:
        token = form.get("token", "")
        if token in self._refresh_tokens:
            del self._refresh_tokens[token]
            dead = [name for name, session in self._sessions.items() if session.refresh_token == token]
        elif token in self._sessions:
            dead = [token]
        else:
            raise OAuthError("unsupported_token_type", "this token type is not supported")
        for name in dead:
            del self._sessions[name]
        return Answer()

    def _about_me(self, request: Request, tell: Callable[[str, str], dict[str, Any]]) -> Answer | Response:
        """What is told to the bearer of a live token; 403 in plain text to others."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not token:
            scheme, token = "bearer", request.param("oauth_token") or ""
        if not token:
            return Response(403, b"Missing_OAuth_Token", {"content-type": "text/plain"})
        user = self.user_of(token.strip()) if scheme.lower() == "bearer" else None
        if user is None:
            return Response(403, b"Bad_OAuth_Token", {"content-type": "text/plain"})
        return Answer(content=tell(self._org.served_at(request), user))

    def _identity_of(self, instance: str, record_id: str) -> dict[str, Any]:
        """`GET /id/{org}/{user}`, with the names that this older resource has."""
        told = self._person(instance, record_id)
        same = (
            "user_id", "organization_id", "email", "email_verified", "photos", "urls", "active", "user_type",
            "language", "locale", "utcOffset", "is_app_installed",
        )  # fmt: skip
        return {
            "id": told["sub"],
            "asserted_user": True,
            "username": told["preferred_username"],
            "nick_name": told["nickname"],
            "display_name": told["name"],
            "first_name": told["given_name"],
            "last_name": told["family_name"],
            "timezone": told["zoneinfo"],
            "last_modified_date": told["updated_at"],
            **{name: told[name] for name in same},
        }

    def _person(self, instance: str, record_id: str) -> dict[str, Any]:
        """`GET /services/oauth2/userinfo`."""
        user = self._org.store["User"].rows[record_id]
        return {
            "sub": self._org.identity_url(instance),
            "user_id": record_id,
            "organization_id": self._org.id,
            "preferred_username": user["Username"],
            "nickname": user["CommunityNickname"],
            "name": user["Name"],
            "email": user["Email"],
            "email_verified": True,
            "given_name": user.get("FirstName"),
            "family_name": user["LastName"],
            "zoneinfo": user["TimeZoneSidKey"],
            "photos": {
                "picture": f"{instance}/profilephoto/005/F",
                "thumbnail": f"{instance}/profilephoto/005/T",
            },
            "profile": f"{instance}/{record_id}",
            "picture": f"{instance}/profilephoto/005/F",
            "address": {},
            "is_salesforce_integration_user": True,
            "urls": _urls(instance),
            "active": user["IsActive"],
            "user_type": "STANDARD",
            "language": user["LanguageLocaleKey"],
            "locale": user["LocaleSidKey"],
            "utcOffset": 0,
            "updated_at": user["SystemModstamp"].replace(".000+0000", "Z"),
            "is_app_installed": True,
        }

    def _issue(self, user: str, refresh_token: str | None) -> str:
        """A new access token: the 15 characters of the org, an exclamation mark, a secret."""
        self._issued += 1
        token = f"{self._org.id[:15]}!AQEAQ{self._secret(f'access token {self._issued}')}"
        self._sessions[token] = Session(user=user, refresh_token=refresh_token, used=self._org.clock.now())
        return token

    def _secret(self, purpose: str) -> str:
        digest = hashlib.sha512(self._key + b" " + purpose.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=").replace("-", ".")


def _urls(instance: str) -> dict[str, str]:
    rest = f"{instance}/services/data/v{{version}}/"
    return {
        "rest": rest,
        "sobjects": f"{rest}sobjects/",
        "query": f"{rest}query/",
        "custom_domain": instance,
    }


def _form(request: Request) -> dict[str, str]:
    """The fields of a form-encoded body, and those of the address for GET."""
    if request.method == "GET":
        return dict(request.query)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise OAuthError("unsupported_grant_type", "grant type not supported")
    return dict(parse_qsl(unpacked(request).decode("utf-8", "replace"), keep_blank_values=True))


def _basic(request: Request) -> tuple[str, str] | None:
    """User name and password of HTTP Basic; None without it."""
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(coded, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote(name), unquote(password)
