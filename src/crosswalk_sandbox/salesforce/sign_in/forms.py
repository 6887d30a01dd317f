"""Reading requests about signing in: forms, and the words for bearer tokens."""

from __future__ import annotations

from urllib.parse import parse_qsl

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
