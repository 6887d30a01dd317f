"""Codes, refresh tokens and access tokens: what they are good for, and when no longer."""

from __future__ import annotations

import base64
import gzip
import hashlib
from typing import Any

import pytest
from tests.helpers.sandbox_org import Opening, SalesforceOrg
from tests.helpers.sandbox_sign_in import CHALLENGE, TOKEN, VERIFIER, SignIn, bad, good, told

ADA = "ada.lindqvist@org.example"
DEAD = ("invalid_grant", "expired access/refresh token")
MINUTE, DAY = 60, 24 * 60 * 60
OTHER_CALLBACK = "http://localhost:1717/OauthRedirect"


def change(org: SalesforceOrg, **settings: Any) -> dict[str, Any]:
    answer = org.http.post("/_sandbox/apps", json=settings)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def other_app(org: SalesforceOrg, sign_in: SignIn, **settings: Any) -> SignIn:
    app = change(org, name="Other", **settings)
    return SignIn(http=sign_in.http, client_id=app["client_id"], client_secret=app["client_secret"])


def status(org: SalesforceOrg, access_token: str) -> int:
    return org.call("GET", "/limits", headers={"Authorization": f"Bearer {access_token}"}).status_code


def test_a_code_gives_tokens_in_the_name_of_the_user(org: SalesforceOrg, sign_in: SignIn) -> None:
    granted = sign_in.granted(ADA)
    assert set(granted) == {
        "access_token", "refresh_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at",
    }  # fmt: skip
    assert (granted["scope"], granted["token_type"]) == ("api refresh_token id", "Bearer")
    headers = {"Authorization": f"Bearer {granted['access_token']}"}
    lead = org.send(
        "POST", "/sobjects/Lead", {"LastName": "Vogel", "Company": "Acme"}, status=201, headers=headers
    )
    author = org.column(f"SELECT CreatedBy.Username FROM Lead WHERE Id = '{lead['id']}'")
    assert author == [{"attributes": author[0]["attributes"], "Username": ADA}]
    assert granted["id"].endswith(org.record("Lead", lead["id"])["CreatedById"])


def test_the_answer_is_not_kept(sign_in: SignIn) -> None:
    answer = sign_in.exchange(sign_in.allow()["code"])
    assert answer.headers["cache-control"] == "no-cache, no-store"
    assert "expires_in" not in answer.json()


def test_without_the_scope_there_is_no_refresh_token(sign_in: SignIn) -> None:
    assert "refresh_token" not in sign_in.granted(scope="api id")
    assert "refresh_token" in sign_in.granted(scope="api offline_access")


def test_without_a_scope_the_app_gets_all_of_its_own(sign_in: SignIn) -> None:
    assert sign_in.granted(scope=None)["scope"] == "refresh_token api id openid web"


def test_a_code_serves_once(sign_in: SignIn) -> None:
    code = sign_in.allow()["code"]
    good(sign_in.exchange(code))
    assert bad(sign_in.exchange(code)) == ("invalid_grant", "expired authorization code")


def test_a_code_lives_fifteen_minutes(org: SalesforceOrg, sign_in: SignIn) -> None:
    early, late = sign_in.allow()["code"], sign_in.allow()["code"]
    org.clock.advance(15 * MINUTE)
    good(sign_in.exchange(early))
    org.clock.advance(1)
    assert bad(sign_in.exchange(late)) == ("invalid_grant", "expired authorization code")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"code": "unknown"}, ("invalid_grant", "invalid authorization code")),
        ({"code": None}, ("invalid_grant", "invalid authorization code")),
        ({"redirect_uri": OTHER_CALLBACK}, ("invalid_grant", "invalid authorization code")),
        (
            {"redirect_uri": "https://elsewhere.example"},
            ("redirect_uri_mismatch", "redirect_uri must match configuration"),
        ),
        ({"redirect_uri": None}, ("redirect_uri_mismatch", "redirect_uri must match configuration")),
        ({"code_verifier": VERIFIER[::-1]}, ("invalid_grant", "invalid code verifier")),
        ({"code_verifier": None}, ("invalid_grant", "invalid code verifier")),
        ({"client_secret": "wrong"}, ("invalid_client", "invalid client credentials")),
        ({"client_secret": None}, ("invalid_client", "invalid client credentials")),
        ({"client_id": "unknown"}, ("invalid_client_id", "client identifier invalid")),
    ],
)
def test_a_code_is_for_the_app_and_the_browser_that_asked(
    sign_in: SignIn, changes: dict[str, str | None], expected: tuple[str, str]
) -> None:
    assert bad(sign_in.exchange(sign_in.allow()["code"], **changes)) == expected


