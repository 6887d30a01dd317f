from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from tests.helpers.salesforce import CREDENTIALS, HOST, ORG, US
from tests.helpers.systems import SteppedClock

from crosswalk.core.failures import FailureKind, SystemFailure, UserError
from crosswalk.systems import begin_sign_in, needs_browser
from crosswalk.systems.oauth import CodeSignIn, challenge_of
from crosswalk.systems.salesforce.browser import begin_sign_in as begin

CALLBACK = "http://localhost:8080/callback"
APP = {"login_url": HOST, "client_id": "consumer-key"}
TOKENS: dict[str, Any] = {
    "access_token": "00D!first",
    "refresh_token": "5Aep861",
    "instance_url": HOST + "/",
    "id": f"https://login.salesforce.com/id/{ORG}/{US}",
}


class Login:
    """A token endpoint that remembers what it was sent."""

    def __init__(self, *replies: httpx2.Response | Exception) -> None:
        self.replies = list(replies)
        self.forms: list[dict[str, str]] = []

    def begin(self, **given: str) -> CodeSignIn:
        return begin(
            {**APP, **given},
            redirect_uri=CALLBACK,
            connection="acme",
            clock=SteppedClock(),
            transport=httpx2.MockTransport(self._answer),
        )

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        form = parse_qs(request.content.decode())
        self.forms.append({name: value for name, (value,) in form.items()})
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


def asked(sign_in: CodeSignIn) -> dict[str, str]:
    query = parse_qs(urlsplit(sign_in.address).query)
    return {name: value for name, (value,) in query.items()}


def test_the_challenge_is_that_of_rfc_7636() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_it_works() -> None:
    login = Login(httpx2.Response(200, json=TOKENS))
    sign_in = login.begin(username="sync@acme.example")

    question = asked(sign_in)
    assert sign_in.address.startswith(f"{HOST}/services/oauth2/authorize?")
    assert question["scope"] == "api refresh_token id"
    assert question["code_challenge_method"] == "S256"
    assert question["login_hint"] == "sync@acme.example"
    assert question["state"] == sign_in.state

    granted = sign_in.finish({"code": "aPrx==", "state": sign_in.state})

    (form,) = login.forms
    assert challenge_of(form.pop("code_verifier")) == question["code_challenge"]
    assert form == {
        "grant_type": "authorization_code",
        "code": "aPrx==",
        "redirect_uri": CALLBACK,
        "client_id": "consumer-key",
    }
    assert granted.tokens == {
        "access_token": "00D!first",
        "refresh_token": "5Aep861",
        "instance_url": HOST,
        "org_id": ORG,
        "user_id": US,
    }
    assert granted.credentials["grant"] == "authorization_code"


def test_state_and_verifier_are_new_each_time() -> None:
    first, second = (asked(Login().begin()) for _ in range(2))
    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]


def test_an_app_with_a_secret_sends_it_and_keeps_it_but_no_token_of_before() -> None:
    login = Login(httpx2.Response(200, json=TOKENS))
    sign_in = login.begin(client_secret="s3cret", refresh_token="old", access_token="old")

    granted = sign_in.finish({"code": "c"})

    assert login.forms[0]["client_secret"] == "s3cret"
    assert granted.credentials == {**APP, "client_secret": "s3cret", "grant": "authorization_code"}
    assert "s3cret" not in repr(granted)


def test_a_person_who_denies_is_told_so() -> None:
    with pytest.raises(SystemFailure) as raised:
        Login().begin().finish(
            {"error": "access_denied", "error_description": "end-user denied authorization"}
        )

    assert raised.value.kind is FailureKind.AUTH
    assert "end-user denied" in raised.value.message
    assert "crosswalk connection sign-in acme" in raised.value.cure


def test_an_app_that_gives_no_refresh_token_is_refused_with_its_cure() -> None:
    login = Login(httpx2.Response(200, json={**TOKENS, "refresh_token": None}))
    with pytest.raises(SystemFailure) as raised:
        login.begin().finish({"code": "c"})

    assert raised.value.code == "no_refresh_token"
    assert "OAuth Scopes" in raised.value.cure


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
        ({**APP, "refresh_token": "r"}, False),
        ({**APP, "private_key": "pem", "username": "u"}, False),
        ({"login_url": HOST}, False),
    ],
)
def test_a_browser_is_needed_where_the_credentials_only_name_an_app(
    given: dict[str, str], needed: bool
) -> None:
    assert needs_browser("salesforce", given) is needed


def test_credentials_that_name_no_app_cannot_begin() -> None:
    with pytest.raises(UserError, match="no app") as raised:
        Login().begin(client_id="")
    assert "External Client App" in raised.value.cure


@pytest.mark.parametrize("login", ["http://acme.my.salesforce.com", "ftp://acme.example", "file:///etc"])
def test_no_browser_is_sent_to_an_address_that_is_not_secure(login: str) -> None:
    with pytest.raises(SystemFailure, match="not a secure address"):
        Login().begin(login_url=login)


def test_activecampaign_has_no_sign_in_by_browser() -> None:
    assert not needs_browser("activecampaign", {})
    with pytest.raises(UserError, match="no sign-in by browser"):
        begin_sign_in("activecampaign", {}, redirect_uri=CALLBACK, connection="acme", clock=SteppedClock())
