from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.helpers.sandbox_account import ActiveCampaign

Opening = Callable[..., ActiveCampaign]


def test_the_key_of_the_ready_line_signs_in(account: ActiveCampaign) -> None:
    assert account.get("/users/me")["user"]["username"] == "crosswalk"


@pytest.mark.parametrize(
    "headers", [{"Api-Token": ""}, {"Api-Token": "wrong"}, {"Authorization": "Bearer x"}]
)
def test_a_missing_or_wrong_key_is_403(account: ActiveCampaign, headers: dict[str, str]) -> None:
    del account.http.headers["Api-Token"]
    answer = account.http.get("/api/3/contacts", headers=headers)
    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})


def test_keys_are_fixed_for_a_seed(opening: Opening) -> None:
    keys = [opening(seed=seed).http.headers["Api-Token"] for seed in (1, 1, 2)]
    assert keys[0] == keys[1] != keys[2]


def test_a_user_outside_the_admin_group_does_not_see_the_account(account: ActiveCampaign) -> None:
    users = account.control("GET", "dump")["user"]
    mara = next(user for user in users if user["username"] == "mara")
    account.http.headers["Api-Token"] = mara["key"]
    assert account.get("/users/me")["user"]["id"] == mara["id"]
    assert account.send("GET", "/settings/account", status=403) == {"message": "Forbidden"}


def test_the_account_tells_its_contact_limit(account: ActiveCampaign) -> None:
    settings = account.get("/settings/account")
    assert settings["subscriber_total"] == 30
    assert isinstance(settings["subscriber_limit"], int)


def test_users_are_listed_and_read(account: ActiveCampaign) -> None:
    listed = account.get("/users")
    assert listed["meta"]["total"] == "3"
    first = listed["users"][0]
    assert account.get(f"/users/{first['id']}")["user"] == first
    account.send("GET", "/users/99", status=404)


def test_features_not_in_use_are_empty_lists(account: ActiveCampaign) -> None:
    schemas = account.get("/customObjects/schemas")
    assert schemas == {"schemas": [], "meta": {"total": 0, "count": 0, "limit": 20, "offset": 0}}
    assert account.get("/webhooks") == {"webhooks": [], "meta": {"total": "0"}}
    assert "contact_tag_added" in account.get("/webhook/events")["webhookEvents"]


def test_unknown_paths_and_methods_are_refused(account: ActiveCampaign) -> None:
    account.send("GET", "/nonsense", status=404)
    account.send("GET", "/contacts/1/nonsense", status=404)
    account.send("PATCH", "/contacts/1", {}, status=405)
    outside = account.http.get("/api/2/contacts")
    assert outside.status_code == 404
    assert outside.headers["content-type"] == "text/html"


def test_a_body_that_is_no_json_object_is_400(account: ActiveCampaign) -> None:
    for body in (b"", b"{", b"[]", b"\xff\xfe", b'{"contact": []}', b'{"other": {}}'):
        answer = account.http.post("/api/3/contacts", content=body)
        assert (answer.status_code, answer.json()) == (400, {}), body


def test_a_trailing_slash_changes_nothing(account: ActiveCampaign) -> None:
    assert account.get("/contacts/") == account.get("/contacts")


def test_the_sixth_call_within_a_second_is_429(opening: Opening) -> None:
    account = opening(limits="real")
    left = [account.http.get("/api/3/users/me").headers["ratelimit-remaining"] for _ in range(5)]
    assert left == ["4", "3", "2", "1", "0"]
    refused = account.http.get("/api/3/users/me")
    assert refused.status_code == 429
    assert refused.headers["ratelimit-limit"] == "5"
    assert refused.headers["retry-after"] == "1"


def test_after_the_retry_time_calls_go_through_again(opening: Opening) -> None:
    account = opening(limits="real")
    answers = [account.http.get("/api/3/users/me") for _ in range(6)]
    account.advance(int(answers[-1].headers["retry-after"]))
    account.get("/users/me")


def test_all_keys_share_the_limit_and_strangers_do_not_use_it_up(opening: Opening) -> None:
    account = opening(limits="real")
    keys = [user["key"] for user in account.control("GET", "dump")["user"]]
    for key in ("wrong", *keys, *keys):
        account.http.get("/api/3/users/me", headers={"Api-Token": key})
    statuses = [entry["status"] for entry in account.control("GET", "log")]
    assert statuses == [403, 200, 200, 200, 200, 200, 429]


def test_a_factor_widens_the_limit_and_says_so(opening: Opening) -> None:
    account = opening(limits="x20")
    answers = [account.http.get("/api/3/users/me") for _ in range(101)]
    assert [each.status_code for each in answers] == [200] * 100 + [429]
    assert answers[0].headers["ratelimit-limit"] == "100"


def test_without_limits_nothing_is_refused(opening: Opening) -> None:
    account = opening(limits="off")
    answers = [account.http.get("/api/3/users/me") for _ in range(200)]
    assert {each.status_code for each in answers} == {200}
    assert {each.headers["ratelimit-limit"] for each in answers} == {"100000"}


def test_a_user_is_found_by_e_mail(account: ActiveCampaign) -> None:
    me = account.get("/users/me")["user"]
    assert account.get(f"/users/email/{me['email'].upper()}")["user"]["id"] == me["id"]
    assert "message" in account.send("GET", "/users/email/nobody@example.org", status=404)
