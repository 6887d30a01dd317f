from __future__ import annotations

import httpx2
import pytest
from tests.helpers.salesforce import HOST, ORG, US, Org, contact, error
from tests.helpers.systems import SteppedClock

from crosswalk.core.failures import FailureKind, SystemFailure, UserError
from crosswalk.systems import open_system
from crosswalk.systems.salesforce import Salesforce
from crosswalk.systems.salesforce.auth import login_address

OUR_TIME = SteppedClock().now()


def refusal(code: str, description: str, status: int = 400) -> httpx2.Response:
    return httpx2.Response(status, json={"error": code, "error_description": description})


def caught(system: Salesforce) -> SystemFailure:
    with pytest.raises(SystemFailure) as info:
        system.fetch("contact", [contact(1)["Id"]], ["LastName"])
    return info.value


def on_token(org: Org, *replies: httpx2.Response) -> None:
    """Answer the first token requests with `replies`."""
    waiting = list(replies)
    org.before = lambda request: waiting.pop(0) if waiting and "oauth2/token" in request.url.path else None


def test_it_works() -> None:
    org = Org()
    system = org.open()

    assert (system.identity(), system.user_id()) == (ORG, US)
    assert org.bodies == [
        {"grant_type": "client_credentials", "client_id": "consumer-key", "client_secret": "consumer-secret"}
    ]
    assert (org.tokens, org.budget.waits) == (1, 0)


def test_a_vendors_name_opens_its_system() -> None:
    org = Org()
    org.open()
    credentials = {"login_url": HOST, "client_id": "k", "client_secret": "s", "control": "http://127.0.0.1/c"}

    assert isinstance(open_system("salesforce", credentials, budget=org.budget, clock=org.clock), Salesforce)
    with pytest.raises(UserError, match="sugar"):
        open_system("sugar", credentials, budget=org.budget, clock=org.clock)


def test_calls_go_to_the_host_that_the_token_names_even_when_it_moves() -> None:
    org = Org([contact(1)])
    system = org.open()
    moved = "https://acme-new.my.salesforce.com"

    def move(request: httpx2.Request) -> httpx2.Response | None:
        if request.url.path == "/services/oauth2/token" and org.requests[1:]:
            return httpx2.Response(200, json={"access_token": "00D!moved", "instance_url": moved})
        if request.url.host in HOST and len(org.requests) == 3:
            return error("INVALID_SESSION_ID", "Session expired or invalid", 401)
        return None

    org.before = move
    system.fetch("contact", [contact(1)["Id"]], ["LastName"])

    assert str(org.requests[-1].url).startswith(moved)


def test_a_refresh_token_alone_signs_in_and_a_new_one_replaces_it() -> None:
    org = Org([contact(1)])
    identity = f"https://login.salesforce.com/id/{ORG}/{US}"
    rotated = {"access_token": "00D!a", "instance_url": HOST, "refresh_token": "second", "id": identity}
    on_token(org, httpx2.Response(200, json=rotated))
    system = org.open(client_secret="", refresh_token="first")
    system.identity()

    org.before = lambda request: (
        error("INVALID_SESSION_ID", "expired", 401)
        if request.headers.get("Authorization") == "Bearer 00D!a"
        else None
    )
    system.describe("contact")

    forms = [request.content.decode() for request in org.requests if "oauth2/token" in request.url.path]
    assert "refresh_token=first" in forms[0]
    assert "refresh_token=second" in forms[1]


def test_where_the_app_grants_no_client_credentials_the_refresh_token_serves() -> None:
    org = Org()
    on_token(org, refusal("invalid_grant", "no client credentials user enabled"))

    assert org.open(refresh_token="5Aep861").identity() == ORG


def test_client_credentials_are_never_asked_for_at_the_shared_login_host() -> None:
    org = Org()

    org.open(login_url="https://login.salesforce.com", instance_url=HOST).identity()

    assert str(org.requests[0].url) == f"{HOST}/services/oauth2/token"


def test_an_access_token_serves_as_long_as_it_lives_where_there_is_nothing_else() -> None:
    org = Org()
    system = org.open(
        client_id="", client_secret="", access_token="00D!given", instance_url=HOST, user_id=US[:15]
    )

    system.describe("contact")
    assert [request.headers["Authorization"] for request in org.requests] == ["Bearer 00D!given"]

    org.before = lambda request: error("INVALID_SESSION_ID", "expired", 401)
    failure = caught(system)
    assert (failure.kind, failure.code) == (FailureKind.AUTH, "expired_token")


@pytest.mark.parametrize(
    ("reply", "cure"),
    [
        (refusal("invalid_client", "invalid client credentials"), "secret"),
        (refusal("invalid_client", "invalid client credentials", 401), "secret"),
        (refusal("invalid_client_id", "client identifier invalid"), "consumer key"),
        (refusal("invalid_grant", "expired access/refresh token"), "crosswalk connection sign-in NAME"),
        (refusal("invalid_app_access", "user is not admin approved to access this app"), "pre-authorized"),
        (refusal("unsupported_grant_type", "grant type not supported"), "My Domain"),
        (refusal("inactive_user", "user is inactive"), "Activate"),
        (httpx2.Response(403, html="<html>go away</html>"), "My Domain"),
    ],
)
def test_a_refused_sign_in_says_what_to_do(reply: httpx2.Response, cure: str) -> None:
    org = Org()
    on_token(org, reply)

    failure = caught(org.open())

    assert failure.kind is FailureKind.AUTH
    assert cure in failure.cure
    assert "consumer-secret" not in f"{failure.message} {failure.cure}"


