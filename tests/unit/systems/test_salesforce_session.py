"""Tokens in use: shared with other processes, renewed once, signed by the vendor's clock, ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs

import httpx2
import pytest
from tests.helpers.certificates import key_pem, private_key
from tests.helpers.salesforce import CREDENTIALS, HOST, ORG, US, Org, contact, error
from tests.helpers.systems import FreeBudget, SteppedClock

from crosswalk.core.failures import FailureKind, SystemFailure, UserError
from crosswalk.core.sign_in import OwnTokens
from crosswalk.systems.salesforce import Salesforce, connect

APP = {"login_url": HOST, "client_id": "consumer-key"}
SIGNED = {**APP, "username": "sync@acme.example", "private_key": key_pem(private_key())}
STORED = {"access_token": "00D!stored", "instance_url": HOST, "org_id": ORG, "user_id": US}


def opened(org: Org, credentials: dict[str, str], tokens: OwnTokens) -> Salesforce:
    return connect(
        credentials,
        budget=FreeBudget(),
        clock=SteppedClock(),
        tokens=tokens,
        transport=httpx2.MockTransport(org._answer),
    )


def read(system: Salesforce) -> None:
    system.fetch("contact", [contact(1)["Id"]], ["LastName"])


def dead(*values: str) -> Callable[[httpx2.Request], httpx2.Response | None]:
    """An org that takes these access tokens no more."""
    refused = {f"Bearer {value}" for value in values}
    expired = error("INVALID_SESSION_ID", "Session expired or invalid", 401)
    return lambda request: expired if request.headers.get("Authorization") in refused else None


def test_a_stored_token_is_used_without_asking_for_another() -> None:
    org = Org([contact(1)])
    system = opened(org, CREDENTIALS, OwnTokens(STORED))

    assert (system.identity(), system.user_id()) == (ORG, US)
    read(system)
    assert org.tokens == 0


def test_a_new_token_is_stored() -> None:
    org, tokens = Org(), OwnTokens()
    opened(org, CREDENTIALS, tokens).identity()

    assert tokens.read() == {**STORED, "access_token": "00D!token-1"}


def test_a_token_that_somebody_else_renewed_is_taken_over() -> None:
    org, tokens = Org([contact(1)]), OwnTokens({**STORED, "access_token": "00D!old"})
    system = opened(org, CREDENTIALS, tokens)
    system.identity()
    tokens.renew(lambda _: STORED)
    org.before = dead("00D!old")

    read(system)
    assert org.tokens == 0


def test_a_token_taken_over_that_has_expired_too_is_renewed() -> None:
    org, tokens = Org([contact(1)]), OwnTokens({**STORED, "access_token": "00D!old"})
    system = opened(org, CREDENTIALS, tokens)
    system.identity()
    tokens.renew(lambda _: STORED)
    org.before = dead("00D!old", "00D!stored")

    read(system)
    assert org.tokens == 1
    assert tokens.read()["access_token"] == "00D!token-1"


def test_a_stored_refresh_token_goes_before_the_one_that_was_given() -> None:
    org, tokens = Org([contact(1)]), OwnTokens({**STORED, "refresh_token": "second"})
    org.before = dead("00D!stored")
    read(opened(org, {**APP, "refresh_token": "first"}, tokens))

    assert org.bodies[0]["refresh_token"] == "second"
    assert tokens.read()["refresh_token"] == "second"


def test_who_signed_in_by_browser_is_not_exchanged_for_the_apps_own_user() -> None:
    org, tokens = Org([contact(1)]), OwnTokens({**STORED, "refresh_token": "theirs"})
    org.before = dead("00D!stored")
    read(opened(org, {**CREDENTIALS, "grant": "authorization_code"}, tokens))

    (form,) = [body for body in org.bodies if "grant_type" in body]
    assert (form["grant_type"], form["client_secret"]) == ("refresh_token", "consumer-secret")


def test_a_refresh_token_that_is_dead_says_how_to_sign_in_again() -> None:
    org = Org()
    refusal = {"error": "invalid_grant", "error_description": "expired access/refresh token"}
    org.before = lambda request: (
        httpx2.Response(400, json=refusal) if "oauth2" in request.url.path else dead("00D!stored")(request)
    )
    tokens = OwnTokens({**STORED, "refresh_token": "dead"}, connection="acme")
    with pytest.raises(SystemFailure) as raised:
        read(opened(org, APP, tokens))

    assert raised.value.kind is FailureKind.AUTH
    assert "crosswalk connection sign-in acme" in raised.value.cure
    assert tokens.read()["refresh_token"] == "dead"


def test_a_statement_that_our_wrong_clock_spoilt_is_signed_once_more_by_theirs() -> None:
    org = Org()
    org.now = SteppedClock().now() + timedelta(minutes=20)
    statements: list[str] = []

    def judge(request: httpx2.Request) -> httpx2.Response | None:
        if "oauth2/token" not in request.url.path:
            return None
        statements.extend(parse_qs(request.content.decode())["assertion"])
        refusal = {"error": "invalid_grant", "error_description": "invalid assertion"}
        return httpx2.Response(400, json=refusal) if len(statements) == 1 else None

    org.before = judge
    assert opened(org, SIGNED, OwnTokens()).identity() == ORG
    assert len(set(statements)) == 2


def test_a_statement_that_is_refused_although_the_clock_is_right_is_not_repeated() -> None:
    org = Org()
    org.now = SteppedClock().now()
    refusal = {"error": "invalid_grant", "error_description": "invalid assertion"}
    org.before = lambda request: httpx2.Response(400, json=refusal)
    with pytest.raises(SystemFailure) as raised:
        opened(org, SIGNED, OwnTokens()).identity()

    assert "certificate" in raised.value.cure
    assert len(org.requests) == 1


def test_every_token_that_we_hold_is_revoked_the_longest_living_first() -> None:
    org = Org()
    org.before = lambda request: httpx2.Response(200)
    tokens = OwnTokens({**STORED, "refresh_token": "second"})
    opened(org, {**APP, "refresh_token": "first"}, tokens).revoke()

    assert {request.url.path for request in org.requests} == {"/services/oauth2/revoke"}
    bodies = [request.content.decode() for request in org.requests]
    assert bodies == ["token=second", "token=first", "token=00D%21stored"]


def test_a_token_that_is_dead_already_counts_as_revoked() -> None:
    org = Org()
    unknown = {"error": "unsupported_token_type", "error_description": "this token type is not supported"}
    org.before = lambda request: httpx2.Response(400, json=unknown)

    opened(org, CREDENTIALS, OwnTokens(STORED)).revoke()

    assert org.requests


def test_a_revocation_that_fails_is_told() -> None:
    org = Org()
    org.before = lambda request: httpx2.ConnectError("down")
    with pytest.raises(SystemFailure):
        opened(org, CREDENTIALS, OwnTokens(STORED)).revoke()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"private_key": "s3cret", "username": "u"}, "no key in PEM form"),
        ({"private_key": SIGNED["private_key"]}, "for whom"),
        ({"client_secret": "s", "login_url": "https://login.salesforce.com"}, "only at your own address"),
        ({"client_secret": "s", "login_url": "test.salesforce.com"}, "only at your own address"),
        ({}, "not complete"),
    ],
)
def test_credentials_that_can_never_work_are_refused_without_a_call(
    given: dict[str, str], words: str
) -> None:
    org = Org()
    with pytest.raises(UserError, match=words):
        opened(org, {**APP, **given}, OwnTokens())
    assert org.requests == []
