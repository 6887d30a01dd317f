"""How Entra ID says no: AADSTS numbers with their OAuth error and status.

Source: Microsoft Entra authentication and authorization error codes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    28000: Refusal(
        error="invalid_request", status=400,
        text="Provided value for the input parameter 'scope' is not valid because it contains more than one "
        "resource. Scope {scope} is not valid.",
    ),
    50011: Refusal(
        error="invalid_request", status=400,
        text="The redirect URI '{uri}' specified in the request does not match the redirect URIs configured for "
        "the application '{app}'. Make sure the redirect URI sent in the request matches one added to your "
        "application in the Azure portal.",
    ),
    500112: Refusal(
        error="invalid_client", status=401,
        text="The reply address '{sent}' does not match the reply address '{asked}' provided when requesting "
        "Authorization code.",
    ),
    500113: Refusal(
        error="invalid_request", status=400,
        text="No reply address is registered for the application.",
    ),
    50058: Refusal(
        error="login_required", status=400,
        text="Session information is not sufficient for single-sign-on: a silent sign-in request was sent but no "
        "user is signed in.",
    ),
    50076: Refusal(
        error="interaction_required", status=400,
        text="Due to a configuration change made by your administrator, or because you moved to a new location, "
        "you must use multi-factor authentication to access the resource.",
    ),
    50079: Refusal(
        error="interaction_required", status=400,
        text="Due to a configuration change made by your administrator, or because you moved to a new location, "
        "you must enroll in multi-factor authentication to access the resource.",
    ),
    50173: Refusal(
        error="invalid_grant", status=400,
        text="The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might "
        "have changed or reset their password.",
    ),
    501481: Refusal(
        error="invalid_grant", status=400,
        text="The Code_Verifier does not match the code_challenge supplied in the authorization request.",
    ),
    501491: Refusal(
        error="invalid_request", status=400,
        text="Invalid size or method of Code_Challenge parameter.",
    ),
    53003: Refusal(
        error="interaction_required", status=400,
        text="Access has been blocked by Conditional Access policies. The access policy does not allow token "
        "issuance.",
    ),
    54005: Refusal(
        error="invalid_grant", status=400,
        text="OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an "
        "existing refresh token.",
    ),
    65001: Refusal(
        error="invalid_grant", status=400,
        text="The user or administrator has not consented to use the application with ID '{app}'. Send an "
        "interactive authorization request for this user and resource.",
    ),
    65004: Refusal(
        error="access_denied", status=400,
        text="User declined to consent to access the app.",
    ),
    650053: Refusal(
        error="invalid_client", status=400,
        text="The application '{app}' asked for scope '{scope}' that doesn't exist on the resource. Contact the "
        "app vendor.",
    ),
    650057: Refusal(
        error="invalid_resource", status=400,
        text="Invalid resource. The client has requested access to a resource which is not listed in the requested "
        "permissions in the client's application registration. Client app ID: {app}.",
    ),
    70000: Refusal(
        error="invalid_grant", status=400,
        text="The provided value for the code or refresh token is not valid: the provided grant is invalid or "
        "malformed.",
    ),
    70008: Refusal(
        error="invalid_grant", status=400,
        text="The provided authorization code or refresh token has expired due to inactivity. Send a new "
        "interactive authorization request for this user and resource.",
    ),
    70016: Refusal(
        error="authorization_pending", status=400,
        text="OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
    ),
    70018: Refusal(
        error="bad_verification_code", status=400,
        text="The provided value for the input parameter 'device_code' is not valid.",
    ),
    70020: Refusal(
        error="expired_token", status=400,
        text="The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
    ),
    700025: Refusal(
        error="invalid_client", status=401,
        text="Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
    ),
    700054: Refusal(
        error="unsupported_response_type", status=400,
        text="response_type '{kind}' is not enabled for the application.",
    ),
    700082: Refusal(
        error="invalid_grant", status=400,
        text="The refresh token has expired due to inactivity. The token was issued on {issued} and was inactive "
        "for {lives}.",
    ),
    700084: Refusal(
        error="invalid_grant", status=400,
        text="The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime "
        "of 1.00:00:00, which can't be extended.",
    ),
    9002313: Refusal(
        error="invalid_request", status=400,
        text="Invalid request. Request is malformed or invalid.",
    ),
    9002325: Refusal(
        error="invalid_request", status=400,
        text="Proof Key for Code Exchange is required for cross-origin authorization code redemption.",
    ),
    9002327: Refusal(
        error="invalid_request", status=400,
        text="Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin "
        "requests.",
    ),
}  # fmt: skip


class EntraError(Exception):
    """A refused request for a token: an AADSTS number and what its text names."""

    def __init__(self, number: int, *, as_error: str = "", **named: str) -> None:
        super().__init__(f"AADSTS{number}")
        self.number = number
        self.refusal = REFUSALS[number]
        if as_error:
            self.refusal = replace(self.refusal, error=as_error)
        self.text = self.refusal.text.format(**named)


def described(error: EntraError, now: datetime, trace: str, correlation: str) -> str:
    """The text of a refusal, with what support wants to know."""
    ending = f"Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now:%Y-%m-%d %H:%M:%SZ}"
    return f"AADSTS{error.number}: {error.text} {ending}"


def refused(error: EntraError, address: str, now: datetime, count: int, asked: str | None) -> Response:
    """The answer; `asked` is the correlation id that the client sent."""
    trace = ids.make(count, "trace")
    correlation = asked or ids.make(count, "correlation")
    body = {
        "error": error.refusal.error,
        "error_description": described(error, now, trace, correlation),
        "error_codes": [error.number],
        "timestamp": f"{now:%Y-%m-%d %H:%M:%SZ}",
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"{address}/error?code={error.number}",
    }
    return json_response(error.refusal.status, body, NO_STORE)
