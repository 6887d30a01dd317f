"""`/oauth2/v2.0/authorize` and its kin: what a browser is sent to.

Source: Microsoft identity platform and OAuth 2.0 authorization code flow; Admin consent on the platform.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from crosswalk_sandbox import browser
from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.dynamics import ids
from crosswalk_sandbox.dynamics.entra import pages, redirects, scopes
from crosswalk_sandbox.dynamics.entra.apps import App, Apps
from crosswalk_sandbox.dynamics.entra.errors import EntraError, described
from crosswalk_sandbox.dynamics.entra.given import Code, Memory
from crosswalk_sandbox.dynamics.entra.people import Human, People
from crosswalk_sandbox.dynamics.entra.scopes import Scopes
from crosswalk_sandbox.dynamics.places import Places
from crosswalk_sandbox.http import Request, Response

COOKIE = "ESTSAUTH"
CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")
METHODS = ("S256", "plain")
MODES = ("query", "fragment", "form_post")
# with one of these the page comes even where the person is known and consented before
ASKING = frozenset({"login", "consent", "select_account"})
OURS = ("decision", "user", "for_all")  # what the forms add to the app's own parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an app asks for, checked."""

    app: App
    redirect_uri: str
    platform: redirects.Platform
    scopes: Scopes
    prompts: frozenset[str]
    hint: str


