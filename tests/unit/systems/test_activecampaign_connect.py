from __future__ import annotations

from typing import Any

import httpx2
import pytest
from tests.helpers.activecampaign import KEY, Script, reply
from tests.helpers.systems import FreeBudget, SteppedClock

from crosswalk.core.failures import FailureKind, SystemFailure, UserError
from crosswalk.core.system import Check, ObjectUse
from crosswalk.systems.activecampaign import connect

ME = {"user": {"username": "sync", "firstName": "S", "email": "sync@example.org", "id": "3"}}
FORBIDDEN = {"message": "Forbidden"}


def opened(**credentials: str) -> Any:
    return connect(credentials, budget=FreeBudget(), clock=SteppedClock())


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("https://acme.api-us1.com", "https://acme.api-us1.com/api/3"),
        ("https://acme.api-us1.com/", "https://acme.api-us1.com/api/3"),
        ("https://acme.api-us1.com/api/3", "https://acme.api-us1.com/api/3"),
        (" https://acme.api-us1.com/api/3/ ", "https://acme.api-us1.com/api/3"),
        ("acme.api-us1.com", "https://acme.api-us1.com/api/3"),
        ("acme", "https://acme.api-us1.com/api/3"),
        ("https://proxy.example/ac/api/3?x=1#y", "https://proxy.example/ac/api/3"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/3"),
    ],
)
def test_an_address_is_understood_in_all_its_forms(given: str, address: str) -> None:
    assert opened(url=given, key="k").http.base_url == address


def test_the_name_of_an_account_serves_where_no_address_is_given() -> None:
    assert opened(account="acme", key="k").http.base_url == "https://acme.api-us1.com/api/3"
    both = opened(account="acme", url="https://acme.activehosted.example", key="k")
    assert both.http.base_url == "https://acme.activehosted.example/api/3"


def test_the_account_is_known_by_its_host() -> None:
    assert opened(url="https://ACME.api-us1.com/api/3", key="k").identity() == "acme.api-us1.com"
    assert opened(url="acme", key="k").user_id() is None


@pytest.mark.parametrize(
    ("credentials", "named"),
    [
        ({"key": "k"}, "`url`"),
        ({"url": "acme"}, "`key`"),
        ({"url": "acme", "key": "two words"}, "`key`"),
        ({"url": "acme", "key": "schlüssel"}, "`key`"),
        ({"url": "https://me:pw@acme.example", "key": "k"}, "password"),
        ({"account": "me:pw@acme", "key": "k"}, "no name of an ActiveCampaign account"),
    ],
)
def test_incomplete_credentials_are_named_but_not_shown(credentials: dict[str, str], named: str) -> None:
    with pytest.raises(UserError, match=named) as caught:
        opened(**credentials)

    assert "pw" not in f"{caught.value} {caught.value.cure}".replace("password", "")


def test_http_outside_this_machine_is_refused() -> None:
    with pytest.raises(SystemFailure, match=r"http://acme\.example/api/3 is not a secure address"):
        opened(url="http://acme.example", key="k")


def test_the_key_signs_every_call_and_shows_nowhere() -> None:
    script = Script()
    script.system.describe("contact")

    assert script.requests[0].headers["Api-Token"] == KEY
    assert KEY not in repr(script.system.http)
    assert KEY not in str(script.requests[0].url)


def test_the_budget_learns_the_limit_once() -> None:
    script = Script()
    script.on("GET", "/fields", reply(200, {"fields": []}, **{"RateLimit-Limit": "10"}))

    script.system.describe("contact")
    script.system.describe("contact")

    assert script.budget.learned == [{"per_second": 10.0}]


# --- checks


def checked(script: Script) -> dict[str, Check]:
    return {check.name: check for check in script.system.check()}