def test_a_code_of_one_app_is_nothing_to_another(org: SalesforceOrg, sign_in: SignIn) -> None:
    other = other_app(org, sign_in, callback_urls=["http://localhost:8080/callback"])
    refused = other.exchange(sign_in.allow()["code"])
    assert bad(refused) == ("invalid_grant", "invalid authorization code")


def test_a_challenge_without_a_method_is_sha_256(sign_in: SignIn) -> None:
    good(sign_in.exchange(sign_in.allow(code_challenge_method=None)["code"]))


def test_a_hexadecimal_digest_as_challenge_fails_only_at_the_token(sign_in: SignIn) -> None:
    challenge = hashlib.sha256(VERIFIER.encode()).hexdigest()
    code = sign_in.allow(code_challenge=challenge)["code"]
    assert bad(sign_in.exchange(code)) == ("invalid_grant", "invalid code verifier")


def test_a_code_without_a_challenge_needs_no_verifier_and_takes_none(sign_in: SignIn) -> None:
    good(sign_in.exchange(sign_in.allow(code_challenge=None)["code"], code_verifier=None))
    refused = sign_in.exchange(sign_in.allow(code_challenge=None, prompt="consent")["code"])
    assert bad(refused) == ("invalid_grant", "invalid code verifier")


def test_a_short_verifier_is_none(sign_in: SignIn) -> None:
    code = sign_in.allow(code_challenge=CHALLENGE)["code"]
    assert bad(sign_in.exchange(code, code_verifier="x" * 42)) == ("invalid_grant", "invalid code verifier")


def test_a_verifier_may_be_longer_than_the_standard_says(sign_in: SignIn) -> None:
    verifier = "x" * 171  # what jsforce sends
    digest = hashlib.sha256(verifier.encode()).digest()
    code = sign_in.allow(code_challenge=base64.urlsafe_b64encode(digest).decode().rstrip("="))["code"]
    good(sign_in.exchange(code, code_verifier=verifier))


def test_a_public_app_needs_no_secret_but_a_wrong_one_is_wrong(org: SalesforceOrg, sign_in: SignIn) -> None:
    change(org, secret_required=False)
    granted = good(sign_in.exchange(sign_in.allow()["code"], client_secret=None))
    good(sign_in.refresh(granted["refresh_token"], client_secret=None))
    refused = sign_in.refresh(granted["refresh_token"], client_secret="wrong")
    assert bad(refused) == ("invalid_client", "invalid client credentials")
    by_itself = sign_in.token(grant_type="client_credentials", client_secret=None)
    assert bad(by_itself) == ("invalid_client", "invalid client credentials")


def test_a_refresh_token_serves_again_and_again(org: SalesforceOrg, sign_in: SignIn) -> None:
    granted = sign_in.granted()
    tokens = {granted["access_token"]}
    for _ in range(3):
        org.clock.advance(100 * DAY)
        again = good(sign_in.refresh(granted["refresh_token"]))
        assert "refresh_token" not in again
        assert status(org, again["access_token"]) == 200
        tokens.add(again["access_token"])
    assert len(tokens) == 4


def test_a_refresh_token_is_of_one_app(org: SalesforceOrg, sign_in: SignIn) -> None:
    assert bad(other_app(org, sign_in).refresh(sign_in.granted()["refresh_token"])) == DEAD


def test_rotation_replaces_the_refresh_token_each_time(org: SalesforceOrg, sign_in: SignIn) -> None:
    change(org, rotation=True)
    first = sign_in.granted()["refresh_token"]
    second = good(sign_in.refresh(first))["refresh_token"]
    third = good(sign_in.refresh(second))["refresh_token"]
    assert len({first, second, third}) == 3
    assert "refresh_token" in good(sign_in.refresh(third))


def test_a_rotated_refresh_token_that_comes_again_ends_its_successor_too(
    org: SalesforceOrg, sign_in: SignIn
) -> None:
    change(org, rotation=True)
    first = sign_in.granted()["refresh_token"]
    second = good(sign_in.refresh(first))
    assert bad(sign_in.refresh(first)) == DEAD
    assert bad(sign_in.refresh(second["refresh_token"])) == DEAD
    assert status(org, second["access_token"]) == 401
    assert status(org, org.ready["access_token"]) == 200


