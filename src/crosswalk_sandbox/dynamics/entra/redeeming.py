"""Tokens for people: codes and refresh tokens are redeemed.

Source: Microsoft identity platform, authorization code flow; refresh tokens.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from crosswalk_sandbox import browser
from crosswalk_sandbox.clock import Clock
from crosswalk_sandbox.dynamics.entra import discovery, scopes
from crosswalk_sandbox.dynamics.entra.apps import App
from crosswalk_sandbox.dynamics.entra.errors import EntraError
from crosswalk_sandbox.dynamics.entra.given import CODE_LIVES, SPA_LIVES, Code, Device, Memory, Refresh
from crosswalk_sandbox.dynamics.entra.people import Human, People
from crosswalk_sandbox.dynamics.entra.scopes import Scopes
from crosswalk_sandbox.dynamics.entra.tokens import Tokens
from crosswalk_sandbox.dynamics.places import Places

VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")
LEAST_LIFE, MOST_LIFE = 3600, 5400  # seconds of an access token, a number between them
Form = Mapping[str, str]


class Redeeming:
    """What people's apps get for codes and refresh tokens; raises EntraError throughout."""

    def __init__(
        self, people: People, memory: Memory, tokens: Tokens, places: Places, clock: Clock, tenant: str
    ) -> None:
        self._people = people
        self._memory = memory
        self._tokens = tokens
        self._places = places
        self._clock = clock
        self._tenant = tenant

    def platform(self, form: Form) -> str:
        """The kind of app to which a code or refresh token was given: whether it must prove itself."""
        given = self._memory.given
        found = given.codes.get(form.get("code", "")) or given.refresh_tokens.get(
            form.get("refresh_token", "")
        )
        return found.platform if found else "web"

    def by_code(self, app: App, form: Form, address: str) -> dict[str, Any]:
        """The answer for a code."""
        if not form.get("code"):
            raise EntraError(900144, field="code")
        code = self._memory.given.codes.get(form["code"])
        if code is None or code.client_id != app.client_id:
            raise EntraError(70000)
        if code.spent:
            raise EntraError(54005)
        if self._clock.now() - code.made > CODE_LIVES:
            raise EntraError(70008)
        if form.get("redirect_uri") != code.redirect_uri:
            raise EntraError(500112, sent=form.get("redirect_uri", ""), asked=code.redirect_uri)
        _check_verifier(code, form.get("code_verifier"))
        code.spent = True
        wanted = self._wanted(app, form.get("scope") or code.scope, code.scope)
        human = self._human(app, code.upn, wanted)
        answer = self._answer(app, human, wanted, form, address, code.nonce)
        if "offline_access" in wanted.identity:
            now = self._clock.now()
            scope = form.get("scope") or code.scope
            answer["refresh_token"] = self._refresh(
                Refresh(
                    client_id=app.client_id,
                    upn=code.upn,
                    scope=scope,
                    platform=code.platform,
                    made=now,
                    used=now,
                )
            )
        return answer

    def by_device(self, app: App, device: Device, form: Form, address: str) -> dict[str, Any]:
        """The answer for a device whose person accepted."""
        wanted = self._wanted(app, device.scope, device.scope)
        upn, now = device.upn or "", self._clock.now()
        answer = self._answer(app, self._human(app, upn, wanted), wanted, form, address, None)
        if "offline_access" in wanted.identity:
            given = Refresh(
                client_id=app.client_id, upn=upn, scope=device.scope, platform="public", made=now, used=now
            )
            answer["refresh_token"] = self._refresh(given)
        return answer

    def by_refresh_token(self, app: App, form: Form, address: str) -> dict[str, Any]:
        """The answer for a refresh token; a new one comes along, which takes its place."""
        if not form.get("refresh_token"):
            raise EntraError(900144, field="refresh_token")
        old = self._memory.given.refresh_tokens.get(form["refresh_token"])
        if old is None or old.client_id != app.client_id or old.dead:
            raise EntraError(70000)
        self._check_age(app, old)
        wanted = self._wanted(app, form.get("scope") or old.scope, old.scope)
        human = self._human(app, old.upn, wanted)
        answer = self._answer(app, human, wanted, form, address, None)
        old.dead = app.refresh_token_once
        new = Refresh(
            client_id=app.client_id, upn=old.upn, scope=old.scope, platform=old.platform, made=old.made,
            used=self._clock.now(),
        )  # fmt: skip
        answer["refresh_token"] = self._refresh(new)
        return answer

    def _check_age(self, app: App, token: Refresh) -> None:
        now = self._clock.now()
        revoked = self._memory.given.revoked.get(token.upn)
        if revoked is not None and token.made <= revoked:
            raise EntraError(50173)
        if token.platform == "spa" and now - token.made > SPA_LIVES:
            raise EntraError(700084)
        if now - token.used > timedelta(seconds=app.refresh_token_seconds):
            days = timedelta(seconds=app.refresh_token_seconds)
            raise EntraError(700082, issued=f"{token.used:%Y-%m-%dT%H:%M:%SZ}", lives=f"{days.days}.00:00:00")

    def _wanted(self, app: App, text: str, first: str) -> Scopes:
        """The scopes of a token; identity counts as it was first asked for."""
        asked = scopes.read(text, app, self._places, self._tenant)
        kept = scopes.read(first, app, self._places, self._tenant)
        identity = tuple(dict.fromkeys((*asked.identity, *kept.identity)))
        resource = asked.resource or kept.resource
        permissions = asked.permissions or kept.permissions
        return Scopes(resource=resource, permissions=permissions, identity=identity)

    def _human(self, app: App, upn: str, wanted: Scopes) -> Human:
        """The person, if nothing stands between them and a token."""
        human = self._people.find(upn)
        if human is None:
            raise EntraError(70000)
        if app.refuses is not None:
            raise EntraError(app.refuses, app=app.client_id)
        if not self._memory.consented(app.client_id, upn, wanted.wanted):
            raise EntraError(65001, app=app.client_id)
        return human

    def _answer(
        self, app: App, human: Human, wanted: Scopes, form: Form, address: str, nonce: str | None
    ) -> dict[str, Any]:
        lives = self._lifetime()
        about = _about(human, self._tenant, discovery.issuer(address, self._tenant))
        access = {
            **about, "aud": wanted.resource or address, "appid": app.client_id, "azp": app.client_id,
            "appidacr": "1", "scp": " ".join(wanted.permissions), "upn": human.upn,
        }  # fmt: skip
        answer: dict[str, Any] = {
            "token_type": "Bearer",
            "scope": wanted.granted,
            "expires_in": lives,
            "ext_expires_in": lives,
            "access_token": self._tokens.issue(access, self._clock.now(), lives),
        }
        if "openid" in wanted.identity:
            named = {"nonce": nonce} if nonce else {}
            claims = {**about, **named, "aud": app.client_id, "preferred_username": human.upn}
            answer["id_token"] = self._tokens.issue(claims, self._clock.now())
        if form.get("client_info") == "1":
            answer["client_info"] = _client_info(human, self._tenant)
        return answer

    def _lifetime(self) -> int:
        """A number of seconds between an hour and an hour and a half that looks like chance."""
        self._memory.given.count += 1
        return LEAST_LIFE + self._memory.given.count * 7919 % (MOST_LIFE - LEAST_LIFE)

    def _refresh(self, token: Refresh) -> str:
        text = self._memory.secret("refresh token", "1.AX")
        self._memory.given.refresh_tokens[text] = token
        return text


def _about(human: Human, tenant: str, issuer: str) -> dict[str, Any]:
    return {
        "iss": issuer, "tid": tenant, "oid": human.object_id, "sub": human.object_id, "name": human.name,
        "ver": "2.0",
    }  # fmt: skip


def _client_info(human: Human, tenant: str) -> str:
    """Who signed in, as Microsoft's own clients want to know it."""
    told = json.dumps({"uid": human.object_id, "utid": tenant})
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _check_verifier(code: Code, verifier: str | None) -> None:
    """Source: RFC 7636, 4.6."""
    if code.challenge is None:
        if verifier:
            raise EntraError(501481)
        return
    shown = verifier or ""
    found = browser.challenge_of(shown) if code.method == "S256" else shown
    if not VERIFIER.match(shown) or found != code.challenge:
        raise EntraError(501481)
