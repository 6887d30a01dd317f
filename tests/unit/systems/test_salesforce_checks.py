from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import httpx2
import pytest
from tests.helpers.salesforce import DATA, FIELDS, HOST, ORG, US, Org, error, field
from tests.helpers.systems import SteppedClock

from crosswalk.core.system import Check, ObjectUse

OUR_TIME = SteppedClock().now()
CONTACT_RIGHTS = ["contact read", "contact edit", "contact create", "contact e-mail"]


def refusal(code: str, description: str, status: int = 400) -> httpx2.Response:
    return httpx2.Response(status, json={"error": code, "error_description": description})


def checks(org: Org, uses: Sequence[ObjectUse] = ()) -> dict[str, Check]:
    return {check.name: check for check in org.open().check(uses)}


def healthy(request: httpx2.Request) -> httpx2.Response | None:
    replies = {
        "/services/data/": [{"label": "Spring '24", "url": DATA, "version": "60.0"}],
        "/services/oauth2/userinfo": {
            "user_id": US,
            "organization_id": ORG,
            "name": "AC Sync",
            "preferred_username": "sync@acme.example",
            "is_salesforce_integration_user": True,
            "is_app_installed": True,
        },
        f"{DATA}/limits": {"DailyApiRequests": {"Max": 1000, "Remaining": 900}},
    }
    body = replies.get(request.url.path)
    return httpx2.Response(200, json=body) if body is not None else None


@pytest.fixture
def org() -> Org:
    org = Org(fields=[*FIELDS, field("HasOptedOutOfEmail", "boolean")])
    org.now = OUR_TIME
    org.before = healthy
    return org


def answering(org: Org, replies: dict[str, httpx2.Response]) -> Org:
    """The org, with other answers to some paths."""
    org.before = lambda request: replies.get(request.url.path) or healthy(request)
    return org


def use(*, reads: Sequence[str] = (), writes: Sequence[str] = (), consent: bool = False) -> ObjectUse:
    return ObjectUse(object="contact", reads=reads, writes=writes, creates=False, consent=consent)


def test_the_checks_of_a_healthy_org_all_pass_and_say_what_they_saw(org: Org) -> None:
    found = checks(org)

    assert [check for check in found.values() if not check.ok] == []
    assert list(found)[:7] == ["address", "sign-in", "user", "integration user", "app", "api", "quota"]
    assert {*CONTACT_RIGHTS, "lead read", "contact required fields", "contact deletions", "clock"} < set(
        found
    )
    assert "sync@acme.example" in found["user"].message
    assert "900 of 1000" in found["quota"].message
    assert "LastName" in found["contact required fields"].message
    assert "to write what changed in ActiveCampaign" in found["contact edit"].message


def test_the_sign_in_is_tried_even_where_a_token_is_at_hand(org: Org) -> None:
    system = org.open()
    system.identity()
    system.check()

    assert org.tokens == 2


def test_a_mapping_asks_only_for_what_it_needs(org: Org) -> None:
    found = checks(org, [use(reads=["LastName"])])

    assert "contact read" in found
    assert not {"contact edit", "contact create", "lead read", "contact required fields"} & set(found)
    assert found["contact mapped fields"].ok


def test_mapped_fields_that_are_hidden_or_closed_are_named_with_the_permission_they_lack(org: Org) -> None:
    locked = [{**each, "updateable": each["name"] != "FirstName"} for each in FIELDS]
    org.fields = [each for each in locked if each["name"] != "Notes__c"]

    names = ["FirstName", "LastName", "Notes__c"]
    check = checks(org, [use(reads=names, writes=names)])["contact mapped fields"]

    assert not check.ok
    assert "hidden or gone: Notes__c; that cannot be written: FirstName" in check.message
    assert "Notes__c: Read; FirstName: Edit" in check.cure
    assert "Permission Sets" in check.cure


