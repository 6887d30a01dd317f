from __future__ import annotations

import pytest

from crosswalk.core.failures import FailureKind
from crosswalk.systems.salesforce.oauth_errors import refusal

AUTH, PERMISSION = FailureKind.AUTH, FailureKind.PERMISSION


@pytest.mark.parametrize(
    ("error", "description", "kind", "cure"),
    [
        ("invalid_grant", "expired access/refresh token", AUTH, "crosswalk connection sign-in acme"),
        ("invalid_grant", "expired authorization code", AUTH, "Start again"),
        ("invalid_grant", "invalid authorization code", AUTH, "Start again"),
        ("invalid_grant", "invalid code verifier", AUTH, "Start again"),
        ("invalid_grant", "authentication failure", AUTH, "Login History"),
        ("invalid_grant", "ip restricted", PERMISSION, "Network Access"),
        ("invalid_grant", "user hasn't approved this consumer", AUTH, "pre-authorized"),
        ("invalid_grant", "audience is invalid", AUTH, "https://test.salesforce.com"),
        ("invalid_grant", "invalid assertion", AUTH, "certificate"),
        ("invalid_grant", "request not supported on this domain", AUTH, "My Domain"),
        ("invalid_grant", "no client credentials user enabled", AUTH, "Run As"),
        ("invalid_grant", "something new", AUTH, "crosswalk connection sign-in acme"),
        ("invalid_client_id", "client identifier invalid", AUTH, "ten minutes"),
        ("invalid_client", "invalid client credentials", AUTH, "connection add acme"),
        ("invalid_client", "app must be installed into org", AUTH, "Install"),
        ("invalid_app_access", "user is not admin approved to access this app", AUTH, "pre-authorized"),
        ("OAUTH_APP_ACCESS_DENIED", "user is not admin approved", AUTH, "pre-authorized"),
        ("OAUTH_APPROVAL_ERROR_GENERIC", "", AUTH, "pre-authorized"),
        ("OAUTH_APP_BLOCKED", "this app is blocked by admin", AUTH, "Connected Apps OAuth Usage"),
        ("OAUTH_EC_APP_NOT_FOUND", "app is not installed", AUTH, "New External Client App"),
        ("redirect_uri_mismatch", "redirect_uri must match configuration", AUTH, "Callback URL"),
        ("unsupported_grant_type", "grant type not supported", AUTH, "Flow Enablement"),
        ("invalid_scope", "the requested scope is not allowed", AUTH, "OAuth Scopes"),
        ("access_denied", "end-user denied authorization", AUTH, "press Allow"),
        ("inactive_user", "user is inactive", AUTH, "Active"),
        ("inactive_org", "organization is inactive", AUTH, "trial or contract"),
        ("rate_limit_exceeded", "logins rate exceeded", FailureKind.QUOTA, "Nothing is lost"),
        ("unknown_error", "retry your request", FailureKind.TRANSIENT, "Nothing is lost"),
        ("never_heard_of", "", AUTH, "crosswalk connection sign-in acme"),
    ],
)
def test_every_refusal_has_a_class_and_a_cure_of_its_own(
    error: str, description: str, kind: FailureKind, cure: str
) -> None:
    failure = refusal(error, description, "acme", status=400)

    assert (failure.kind, failure.code) == (kind, error)
    assert cure in failure.cure
    assert (description or error) in failure.message
    assert "{" not in failure.cure


def test_a_limit_of_logins_is_waited_out() -> None:
    assert refusal("rate_limit_exceeded", "", "acme", status=400).retry_after == 900