def healthy() -> Script:
    script = Script()
    script.on("GET", "/users/me", reply(200, ME, **{"RateLimit-Limit": "5"}))
    script.on(
        "GET",
        "/settings/account",
        reply(200, {"account": "acme", "subscriber_limit": 1000, "subscriber_total": 7}),
    )
    script.on("GET", "/contacts", reply(200, {"contacts": [], "meta": {"total": "7"}}))
    script.on("GET", "/import/bulk_import", reply(200, {"outstanding": [], "recentlyCompleted": []}))
    script.on("GET", "/tags", reply(200, {"tags": [], "meta": {"total": "0"}}))
    script.on("GET", "/lists", reply(200, {"lists": [], "meta": {"total": "3"}}))
    return script


def test_a_healthy_account_passes_every_check() -> None:
    script = healthy()

    checks = checked(script)

    names = ["address", "sign-in", "user", "contact limit", "contacts", "fields", "imports", "tags", "lists"]
    assert list(checks) == [*names, "limits", "clock"]
    assert all(check.ok for check in checks.values())
    assert "sync" in checks["user"].message
    assert checks["contact limit"].message == "Account acme: 7 of 1000 contacts."
    assert "5 calls a second" in checks["limits"].message
    assert len(script.requests) == 7


@pytest.mark.parametrize(
    ("route", "check", "right"),
    [
        ("/contacts", "contacts", "view, add, edit"),
        ("/fields", "fields", "custom fields"),
        ("/import/bulk_import", "imports", "import"),
        ("/tags", "tags", "tags"),
        ("/lists", "lists", "Lists"),
    ],
)
def test_a_key_whose_user_lacks_a_right_is_found_with_the_right_to_give(
    route: str, check: str, right: str
) -> None:
    script = healthy()
    script.on("GET", route, reply(403, FORBIDDEN))

    checks = checked(script)

    assert [name for name, each in checks.items() if not each.ok] == [check]
    assert "Users and groups" in checks[check].cure
    assert right in checks[check].cure


def test_an_account_that_has_ended_is_found() -> None:
    script = healthy()
    script.on("GET", "/settings/account", reply(200, {"account": "acme", "status": "expired"}))
    script.on("GET", "/contacts", reply(402, {"message": "Payment Required"}))

    checks = checked(script)

    assert [name for name, check in checks.items() if not check.ok] == ["account", "contacts"]
    assert "“expired”" in checks["account"].message
    assert "Billing" in checks["account"].cure
    assert "Billing" in checks["contacts"].cure


def test_an_account_that_is_full_is_found() -> None:
    script = healthy()
    full = {"account": "acme", "subscriber_limit": 1000, "subscriber_total": "1000"}
    script.on("GET", "/settings/account", reply(200, full))

    assert not checked(script)["contact limit"].ok


def test_mapped_fields_that_are_gone_or_closed_are_named() -> None:
    use = ObjectUse(
        object="contact", reads=["email", "field/7", "field/99"], writes=["field/7", "field/14"], creates=True
    )
    checks = {check.name: check for check in healthy().system.check([use])}

    assert not checks["mapped fields"].ok
    assert "gone: field/99; that cannot be written: field/14" in checks["mapped fields"].message


def test_a_user_outside_the_admin_group_passes_too() -> None:
    script = healthy()
    script.on("GET", "/settings/account", reply(403, FORBIDDEN))

    check = checked(script)["account"]

    assert check.ok
    assert "Admin group" in check.message