@pytest.mark.parametrize(
    ("settings", "lives_at", "dead_at"),
    [
        ({"refresh_token_policy": "lifetime", "refresh_token_seconds": 3 * DAY}, [2, 1], [1]),
        ({"refresh_token_policy": "idle", "refresh_token_seconds": 3 * DAY}, [3, 3, 3], [4]),
        ({"refresh_token_policy": "at_once"}, [], [0]),
    ],
)
def test_a_refresh_token_dies_by_the_apps_policy(
    org: SalesforceOrg, sign_in: SignIn, settings: dict[str, Any], lives_at: list[int], dead_at: list[int]
) -> None:
    refresh_token = sign_in.granted()["refresh_token"]
    change(org, **settings)
    for days in lives_at:
        org.clock.advance(days * DAY)
        good(sign_in.refresh(refresh_token))
    org.clock.advance(dead_at[0] * DAY)
    assert bad(sign_in.refresh(refresh_token)) == DEAD


def test_a_sixth_approval_silently_ends_the_oldest(org: SalesforceOrg, sign_in: SignIn) -> None:
    bruno = sign_in.granted("bruno.costa@org.example")
    ada = [sign_in.granted(ADA, prompt="login") for _ in range(5)]
    good(sign_in.refresh(ada[0]["refresh_token"]))
    ada.append(sign_in.granted(ADA, prompt="login"))
    assert bad(sign_in.refresh(ada[0]["refresh_token"])) == DEAD
    assert status(org, ada[0]["access_token"]) == 401
    for granted in (*ada[1:], bruno):
        good(sign_in.refresh(granted["refresh_token"]))


def test_a_session_dies_after_the_apps_idle_time(org: SalesforceOrg, sign_in: SignIn) -> None:
    change(org, session_seconds=15 * MINUTE)
    token = sign_in.granted()["access_token"]
    for _ in range(3):
        org.clock.advance(15 * MINUTE)
        assert status(org, token) == 200
    org.clock.advance(15 * MINUTE + 1)
    assert status(org, token) == 401


def test_a_token_without_the_scope_api_is_not_for_rest(org: SalesforceOrg, sign_in: SignIn) -> None:
    granted = sign_in.granted(scope="id web")
    headers = {"Authorization": f"Bearer {granted['access_token']}"}
    (error,) = org.send("GET", "/limits", status=401, headers=headers)
    assert error == {
        "message": "This session is not valid for use with the REST API",
        "errorCode": "INVALID_SESSION_ID",
    }
    assert org.http.get(granted["id"], headers=headers).json()["username"] == ADA


def test_pages_to_come_are_for_the_user_who_asked(opening: Opening, signing_in: Any) -> None:
    org = opening(leads=201)
    more = org.page("SELECT Id FROM Lead", batch=200)["nextRecordsUrl"]
    token = signing_in(org).granted(ADA)["access_token"]
    refused = org.http.get(more, headers={"Authorization": f"Bearer {token}"})
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")
    assert len(org.http.get(more).json()["records"]) == 1


def test_the_older_word_for_bearer_is_understood(org: SalesforceOrg, sign_in: SignIn) -> None:
    headers = {"Authorization": f"OAuth {sign_in.granted()['access_token']}"}
    assert org.call("GET", "/limits", headers=headers).status_code == 200
    assert org.http.get("/services/oauth2/userinfo", headers=headers).status_code == 200


def test_a_blocked_app_is_out_at_once(org: SalesforceOrg, sign_in: SignIn) -> None:
    granted = sign_in.granted()
    code = sign_in.allow(prompt="login")["code"]
    change(org, blocked=True)
    assert status(org, granted["access_token"]) == 401
    blocked = ("OAUTH_APP_BLOCKED", "this app is blocked by admin")
    assert bad(sign_in.refresh(granted["refresh_token"])) == blocked
    assert bad(sign_in.exchange(code)) == blocked
    assert bad(sign_in.token(grant_type="client_credentials")) == blocked
    change(org, blocked=False)
    good(sign_in.refresh(granted["refresh_token"]))