def test_a_missing_right_is_named_with_what_it_is_needed_for_and_the_others_are_still_checked(
    org: Org,
) -> None:
    answering(
        org,
        {
            f"{DATA}/sobjects/Lead/describe": error(
                "NOT_FOUND", "The requested resource does not exist", 404
            ),
            f"{DATA}/sobjects/Contact/describe": httpx2.Response(
                200, json={"fields": [], "queryable": True, "createable": False, "updateable": True}
            ),
        },
    )

    found = checks(org)

    assert not found["lead"].ok
    assert "An org without Lead needs no such right" in found["lead"].cure
    assert not found["contact create"].ok
    assert "it is needed to make records of contacts" in found["contact create"].message
    assert "tick Create" in found["contact create"].cure
    assert not found["contact e-mail"].ok
    assert found["contact edit"].ok
    assert found["contact deletions"].ok


@pytest.mark.parametrize(
    ("box", "words"),
    [([], "hidden"), ([field("HasOptedOutOfEmail", "boolean", updateable=False)], "cannot be ticked")],
)
def test_an_opt_out_box_that_is_hidden_or_closed_is_found_where_opt_outs_travel(
    org: Org, box: list[dict[str, object]], words: str
) -> None:
    org.fields = [*FIELDS, *box]
    needs = use(reads=["LastName"], consent=True)

    check = checks(org, [needs])["contact opt-out"]

    assert not check.ok
    assert words in check.message
    assert "HasOptedOutOfEmail: Read and Edit" in check.cure
    assert "contact opt-out" not in checks(org, [use(reads=["LastName"])])


def test_a_clock_far_off_is_found(org: Org) -> None:
    org.now = OUR_TIME + timedelta(minutes=9)

    check = checks(org)["clock"]

    assert not check.ok
    assert "540 s" in check.message
    assert check.cure


def test_a_wrong_secret_ends_what_cannot_be_judged_and_its_cure_is_told(org: Org) -> None:
    answering(org, {"/services/oauth2/token": refusal("invalid_client", "invalid client credentials")})

    found = checks(org)

    assert list(found) == ["address", "sign-in", "clock"]
    assert not found["sign-in"].ok
    assert "secret" in found["sign-in"].cure


def test_an_app_that_is_not_installed_is_found_although_we_still_get_in(org: Org) -> None:
    user = {"user_id": US, "organization_id": ORG, "is_app_installed": False}
    answering(org, {"/services/oauth2/userinfo": httpx2.Response(200, json=user)})

    found = checks(org)

    assert not found["app"].ok
    assert "New External Client App" in found["app"].cure
    assert found["contact read"].ok


def test_an_address_that_is_not_salesforce_is_found(org: Org) -> None:
    org.before = lambda request: httpx2.Response(404, html="<html>not found</html>")

    found = checks(org)

    assert list(found) == ["address", "clock"]
    assert "My Domain" in found["address"].cure


def test_an_address_that_nobody_answers_at_says_nothing_about_the_clock(org: Org) -> None:
    org.before = lambda request: httpx2.ConnectError("no such host")

    found = checks(org)

    assert list(found) == ["address"]
    assert HOST in found["address"].message


def test_an_api_that_is_off_is_found_with_the_permission_that_opens_it(org: Org) -> None:
    answering(org, {f"{DATA}/limits": error("API_DISABLED_FOR_ORG", "API is not enabled", 403)})

    found = checks(org)

    assert "API Enabled" in found["api"].cure
    assert list(found)[-2:] == ["api", "clock"]


def test_limits_that_may_not_be_seen_do_not_hide_the_objects(org: Org) -> None:
    answering(org, {f"{DATA}/limits": error("INSUFFICIENT_ACCESS_OR_READONLY", "no", 403)})

    found = checks(org)

    assert found["api"].ok
    assert not found["quota"].ok
    assert found["contact read"].ok


def test_an_old_api_and_little_quota_are_found_and_hide_nothing(org: Org) -> None:
    little = {"DailyApiRequests": {"Max": 1000, "Remaining": 10}}
    answering(
        org,
        {
            f"{DATA}/limits": httpx2.Response(200, json=little),
            "/services/data/": httpx2.Response(200, json=[{"version": "31.0"}]),
        },
    )

    found = checks(org)

    assert [name for name, check in found.items() if not check.ok] == ["address", "quota"]
    assert found["contact read"].ok
