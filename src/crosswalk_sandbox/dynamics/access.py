"""Who calls: the proof of an access token, and the user of the environment behind it.

Source: Dataverse, OAuth with Dataverse; application users; Impersonate another user using the Web API.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from crosswalk_sandbox.credentials import bearer
from crosswalk_sandbox.dynamics.entra import Entra
from crosswalk_sandbox.dynamics.environment import Environment, Row
from crosswalk_sandbox.dynamics.errors import ODataError, missing_row
from crosswalk_sandbox.dynamics.security import rights
from crosswalk_sandbox.dynamics.security.privileges import ACT_FOR_OTHERS
from crosswalk_sandbox.dynamics.session import Session
from crosswalk_sandbox.http import Request, Response


class NotSignedInError(Exception):
    """No token, or none that is good here; `text` is the plain body of the refusal."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.text = text


def caller(environment: Environment, entra: Entra, request: Request) -> str:
    """The systemuserid of the caller. Raises NotSignedInError or ODataError."""
    claims = _claims(environment, entra, request)
    users = environment.rows["systemuser"].values()
    if "scp" in claims:  # an app acts for a person
        by, name = "azureactivedirectoryobjectid", claims["oid"]
    else:
        by, name = "applicationid", claims["appid"]
    user = next((row for row in users if row.get(by) == name), None)
    if user is None:
        raise ODataError("0x80072560", "The user is not a member of the organization.")
    return _enabled(user)


def claimed(request: Request) -> str:
    """Whom the token of a request names, unproved; the whole header where it names nobody."""
    header = request.headers.get("authorization", "")
    parts = header.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return str(claims["oid"] if "scp" in claims else claims["appid"])
    except (LookupError, ValueError, TypeError):
        return header


def session(environment: Environment, caller: str, headers: Mapping[str, str]) -> Session:
    """The session of a call: as the caller, or as the user for whom its headers say that it acts. Raises ODataError."""
    allowed = rights.of(environment, caller)
    if not allowed.roles:
        raise rights.missing(environment, allowed, "prvReadUser", environment.schema["systemuser"])
    user = _acted_for(environment, headers)
    if user is None or user == caller:
        return Session(user=caller, rights=allowed, headers=headers)
    if ACT_FOR_OTHERS not in allowed.depths:
        text = "User does not have the privilege to act on behalf another user."
        raise ODataError("0x8004A110", text)
    both = rights.shared(rights.of(environment, user), allowed)
    return Session(user=user, behalf_of=caller, rights=both, headers=headers)


def _acted_for(environment: Environment, headers: Mapping[str, str]) -> str | None:
    """The user whom the headers name: by the tenant's object id, or by the environment's own. Raises ODataError."""
    users = environment.rows["systemuser"]
    if named := headers.get("callerobjectid", "").strip().lower():
        known = (row for row in users.values() if row.get("azureactivedirectoryobjectid") == named)
        user = next(known, None)
    elif named := headers.get("mscrmcallerid", "").strip().lower():
        user = users.get(named)
    else:
        return None
    if user is None:
        raise missing_row("systemuser", named)
    return _enabled(user)


def _enabled(user: Row) -> str:
    """The id of a user who may work. Raises ODataError."""
    key = str(user["systemuserid"])
    if user["isdisabled"]:
        text = f"The specified user(Id = {key}) is disabled. Consider enabling this user."
        raise ODataError("0x80040225", text)
    return key


def refused(environment: Environment, entra: Entra, request: Request, text: str) -> Response:
    """The 401 with the place where tokens are to be had."""
    address = environment.places.served_at(request)
    where = f"{address}/{entra.tenant}/oauth2/authorize"
    headers = {"www-authenticate": f"Bearer authorization_uri={where}, resource_id={address}/"}
    if text:
        headers["content-type"] = "text/plain"
    return Response(401, text.encode(), headers)


def _claims(environment: Environment, entra: Entra, request: Request) -> Mapping[str, Any]:
    scheme, token = bearer(request)
    if scheme != "bearer" or not token:
        raise NotSignedInError()
    claims = entra.tokens.prove(token, environment.clock.now())
    if claims is None or claims.get("scp") == "" or not environment.places.is_own(claims["aud"]):
        raise NotSignedInError("HTTP Error 401 - Unauthorized: Access is denied")
    return claims
