"""The page of consent, and the way back to the app."""

from __future__ import annotations

import pytest
from tests.helpers.sandbox_org import SalesforceOrg
from tests.helpers.sandbox_sign_in import AUTHORIZE, CALLBACK, Page, SignIn, good, told

ADA, BRUNO = "ada.lindqvist@org.example", "bruno.costa@org.example"


def test_allowing_leads_back_with_a_code_and_the_state(sign_in: SignIn) -> None:
    page = sign_in.page()
    answer = sign_in.http.post(AUTHORIZE, data={**page.forms["allow"].fields, "user": ADA})
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(CALLBACK + "?code=")
    assert answer.headers["cache-control"] == "no-cache, no-store"
    assert set(told(answer)) == {"code", "state"}
    assert told(answer)["state"] == "s 1"


def test_a_code_needs_encoding_in_addresses(sign_in: SignIn) -> None:
    answer = sign_in.http.post(AUTHORIZE, data=sign_in.page().forms["allow"].fields)
    assert "%3D%3D&" in answer.headers["location"]
    assert told(answer)["code"].endswith("==")


def test_denying_leads_back_with_the_refusal(sign_in: SignIn) -> None:
    assert sign_in.deny() == {
        "error": "access_denied",
        "error_description": "end-user denied authorization",
        "state": "s 1",
    }


def test_without_a_state_none_comes_back(sign_in: SignIn) -> None:
    assert set(sign_in.allow(state=None)) == {"code"}


def test_the_state_comes_back_as_it_was(sign_in: SignIn) -> None:
    state = "\"<b>&'=+% ü"
    assert sign_in.allow(state=state)["state"] == state
    assert sign_in.deny(state=state)["state"] == state


def test_the_page_says_what_is_asked_and_by_whom(sign_in: SignIn) -> None:
    page = sign_in.page(scope="api openid")
    assert "Crosswalk is asking to" in page.words
    assert "Manage user data via APIs" in page.words
    assert "Perform requests at any time" not in page.words
    assert CALLBACK in page.words


def test_the_page_can_be_used_without_seeing_it(sign_in: SignIn) -> None:
    page = sign_in.page()
    tags = page.tags
    assert ("html", {"lang": "en"}) in tags
    assert [tag for tag, _ in tags].count("h1") == [tag for tag, _ in tags].count("main") == 1
    labelled = {given["for"] for tag, given in tags if tag == "label"}
    asked = {given["id"] for tag, given in tags if tag == "select"}
    assert asked == labelled
    assert [given["type"] for tag, given in tags if tag == "button"] == ["submit", "submit"]
    assert "script" not in {tag for tag, _ in tags}


def test_the_page_is_neither_kept_nor_framed(sign_in: SignIn) -> None:
    headers = sign_in.ask().headers
    assert headers["content-type"] == "text/html;charset=UTF-8"
    assert "no-store" in headers["cache-control"]
    assert headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in headers["content-security-policy"]


def test_only_active_users_sign_in(sign_in: SignIn) -> None:
    form = sign_in.page().forms["allow"]
    assert ADA in form.choices["user"]
    assert "dora.novak@org.example" not in form.choices["user"]
    answer = sign_in.http.post(AUTHORIZE, data={**form.fields, "user": "dora.novak@org.example"})
    assert answer.status_code == 200
    assert "This user cannot sign in" in Page(answer.text).words


def test_a_login_hint_chooses_the_user(sign_in: SignIn) -> None:
    assert sign_in.page(login_hint=BRUNO).forms["allow"].fields["user"] == BRUNO
    assert sign_in.page(login_hint="nobody").forms["allow"].fields["user"] == "sync@org.example"


def test_the_question_may_be_posted(sign_in: SignIn) -> None:
    asked = {"response_type": "code", "client_id": sign_in.client_id, "redirect_uri": CALLBACK}
    page = Page(sign_in.http.post(AUTHORIZE, data=asked).text)
    assert "state" not in page.forms["allow"].fields
    assert set(sign_in.press(page.forms["allow"])) == {"code"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "unknown"}, "invalid_client_id"),
        ({"client_id": None}, "invalid_client_id"),
        ({"redirect_uri": "https://elsewhere.example/callback"}, "redirect_uri_mismatch"),
        ({"redirect_uri": CALLBACK + "/"}, "redirect_uri_mismatch"),
        ({"redirect_uri": None}, "redirect_uri_mismatch"),
    ],
)
def test_an_app_in_doubt_is_told_nothing(sign_in: SignIn, changes: dict[str, str | None], error: str) -> None:
    answer = sign_in.ask(**changes)
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert f"error={error}" in Page(answer.text).words
    assert "elsewhere" not in answer.text


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        ({"response_type": "token"}, "unsupported_response_type", "response type not supported"),
        ({"response_type": None}, "unsupported_response_type", "response type not supported"),
        ({"scope": "api pardot_api"}, "invalid_scope", "the requested scope is not allowed"),
        ({"scope": "full"}, "invalid_scope", "the requested scope is not allowed"),
        ({"scope": "nonsense"}, "invalid_scope", "the requested scope is not allowed"),
        ({"code_challenge_method": "plain"}, "invalid_request", "code challenge method not supported"),
        ({"code_challenge": "short"}, "invalid_request", "invalid code challenge"),
        ({"code_challenge": "+/" * 22}, "invalid_request", "invalid code challenge"),
    ],
)
def test_a_wrong_question_of_a_known_app_goes_back_to_it(
    sign_in: SignIn, changes: dict[str, str | None], error: str, description: str
) -> None:
    answer = sign_in.ask(**changes)
    assert answer.status_code == 302
    assert told(answer) == {"error": error, "error_description": description, "state": "s 1"}


