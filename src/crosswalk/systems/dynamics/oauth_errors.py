"""What a refused sign-in means, and the clicks that cure it.

Source: Microsoft Entra ID, authentication and authorization error codes (AADSTS).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from ...core.failures import FailureKind, SystemFailure
from ...core.language import for_browser
from ...core.words import keepable as _
from ..answers import NEXT_RUN, Answer, mark
from ..refusals import Refused, explain_without_words

EXPIRED_TOKEN = "expired_token"  # ours: there is nothing to renew the access token with
_NUMBER = re.compile(r"AADSTS(\d+)")
_TRAIL = re.compile(r"\s*Trace ID: .*", re.DOTALL)

_APP = mark("Microsoft Entra admin center, App registrations, your app")
SIGN_IN_AGAIN = mark(
    "Sign in again on the set-up's page, or by: crosswalk connection sign-in {connection}. Nothing is lost: what was"
    " seen and what was to be written is kept."
)
_SECRET = mark(
    "Make a new secret ({app}, Certificates & secrets, New client secret) and copy its Value, not its Secret ID,"
    " to the set-up's page, or by: crosswalk connection add {connection} --credentials FILE."
)
_PROOF = mark(
    "Give a client secret, or certificate and private key, on the set-up's page, or by: crosswalk connection add"
    " {connection} --credentials FILE."
)
_CERTIFICATE = mark(
    "Upload the certificate that belongs to the private key ({app}, Certificates & secrets, Certificates), and check"
    " this machine's clock."
)
_CLIENT = mark(
    "Copy client_id again ({app}, Overview, Application (client) ID); the app must be in this tenant."
)
_TENANT = mark("Copy tenant again ({app}, Overview, Directory (tenant) ID).")
_ENVIRONMENT = mark(
    "Check url: it must be the environment's address, like https://acme.crm4.dynamics.com (Power Platform admin center,"
    " Environments, your environment), and the tenant its own."
)
_AUTHORITY = mark(
    "Check authority, if you gave one: it must be where your tenant signs in, like https://login.microsoftonline.com;"
    " and look whether a proxy answers in its place."
)
_CONSENT = mark(
    "Have an administrator allow it: {app}, API permissions, Dynamics CRM user_impersonation, Grant admin consent."
)
_CALLBACK = mark(
    "Add the callback address that is shown to the app ({app}, Authentication, Redirect URIs), letter by"
    " letter; on the command line, --port chooses a registered one's port."
)
_MOMENT = mark(
    "Start again in a minute on the set-up's page, or by: crosswalk connection sign-in {connection}."
)
_ASK_AGAIN = mark(
    "Start again on the set-up's page, or by: crosswalk connection sign-in {connection}, and press Accept."
)
_CONDITIONAL = mark(
    "An access policy of the tenant asks for more than we can give: exempt the app's user from it, or use client"
    " credentials."
)

for_browser(
    {
        SIGN_IN_AGAIN: mark(
            "Sign in again on the set-up's page. Nothing is lost: what was seen and what was to be written is kept."
        ),
        _SECRET: mark(
            "Make a new secret ({app}, Certificates & secrets, New client secret) and copy its Value, not its Secret"
            " ID, to the set-up's page."
        ),
        _PROOF: mark("Give a client secret, or certificate and private key, on the set-up's page."),
        _CALLBACK: mark(
            "Add the callback address that is shown to the app ({app}, Authentication, Redirect URIs), letter by"
            " letter."
        ),
        _MOMENT: mark("Start again in a minute on the set-up's page."),
        _ASK_AGAIN: mark("Start again on the set-up's page, and press Accept."),
    }
)


@dataclass(frozen=True, slots=True)
class _Rule:
    cure: str
    kind: FailureKind = FailureKind.AUTH
    final: bool = False  # any other grant would be refused as well


_BY_NUMBER = {
    7000215: _Rule(_SECRET),
    7000222: _Rule(_SECRET),
    7000218: _Rule(_PROOF),
    7000216: _Rule(_PROOF),
    700016: _Rule(_CLIENT, final=True),
    700027: _Rule(_CERTIFICATE),
    700024: _Rule(_CERTIFICATE),
    90002: _Rule(_TENANT, final=True),
    900023: _Rule(_TENANT, final=True),
    500011: _Rule(_ENVIRONMENT, final=True),
    70011: _Rule(_ENVIRONMENT),
    1002012: _Rule(_ENVIRONMENT),
    65001: _Rule(_CONSENT),
    65004: _Rule(_ASK_AGAIN),
    50011: _Rule(_CALLBACK),
    54005: _Rule(_MOMENT),
    70008: _Rule(_MOMENT),
    501481: _Rule(_MOMENT),
    70000: _Rule(SIGN_IN_AGAIN),
    700082: _Rule(SIGN_IN_AGAIN),
    50173: _Rule(SIGN_IN_AGAIN),
    50076: _Rule(_CONDITIONAL),
    50079: _Rule(_CONDITIONAL),
    53003: _Rule(_CONDITIONAL),
}
_BY_NAME = {
    "access_denied": _Rule(_ASK_AGAIN),
    "consent_required": _Rule(_CONSENT),
    "interaction_required": _Rule(_CONDITIONAL),
    "invalid_client": _Rule(_SECRET),
    "invalid_resource": _Rule(_ENVIRONMENT, final=True),
    "invalid_scope": _Rule(_ENVIRONMENT),
    "temporarily_unavailable": _Rule(NEXT_RUN, FailureKind.TRANSIENT),
    "unauthorized_client": _Rule(_CLIENT),
}
_UNKNOWN = _Rule(SIGN_IN_AGAIN)


class _OAuthError(msgspec.Struct, frozen=True):
    error: str
    error_description: str = ""
    error_codes: list[int] = []


def explain_refusal(answer: Answer, connection: str) -> SystemFailure:
    """Turn a refused token request into a failure; sign-in is lost unless the code says otherwise."""
    try:
        error = msgspec.json.decode(answer.body, type=_OAuthError)
    except (msgspec.DecodeError, UnicodeDecodeError):
        failure = explain_without_words(answer, address_cure=_(_AUTHORITY), cures={})
        if failure.kind is not FailureKind.PERMISSION or answer.status == 403:
            failure.kind = FailureKind.AUTH  # any other PERMISSION is about the address
        return failure
    number = error.error_codes[0] if error.error_codes else None
    return refusal(error.error, error.error_description, connection, status=answer.status, number=number)


def refusal(
    error: str, description: str, connection: str, *, status: int, number: int | None = None
) -> Refused:
    """Say what a refusal means, and what cures it for the connection of that name."""
    said = _NUMBER.search(description)
    number = int(said.group(1)) if number is None and said else number
    rule = _rule(error, number)
    return Refused(
        rule.kind,
        _("Microsoft Entra ID refused the sign-in: {reason} ({code})").format(
            reason=_TRAIL.sub("", description).strip() or error, code=error
        ),
        cure=_(rule.cure).format(connection=connection, app=_(_APP)),
        code=f"AADSTS{number}" if number is not None else error,
        status=status,
        final=rule.final,
    )


def nothing_to_renew_with(connection: str) -> SystemFailure:
    """Say that an access token has expired which nothing can replace."""
    return SystemFailure(
        FailureKind.AUTH,
        _("The access token for Dynamics 365 has expired, and there is nothing to renew it with."),
        cure=_(SIGN_IN_AGAIN).format(connection=connection),
        code=EXPIRED_TOKEN,
    )


def no_refresh_token() -> SystemFailure:
    """Say that a person let us in, and Entra ID only for an hour."""
    return SystemFailure(
        FailureKind.AUTH,
        _("Microsoft Entra ID gave no refresh token: the sign-in would end within an hour."),
        cure=_(_CONSENT).format(app=_(_APP)),
        code="no_refresh_token",
    )


def _rule(error: str, number: int | None) -> _Rule:
    return _BY_NUMBER.get(number or 0) or _BY_NAME.get(error, _UNKNOWN)
