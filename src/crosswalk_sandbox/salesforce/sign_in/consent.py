"""`/services/oauth2/authorize`: the web-server flow up to the code.

Source: Salesforce, OAuth 2.0 web server flow, with RFC 7636 (PKCE). Who is at the browser is what the page of
consent is told, and after that what its cookie says: there are no passwords.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from crosswalk_sandbox import browser
from crosswalk_sandbox.http import Request, Response
from crosswalk_sandbox.salesforce.org import Org
from crosswalk_sandbox.salesforce.sign_in import forms, pages, people
from crosswalk_sandbox.salesforce.sign_in.apps import SCOPES, App, Apps, same_scope
from crosswalk_sandbox.salesforce.sign_in.errors import OAuthError, PageError, RedirectError
from crosswalk_sandbox.salesforce.sign_in.tokens import Tokens

PATH = "/services/oauth2/authorize"
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43,128}\Z")
COOKIE = "sid"
# with one of these the page of consent comes even where the user is known and allowed the app before
ASKING = frozenset({"login", "consent", "select_account"})
DECISION, USER = "decision", "user"  # what the forms of the page add to the app's own parameters
BY_SETTING = {
    "blocked": ("OAUTH_APP_BLOCKED", "this app is blocked by admin"),
    "not installed": ("OAUTH_EC_APP_NOT_FOUND", "External client app is not installed in this org"),
    "not permitted": ("OAUTH_APP_ACCESS_DENIED", "user is not admin approved to access this app"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an app asks for, checked."""

    app: App
    redirect_uri: str
    scope: str
    challenge: str | None
    nonce: str | None
    prompts: frozenset[str]
    login_hint: str | None


class Consent:
    """The authorize endpoint of an org."""

    def __init__(self, org: Org, apps: Apps, tokens: Tokens) -> None:
        self._org = org
        self._apps = apps
        self._tokens = tokens

    def handle(self, request: Request) -> Response:
        """The page of consent, the way back to the app, or the org's own page of errors."""
        sent = dict(request.query)
        try:
            sent |= forms.fields(request)
            return self._answer(request, sent)
        except RedirectError as error:
            told = {"error": error.error, "error_description": error.description}
            return browser.back(sent["redirect_uri"], {**told, **_state(sent)})
        except OAuthError as error:
            return pages.error(error.error, error.description)

    def _answer(self, request: Request, sent: Mapping[str, str]) -> Response:
        asked = self._check(sent)
        decision = sent.get(DECISION)
        if decision == "deny":
            raise RedirectError("access_denied", "end-user denied authorization")
        if decision == "allow":
            user = people.named(self._org, sent.get(USER, ""))
            if user is None or not user["IsActive"]:
                return self._page(asked, sent, "This user cannot sign in: choose one of the list.")
            return self._allowed(asked, sent, user["Id"], cookie=self._tokens.new_browser(user["Id"]))
        known = self._known(request, asked)
        return self._page(asked, sent) if known is None else self._allowed(asked, sent, known)

    def _check(self, sent: Mapping[str, str]) -> Asked:
        """Raises PageError where the app is in doubt, RedirectError where only its request is wrong."""
        app = self._apps.find(sent.get("client_id", ""))
        if app is None:
            raise PageError("invalid_client_id", "client identifier invalid")
        if sent.get("redirect_uri") not in app.callback_urls:
            raise PageError("redirect_uri_mismatch", "redirect_uri must match configuration")
        if app.blocked:
            raise RedirectError(*BY_SETTING["blocked"])
        if sent.get("response_type") != "code":
            raise RedirectError("unsupported_response_type", "response type not supported")
        return Asked(
            app=app,
            redirect_uri=sent["redirect_uri"],
            scope=_scope(app, sent.get("scope", "")),
            challenge=_challenge(app, sent),
            nonce=sent.get("nonce") or None,
            prompts=frozenset(sent.get("prompt", "").split()),
            login_hint=sent.get("login_hint") or None,
        )

    def _known(self, request: Request, asked: Asked) -> str | None:
        """The user at the browser, where nothing is left to ask."""
        user = self._tokens.given.browsers.get(browser.cookie(request, COOKIE))
        if user is None or asked.prompts & ASKING:
            return None
        if asked.login_hint and asked.login_hint.lower() != people.username(self._org, user).lower():
            return None
        approved = any(_covers(grant.scope, asked.scope) for grant in self._tokens.approved(asked.app, user))
        return user if approved or asked.app.preapproves(people.username(self._org, user)) else None

    def _allowed(
        self, asked: Asked, sent: Mapping[str, str], user: str, cookie: str | None = None
    ) -> Response:
        """Back to the app with a code. Raises RedirectError when an admin's setting forbids it."""
        app, name = asked.app, people.username(self._org, user)
        if not app.installed and not self._tokens.approved(app, user):
            raise RedirectError(*BY_SETTING["not installed"])
        if app.permitted_users == "preapproved" and not app.preapproves(name):
            raise RedirectError(*BY_SETTING["not permitted"])
        details = {"redirect_uri": asked.redirect_uri, "challenge": asked.challenge, "nonce": asked.nonce}
        code = self._tokens.new_code(app, user, asked.scope, **details)
        response = browser.back(asked.redirect_uri, {"code": code, **_state(sent)})
        if cookie is not None:
            response.headers["set-cookie"] = f"{COOKIE}={cookie}; Path={PATH}; HttpOnly; SameSite=Lax"
        return response

    def _page(self, asked: Asked, sent: Mapping[str, str], wrong: str = "") -> Response:
        users = people.active(self._org)
        hint = people.named(self._org, asked.login_hint or "")
        chosen = hint["Username"] if hint else people.username(self._org, self._org.caller)
        return pages.consent(
            browser.Consent(
                app=asked.app.name,
                back=asked.redirect_uri,
                action=PATH,
                scopes=[SCOPES[scope] for scope in asked.scope.split()],
                users=users,
                chosen=chosen,
                hidden={name: value for name, value in sent.items() if name not in (DECISION, USER)},
                wrong=wrong,
            )
        )


def _scope(app: App, text: str) -> str:
    """The scopes asked for, in their order; all of the app's when none is named. Raises RedirectError."""
    asked = list(dict.fromkeys(text.split())) or list(app.scopes)
    for scope in asked:
        if scope not in SCOPES or not app.grants(scope):
            raise RedirectError("invalid_scope", "the requested scope is not allowed")
    return " ".join(asked)


def _challenge(app: App, sent: Mapping[str, str]) -> str | None:
    """The PKCE challenge; without a method it is S256, the only one. Raises RedirectError."""
    challenge = sent.get("code_challenge")
    if not challenge:
        if app.pkce_required:
            raise RedirectError("invalid_request", "missing required code challenge")
        return None
    if sent.get("code_challenge_method", "S256") != "S256":
        raise RedirectError("invalid_request", "code challenge method not supported")
    if not CHALLENGE.match(challenge):
        raise RedirectError("invalid_request", "invalid code challenge")
    return challenge


def _covers(granted: str, asked: str) -> bool:
    have, want = ({same_scope(scope) for scope in text.split()} for text in (granted, asked))
    return want <= have


def _state(sent: Mapping[str, str]) -> dict[str, str]:
    return {"state": sent["state"]} if "state" in sent else {}
