"""People who sign in to the sandbox's Entra ID by browser, over real HTTP, with what an administrator may have set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from tests.helpers.sandbox_sign_in import Page
from tests.helpers.systems import FreeBudget

from crosswalk.core.clock import SystemClock
from crosswalk.core.failures import FailureKind, SystemFailure
from crosswalk.core.sign_in import Granted, OwnTokens
from crosswalk.core.system import Check
from crosswalk.systems.dynamics import Dynamics, begin_sign_in, connect
from crosswalk_sandbox.limits import Limits
from crosswalk_sandbox.people import Sizes
from crosswalk_sandbox.sandbox import Options, Sandbox

CALLBACK = "http://localhost:8080/callback"
ADA, EVA = "ada.lindqvist@org.example", "eva.svoboda@org.example"
AN_HOUR_AND_A_HALF = 5400  # seconds that no access token outlives


class Environment:
    """A served environment: its credentials, its administrator, and somebody at a browser."""

    def __init__(self, ready: Mapping[str, str]) -> None:
        self.ready = ready
        self.http = httpx2.Client(trust_env=False, timeout=20)
        self.browser = httpx2.Client(base_url=ready["authority"], trust_env=False)
        self._opened: list[Dynamics] = []

    def close(self) -> None:
        self.http.close()
        self.browser.close()

    def hang_up(self) -> None:
        while self._opened:
            self._opened.pop().close()

    def control(self, method: str, path: str, body: object = None) -> Any:
        answer = self.http.request(method, self.ready["control"] + path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def app(self, **settings: object) -> None:
        self.control("POST", "apps", settings)

    def signed_in(self, user: str = ADA, button: str = "allow", **more: str) -> Granted:
        """Have somebody sign in for credentials that only name an app."""
        given = {name: self.ready[name] for name in ("url", "authority", "tenant", "client_id")}
        sign_in = begin_sign_in(
            {**given, **more}, redirect_uri=CALLBACK, connection="acme", clock=SystemClock()
        )
        page = self.browser.get(sign_in.address)
        assert page.status_code == 200, page.text
        form = Page(page.text).forms[button]
        choice = {"user": user} if button == "allow" else {}
        back = self.browser.post(form.action, data={**form.fields, **choice})
        assert back.headers["location"].startswith(CALLBACK), back.text
        told = dict(parse_qsl(urlsplit(back.headers["location"]).query))
        assert told["state"] == sign_in.state
        return sign_in.finish(told)

    def open(self, granted: Granted, tokens: OwnTokens | None = None) -> Dynamics:
        store = tokens or OwnTokens(granted.tokens, connection="acme")
        system = connect(granted.credentials, budget=FreeBudget(), clock=SystemClock(), tokens=store)
        self._opened.append(system)
        return system


@pytest.fixture(scope="module")
def served() -> Iterator[Environment]:
    options = Options(sizes=Sizes.of(3), limits=Limits.parse("off"))
    servers, ready = Sandbox(["dynamics"], options).serve({"dynamics": 0})
    environment = Environment(ready["dynamics"])
    yield environment
    environment.close()
    for server in servers:
        server.close()


@pytest.fixture
def environment(served: Environment) -> Iterator[Environment]:
    """The environment as it began, with an app on people's own machines."""
    served.control("POST", "reset")
    served.browser.cookies.clear()
    served.app(redirect_uris=[], public_redirect_uris=[CALLBACK])
    yield served
    served.hang_up()


def failed(checks: list[Check]) -> list[str]:
    return [check.name for check in checks if not check.ok]


def refusal(system: Dynamics) -> SystemFailure:
    with pytest.raises(SystemFailure) as caught:
        system.describe("contact")
    return caught.value


def test_it_works(environment: Environment) -> None:
    system = environment.open(environment.signed_in())

    checks = list(system.check())

    assert failed(checks) == []
    (user,) = [check.message for check in checks if check.name == "application user"]
    assert "no application user" in user


def test_an_app_with_a_secret_proves_itself_too(environment: Environment) -> None:
    environment.app(redirect_uris=[CALLBACK], public_redirect_uris=[])
    secret = environment.ready["client_secret"]

    granted = environment.signed_in(client_secret=secret, grant="authorization_code")

    assert environment.open(granted).describe("contact").fields


def test_a_token_that_ended_is_renewed_without_anybody(environment: Environment) -> None:
    granted = environment.signed_in()
    tokens = OwnTokens(granted.tokens, connection="acme")
    before = environment.open(granted, tokens).identity()

    environment.control("POST", "clock", {"advance": AN_HOUR_AND_A_HALF})

    system = environment.open(granted, tokens)
    assert system.describe("contact").fields
    assert system.identity() == before
    assert tokens.read()["access_token"] != granted.tokens["access_token"]


def test_a_refresh_token_that_lives_once_is_replaced_each_time(environment: Environment) -> None:
    environment.app(refresh_token_once=True)
    granted = environment.signed_in()
    tokens = OwnTokens(granted.tokens, connection="acme")

    for _time in range(3):
        environment.control("POST", "clock", {"advance": AN_HOUR_AND_A_HALF})
        assert environment.open(granted, tokens).describe("contact").fields


def test_a_sign_in_that_lay_idle_too_long_names_the_command_that_cures_it(environment: Environment) -> None:
    granted = environment.signed_in()
    environment.app(refresh_token_seconds=AN_HOUR_AND_A_HALF)
    environment.control("POST", "clock", {"advance": 91 * 86_400})

    failure = refusal(environment.open(granted))

    assert failure.kind is FailureKind.AUTH
    assert "crosswalk connection sign-in acme" in failure.cure


@pytest.mark.parametrize(("number", "cure"), [(50173, "sign-in acme"), (53003, "policy"), (65001, "consent")])
def test_what_an_administrator_forbids_later_is_named(
    environment: Environment, number: int, cure: str
) -> None:
    granted = environment.signed_in()
    environment.app(refuses=number)
    environment.control("POST", "clock", {"advance": AN_HOUR_AND_A_HALF})

    failure = refusal(environment.open(granted))

    assert (failure.kind, failure.code) == (FailureKind.AUTH, f"AADSTS{number}")
    assert cure in failure.cure


def test_somebody_who_cancels_is_told_so(environment: Environment) -> None:
    with pytest.raises(SystemFailure) as caught:
        environment.signed_in(button="deny")

    assert caught.value.kind is FailureKind.AUTH
    assert "crosswalk connection sign-in acme" in caught.value.cure


def test_somebody_whom_the_environment_does_not_know_is_told_so(environment: Environment) -> None:
    system = environment.open(environment.signed_in(EVA))

    assert failed(list(system.check())) == ["application user"]
