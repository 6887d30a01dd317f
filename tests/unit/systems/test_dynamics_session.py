from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from tests.helpers.certificates import certificate_pem, key_pem, private_key
from tests.helpers.dataverse import AUTHORITY, ENVIRONMENT, TENANT, Environment, Reply, refused_token

from crosswalk.core.failures import FailureKind, SystemFailure, UserError
from crosswalk.core.sign_in import OwnTokens
from crosswalk.systems.dynamics.session import Session


def session_of(environment: Environment, **credentials: str) -> Session:
    return environment.open(**credentials)._client.session


def decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_a_secret_asks_for_the_environment_as_a_whole() -> None:
    environment = Environment()

    token = session_of(environment, url=f"{ENVIRONMENT}/main.aspx?appid=1").token()

    assert token.value == "token-1"
    assert environment.requests[0].url == f"{AUTHORITY}/{TENANT}/oauth2/v2.0/token"
    assert environment.forms == [
        {
            "grant_type": "client_credentials",
            "client_id": "app",
            "client_secret": "secret",
            "scope": f"{ENVIRONMENT}/.default",
        }
    ]


def test_a_certificate_is_preferred_to_a_secret_and_proves_itself() -> None:
    environment = Environment()
    key = private_key()

    session_of(environment, private_key=key_pem(key), certificate=certificate_pem(key)).token()

    (form,) = environment.forms
    assert "client_secret" not in form
    header, claims, _signature = form["client_assertion"].split(".")
    assert set(decoded(header)) == {"alg", "typ", "x5t", "x5t#S256"}
    told = decoded(claims)
    assert (told["iss"], told["sub"], told["aud"]) == (
        "app",
        "app",
        f"{AUTHORITY}/{TENANT}/oauth2/v2.0/token",
    )
    assert told["exp"] - told["nbf"] == 300


def test_a_token_is_kept_and_renewed_before_it_ends() -> None:
    environment = Environment()
    session = session_of(environment)
    first = session.token()
    environment.clock.sleep(3599 - 301)
    assert session.token().value == first.value

    environment.clock.sleep(2)

    assert session.token().value == "token-2"


def test_another_process_finds_the_token_in_the_store() -> None:
    environment = Environment()
    session_of(environment).token()

    assert session_of(environment).token().value == "token-1"
    assert len(environment.forms) == 1


def test_a_stored_token_that_has_ended_is_not_tried() -> None:
    environment = Environment()
    ended = (environment.clock.now() - timedelta(hours=1)).isoformat()
    environment.tokens = OwnTokens({"access_token": "old", "ends": ended, "user_id": "u"})

    assert session_of(environment).token().value == "token-1"
    assert environment.tokens.read()["user_id"] == "u"


def test_a_refused_token_is_not_renewed_twice_by_two() -> None:
    environment = Environment()
    one, other = session_of(environment), session_of(environment)
    stale = one.token()
    assert other.token().value == stale.value

    renewed = one.renew(stale)

    assert other.renew(stale).value == renewed.value
    assert len(environment.forms) == 2


@pytest.mark.parametrize(
    ("number", "named"),
    [
        (7000215, "Secret ID"),
        (7000222, "New client secret"),
        (700016, "Application (client) ID"),
        (90002, "Directory (tenant) ID"),
        (500011, "environment"),
    ],
)
def test_a_refusal_names_what_to_click(number: int, named: str) -> None:
    environment = Environment()
    environment.before = lambda request: refused_token(number) if "token" in request.url.path else None

    with pytest.raises(SystemFailure) as caught:
        session_of(environment).token()

    assert (caught.value.kind, caught.value.code) == (FailureKind.AUTH, f"AADSTS{number}")
    assert named in caught.value.cure


def test_a_secret_serves_where_the_certificate_is_refused() -> None:
    environment = Environment()
    key = private_key()

    def answer(request: Any) -> Reply:
        return refused_token(700027) if b"client_assertion" in request.content else None

    environment.before = answer

    token = session_of(environment, private_key=key_pem(key), certificate=certificate_pem(key)).token()

    assert token.value == "token-1"


@pytest.mark.parametrize(
    "lacking",
    [
        {"url": ""},
        {"client_id": ""},
        {"tenant": ""},
        {"private_key": key_pem(private_key())},
        {"private_key": key_pem(private_key()), "certificate": certificate_pem(private_key("another"))},
        {"private_key": key_pem(private_key()), "certificate": "none"},
    ],
)
def test_credentials_that_can_never_do_are_refused_before_any_call(lacking: dict[str, str]) -> None:
    environment = Environment()

    with pytest.raises(UserError) as caught:
        environment.open(**lacking)

    assert caught.value.cure
    assert environment.requests == []


def test_no_secret_shows_in_what_is_printed() -> None:
    session = session_of(Environment())

    assert "secret" not in repr(session.credentials)
    assert "token-1" not in repr(session.token())
