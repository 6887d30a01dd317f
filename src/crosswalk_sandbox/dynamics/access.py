"""Who calls: the proof of an access token, and the user of the environment behind it.

Source: Dataverse, OAuth with Dataverse; application users.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crosswalk_sandbox.credentials import bearer
from crosswalk_sandbox.dynamics.entra import Entra
from crosswalk_sandbox.dynamics.environment import Environment
from crosswalk_sandbox.dynamics.errors import ODataError
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
    app = claims["appid"]
    user = next((row for row in users if row.get("applicationid") == app), None)
    if user is None:
        raise ODataError("0x80072560", "The user is not a member of the organization.")
    if user["isdisabled"]:
        key = user["systemuserid"]
        text = f"The specified user(Id = {key}) is disabled. Consider enabling this user."
        raise ODataError("0x80040225", text)
    return str(user["systemuserid"])


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
    if claims is None or not environment.places.is_own(claims["aud"]):
        raise NotSignedInError("HTTP Error 401 - Unauthorized: Access is denied")
    return claims
