from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from tests.helpers.sandbox_org import DATA, Opening, SalesforceOrg

TOKEN = "/services/oauth2/token"
HOURS = 3600


def client(org: SalesforceOrg, **changes: str) -> dict[str, str]:
    return {"client_id": org.ready["client_id"], "client_secret": org.ready["client_secret"], **changes}


def token(org: SalesforceOrg, **form: str) -> dict[str, str]:
    answer = org.http.post(TOKEN, data=form)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def status(org: SalesforceOrg, access_token: str) -> int:
    return org.call("GET", "/limits", headers={"Authorization": f"Bearer {access_token}"}).status_code


def test_the_ready_line_signs_in(org: SalesforceOrg) -> None:
    assert org.get("/limits")["DailyApiRequests"]["Remaining"] > 0


def test_credentials_are_fixed_for_a_seed(opening: Opening) -> None:
    first, again, other = opening(), opening(), opening(seed=2)
    assert first.ready == again.ready
    assert first.ready["client_secret"] != other.ready["client_secret"]


def test_client_credentials_in_the_body_give_a_token_that_works(org: SalesforceOrg) -> None:
    granted = token(org, grant_type="client_credentials", **client(org))
    assert set(granted) == {
        "access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at",
    }  # fmt: skip
    assert granted["instance_url"] == org.ready["instance_url"]
    assert granted["access_token"].startswith("00D")
    assert granted["access_token"][15] == "!"
    assert granted["id"].split("/")[-1] == org.ready["user_id"]
    assert granted["issued_at"] == "1772452800250"
    assert status(org, granted["access_token"]) == 200


def test_the_signature_is_true(org: SalesforceOrg) -> None:
    granted = token(org, grant_type="client_credentials", **client(org))
    text = (granted["id"] + granted["issued_at"]).encode()
    digest = hmac.new(org.ready["client_secret"].encode(), text, hashlib.sha256).digest()
    assert granted["signature"] == base64.b64encode(digest).decode()


def test_client_credentials_by_basic_sign_in_too(org: SalesforceOrg) -> None:
    pair = (org.ready["client_id"], org.ready["client_secret"])
    answer = org.http.post(TOKEN, data={"grant_type": "client_credentials"}, auth=pair)
    assert status(org, answer.json()["access_token"]) == 200


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"client_id": "unknown"}, ("invalid_client_id", "client identifier invalid")),
        ({"client_secret": "wrong"}, ("invalid_client", "invalid client credentials")),
        ({"grant_type": "password"}, ("unsupported_grant_type", "grant type not supported")),
        (
            {"grant_type": "refresh_token", "refresh_token": "dead"},
            ("invalid_grant", "expired access/refresh token"),
        ),
    ],
)
def test_a_refused_token_call_is_an_oauth_error(
    org: SalesforceOrg, changes: dict[str, str], expected: tuple[str, str]
) -> None:
    form = {"grant_type": "client_credentials", **client(org), **changes}
    answer = org.http.post(TOKEN, data=form)
    assert answer.status_code == 400
    assert (answer.json()["error"], answer.json()["error_description"]) == expected


def test_a_wrong_secret_by_basic_is_401(org: SalesforceOrg) -> None:
    pair = (org.ready["client_id"], "wrong")
    answer = org.http.post(TOKEN, data={"grant_type": "client_credentials"}, auth=pair)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_token_call_must_be_form_encoded(org: SalesforceOrg) -> None:
    answer = org.http.post(TOKEN, json={"grant_type": "client_credentials", **client(org)})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def test_a_refresh_gives_a_new_access_token_and_no_refresh_token(org: SalesforceOrg) -> None:
    refreshed = token(
        org, grant_type="refresh_token", refresh_token=org.ready["refresh_token"], **client(org)
    )
    assert "refresh_token" not in refreshed
    assert refreshed["access_token"] != org.ready["access_token"]
    assert status(org, refreshed["access_token"]) == 200


def test_a_token_dies_after_two_idle_hours(org: SalesforceOrg) -> None:
    org.clock.advance(2 * HOURS - 1)
    assert status(org, org.ready["access_token"]) == 200
    org.clock.advance(2 * HOURS - 1)
    assert status(org, org.ready["access_token"]) == 200
    org.clock.advance(2 * HOURS + 1)
    assert org.refusal("GET", "/limits", status=401) == ("INVALID_SESSION_ID", "Session expired or invalid")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "INVALID_SESSION_ID"),
        ("Bearer ", "INVALID_SESSION_ID"),
        ("Bearer 00D!nonsense", "INVALID_SESSION_ID"),
        ("Basic eDp5", "INVALID_AUTH_HEADER"),
    ],
)
def test_without_a_live_bearer_token_nothing_is_told(org: SalesforceOrg, header: str, code: str) -> None:
    (error,) = org.send("GET", "/sobjects", status=401, headers={"Authorization": header})
    assert error["errorCode"] == code