def test_a_wrong_secret_is_not_tried_with_another_grant() -> None:
    org = Org()
    on_token(org, refusal("invalid_client", "invalid client credentials"))

    assert caught(org.open(refresh_token="5Aep861")).code == "invalid_client"


@pytest.mark.parametrize(
    "reply",
    [
        httpx2.Response(404, html="<html>nothing here</html>"),
        httpx2.Response(301, headers={"location": "https://acme.example"}),
        httpx2.Response(404, json={"detail": "not found"}),
    ],
)
def test_an_address_where_no_salesforce_answers_is_no_lost_sign_in(reply: httpx2.Response) -> None:
    org = Org()
    on_token(org, reply)

    failure = caught(org.open())

    assert failure.kind is FailureKind.PERMISSION
    assert "My Domain" in failure.cure


@pytest.mark.parametrize(
    ("code", "kind"), [("rate_limit_exceeded", FailureKind.QUOTA), ("unknown_error", FailureKind.TRANSIENT)]
)
def test_a_sign_in_that_may_work_later_does_not_count_as_lost(code: str, kind: FailureKind) -> None:
    org = Org()
    on_token(org, *[refusal(code, "logins rate exceeded")] * 4)

    assert caught(org.open()).kind is kind


def test_a_sign_in_that_salesforce_asks_to_repeat_is_repeated() -> None:
    org = Org([contact(1)])
    on_token(org, refusal("unknown_error", "retry your request"))

    assert len(org.open().fetch("contact", [contact(1)["Id"]], ["LastName"]).records) == 1
    assert org.clock.slept == [0.5]


def test_a_session_that_ends_and_cannot_be_renewed_is_a_lost_sign_in() -> None:
    org = Org([contact(1)])
    system = org.open()
    system.describe("contact")

    org.before = lambda request: (
        refusal("invalid_grant", "expired access/refresh token")
        if "oauth2/token" in request.url.path
        else error("INVALID_SESSION_ID", "Session expired or invalid", 401)
    )

    failure = caught(system)
    assert (failure.kind, failure.in_doubt) == (FailureKind.AUTH, False)
    assert failure.cure


def test_a_token_refused_twice_is_not_renewed_for_ever() -> None:
    org = Org()
    org.before = lambda request: (
        None if "oauth2" in request.url.path else error("INVALID_SESSION_ID", "Session expired", 401)
    )

    assert caught(org.open()).kind is FailureKind.AUTH
    assert org.tokens == 2


@pytest.mark.parametrize(
    "given",
    [
        {"login_url": ""},
        {"client_id": ""},
        {"client_secret": ""},
    ],
)
def test_credentials_that_can_never_work_are_refused_at_once(given: dict[str, str]) -> None:
    with pytest.raises(UserError) as info:
        Org().open(**given)
    assert "client_id" in info.value.cure


def test_plain_http_is_refused_outside_loopback() -> None:
    with pytest.raises(SystemFailure, match="not a secure address"):
        Org().open(login_url="http://acme.my.salesforce.com")


def test_a_token_that_names_a_plain_http_host_is_not_sent_there() -> None:
    org = Org()
    on_token(org, httpx2.Response(200, json={"access_token": "t", "instance_url": "http://acme.example"}))

    with pytest.raises(SystemFailure, match="not a secure address"):
        org.open().describe("contact")
    assert len(org.requests) == 1


def test_an_address_without_scheme_is_taken_as_https() -> None:
    org = Org()

    org.open(login_url="acme.my.salesforce.com").identity()

    assert str(org.requests[0].url).startswith(HOST)


@pytest.mark.parametrize(
    ("given", "login"),
    [
        ("https://acme.my.salesforce.com/", HOST),
        ("https://acme.my.salesforce.com/lightning/page/home?x=1", HOST),
        ("https://acme.lightning.force.com/lightning/setup/SetupOneHome/home", HOST),
        ("acme.lightning.force.com", HOST),
        ("https://acme.my.salesforce-setup.com/lightning/setup", HOST),
        ("https://a--uat.sandbox.lightning.force.com", "https://a--uat.sandbox.my.salesforce.com"),
        ("http://127.0.0.1:8102/", "http://127.0.0.1:8102"),
        ("acme", HOST),
        ("acme--uat", "https://acme--uat.sandbox.my.salesforce.com"),
        ("localhost", "https://localhost"),
        ("https://crm.acme.example/salesforce/", "https://crm.acme.example/salesforce"),
    ],
)
def test_the_login_address_is_found_from_whatever_the_browser_shows(given: str, login: str) -> None:
    assert login_address(given) == login


def test_no_secret_shows_in_the_representation_of_what_holds_it() -> None:
    system = Org().open(refresh_token="5Aep861", access_token="00D!hidden")
    session = system._client.session
    token = session.token()

    shown = f"{session.credentials!r} {token!r} {session.http!r}"

    assert not any(secret in shown for secret in ("consumer-secret", "5Aep861", "00D!", token.value))


def test_who_we_are_comes_from_userinfo_where_the_token_does_not_say() -> None:
    org = Org()
    identity = {"user_id": US[:15], "organization_id": ORG[:15]}
    on_token(org, httpx2.Response(200, json={"access_token": "t", "instance_url": HOST}))
    tokens = org.before
    org.before = lambda request: (
        httpx2.Response(200, json=identity) if request.url.path.endswith("userinfo") else tokens(request)
    )

    system = org.open()

    assert (system.identity(), system.user_id()) == (ORG, US)