def test_revoking_an_access_token_leaves_the_refresh_token(org: SalesforceOrg, sign_in: SignIn) -> None:
    granted = sign_in.granted()
    answer = sign_in.http.get("/services/oauth2/revoke", params={"token": granted["access_token"]})
    assert (answer.status_code, answer.content) == (200, b"")
    assert status(org, granted["access_token"]) == 401
    good(sign_in.refresh(granted["refresh_token"]))


def test_revoking_a_refresh_token_ends_all_that_came_of_it(org: SalesforceOrg, sign_in: SignIn) -> None:
    granted = sign_in.granted()
    later = good(sign_in.refresh(granted["refresh_token"]))["access_token"]
    sign_in.http.post("/services/oauth2/revoke", data={"token": granted["refresh_token"]})
    assert [status(org, token) for token in (granted["access_token"], later)] == [401, 401]
    assert bad(sign_in.refresh(granted["refresh_token"])) == DEAD
    again = sign_in.http.post("/services/oauth2/revoke", data={"token": granted["refresh_token"]})
    assert bad(again) == ("unsupported_token_type", "this token type is not supported")


def test_who_revoked_the_last_approval_is_asked_again(sign_in: SignIn) -> None:
    granted = sign_in.granted()
    assert "code" in told(sign_in.ask())
    sign_in.http.post("/services/oauth2/revoke", data={"token": granted["refresh_token"]})
    assert "allow" in sign_in.page().forms


def test_an_app_without_a_run_as_user_has_no_client_credentials(org: SalesforceOrg, sign_in: SignIn) -> None:
    other = other_app(org, sign_in)
    refused = other.token(grant_type="client_credentials")
    assert bad(refused) == ("invalid_grant", "no client credentials user enabled")
    change(org, name="Other", run_as=ADA)
    granted = good(other.token(grant_type="client_credentials"))
    assert "refresh_token" not in granted
    info = sign_in.http.get(granted["id"], headers={"Authorization": f"Bearer {granted['access_token']}"})
    assert info.json()["username"] == ADA


def test_an_inactive_user_is_refused(org: SalesforceOrg, sign_in: SignIn) -> None:
    other = other_app(org, sign_in, run_as="dora.novak@org.example")
    refused = other.token(grant_type="client_credentials")
    assert bad(refused) == ("inactive_user", "user is inactive")


def test_too_many_sign_ins_an_hour_are_refused(opening: Opening, signing_in: Any) -> None:
    org = opening(limits="real")
    sign_in = signing_in(org)
    for _ in range(3600):
        org.controlled.system._oauth._grants._logins.take(  # type: ignore[attr-defined]
            org.ready["user_id"], org.clock.now()
        )
    refused = sign_in.token(grant_type="client_credentials")
    assert bad(refused) == ("rate_limit_exceeded", "logins rate exceeded")
    assert bad(sign_in.refresh(org.ready["refresh_token"])) == ("rate_limit_exceeded", "logins rate exceeded")
    org.clock.advance(60 * MINUTE)
    good(sign_in.refresh(org.ready["refresh_token"]))


def test_a_refused_grant_type_is_told_only_to_an_app(sign_in: SignIn) -> None:
    unsupported = ("unsupported_grant_type", "grant type not supported")
    assert bad(sign_in.token(grant_type="password")) == unsupported
    assert bad(sign_in.token(grant_type=None)) == unsupported
    unknown = sign_in.token(grant_type="password", client_id="unknown")
    assert bad(unknown) == ("invalid_client_id", "client identifier invalid")


def test_the_server_may_fail_transiently(org: SalesforceOrg, sign_in: SignIn) -> None:
    org.http.post("/_sandbox/faults", json={"kind": "status", "status": 400, "route": f"POST {TOKEN}"})
    assert bad(sign_in.token(grant_type="client_credentials")) == ("unknown_error", "retry your request")
    good(sign_in.token(grant_type="client_credentials"))


@pytest.mark.parametrize(("method", "expected"), [("GET", 405), ("DELETE", 405)])
def test_tokens_are_posted_for(sign_in: SignIn, method: str, expected: int) -> None:
    assert sign_in.http.request(method, TOKEN).status_code == expected


def test_a_packed_or_chunked_form_is_read(sign_in: SignIn) -> None:
    form = (
        f"grant_type=client_credentials&client_id={sign_in.client_id}&client_secret={sign_in.client_secret}"
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8", "Content-Encoding": "gzip"}
    good(sign_in.http.post(TOKEN + "/", content=gzip.compress(form.encode()), headers=headers))
