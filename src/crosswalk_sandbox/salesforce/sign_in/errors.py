"""How signing in is refused: in JSON, by a redirect to the app, or on a page of the org's own."""

from __future__ import annotations


class OAuthError(Exception):
    """The vendor's error object: a code and a description. Source: Salesforce, OAuth 2.0 error codes."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status


class RedirectError(OAuthError):
    """The user goes back to the app with an error in the address."""


class PageError(OAuthError):
    """The user is told on a page of the org, since it is not certain that the app is who it says it is."""


def invalid_grant(description: str) -> OAuthError:
    """What was shown to get a token is not, or no longer, good for one."""
    return OAuthError("invalid_grant", description)


def dead_token() -> OAuthError:
    """A refresh token that was revoked, replaced or ran out, or was never given."""
    return invalid_grant("expired access/refresh token")


def not_approved() -> OAuthError:
    """The user never allowed the app to act for them."""
    return invalid_grant("user hasn't approved this consumer")


def not_permitted() -> OAuthError:
    """Only chosen users may use the app, and this is none of them."""
    return OAuthError("invalid_app_access", "user is not admin approved to access this app")


def bad_assertion() -> OAuthError:
    """The signed statement is none, or not signed with the app's key."""
    return invalid_grant("invalid assertion")