def test_a_wrong_key_is_named_with_its_cure() -> None:
    script = healthy()
    script.on("GET", "/users/me", reply(403, FORBIDDEN))

    checks = checked(script)

    assert (checks["address"].ok, checks["sign-in"].ok) == (True, False)
    assert checks["sign-in"].message == "The API key was refused by ActiveCampaign."
    assert "Settings, Developer" in checks["sign-in"].cure
    assert list(checks) == ["address", "sign-in"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            httpx2.Response(404, text="<html>Not found</html>"),
            "No ActiveCampaign API answers at this address",
        ),
        (httpx2.Response(404, json={}), "No ActiveCampaign API answers at this address"),
        (
            httpx2.Response(302, headers={"Location": "/login"}),
            "No ActiveCampaign API answers at this address",
        ),
        (httpx2.Response(200, text="<html>Welcome</html>"), "with a web page instead of data"),
        (
            httpx2.ConnectError("no such host"),
            "ActiveCampaign cannot be reached at https://acme.example/api/3",
        ),
        (httpx2.Response(200, json={"hello": "world"}), "a shape that we do not know"),
    ],
    ids=["404 page", "404", "redirect", "web page", "unknown host", "another API"],
)
def test_a_wrong_address_is_named_with_its_cure(answer: httpx2.Response | Exception, message: str) -> None:
    script = healthy()
    script.on("GET", "/users/me", answer)

    checks = checked(script)

    assert list(checks) == ["address"]
    assert not checks["address"].ok
    assert message in checks["address"].message
    assert checks["address"].cure


def test_a_failing_check_does_not_hide_the_next() -> None:
    script = healthy()
    script.on("GET", "/fields", reply(403, FORBIDDEN))

    checks = checked(script)

    assert not checks["fields"].ok
    assert checks["contacts"].ok


def test_a_clock_that_is_wrong_is_named() -> None:
    script = healthy()
    contacts = {"contacts": [], "meta": {"total": "7"}}
    script.on("GET", "/contacts", reply(200, contacts, Date="Mon, 02 Mar 2026 14:10:00 GMT"))

    check = checked(script)["clock"]

    assert not check.ok
    assert "600 s" in check.message
    assert script.system.clock_difference() == 600.5


# --- failures


def failure(script: Script) -> SystemFailure:
    with pytest.raises(SystemFailure) as caught:
        script.system.describe("contact")
    return caught.value


def test_a_403_means_a_lost_key_only_if_who_am_i_says_so_too() -> None:
    script = Script()
    script.on(
        "GET",
        "/fields",
        reply(403, {"errors": [{"status": 403, "title": "Forbidden", "detail": "no right"}]}),
    )
    script.on("GET", "/users/me", reply(200, ME))
    allowed = failure(script)
    script.on("GET", "/users/me", reply(403, FORBIDDEN))
    refused = failure(script)

    assert allowed.kind is FailureKind.PERMISSION
    assert "Forbidden: no right" in allowed.message
    assert refused.kind is FailureKind.AUTH
    assert refused.message == "The API key was refused by ActiveCampaign."


def test_a_401_means_a_lost_key() -> None:
    script = Script()
    script.on("GET", "/fields", reply(401, {"message": "Unauthorized"}))

    refused = failure(script)

    assert refused.kind is FailureKind.AUTH
    assert "Copy the API key" in refused.cure


def test_a_refused_read_says_what_the_vendor_said() -> None:
    script = Script()
    script.on(
        "GET", "/fields", reply(422, {"errors": [{"title": "limit too large", "code": "field_invalid"}]})
    )

    refused = failure(script)

    assert (refused.kind, refused.code) == (FailureKind.DATA, "field_invalid")
    assert str(refused) == refused.message == "ActiveCampaign refused /api/3/fields: limit too large"


@pytest.mark.parametrize(
    "fault",
    [
        httpx2.Response(503, text="<html>busy</html>"),
        httpx2.Response(429, headers={"Retry-After": "1"}),
        httpx2.Response(200, text="<html>busy</html>"),
        httpx2.Response(200, content=b'{"fields": ['),
        httpx2.RemoteProtocolError("gone"),
    ],
    ids=["503", "429", "html", "truncated", "dropped"],
)
def test_a_read_survives_a_fault(fault: httpx2.Response | Exception) -> None:
    script = Script()
    script.on("GET", "/fields", fault, reply(200, {"fields": [], "meta": {"total": "0"}}))

    assert len(script.system.describe("contact").fields) == 4
