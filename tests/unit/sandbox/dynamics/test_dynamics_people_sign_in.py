"""People sign in: the page of consent, codes with PKCE, refresh tokens, and what Entra ID says to every misuse."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from tests.helpers.sandbox_environment import DataverseEnvironment
from tests.helpers.sandbox_sign_in import Page

BACK = "http://localhost:8080/callback"
VERIFIER = "v" * 50
ADA, BRUNO, DORA, EVA = (
    f"{name}@org.example" for name in ("ada.lindqvist", "bruno.costa", "dora.novak", "eva.svoboda")
)
DAY = 24 * 60 * 60


def challenge(verifier: str = VERIFIER) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


@dataclass
class Browser:
    """An app and the browser of somebody; it sends no token, and keeps cookies."""

    environment: DataverseEnvironment
    http: httpx2.Client
    app: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.environment.ready["url"]

    @property
    def tenant(self) -> str:
        return self.environment.ready["tenant"]

    def asked(self, **changed: str | None) -> dict[str, str]:
        """The parameters of the app, some of them changed or left out."""
        usual = {
            "client_id": self.app.get("client_id") or self.environment.ready["client_id"],
            "response_type": "code",
            "redirect_uri": BACK,
            "scope": f"{self.url}/user_impersonation offline_access openid profile",
            "state": "s t&a=te",
            "code_challenge": challenge(),
            "code_challenge_method": "S256",
            **changed,
        }
        return {name: value for name, value in usual.items() if value is not None}

    def authorize(self, **changed: str | None) -> httpx2.Response:
        return self.http.get(f"/{self.tenant}/oauth2/v2.0/authorize", params=self.asked(**changed))

    def press(self, page: httpx2.Response, form: str = "allow", **chosen: str) -> httpx2.Response:
        """Press a button of a page; the box for everybody is ticked only if it is said."""
        assert page.status_code == 200, page.text
        found = Page(page.text).forms[form]
        fields = {name: value for name, value in found.fields.items() if name != "for_all"}
        return self.http.post(found.action, data={**fields, **chosen})

    def code(self, user: str = ADA, **changed: str | None) -> str:
        return told(self.press(self.authorize(**changed), user=user))["code"]

    def redeem(self, status: int = 200, **changed: str | None) -> dict[str, Any]:
        """Ask for tokens."""
        ready = self.environment.ready
        usual = {
            "grant_type": "authorization_code",
            "client_id": self.app.get("client_id") or ready["client_id"],
            "client_secret": self.app.get("client_secret") or ready["client_secret"],
            "redirect_uri": BACK,
            "code_verifier": VERIFIER,
            **changed,
        }
        sent = {name: value for name, value in usual.items() if value is not None}
        answer = self.http.post(f"/{self.tenant}/oauth2/v2.0/token", data=sent)
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def refresh(self, token: str, status: int = 200, **changed: str | None) -> dict[str, Any]:
        usual = {"redirect_uri": None, "code_verifier": None}
        form = {"grant_type": "refresh_token", "refresh_token": token, **usual, **changed}
        return self.redeem(status, **form)

    def set_app(self, **settings: object) -> None:
        self.app = self.environment.control("POST", "apps", settings)

    def who(self, token: str) -> httpx2.Response:
        return self.environment.call("GET", "/WhoAmI", headers=self.environment.bearing(token))


def told(answer: httpx2.Response) -> dict[str, str]:
    """What the app is told in the address to which it is sent back."""
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def number(answer: dict[str, Any]) -> int:
    found: int = answer["error_codes"][0]
    assert answer["error_description"].startswith(f"AADSTS{found}: ")
    return found


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


@pytest.fixture
def browser(environment: DataverseEnvironment) -> Iterator[Browser]:
    transport = environment.http._transport
    with httpx2.Client(transport=transport, base_url=environment.ready["url"]) as http:
        yield Browser(environment, http)


def test_somebody_accepts_and_the_app_works_as_that_person(browser: Browser) -> None:
    page = browser.authorize()
    assert "Crosswalk" in page.text
    assert "Access Dynamics 365 as you" in page.text
    back = browser.press(page, user=BRUNO)
    assert back.headers["location"].startswith(BACK + "?code=")
    assert told(back)["state"] == "s t&a=te"
    tokens = browser.redeem(code=told(back)["code"])
    assert tokens["token_type"] == "Bearer"
    assert 3600 <= tokens["expires_in"] < 5400
    granted = tokens["scope"].split()
    assert granted[0] == f"{browser.url}/user_impersonation"
    mine = browser.who(tokens["access_token"]).json()["UserId"]
    users = browser.environment.controlled.dump()["systemuser"]
    assert next(row["domainname"] for row in users if row["systemuserid"] == mine) == BRUNO


def test_the_tokens_say_who_signed_in(browser: Browser) -> None:
    tokens = browser.redeem(code=browser.code(nonce="n1"), client_info="1")
    access, identity = claims(tokens["access_token"]), claims(tokens["id_token"])
    assert (access["aud"], access["scp"], access["upn"]) == (browser.url, "user_impersonation", ADA)
    assert (identity["aud"], identity["nonce"], identity["preferred_username"]) == (
        browser.environment.ready["client_id"],
        "n1",
        ADA,
    )
    padded = tokens["client_info"] + "=="
    assert json.loads(base64.urlsafe_b64decode(padded)) == {"uid": access["oid"], "utid": browser.tenant}


def test_without_openid_and_offline_access_there_is_an_access_token_alone(browser: Browser) -> None:
    tokens = browser.redeem(code=browser.code(scope=f"{browser.url}/.default"))
    assert {"refresh_token", "id_token"}.isdisjoint(tokens)
    assert tokens["scope"] == f"{browser.url}/user_impersonation"


def test_somebody_cancels(browser: Browser) -> None:
    refused = told(browser.press(browser.authorize(), "deny"))
    assert (refused["error"], refused["error_subcode"], refused["state"]) == (
        "access_denied",
        "cancel",
        "s t&a=te",
    )
    assert refused["error_description"].startswith("AADSTS65004: ")
    assert refused["error_description"].endswith("Timestamp: 2026-03-02 12:00:00Z")


def test_who_consented_is_not_asked_again_unless_the_app_wants_it(browser: Browser) -> None:
    browser.code(BRUNO)
    assert "code" in told(browser.authorize())
    for prompt in ("consent", "select_account", "login"):
        assert "Permissions requested" in browser.authorize(prompt=prompt).text
    assert "code" in told(browser.authorize(prompt="none"))
    assert "Permissions requested" in browser.authorize(login_hint=ADA).text
    assert Page(browser.authorize(login_hint=ADA).text).forms["allow"].fields["user"] == ADA


def test_nothing_can_be_asked_silently_of_a_stranger(browser: Browser) -> None:
    assert told(browser.authorize(prompt="none"))["error"] == "login_required"
    browser.code(BRUNO, scope="openid")
    assert told(browser.authorize(prompt="none"))["error"] == "consent_required"


def test_after_signing_out_nobody_is_known(browser: Browser) -> None:
    browser.code(BRUNO)
    gone = browser.http.get(
        f"/{browser.tenant}/oauth2/v2.0/logout", params={"post_logout_redirect_uri": BACK}
    )
    assert gone.headers["location"] == BACK
    assert told(browser.authorize(prompt="none"))["error"] == "login_required"


def test_an_administrator_consents_for_everybody(browser: Browser) -> None:
    browser.set_app(users_may_consent=False)
    refused = browser.press(browser.authorize(), user=BRUNO)
    assert "Need admin approval" in refused.text
    assert "code" in told(browser.press(browser.authorize(), user=ADA, for_all="yes"))
    browser.http.cookies.clear()
    assert "code" in told(browser.press(browser.authorize(), user=BRUNO))


def test_the_address_for_administrators_alone(browser: Browser) -> None:
    browser.set_app(users_may_consent=False)
    asked = {"client_id": browser.environment.ready["client_id"], "redirect_uri": BACK, "state": "x"}
    page = browser.http.get(f"/{browser.tenant}/adminconsent", params=asked)
    assert "Need admin approval" in browser.press(page, user=BRUNO).text
    answer = told(browser.press(page, user=ADA))
    assert answer == {"admin_consent": "True", "tenant": browser.tenant, "state": "x"}
    assert "code" in told(browser.press(browser.authorize(), user=BRUNO))


def test_a_person_of_the_tenant_need_not_be_a_user_of_the_environment(browser: Browser) -> None:
    for user, code in ((EVA, "0x80072560"), (DORA, "0x80040225")):
        answer = browser.who(browser.redeem(code=browser.code(user, prompt="login"))["access_token"])
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, code)


def test_a_token_without_the_environments_permission_opens_nothing(browser: Browser) -> None:
    tokens = browser.redeem(code=browser.code(scope="openid offline_access"))
    assert browser.who(tokens["access_token"]).status_code == 401


@pytest.mark.parametrize(
    ("uri", "fits"),
    [
        ("http://localhost:9999/callback", True),
        ("http://localhost/callback", True),
        ("http://127.0.0.1:8080/callback", False),
        ("http://localhost:8080/callback/", False),
        ("http://localhost:8080/Callback", False),
        ("http://localhost:8080/callback?x=1", False),
        ("http://localhost:99999/callback", False),
        ("https://localhost:8080/callback", False),
        ("https://evil.example/callback", False),
        ("", False),
    ],
)
def test_the_way_back_must_be_registered_but_for_the_port_on_this_machine(
    browser: Browser, uri: str, fits: bool
) -> None:
    page = browser.authorize(redirect_uri=uri)
    assert page.status_code == (200 if fits else 400)
    assert ("AADSTS50011" in page.text) == (not fits)


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({"client_id": None}, "AADSTS900144"),
        ({"client_id": "11111111-0000-0000-0000-000000000000"}, "AADSTS700016"),
    ],
)
def test_where_the_app_is_in_doubt_it_is_told_nothing(
    browser: Browser, changed: dict[str, str | None], shown: str
) -> None:
    page = browser.authorize(**changed)
    assert (page.status_code, shown in page.text) == (400, True)


def test_a_tenant_that_there_is_not_is_said_on_a_page(browser: Browser) -> None:
    page = browser.http.get("/nonsense/oauth2/v2.0/authorize", params=browser.asked())
    assert (page.status_code, "AADSTS90002" in page.text) == (400, True)
    assert browser.http.get("/organizations/oauth2/v2.0/authorize", params=browser.asked()).status_code == 200


@pytest.mark.parametrize(
    ("changed", "error", "shown"),
    [
        ({"response_type": "token"}, "unsupported_response_type", 700054),
        ({"scope": None}, "invalid_request", 900144),
        ({"scope": "nonsense"}, "invalid_scope", 70011),
        ({"scope": "https://other.example/user_impersonation"}, "invalid_resource", 500011),
        ({"scope": "{url}/nonsense"}, "invalid_client", 650053),
        ({"scope": "{url}/.default {url}/user_impersonation"}, "invalid_scope", 70011),
        ({"code_challenge": "short"}, "invalid_request", 501491),
        ({"code_challenge_method": "S512"}, "invalid_request", 501491),
        ({"response_mode": "nonsense"}, "invalid_request", 9002313),
    ],
)
def test_a_wrong_request_is_told_to_the_app(
    browser: Browser, changed: dict[str, str | None], error: str, shown: int
) -> None:
    filled = {
        name: value.replace("{url}", browser.url) if value else value for name, value in changed.items()
    }
    answer = told(browser.authorize(**filled))
    assert (answer["error"], answer["state"]) == (error, "s t&a=te")
    assert answer["error_description"].startswith(f"AADSTS{shown}: ")


def test_the_app_may_be_told_in_the_fragment_or_by_a_form(browser: Browser) -> None:
    back = browser.press(browser.authorize(response_mode="fragment"), user=ADA)
    assert back.headers["location"].startswith(BACK + "#code=")
    page = browser.authorize(response_mode="form_post")
    form = Page(page.text).forms["back"]
    assert (form.action, form.fields["state"]) == (BACK, "s t&a=te")
    assert "access_token" in browser.redeem(code=form.fields["code"])


def test_a_code_serves_once_and_for_ten_minutes(browser: Browser) -> None:
    code = browser.code()
    browser.environment.clock.advance(600)
    browser.redeem(code=code)
    assert number(browser.redeem(400, code=code)) == 54005
    late = browser.code(prompt="login")
    browser.environment.clock.advance(601)
    assert number(browser.redeem(400, code=late)) == 70008
    assert number(browser.redeem(400, code="0.AXnonsense")) == 70000


@pytest.mark.parametrize(
    ("changed", "status", "shown"),
    [
        ({"code_verifier": "w" * 50}, 400, 501481),
        ({"code_verifier": None}, 400, 501481),
        ({"client_secret": None}, 401, 7000218),
        ({"client_secret": "wrong"}, 401, 7000215),
        ({"redirect_uri": "http://localhost:9999/callback"}, 401, 500112),
        ({"code": None}, 400, 900144),
    ],
)
def test_a_code_is_refused_to_who_cannot_prove_it(
    browser: Browser, changed: dict[str, str | None], status: int, shown: int
) -> None:
    assert number(browser.redeem(status, **{"code": browser.code(), **changed})) == shown


def test_an_app_on_peoples_own_machines_has_no_secret(browser: Browser) -> None:
    browser.set_app(name="Native", public_redirect_uris=["http://localhost", "myapp://auth"])
    code = browser.code(redirect_uri="http://localhost:4567")
    wanted: dict[str, Any] = {"code": code, "redirect_uri": "http://localhost:4567"}
    assert number(browser.redeem(401, **wanted)) == 700025
    tokens = browser.redeem(**wanted, client_secret=None)
    again = browser.refresh(tokens["refresh_token"], client_secret=None)
    assert browser.who(again["access_token"]).status_code == 200


def test_a_single_page_app_has_a_day(browser: Browser) -> None:
    browser.set_app(name="Page", spa_redirect_uris=["https://app.example.org/"])
    uri: dict[str, Any] = {"redirect_uri": "https://app.example.org/"}
    assert "AADSTS9002325" in told(browser.authorize(code_challenge=None, **uri))["error_description"]
    code = browser.code(**uri)
    assert number(browser.redeem(400, code=code, client_secret=None, **uri)) == 9002327
    browser.http.headers["Origin"] = "https://app.example.org"
    tokens = browser.redeem(code=code, client_secret=None, **uri)
    browser.environment.clock.advance(DAY - 10)
    tokens = browser.refresh(tokens["refresh_token"], client_secret=None)
    browser.environment.clock.advance(11)
    assert number(browser.refresh(tokens["refresh_token"], 400, client_secret=None)) == 700084


def test_a_refresh_token_brings_another_and_the_old_one_lives_on(browser: Browser) -> None:
    first = browser.redeem(code=browser.code())
    browser.environment.clock.advance(5401)
    assert browser.who(first["access_token"]).status_code == 401
    second = browser.refresh(first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    assert browser.who(second["access_token"]).status_code == 200
    browser.refresh(first["refresh_token"])


def test_a_refresh_token_may_serve_once(browser: Browser) -> None:
    browser.set_app(refresh_token_once=True)
    first = browser.redeem(code=browser.code())["refresh_token"]
    browser.refresh(first)
    assert number(browser.refresh(first, 400)) == 70000


def test_a_refresh_token_dies_of_idleness(browser: Browser) -> None:
    token = browser.redeem(code=browser.code())["refresh_token"]
    browser.environment.clock.advance(90 * DAY)
    token = browser.refresh(token)["refresh_token"]
    browser.environment.clock.advance(90 * DAY + 1)
    answer = browser.refresh(token, 400)
    assert (number(answer), answer["error"]) == (700082, "invalid_grant")


def test_what_was_given_is_revoked_for_a_person_or_an_app(browser: Browser) -> None:
    token = browser.redeem(code=browser.code())["refresh_token"]
    browser.environment.control("POST", "revoke", {"app": "Crosswalk"})
    assert number(browser.refresh(token, 400)) == 65001
    browser.code(prompt="login")
    browser.environment.control("POST", "revoke", {"user": ADA})
    assert number(browser.refresh(token, 400)) == 50173
    browser.environment.control("POST", "revoke", {}, status=400)


def test_a_policy_may_want_the_person_back(browser: Browser) -> None:
    token = browser.redeem(code=browser.code())["refresh_token"]
    browser.set_app(refuses=50076)
    answer = browser.refresh(token, 400)
    assert (number(answer), answer["error"]) == (50076, "interaction_required")


def test_a_refresh_token_is_of_its_app_and_resource(browser: Browser) -> None:
    token = browser.redeem(code=browser.code())["refresh_token"]
    assert number(browser.refresh(token, 400, scope="https://other.example/.default")) == 500011
    browser.set_app(name="Other", redirect_uris=[BACK])
    assert number(browser.refresh(token, 400)) == 70000


def test_signing_in_is_kept(browser: Browser) -> None:
    token = browser.redeem(code=browser.code())["refresh_token"]
    browser.environment.controlled.restore(browser.environment.controlled.saved())
    assert "access_token" in browser.refresh(token)
    assert "code" in told(browser.authorize())


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uris": ["http://app.example.org/"]},
        {"redirect_uris": ["https://*.example.org/"]},
        {"redirect_uris": ["https://app.example.org/#x"]},
        {"refuses": 1},
        {"refresh_token_seconds": 0},
    ],
)
def test_settings_that_the_tenant_refuses(browser: Browser, wrong: dict[str, object]) -> None:
    browser.environment.control("POST", "apps", wrong, status=400)


def test_the_page_needs_no_script_and_says_what_it_is(browser: Browser) -> None:
    page = browser.authorize(client_id=browser.environment.ready["client_id"], state='"><script>')
    assert "script" not in page.headers["content-security-policy"]
    assert "<script>" not in page.text
    assert "This is the sandbox, not Microsoft" in page.text
    labelled = {given["for"] for tag, given in Page(page.text).tags if tag == "label"}
    assert labelled == {"user", "for_all"}
