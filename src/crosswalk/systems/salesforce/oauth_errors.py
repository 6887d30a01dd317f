"""What a refused sign-in means, and the clicks that cure it.

Source: Salesforce OAuth 2.0, error codes; External Client Apps, policies. Cures name the pages of Setup as they are
called since Spring '26.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ...core.failures import FailureKind, SystemFailure
from ...core.language import for_browser
from ...core.words import keepable as _
from ..answers import NEXT_RUN, Answer, mark
from .errors import Refused, explain

TRY_AGAIN = "unknown_error"
EXPIRED_TOKEN = "expired_token"  # ours: there is nothing to renew the access token with
_LOGIN_LIMIT_PAUSE = 900.0  # seconds; logins are counted per hour

_APP = mark("Setup, External Client App Manager, your app")
SIGN_IN_AGAIN = mark(
    "Sign in again on the set-up's page, or by: crosswalk connection sign-in {connection}. Nothing is lost: what was"
    " seen and what was to be written is kept."
)
_SECRET = mark(
    "Copy consumer key and secret again ({app}, Settings, OAuth Settings) to the set-up's page, or by: crosswalk"
    " connection add {connection} --credentials FILE. A new app takes up to ten minutes to work."
)
_APPROVE = mark(
    "Let the integration user use the app: {app}, Policies, Permitted Users “Admin approved users are"
    " pre-authorized”, and under App Policies add a permission set that the user has."
)
_INSTALL = mark(
    "Create the app in this very org (Setup, External Client App Manager, New External Client App), or install it"
    " (Setup, Connected Apps OAuth Usage, Install): Salesforce lets nobody in by an app that the org does not have."
)
_UNBLOCK = mark(
    "Unblock the app: Setup, Connected Apps OAuth Usage, Unblock beside the app. If it is not yours, create one in this"
    " org: Setup, External Client App Manager, New External Client App."
)
_RUN_AS = mark(
    "Name the user it runs as: {app}, Policies, OAuth Flows, Enable Client Credentials Flow, Run As."
)
_FLOW = mark(
    "Turn on the flow you use: {app}, Settings, OAuth Settings, Flow Enablement; sign in at your My Domain address."
)
_MY_DOMAIN = mark(
    "Give your My Domain address as login_url, like https://acme.my.salesforce.com (Setup, My Domain)."
)
_CERTIFICATE = mark(
    "Upload the certificate that belongs to the private key ({app}, Settings, OAuth Settings, JWT Bearer Flow), and"
    " check this machine's clock."
)
_AUDIENCE = mark(
    "Check login_url: a sandbox signs in at https://test.salesforce.com or its own My Domain address. Otherwise set"
    ' "audience" in the credentials.'
)
_ACTIVE = mark("Activate the integration user: Setup, Users, the user, Edit, Active.")
_ACTIVE_AND_ADDRESS = mark(
    "Look at Setup, Login History: it says why the integration user was not let in. Activate the user (Setup, Users) or"
    " let this machine's address in (Setup, Network Access, or the profile's Login IP Ranges)."
)
_ADDRESS = mark(
    "Let this machine's address in: Setup, Network Access, or the profile's Login IP Ranges of the integration user."
    " Setup, Login History shows the address that Salesforce saw and why it refused it; addresses of anonymising"
    " networks stay blocked."
)
_CALLBACK = mark(
    "Add the callback address that is shown to the app ({app}, Settings, OAuth Settings, Callback URL),"
    " letter by letter; on the command line, --port chooses a registered one's port."
)
_SCOPES = mark(
    "Give the app the scopes api, refresh_token and id ({app}, Settings, OAuth Settings, OAuth Scopes)."
)
_ASK_AGAIN = mark(
    "Start again on the set-up's page, or by: crosswalk connection sign-in {connection}, and press Allow."
)
_ORG = mark("Activate the org with Salesforce: its trial or contract has ended.")
_MOMENT = mark(
    "Start again in a minute on the set-up's page, or by: crosswalk connection sign-in {connection}."
)

for_browser(
    {
        SIGN_IN_AGAIN: mark(
            "Sign in again on the set-up's page. Nothing is lost: what was seen and what was to be written is kept."
        ),
        _SECRET: mark(
            "Copy consumer key and secret again ({app}, Settings, OAuth Settings) to the set-up's page. A new app takes"
            " up to ten minutes to work."
        ),
        _CALLBACK: mark(
            "Add the callback address that is shown to the app ({app}, Settings, OAuth Settings, Callback URL), letter"
            " by letter."
        ),
        _ASK_AGAIN: mark("Start again on the set-up's page, and press Allow."),
        _MOMENT: mark("Start again in a minute on the set-up's page."),
    }
)


@dataclass(frozen=True, slots=True)
class _Rule:
    error: str
    words: str  # that the description holds, in any letter case; empty: whatever it says
    cure: str
    kind: FailureKind = FailureKind.AUTH
    final: bool = False  # any other grant would be refused as well


# The first row that fits decides.
_RULES = (
    _Rule("invalid_grant", "expired access/refresh token", SIGN_IN_AGAIN),
    _Rule("invalid_grant", "expired authorization code", _MOMENT),
    _Rule("invalid_grant", "invalid authorization code", _MOMENT),
    _Rule("invalid_grant", "code verifier", _MOMENT),
    _Rule("invalid_grant", "ip restricted", _ADDRESS, FailureKind.PERMISSION),
    _Rule("invalid_grant", "authentication failure", _ACTIVE_AND_ADDRESS),
    _Rule("invalid_grant", "approved this consumer", _APPROVE),
    _Rule("invalid_grant", "audience", _AUDIENCE),
    _Rule("invalid_grant", "assertion", _CERTIFICATE),
    _Rule("invalid_grant", "on this domain", _MY_DOMAIN),
    _Rule("invalid_grant", "no client credentials user", _RUN_AS),
    _Rule("invalid_grant", "", SIGN_IN_AGAIN),
    _Rule("invalid_client_id", "", _SECRET, final=True),
    _Rule("invalid_client", "installed", _INSTALL),
    _Rule("invalid_client", "", _SECRET, final=True),
    _Rule("invalid_app_access", "", _APPROVE),
    _Rule("OAUTH_APP_ACCESS_DENIED", "", _APPROVE),
    _Rule("OAUTH_APPROVAL_ERROR_GENERIC", "", _APPROVE),
    _Rule("OAUTH_APP_BLOCKED", "", _UNBLOCK),
    _Rule("OAUTH_EC_APP_NOT_FOUND", "", _INSTALL),
    _Rule("app_not_found", "", _INSTALL),
    _Rule("redirect_uri_mismatch", "", _CALLBACK),
    _Rule("unsupported_grant_type", "", _FLOW),
    _Rule("unsupported_response_type", "", _FLOW),
    _Rule("invalid_request", "", _FLOW),
    _Rule("invalid_scope", "", _SCOPES),
    _Rule("access_denied", "", _ASK_AGAIN),
    _Rule("inactive_user", "", _ACTIVE),
    _Rule("inactive_org", "", _ORG, final=True),
    _Rule("rate_limit_exceeded", "", NEXT_RUN, FailureKind.QUOTA),
    _Rule(TRY_AGAIN, "", NEXT_RUN, FailureKind.TRANSIENT),
)
_UNKNOWN = _Rule("", "", SIGN_IN_AGAIN)


class _OAuthError(msgspec.Struct, frozen=True):
    error: str
    error_description: str = ""


def explain_refusal(answer: Answer, connection: str) -> SystemFailure:
    """Turn a refused token request into a failure; sign-in is lost unless the code says otherwise."""
    try:
        error = msgspec.json.decode(answer.body, type=_OAuthError)
    except (msgspec.DecodeError, UnicodeDecodeError):
        failure = explain(answer)
        if failure.kind is not FailureKind.PERMISSION or answer.status == 403:
            failure.kind = FailureKind.AUTH  # any other PERMISSION is about the address
        return failure
    return refusal(error.error, error.error_description, connection, status=answer.status)


def refusal(error: str, description: str, connection: str, *, status: int) -> Refused:
    """Say what a refusal means, and what cures it for the connection of that name."""
    rule = _rule(error, description)
    return Refused(
        rule.kind,
        _("Salesforce refused the sign-in: {reason} ({code})").format(
            reason=description or error, code=error
        ),
        cure=_(rule.cure).format(connection=connection, app=_(_APP)),
        code=error,
        retry_after=_LOGIN_LIMIT_PAUSE if rule.kind is FailureKind.QUOTA else None,
        status=status,
        final=_rule(error, "").final,
    )


def nothing_to_renew_with(connection: str) -> SystemFailure:
    """Say that an access token has expired which nothing can replace."""
    return SystemFailure(
        FailureKind.AUTH,
        _("The Salesforce access token has expired, and there is nothing to renew it with."),
        cure=_(SIGN_IN_AGAIN).format(connection=connection),
        code=EXPIRED_TOKEN,
    )


def no_refresh_token() -> SystemFailure:
    """Say that a person let us in, and Salesforce only for a few hours."""
    return SystemFailure(
        FailureKind.AUTH,
        _("Salesforce gave no refresh token: the sign-in would end within hours."),
        cure=_(_SCOPES).format(app=_(_APP)),
        code="no_refresh_token",
    )


def _rule(error: str, description: str) -> _Rule:
    said = description.lower()
    return next((rule for rule in _RULES if rule.error == error and rule.words in said), _UNKNOWN)