class Authorize:
    """The pages of a tenant."""

    def __init__(
        self, apps: Apps, people: People, memory: Memory, places: Places, clock: Clock, tenant: str
    ) -> None:
        self._apps = apps
        self._people = people
        self._memory = memory
        self._places = places
        self._clock = clock
        self._tenant = tenant

    def handle(self, request: Request) -> Response:
        """The page of consent, the way back to the app, or a page of errors."""
        sent = browser.sent(request)
        try:
            app, platform = self._app(sent)
        except EntraError as error:
            return pages.error(f"AADSTS{error.number}: {error.text}")
        try:
            return self._answer(request, sent, self._check(app, platform, sent))
        except EntraError as error:
            return _back(sent, self._refused(error))

    def admin_consent(self, request: Request) -> Response:
        """An administrator consents for everybody."""
        sent = browser.sent(request)
        try:
            app, _ = self._app(sent)
        except EntraError as error:
            return pages.error(f"AADSTS{error.number}: {error.text}")
        if sent.get("decision") == "deny":
            return _back(sent, self._refused(EntraError(65004)))
        human = self._people.find(sent.get("user", ""))
        if sent.get("decision") == "allow" and human is not None and human.admin:
            wanted = frozenset({scopes.IMPERSONATION, *scopes.IDENTITY})
            self._memory.consent(app.client_id, human.upn, wanted, for_all=True)
            return _back(sent, {"admin_consent": "True", "tenant": self._tenant})
        wrong = "Need admin approval: choose an administrator." if "decision" in sent else ""
        return self._page(request, sent, app, scopes.IN_WORDS, wrong, for_all=False)

    def sign_out(self, request: Request) -> Response:
        """Forget who sits at the browser."""
        self._memory.given.browsers.pop(browser.cookie(request, COOKIE), None)
        gone = {"set-cookie": f"{COOKIE}=; Path=/; Max-Age=0"}
        where = dict(request.query).get("post_logout_redirect_uri")
        if where and any(redirects.platform_of(app, where) for app in self._apps):
            return Response(302, b"", {"location": where, **gone})
        response = browser.page(200, "Signed out", "<h1>You signed out of your account</h1>")
        response.headers.update(gone)
        return response

    def _app(self, sent: Mapping[str, str]) -> tuple[App, redirects.Platform]:
        """Raises EntraError where the app is in doubt, so that it must not be told anything."""
        if not sent.get("client_id"):
            raise EntraError(900144, field="client_id")
        app = self._apps.find(sent["client_id"])
        if app is None:
            raise EntraError(700016, app=sent["client_id"], tenant=self._tenant)
        if not (app.redirect_uris or app.public_redirect_uris or app.spa_redirect_uris):
            raise EntraError(500113)
        platform = redirects.platform_of(app, sent.get("redirect_uri", ""))
        if platform is None:
            raise EntraError(50011, uri=sent.get("redirect_uri", ""), app=app.client_id)
        return app, platform

    def _check(self, app: App, platform: redirects.Platform, sent: Mapping[str, str]) -> Asked:
        """Raises EntraError where only the request is wrong."""
        for name in ("response_type", "scope"):
            if not sent.get(name):
                raise EntraError(900144, field=name)
        if sent["response_type"] != "code":
            raise EntraError(700054, kind=sent["response_type"])
        if sent.get("response_mode", "query") not in MODES:
            raise EntraError(9002313)
        _check_challenge(platform, sent)
        return Asked(
            app=app,
            redirect_uri=sent["redirect_uri"],
            platform=platform,
            scopes=scopes.read(sent["scope"], app, self._places, self._tenant),
            prompts=frozenset(sent.get("prompt", "").split()),
            hint=sent.get("login_hint", "").lower(),
        )

    def _answer(self, request: Request, sent: Mapping[str, str], asked: Asked) -> Response:
        if sent.get("decision") == "deny":
            raise EntraError(65004)
        if sent.get("decision") == "allow":
            return self._decided(request, sent, asked)
        known = self._people.find(self._memory.given.browsers.get(browser.cookie(request, COOKIE), ""))
        if known is not None and asked.hint and asked.hint != known.upn:
            known = None
        consented = known is not None and self._memory.consented(
            asked.app.client_id, known.upn, asked.scopes.wanted
        )
        if "none" in asked.prompts and (known is None or not consented):
            raise EntraError(50058) if known is None else EntraError(65001, app=asked.app.client_id)
        if known is not None and consented and not asked.prompts & ASKING:
            return _back(sent, self._code(sent, asked, known))
        return self._ask(request, sent, asked)

    def _decided(self, request: Request, sent: Mapping[str, str], asked: Asked) -> Response:
        """Somebody accepted: note it, and go back with a code."""
        human = self._people.find(sent.get("user", ""))
        if human is None:
            return self._ask(
                request, sent, asked, "This account is not in the tenant: choose one of the list."
            )
        client, wanted = asked.app.client_id, asked.scopes.wanted
        allowed = asked.app.users_may_consent or human.admin
        if not allowed and not self._memory.consented(client, human.upn, wanted):
            text = "Need admin approval: this app needs permission that only an admin can grant."
            return self._ask(request, sent, asked, text)
        self._memory.consent(client, human.upn, wanted, for_all=human.admin and "for_all" in sent)
        response = _back(sent, self._code(sent, asked, human))
        cookie = self._memory.secret("browser", "")
        self._memory.given.browsers[cookie] = human.upn
        secure = "; Secure" if self._places.served_at(request).startswith("https:") else ""
        response.headers["set-cookie"] = f"{COOKIE}={cookie}; Path=/; HttpOnly; SameSite=Lax{secure}"
        return response

    def _code(self, sent: Mapping[str, str], asked: Asked, human: Human) -> dict[str, str]:
        code = self._memory.secret("code", "0.AX")
        self._memory.given.codes[code] = Code(
            client_id=asked.app.client_id,
            upn=human.upn,
            scope=sent["scope"],
            redirect_uri=asked.redirect_uri,
            platform=asked.platform,
            challenge=sent.get("code_challenge") or None,
            method=sent.get("code_challenge_method", "plain"),
            nonce=sent.get("nonce") or None,
            made=self._clock.now(),
        )
        return {"code": code, "session_state": ids.make(self._memory.given.count, "session state")}

    def _refused(self, error: EntraError) -> dict[str, str]:
        """What the app is told of a refusal."""
        self._memory.given.count += 1
        trace, correlation = (
            ids.make(self._memory.given.count, f"authorize {each}") for each in ("trace", "correlation")
        )
        told = {
            "error": "consent_required" if error.number == 65001 else error.refusal.error,
            "error_description": described(error, self._clock.now(), trace, correlation),
        }
        return {**told, "error_subcode": "cancel"} if error.number == 65004 else told

    def _ask(self, request: Request, sent: Mapping[str, str], asked: Asked, wrong: str = "") -> Response:
        wanted = sorted(asked.scopes.wanted, key=list(scopes.IN_WORDS).index)
        return self._page(request, sent, asked.app, wanted, wrong, for_all=True)

    def _page(
        self,
        request: Request,
        sent: Mapping[str, str],
        app: App,
        wanted: list[str] | dict[str, str],
        wrong: str,
        *,
        for_all: bool,
    ) -> Response:
        hint = self._people.find(sent.get("user", "") or sent.get("login_hint", ""))
        return pages.consent(
            browser.Consent(
                app=app.name,
                back=sent["redirect_uri"],
                action=request.path,
                scopes=[scopes.IN_WORDS[each] for each in wanted],
                users=self._people.shown(),
                chosen=hint.upn if hint else None,
                hidden={name: value for name, value in sent.items() if name not in OURS},
                wrong=wrong,
            ),
            for_all=for_all,
        )


def _check_challenge(platform: redirects.Platform, sent: Mapping[str, str]) -> None:
    """Source: RFC 7636; single-page apps must send a challenge. Raises EntraError."""
    challenge = sent.get("code_challenge")
    if not challenge:
        if platform == "spa":
            raise EntraError(9002325)
        return
    if sent.get("code_challenge_method", "plain") not in METHODS:
        raise EntraError(501491)
    if not CHALLENGE.match(challenge):
        raise EntraError(501491)


def _back(sent: Mapping[str, str], told: Mapping[str, str]) -> Response:
    """The way back to the app, with its state, as `response_mode` asks for it."""
    answer = {**told, **({"state": sent["state"]} if "state" in sent else {})}
    mode = sent.get("response_mode", "query")
    if mode == "form_post":
        return pages.posted(sent["redirect_uri"], answer)
    if mode == "fragment":
        location = f"{sent['redirect_uri']}#{urlencode(answer)}"
        return Response(302, b"", {"location": location, "cache-control": "no-cache, no-store"})
    return browser.back(sent["redirect_uri"], answer)
