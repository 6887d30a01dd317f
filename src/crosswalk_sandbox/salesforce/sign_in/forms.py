"""Reading requests about signing in: forms, HTTP Basic and bearer tokens."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qsl, unquote

from crosswalk_sandbox.http import Request
from crosswalk_sandbox.salesforce.answers import unpacked
from crosswalk_sandbox.salesforce.errors import ApiError
from crosswalk_sandbox.salesforce.sign_in.errors import OAuthError

FORM = "application/x-www-form-urlencoded"
BEARER = ("bearer", "oauth")  # the second is the vendor's older word


def fields(request: Request) -> dict[str, str]:
    """The fields of a form-encoded body, and those of the address for GET. Raises OAuthError."""
    if request.method == "GET":
        return dict(request.query)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise OAuthError("unsupported_grant_type", "grant type not supported")
    try:
        text = unpacked(request).decode("utf-8", "replace")
    except ApiError as error:
        raise OAuthError("invalid_request", error.problem.message) from None
    return dict(parse_qsl(text, keep_blank_values=True, errors="replace"))


def basic(request: Request) -> tuple[str, str] | None:
    """User name and password of HTTP Basic; None without it."""
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(coded, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote(name), unquote(password)


def bearer(request: Request) -> tuple[str, str]:
    """The scheme and the token of the Authorization header, both "" without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return scheme.lower(), token.strip()