def test_a_callback_keeps_its_own_parameters(org: SalesforceOrg, sign_in: SignIn) -> None:
    callback = "https://app.example/back?tenant=7"
    org.http.post("/_sandbox/apps", json={"callback_urls": [callback]})
    assert sign_in.ask(redirect_uri=CALLBACK).status_code == 400
    assert sign_in.deny(redirect_uri=callback)["tenant"] == "7"


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"blocked": True}, "OAUTH_APP_BLOCKED"),
        ({"pkce_required": True}, "invalid_request"),
    ],
)
def test_an_admins_setting_stops_the_app_at_once(
    org: SalesforceOrg, sign_in: SignIn, settings: dict[str, bool], error: str
) -> None:
    org.http.post("/_sandbox/apps", json=settings)
    answer = sign_in.ask(code_challenge=None)
    assert told(answer)["error"] == error


def test_an_app_that_needs_pkce_says_what_is_missing(org: SalesforceOrg, sign_in: SignIn) -> None:
    org.http.post("/_sandbox/apps", json={"pkce_required": True})
    answer = sign_in.ask(code_challenge=None)
    assert told(answer)["error_description"] == "missing required code challenge"
    assert "code" in sign_in.allow()


def test_an_app_that_is_not_installed_is_for_those_who_used_it_before(
    org: SalesforceOrg, sign_in: SignIn
) -> None:
    org.http.post("/_sandbox/apps", json={"installed": False})
    refused = sign_in.allow(ADA)
    assert (refused["error"], refused["state"]) == ("OAUTH_EC_APP_NOT_FOUND", "s 1")
    assert refused["error_description"] == "External client app is not installed in this org"
    assert "code" in sign_in.allow("sync@org.example")


def test_only_chosen_users_may_use_an_app_that_admins_approve(org: SalesforceOrg, sign_in: SignIn) -> None:
    settings = {"permitted_users": "preapproved", "preapproved": [BRUNO]}
    org.http.post("/_sandbox/apps", json=settings)
    refused = sign_in.allow(ADA)
    assert refused["error"] == "OAUTH_APP_ACCESS_DENIED"
    assert refused["error_description"] == "user is not admin approved to access this app"
    assert "code" in sign_in.allow(BRUNO)


def test_who_is_signed_in_and_allowed_it_before_is_not_asked_again(sign_in: SignIn) -> None:
    sign_in.granted(ADA)
    answer = sign_in.ask()
    assert answer.status_code == 302
    assert set(told(answer)) == {"code", "state"}
    granted = good(sign_in.exchange(told(answer)["code"]))
    info = sign_in.http.get(granted["id"], headers={"Authorization": f"Bearer {granted['access_token']}"})
    assert info.json()["username"] == ADA


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "login"},
        {"prompt": "consent"},
        {"prompt": "select_account"},
        {"prompt": "login consent"},
        {"scope": "api refresh_token id web"},
        {"login_hint": BRUNO},
    ],
)
def test_the_page_comes_again_when_there_is_something_to_ask(
    sign_in: SignIn, changes: dict[str, str | None]
) -> None:
    sign_in.granted(ADA)
    assert "allow" in sign_in.page(**changes).forms


def test_being_signed_in_is_not_yet_allowing(sign_in: SignIn) -> None:
    sign_in.allow(ADA)
    assert "allow" in sign_in.page().forms


def test_whom_an_admin_approved_is_asked_only_who_they_are(org: SalesforceOrg, sign_in: SignIn) -> None:
    org.http.post("/_sandbox/apps", json={"permitted_users": "preapproved", "preapproved": [ADA]})
    sign_in.allow(ADA)
    assert set(told(sign_in.ask())) == {"code", "state"}


def test_another_browser_knows_nobody(org: SalesforceOrg, sign_in: SignIn) -> None:
    sign_in.granted(ADA)
    sign_in.http.cookies.clear()
    assert "allow" in sign_in.page().forms


def test_signing_in_is_no_use_of_the_api(org: SalesforceOrg, sign_in: SignIn) -> None:
    sign_in.granted()
    counts = org.controlled.counts()
    assert (counts["total"], counts["token_calls"]) == (0, 3)
    routes = [entry.route for entry in org.controlled.log()]
    assert routes == [f"GET {AUTHORIZE}", f"POST {AUTHORIZE}", "POST /services/oauth2/token"]