def test_versions_are_told_to_everybody(org: SalesforceOrg) -> None:
    versions = org.http.get("/services/data/", headers={"Authorization": ""}).json()
    assert versions[0]["version"] == "31.0"
    assert versions[-1] == {"label": "Summer '26", "url": "/services/data/v67.0", "version": "67.0"}
    assert {"label": "Spring '24", "url": "/services/data/v60.0", "version": "60.0"} in versions


@pytest.mark.parametrize(
    ("version", "expected"), [("v31.0", 200), ("v67.0", 200), ("v30.0", 410), ("v68.0", 404), ("v60", 404)]
)
def test_retired_versions_are_gone_and_unknown_ones_not_found(
    org: SalesforceOrg, version: str, expected: int
) -> None:
    assert org.http.get(f"/services/data/{version}/limits").status_code == expected


def test_revoking_the_refresh_token_ends_its_sessions(org: SalesforceOrg) -> None:
    own = token(org, grant_type="client_credentials", **client(org))["access_token"]
    answer = org.http.post("/services/oauth2/revoke", data={"token": org.ready["refresh_token"]})
    assert (answer.status_code, answer.content) == (200, b"")
    assert status(org, org.ready["access_token"]) == 401
    assert status(org, own) == 200
    form = client(org, grant_type="refresh_token", refresh_token=org.ready["refresh_token"])
    assert org.http.post(TOKEN, data=form).json()["error"] == "invalid_grant"


def test_revoking_what_is_no_token_is_refused(org: SalesforceOrg) -> None:
    answer = org.http.post("/services/oauth2/revoke", data={"token": "nonsense"})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_token_type")


def test_userinfo_names_the_user_and_the_org(org: SalesforceOrg) -> None:
    info = org.http.get("/services/oauth2/userinfo").json()
    assert info["user_id"] == org.ready["user_id"]
    assert info["preferred_username"] == org.ready["username"]
    assert info["organization_id"] == org.column("SELECT Id FROM Organization")[0]
    assert info["urls"]["rest"] == org.ready["instance_url"] + "/services/data/v{version}/"


def test_the_identity_address_leads_back_to_the_org(org: SalesforceOrg) -> None:
    granted = token(org, grant_type="client_credentials", **client(org))
    assert granted["id"].startswith(org.ready["login_url"] + "/id/00D")
    identity = org.http.get(
        granted["id"], headers={"Authorization": f"Bearer {granted['access_token']}"}
    ).json()
    assert (identity["id"], identity["username"]) == (granted["id"], org.ready["username"])


@pytest.mark.parametrize(
    ("header", "text"), [("Bearer nonsense", "Bad_OAuth_Token"), ("", "Missing_OAuth_Token")]
)
def test_userinfo_without_a_live_token_is_403_in_plain_text(
    org: SalesforceOrg, header: str, text: str
) -> None:
    answer = org.http.get("/services/oauth2/userinfo", headers={"Authorization": header})
    assert (answer.status_code, answer.text) == (403, text)


def test_a_reset_brings_the_first_tokens_back(org: SalesforceOrg) -> None:
    org.http.post("/services/oauth2/revoke", data={"token": org.ready["access_token"]})
    org.controlled.reset()
    assert status(org, org.ready["access_token"]) == 200


def test_token_calls_do_not_count_as_api_calls(org: SalesforceOrg) -> None:
    token(org, grant_type="client_credentials", **client(org))
    org.get("/limits")
    counts = org.controlled.counts()
    assert (counts["token_calls"], counts["total"]) == (1, 1)
    assert counts["calls"] == {"GET /limits": 1}
    used = org.call("GET", "/limits").headers["sforce-limit-info"]
    assert used.startswith("api-usage=2/")


def test_the_daily_limit_refuses_and_frees_itself_after_a_day(opening: Opening) -> None:
    org = opening(limits="real")
    assert org.get("/limits")["DailyApiRequests"] == {"Max": 100_000, "Remaining": 99_999}
    calls = org.controlled.system._calls  # type: ignore[attr-defined]
    while calls.take(org.clock.now()):
        pass
    refused = org.call("GET", "/limits")
    assert refused.status_code == 403
    assert refused.json() == [
        {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    ]
    assert refused.headers["sforce-limit-info"] == "api-usage=100000/100000"
    assert "retry-after" not in refused.headers
    org.clock.advance(24 * HOURS)
    refreshed = token(org, grant_type="client_credentials", **client(org))
    assert status(org, refreshed["access_token"]) == 200


def test_widened_limits_say_so(opening: Opening) -> None:
    assert opening(limits="x20").get("/limits")["DailyApiRequests"]["Max"] == 2_000_000


def test_the_root_names_what_is_played(org: SalesforceOrg) -> None:
    root = org.get("/")
    assert root["query"] == f"{DATA}/query"
    assert root["identity"].endswith(org.ready["user_id"])
