"""How Entra ID says no: AADSTS numbers with their OAuth error and status.

Source: Microsoft Entra authentication and authorization error codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.http import Response, json_response

NO_STORE = {"cache-control": "no-store, no-cache", "pragma": "no-cache"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What an AADSTS number means; `text` may have named places."""

    error: str
    status: int
    text: str


REFUSALS = {
    7000215: Refusal(
        error="invalid_client", status=401,
        text="Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
        "value, not the client secret ID, for a secret added to app '{app}'.",
    ),
    7000222: Refusal(
        error="invalid_client", status=401,
        text="The provided client secret keys for app '{app}' are expired. Visit the Azure portal to create new "
        "keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added "
        "security: https://aka.ms/certCreds.",
    ),
    7000218: Refusal(
        error="invalid_client", status=401,
        text="The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
    700016: Refusal(
        error="unauthorized_client", status=400,
        text="Application with identifier '{app}' was not found in the directory '{tenant}'. This can happen if "
        "the application has not been installed by the administrator of the tenant or consented to by any user "
        "in the tenant. You may have sent your authentication request to the wrong tenant.",
    ),
    700021: Refusal(
        error="invalid_client", status=401,
        text="Client assertion application identifier doesn't match 'client_id' parameter.",
    ),
    700023: Refusal(
        error="invalid_client", status=401,
        text="Client assertion audience claim does not match Realm issuer.",
    ),
    700024: Refusal(
        error="invalid_client", status=401,
        text="Client assertion is not within its valid time range.",
    ),
    700027: Refusal(
        error="invalid_client", status=401,
        text="The certificate with identifier used to sign the client assertion is not registered on application "
        "'{app}', or the signature is wrong.",
    ),
    50027: Refusal(error="invalid_request", status=400, text="JWT token is invalid or malformed."),
    90002: Refusal(
        error="invalid_request", status=400,
        text="Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into "
        "the correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant.",
    ),
    90014: Refusal(
        error="invalid_request", status=400,
        text="The required field '{field}' is missing from the credential. Ensure that you have all the necessary "
        "parameters for the login request.",
    ),
    900144: Refusal(
        error="invalid_request", status=400,
        text="The request body must contain the following parameter: '{field}'.",
    ),
    900561: Refusal(
        error="invalid_request", status=400,
        text="The endpoint only accepts POST requests. Received a {method} request.",
    ),
    70003: Refusal(
        error="unsupported_grant_type", status=400,
        text="The app requested an unsupported grant type '{grant}'.",
    ),
    70011: Refusal(
        error="invalid_scope", status=400,
        text="The provided request must include a 'scope' input parameter. The provided value for the input "
        "parameter 'scope' is not valid. The scope {scope} is not valid.",
    ),
    1002012: Refusal(
        error="invalid_scope", status=400,
        text="The provided value for scope {scope} is not valid. Client credential flows must have a scope value "
        "with /.default suffixed to the resource identifier (application ID URI).",
    ),
    500011: Refusal(
        error="invalid_resource", status=400,
        text="The resource principal named {resource} was not found in the tenant named {tenant}. This can happen "
        "if the application has not been installed by the administrator of the tenant or consented to by any user "
        "in the tenant. You might have sent your authentication request to the wrong tenant.",
    ),
}  # fmt: skip


class EntraError(Exception):
    """A refused request for a token: an AADSTS number and what its text names."""

    def __init__(self, number: int, **named: str) -> None:
        super().__init__(f"AADSTS{number}")
        self.number = number
        self.refusal = REFUSALS[number]
        self.text = self.refusal.text.format(**named)


def refused(error: EntraError, address: str, now: datetime, count: int, asked: str | None) -> Response:
    """The answer; `asked` is the correlation id that the client sent."""
    stamp = f"{now:%Y-%m-%d %H:%M:%SZ}"
    trace = ids.make(count, "trace")
    correlation = asked or ids.make(count, "correlation")
    ending = f"Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
    body = {
        "error": error.refusal.error,
        "error_description": f"AADSTS{error.number}: {error.text} {ending}",
        "error_codes": [error.number],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"{address}/error?code={error.number}",
    }
    return json_response(error.refusal.status, body, NO_STORE)
