"""Every grant of the connector against the sandbox's org, over real HTTP, with what the org's admin may have set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from tests.helpers.certificates import certificate_pem, key_pem, private_key
from tests.helpers.sandbox_sign_in import Page
from tests.helpers.systems import FreeBudget

from crosswalk.cli.browser import listening
from crosswalk.cli.terminal import Terminal
from crosswalk.core.clock import SystemClock
from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.sign_in import Granted, OwnTokens
from crosswalk.systems.salesforce import Salesforce, begin_sign_in, connect
from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox

ADA = "ada.lindqvist@org.example"


class Org:
    """A served org: its credentials, its admin, and somebody at a browser."""

    def __init__(self, ready: Mapping[str, str]) -> None:
        self.ready = ready
        self.http = httpx2.Client(trust_env=False, timeout=20)
        self.browser = httpx2.Client(base_url=ready["login_url"], trust_env=False, follow_redirects=True)

    def close(self) -> None:
        self.http.close()
        self.browser.close()

    def control(self, method: str, path: str, body: object = None) -> Any:
        answer = self.http.request(method, self.ready["control"] + path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def app(self, **settings: object) -> None:
        self.control("POST", "apps", settings)

    def pick(self, *names: str, **more: str) -> dict[str, str]:
        return {**{name: self.ready[name] for name in ("login_url", "client_id", *names)}, **more}

    def signed(self) -> dict[str, str]:
        """Credentials with a private key whose certificate the app has."""
        key = private_key()
        self.app(certificate=certificate_pem(key))
        return self.pick("username", private_key=key_pem(key))

    def token_calls(self) -> int:
        return int(self.control("GET", "counts")["token_calls"])

    def walk(self, address: str, form: str = "allow", **choices: str) -> None:
        """A person opens the address and presses a button; the browser goes where it is sent."""
        found = Page(self.browser.get(address).text).forms[form]
        self.browser.post(found.action, data={**found.fields, **choices})


@pytest.fixture(scope="module")
def served() -> Iterator[Org]:
    options = Options(sizes=Sizes.of(3), limits=Limits.parse("off"))
    servers, ready = Sandbox(["salesforce"], options).serve({"salesforce": 0})
    org = Org(ready["salesforce"])
    yield org
    org.close()
    for server in servers:
        server.close()


@pytest.fixture
def org(served: Org) -> Iterator[Org]:
    served.control("POST", "reset")
    served.browser.cookies.clear()
    yield served
    served.control("DELETE", "faults")


_opened: list[Salesforce] = []


@pytest.fixture(autouse=True)
def hang_up() -> Iterator[None]:
    yield
    while _opened:
        _opened.pop().close()


def opened(credentials: Mapping[str, str], tokens: OwnTokens | None = None) -> Salesforce:
    """The org as the product opens it, until the test ends."""
    system = connect(credentials, budget=FreeBudget(), clock=SystemClock(), tokens=tokens or OwnTokens())
    _opened.append(system)
    return system


def names(system: Salesforce) -> list[str]:
    """Who wrote: the proof that a token serves, and whose it is."""
    found = {check.name: check.message for check in system.check()}
    return [found["user"]]


def failure(credentials: Mapping[str, str]) -> SystemFailure:
    with pytest.raises(SystemFailure) as raised:
        opened(credentials).identity()
    return raised.value


def by_browser(org: Org, *, form: str = "allow", user: str = ADA, **given: str) -> Granted:
    """The whole way through the page of consent."""
    credentials = {**org.pick("client_secret"), "grant": "authorization_code", **given}
    terminal = Terminal(as_json=True, verbose=False)
    with listening(terminal, port=0, opens=False, seconds=20) as way, ThreadPoolExecutor(1) as pool:
        org.app(callback_urls=[way.redirect_uri])
        sign_in = begin_sign_in(
            credentials, redirect_uri=way.redirect_uri, connection="acme", clock=SystemClock()
        )
        told = pool.submit(way.visit, sign_in.address, sign_in.state)
        choices = {"user": user} if form == "allow" else {}
        org.walk(sign_in.address, form, **choices)
        return sign_in.finish(told.result(20))


def test_client_credentials_work(org: Org) -> None:
    assert "sync@org.example" in names(opened(org.pick("client_secret")))[0]


def test_a_signed_statement_works_without_a_secret(org: Org) -> None:
    assert org.ready["username"] in names(opened(org.signed()))[0]


def test_a_refresh_token_works_with_rotation_each_serving_once(org: Org) -> None:
    org.app(rotation=True)
    tokens = OwnTokens()
    system = opened(org.pick("client_secret", "refresh_token", grant="authorization_code"), tokens)
    seen = {org.ready["refresh_token"]}
    for _ in range(3):
        system._client.session.sign_in()
        seen.add(tokens.read()["refresh_token"])

    assert len(seen) == 4
    assert system.describe("lead").fields


@pytest.mark.parametrize("secret_required", [True, False])
def test_a_person_at_a_browser_signs_in_with_pkce(org: Org, secret_required: bool) -> None:
    org.app(pkce_required=True, rotation=True, secret_required=secret_required)
    granted = by_browser(org, **({} if secret_required else {"client_secret": ""}))

    assert ("client_secret" in granted.credentials) is secret_required
    tokens = OwnTokens(granted.tokens)
    system = opened(granted.credentials, tokens)
    assert ADA in names(system)[0]
    assert tokens.read()["refresh_token"] != granted.tokens["refresh_token"]


def test_a_person_who_denies_is_told_what_to_press(org: Org) -> None:
    with pytest.raises(SystemFailure) as raised:
        by_browser(org, form="deny")
    assert raised.value.code == "access_denied"
    assert "press Allow" in raised.value.cure


def test_a_token_that_another_process_stored_needs_no_token_call(org: Org) -> None:
    tokens = OwnTokens()
    opened(org.pick("client_secret"), tokens).describe("lead")
    before = org.token_calls()
    opened(org.pick("client_secret"), tokens).describe("lead")

    assert org.token_calls() == before


def test_an_access_token_that_has_expired_is_renewed_once(org: Org) -> None:
    for given in (org.pick("client_secret"), org.pick("client_secret", "refresh_token")):
        tokens = OwnTokens()
        system = opened(given, tokens)
        system.describe("lead")
        before = org.token_calls()
        org.control("POST", "clock", {"advance": 3 * 3600})
        system.describe("lead")
        assert org.token_calls() == before + 1


def test_what_is_revoked_opens_nothing_any_more(org: Org) -> None:
    granted = by_browser(org)
    system = opened(granted.credentials, OwnTokens(granted.tokens))
    system.revoke()

    fresh = opened(granted.credentials, OwnTokens(granted.tokens))
    with pytest.raises(SystemFailure) as raised:
        fresh.describe("lead")
    assert raised.value.kind is FailureKind.AUTH
    assert "crosswalk connection sign-in" in raised.value.cure


@pytest.mark.parametrize(
    ("settings", "credentials", "code", "cure"),
    [
        ({}, {"client_secret": "wrong"}, "invalid_client", "secret"),
        ({}, {"client_id": "unknown"}, "invalid_client_id", "ten minutes"),
        ({"run_as": None}, {}, "invalid_grant", "Run As"),
        ({"run_as": "dora.novak@org.example"}, {}, "inactive_user", "Active"),
        ({"blocked": True}, {}, "OAUTH_APP_BLOCKED", "Unblock"),
    ],
)
def test_what_an_admin_set_against_client_credentials_is_told_with_its_cure(
    org: Org, settings: dict[str, object], credentials: dict[str, str], code: str, cure: str
) -> None:
    org.app(**settings)

    refused = failure({**org.pick("client_secret"), **credentials})

    assert (refused.kind, refused.code) == (FailureKind.AUTH, code)
    assert cure in refused.cure


@pytest.mark.parametrize(
    ("credentials", "words", "cure"),
    [
        ({"username": "nobody@org.example"}, "approved this consumer", "pre-authorized"),
        ({"audience": "https://elsewhere.example"}, "audience is invalid", "audience"),
        ({"private_key": key_pem(private_key("another"))}, "invalid assertion", "certificate"),
    ],
)
def test_a_statement_that_is_refused_is_told_with_its_cure(
    org: Org, credentials: dict[str, str], words: str, cure: str
) -> None:
    refused = failure({**org.signed(), **credentials})

    assert refused.kind is FailureKind.AUTH
    assert words in refused.message
    assert cure in refused.cure


def test_a_user_whom_no_admin_approved_is_told_where_to_approve(org: Org) -> None:
    given = org.signed()
    org.app(permitted_users="preapproved", preapproved=[])

    refused = failure(given)

    assert refused.code == "invalid_app_access"
    assert "pre-authorized" in refused.cure


def test_a_statement_is_signed_by_the_vendors_clock_where_ours_is_wrong(org: Org) -> None:
    given = org.signed()
    org.control("POST", "clock", {"advance": 3600})

    assert opened(given).identity()


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"installed": False, "name": "Another"}, "OAUTH_EC_APP_NOT_FOUND"),
        ({"permitted_users": "preapproved", "preapproved": []}, "OAUTH_APP_ACCESS_DENIED"),
        ({"scopes": ["api", "id"]}, "invalid_scope"),
        ({"blocked": True}, "OAUTH_APP_BLOCKED"),
    ],
)
def test_what_an_admin_set_against_the_browser_is_told_by_a_redirect(
    org: Org, settings: dict[str, object], code: str
) -> None:
    terminal = Terminal(as_json=True, verbose=False)
    with listening(terminal, port=0, opens=False, seconds=20) as way, ThreadPoolExecutor(1) as pool:
        scopes = ["refresh_token", "api", "id"]
        app = org.control("POST", "apps", {"scopes": scopes, "callback_urls": [way.redirect_uri], **settings})
        given = org.pick("client_secret", client_id=app["client_id"], client_secret=app["client_secret"])
        sign_in = begin_sign_in(given, redirect_uri=way.redirect_uri, connection="x", clock=SystemClock())
        told = pool.submit(way.visit, sign_in.address, sign_in.state)
        page = Page(org.browser.get(sign_in.address).text)
        if "allow" in page.forms:
            found = page.forms["allow"]
            org.browser.post(found.action, data=found.fields)
        with pytest.raises(SystemFailure) as raised:
            sign_in.finish(told.result(20))

    assert raised.value.code == code
