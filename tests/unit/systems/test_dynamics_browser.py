from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from tests.helpers.certificates import certificate_pem, key_pem, private_key
from tests.helpers.dataverse import AUTHORITY, CREDENTIALS, ENVIRONMENT, NOON, TENANT, refused_token
from tests.helpers.systems import SteppedClock

from crosswalk.core.failures import FailureKind, SystemFailure, UserError
from crosswalk.systems import needs_browser
from crosswalk.systems.dynamics import begin_sign_in
from crosswalk.systems.oauth import CodeSignIn, challenge_of

CALLBACK = "http://localhost:8080/callback"
APP = {"url": ENVIRONMENT, "tenant": TENANT, "client_id": "app"}
SCOPE = f"{ENVIRONMENT}/user_impersonation offline_access"
TOKENS: dict[str, Any] = {"access_token": "eyJ0", "expires_in": 4711, "refresh_token": "1.AX"}


class Login:
    """A token endpoint that remembers what it was sent."""

    def __init__(self, *replies: httpx2.Response | Exception) -> None:
        self.replies = list(replies)
        self.forms: list[dict[str, str]] = []

    def begin(self, **given: str) -> CodeSignIn:
        return begin_sign_in(
            {**APP, **given},
            redirect_uri=CALLBACK,
            connection="acme",
            clock=SteppedClock(NOON),
            transport=httpx2.MockTransport(self._answer),
        )

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        assert request.url == f"{AUTHORITY}/{TENANT}/oauth2/v2.0/token"
        form = parse_qs(request.content.decode())
        self.forms.append({name: value for name, (value,) in form.items()})
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


def asked(sign_in: CodeSignIn) -> dict[str, str]:
    query = parse_qs(urlsplit(sign_in.address).query)
    return {name: value for name, (value,) in query.items()}


def test_it_works() -> None:
    login = Login(httpx2.Response(200, json=TOKENS))
    sign_in = login.begin()

    question = asked(sign_in)
    assert sign_in.address.startswith(f"{AUTHORITY}/{TENANT}/oauth2/v2.0/authorize?")
    assert (question["scope"], question["response_mode"]) == (SCOPE, "query")

    granted = sign_in.finish({"code": "0.AX", "state": sign_in.state, "session_state": "s"})

    (form,) = login.forms
    assert challenge_of(form.pop("code_verifier")) == question["code_challenge"]
    assert form == {
        "grant_type": "authorization_code",
        "code": "0.AX",
        "redirect_uri": CALLBACK,
        "client_id": "app",
        "scope": SCOPE,
    }
    assert granted.tokens["refresh_token"] == "1.AX"
    assert granted.credentials["grant"] == "authorization_code"
    assert not needs_browser("dynamics", {**granted.credentials, "refresh_token": "1.AX"})


@pytest.mark.parametrize(
    ("proof", "name"),
    [
        ({"client_secret": "s3cret"}, "client_secret"),
        (
            {"private_key": key_pem(private_key()), "certificate": certificate_pem(private_key())},
            "client_assertion",
        ),
    ],
)
def test_an_app_that_can_prove_itself_does_and_keeps_what_it_needs(proof: dict[str, str], name: str) -> None:
    login = Login(httpx2.Response(200, json=TOKENS))

    granted = login.begin(grant="authorization_code", **proof).finish({"code": "c"})

    assert name in login.forms[0]
    assert set(proof) <= set(granted.credentials)
    assert "s3cret" not in repr(granted)


def test_a_person_whose_tenant_is_not_named_chooses_it() -> None:
    assert f"{AUTHORITY}/organizations/oauth2/v2.0/authorize" in Login().begin(tenant="").address


def test_a_person_who_denies_is_told_so() -> None:
    with pytest.raises(SystemFailure) as raised:
        Login().begin().finish({"error": "access_denied", "error_description": "AADSTS65004: declined"})

    assert raised.value.kind is FailureKind.AUTH
    assert "crosswalk connection sign-in acme" in raised.value.cure


def test_a_code_that_is_too_old_asks_to_start_again() -> None:
    with pytest.raises(SystemFailure) as raised:
        Login(refused_token(70008, "invalid_grant", 400)).begin().finish({"code": "c"})

    assert raised.value.code == "AADSTS70008"


def test_an_app_that_gives_no_refresh_token_is_refused_with_its_cure() -> None:
    login = Login(httpx2.Response(200, json={**TOKENS, "refresh_token": None}))

    with pytest.raises(SystemFailure) as raised:
        login.begin().finish({"code": "c"})

    assert raised.value.code == "no_refresh_token"
    assert "API permissions" in raised.value.cure


def test_a_code_is_never_sent_twice() -> None:
    login = Login(httpx2.ReadTimeout("slow"), httpx2.Response(200, json=TOKENS))

    with pytest.raises(SystemFailure):
        login.begin().finish({"code": "c"})

    assert len(login.forms) == 1


@pytest.mark.parametrize(
    ("given", "needed"),
    [
        (APP, True),
        ({**APP, "grant": "authorization_code", "client_secret": "s"}, True),
        ({**APP, "grant": "authorization_code", "refresh_token": "r"}, False),
        (CREDENTIALS, False),
        ({**APP, "private_key": "pem", "certificate": "pem"}, False),
        ({**APP, "access_token": "eyJ0"}, False),
        ({"url": ENVIRONMENT}, False),
    ],
)
def test_a_browser_is_needed_where_the_credentials_only_name_an_app(
    given: dict[str, str], needed: bool
) -> None:
    assert needs_browser("dynamics", given) is needed


def test_credentials_that_name_no_app_cannot_begin() -> None:
    with pytest.raises(UserError, match="no app"):
        Login().begin(client_id="")


@pytest.mark.parametrize("name", ["url", "authority"])
def test_no_browser_is_sent_to_an_address_that_is_not_secure(name: str) -> None:
    with pytest.raises(SystemFailure, match="not a secure address"):
        Login().begin(**{name: "http://acme.crm4.dynamics.com"})
