"""Signing in with signed statements (JWT bearer), and what the org itself signs and tells about tokens."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.helpers.certificates import certificate_pem, private_key, public_pem
from tests.helpers.sandbox_org import SalesforceOrg
from tests.helpers.sandbox_sign_in import SignIn, bad, good

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SYNC, ADA = "sync@org.example", "ada.lindqvist@org.example"
NOT_APPROVED = ("invalid_grant", "user hasn't approved this consumer")
BAD = ("invalid_grant", "invalid assertion")


@pytest.fixture
def certified(org: SalesforceOrg) -> SalesforceOrg:
    """The org after an admin gave the app a certificate."""
    change(org, certificate=certificate_pem(private_key()))
    return org


def change(org: SalesforceOrg, **settings: Any) -> dict[str, Any]:
    answer = org.http.post("/_sandbox/apps", json=settings)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def claims(org: SalesforceOrg, **changes: Any) -> dict[str, Any]:
    now = org.clock.now().timestamp()
    asked = {
        "iss": org.ready["client_id"],
        "sub": SYNC,
        "aud": "https://login.salesforce.com",
        "exp": int(now) + 180,
    }
    return {name: value for name, value in {**asked, **changes}.items() if value is not None}


def state(org: SalesforceOrg, sign_in: SignIn, *, key: str = "first", **changes: Any) -> Any:
    assertion = jwt.encode(claims(org, **changes), private_key(key), algorithm="RS256")
    return sign_in.http.post(
        "/services/oauth2/token", data={"grant_type": JWT_BEARER, "assertion": assertion}
    )


def status(org: SalesforceOrg, access_token: str) -> int:
    return org.call("GET", "/limits", headers={"Authorization": f"Bearer {access_token}"}).status_code


def test_a_signed_statement_signs_in(certified: SalesforceOrg, sign_in: SignIn) -> None:
    granted = good(state(certified, sign_in))
    assert set(granted) == {"access_token", "scope", "instance_url", "id", "token_type"}
    assert status(certified, granted["access_token"]) == 200
    assert granted["id"].endswith(certified.ready["user_id"])


def test_a_plain_public_key_does_as_a_certificate(org: SalesforceOrg, sign_in: SignIn) -> None:
    change(org, certificate=public_pem(private_key()))
    good(state(org, sign_in))


@pytest.mark.parametrize(
    "audience",
    [
        "https://login.salesforce.com",
        "https://login.salesforce.com/",
        "https://test.salesforce.com",
        "https://salesforce.example",
        "https://salesforce.example/services/oauth2/token",
        ["https://elsewhere.example", "https://login.salesforce.com"],
    ],
)
def test_the_audience_is_a_login_host_or_the_orgs_own(
    certified: SalesforceOrg, sign_in: SignIn, audience: object
) -> None:
    good(state(certified, sign_in, aud=audience))


@pytest.mark.parametrize("expiry", ["digits", 1.5])
def test_the_expiry_may_be_digits_or_a_fraction(
    certified: SalesforceOrg, sign_in: SignIn, expiry: object
) -> None:
    at = certified.clock.now().timestamp() + 60
    good(state(certified, sign_in, exp=f"{at:.0f}" if expiry == "digits" else at + 0.5))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"iss": "unknown"}, ("invalid_client_id", "client identifier invalid")),
        ({"iss": None}, ("invalid_client_id", "client identifier invalid")),
        ({"aud": "https://elsewhere.example"}, ("invalid_grant", "audience is invalid")),
        ({"aud": None}, ("invalid_grant", "audience is invalid")),
        ({"exp": None}, BAD),
        ({"exp": "soon"}, BAD),
        ({"sub": ADA}, NOT_APPROVED),
        ({"sub": "nobody@org.example"}, NOT_APPROVED),
        ({"sub": None}, NOT_APPROVED),
        ({"sub": "dora.novak@org.example"}, ("inactive_user", "user is inactive")),
        ({"key": "second"}, BAD),
    ],
)
def test_a_statement_must_be_right_in_every_part(
    certified: SalesforceOrg, sign_in: SignIn, changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert bad(state(certified, sign_in, **changes)) == expected


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (-1, ("invalid_grant", "expired authorization code")),
        (0, ("invalid_grant", "expired authorization code")),
        (302, BAD),
    ],
)
def test_a_statement_is_for_now(
    certified: SalesforceOrg, sign_in: SignIn, ahead: int, expected: tuple[str, str]
) -> None:
    exp = int(certified.clock.now().timestamp()) + ahead
    assert bad(state(certified, sign_in, exp=exp)) == expected


def test_time_is_the_orgs_own(certified: SalesforceOrg, sign_in: SignIn) -> None:
    made = claims(certified)
    certified.clock.advance(200)
    assertion = jwt.encode(made, private_key(), algorithm="RS256")
    answer = sign_in.http.post(
        "/services/oauth2/token", data={"grant_type": JWT_BEARER, "assertion": assertion}
    )
    assert bad(answer) == ("invalid_grant", "expired authorization code")


@pytest.mark.parametrize("assertion", ["", "nonsense", "a.b.c", "e30.e30.", "W10.e30.e30", "é.é.é"])
def test_what_is_no_statement_is_refused(certified: SalesforceOrg, sign_in: SignIn, assertion: str) -> None:
    answer = sign_in.http.post(
        "/services/oauth2/token", data={"grant_type": JWT_BEARER, "assertion": assertion}
    )
    assert bad(answer)[0] in {"invalid_grant", "invalid_client_id"}


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_no_other_algorithm_will_do(certified: SalesforceOrg, sign_in: SignIn, algorithm: str) -> None:
    key: Any = None if algorithm == "none" else "x" * 32
    assertion = jwt.encode(claims(certified), key, algorithm=algorithm)
    answer = sign_in.http.post(
        "/services/oauth2/token", data={"grant_type": JWT_BEARER, "assertion": assertion}
    )
    assert bad(answer) == BAD


def test_an_app_without_a_certificate_takes_no_statements(org: SalesforceOrg, sign_in: SignIn) -> None:
    assert bad(state(org, sign_in)) == BAD


def test_who_allowed_the_app_by_hand_may_be_stated(certified: SalesforceOrg, sign_in: SignIn) -> None:
    granted = sign_in.granted(ADA)
    assert good(state(certified, sign_in, sub=ADA.upper()))["id"] == granted["id"]
    sign_in.http.post("/services/oauth2/revoke", data={"token": granted["refresh_token"]})
    assert bad(state(certified, sign_in, sub=ADA)) == NOT_APPROVED


def test_whom_an_admin_approved_may_be_stated(certified: SalesforceOrg, sign_in: SignIn) -> None:
    change(certified, permitted_users="preapproved", preapproved=[ADA])
    good(state(certified, sign_in, sub=ADA))
    refused = ("invalid_app_access", "user is not admin approved to access this app")
    assert bad(state(certified, sign_in, sub=SYNC)) == refused


def test_the_app_needs_the_scope_refresh_token(certified: SalesforceOrg, sign_in: SignIn) -> None:
    change(certified, scopes=["api", "id"])
    assert bad(state(certified, sign_in)) == NOT_APPROVED
    change(certified, scopes=["api", "offline_access"])
    good(state(certified, sign_in))


def test_the_live_session_is_given_out_again(certified: SalesforceOrg, sign_in: SignIn) -> None:
    first = good(state(certified, sign_in))["access_token"]
    assert good(state(certified, sign_in))["access_token"] == first
    certified.clock.advance(2 * 3600 + 1)
    second = good(state(certified, sign_in))["access_token"]
    assert second != first
    sign_in.http.post("/services/oauth2/revoke", data={"token": second})
    assert good(state(certified, sign_in))["access_token"] not in {first, second}


def test_a_blocked_app_states_nothing(certified: SalesforceOrg, sign_in: SignIn) -> None:
    change(certified, blocked=True)
    assert bad(state(certified, sign_in))[0] == "OAUTH_APP_BLOCKED"


def introspect(sign_in: SignIn, token: str, **form: str) -> dict[str, Any]:
    pair = {"client_id": sign_in.client_id, "client_secret": sign_in.client_secret}
    answer = sign_in.http.post("/services/oauth2/introspect", data={"token": token, **pair, **form})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_live_access_token_is_told_with_its_end(org: SalesforceOrg, sign_in: SignIn) -> None:
    granted = sign_in.granted(ADA)
    org.clock.advance(60)
    status(org, granted["access_token"])
    now = int(org.clock.now().timestamp())
    assert introspect(sign_in, granted["access_token"], token_type_hint="access_token") == {
        "active": True,
        "scope": "api refresh_token id",
        "client_id": sign_in.client_id,
        "username": ADA,
        "sub": granted["id"],
        "token_type": "access_token",
        "exp": now + 7200,
        "iat": now - 60,
        "nbf": now - 60,
    }


def test_asking_about_a_token_does_not_keep_it_alive(org: SalesforceOrg, sign_in: SignIn) -> None:
    token = sign_in.granted()["access_token"]
    org.clock.advance(7000)
    assert introspect(sign_in, token)["active"] is True
    org.clock.advance(300)
    assert introspect(sign_in, token) == {"active": False}


def test_a_refresh_token_is_told_without_an_end(sign_in: SignIn) -> None:
    told = introspect(sign_in, sign_in.granted()["refresh_token"], token_type_hint="access_token")
    assert (told["active"], told["token_type"]) == (True, "refresh_token")
    assert "exp" not in told


def test_nothing_is_told_of_dead_unknown_or_foreign_tokens(org: SalesforceOrg, sign_in: SignIn) -> None:
    change(org, rotation=True)
    granted = sign_in.granted()
    good(sign_in.refresh(granted["refresh_token"]))
    app = change(org, name="Other")
    other = SignIn(http=sign_in.http, client_id=app["client_id"], client_secret=app["client_secret"])
    assert introspect(sign_in, "nonsense") == {"active": False}
    assert introspect(sign_in, granted["refresh_token"]) == {"active": False}
    assert introspect(other, granted["access_token"]) == {"active": False}


def test_only_apps_may_ask(sign_in: SignIn) -> None:
    answer = sign_in.http.post("/services/oauth2/introspect", data={"token": "x"})
    assert bad(answer) == ("invalid_client_id", "client identifier invalid")
    pair = (sign_in.client_id, "wrong")
    answer = sign_in.http.post("/services/oauth2/introspect", data={"token": "x"}, auth=pair)
    assert bad(answer, 401) == ("invalid_client", "invalid client credentials")


def verified(org: SalesforceOrg, sign_in: SignIn, token: str, *, now: bool = True) -> dict[str, Any]:
    """The claims of an id token, checked as a stranger does: by the discovered keys."""
    configuration = sign_in.http.get("/.well-known/openid-configuration").json()
    keys = jwt.PyJWKSet.from_dict(sign_in.http.get(configuration["jwks_uri"]).json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    options: Any = {"verify_exp": False, "verify_iat": False}
    return dict(
        jwt.decode(
            token, key, ["RS256"], audience=sign_in.client_id, issuer=configuration["issuer"], options=options
        )
    )


def test_an_id_token_comes_with_the_scope_openid(org: SalesforceOrg, sign_in: SignIn) -> None:
    granted = sign_in.granted(ADA, scope="openid api refresh_token", nonce="n-1")
    found = verified(org, sign_in, granted["id_token"])
    now = int(org.clock.now().timestamp())
    assert (found["sub"], found["email"], found["nonce"]) == (granted["id"], ADA, "n-1")
    assert (found["iat"], found["exp"]) == (now, now + 120)
    half = hashlib.sha256(granted["access_token"].encode()).digest()[:16]
    assert found["at_hash"] == base64.urlsafe_b64encode(half).decode().rstrip("=")
    again = good(sign_in.refresh(granted["refresh_token"]))
    assert verified(org, sign_in, again["id_token"])["sub"] == granted["id"]


def test_without_openid_there_is_no_id_token(sign_in: SignIn) -> None:
    assert "id_token" not in sign_in.granted()


def test_the_configuration_names_addresses_that_answer(org: SalesforceOrg, sign_in: SignIn) -> None:
    found = sign_in.http.get("/.well-known/openid-configuration").json()
    assert found["issuer"] == org.ready["login_url"]
    assert found["code_challenge_methods_supported"] == ["S256"]
    addresses = [value for name, value in found.items() if name.endswith(("_endpoint", "_uri"))]
    assert len(addresses) == 6
    assert 404 not in {sign_in.http.post(address).status_code for address in addresses}


def test_the_identity_of_another_user_may_be_read(org: SalesforceOrg, sign_in: SignIn) -> None:
    granted = sign_in.granted(ADA)
    mine = org.http.get(granted["id"])
    assert (mine.json()["username"], mine.json()["asserted_user"]) == (ADA, False)
    own = org.http.get(granted["id"], headers={"Authorization": f"Bearer {granted['access_token']}"})
    assert own.json()["asserted_user"] is True


def test_an_identity_of_another_org_is_refused(org: SalesforceOrg) -> None:
    answer = org.http.get(f"/id/00D000000000001EAA/{org.ready['user_id']}")
    assert (answer.status_code, answer.text) == (403, "Wrong_Org")


def test_the_apps_are_listed_and_changed(org: SalesforceOrg) -> None:
    (app,) = org.http.get("/_sandbox/apps").json()
    assert app["client_id"] == org.ready["client_id"]
    assert (app["name"], app["rotation"], app["run_as"]) == ("Crosswalk", False, SYNC)
    changed = change(org, rotation=True, session_seconds=900)
    assert changed == {**app, "rotation": True, "session_seconds": 900}
    other = change(org, name="Other", callback_urls=["myapp://back"])
    assert other["client_id"] != app["client_id"]
    assert [each["name"] for each in org.http.get("/_sandbox/apps").json()] == ["Crosswalk", "Other"]
    org.controlled.reset()
    assert org.http.get("/_sandbox/apps").json() == [app]


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"client_id": "mine"}, "client_id is given by the org"),
        ({"name": ""}, "name must be text"),
        ({"nonsense": 1}, "nonsense"),
        ({"rotation": "yes"}, "Expected `bool`"),
        ({"scopes": ["api", "everything"]}, "there is no scope everything"),
        ({"callback_urls": ["http://app.example/back"]}, "a callback URL is https"),
        ({"callback_urls": ["back"]}, "a callback URL is https"),
        ({"callback_urls": ["https://app.example/back#here"]}, "a callback URL is https"),
        ({"session_seconds": 899}, "session_seconds is between 900 and 86400"),
        ({"refresh_token_seconds": 0}, "refresh_token_seconds is at least 1"),
        ({"run_as": "nobody"}, "there is no user nobody"),
        ({"preapproved": ["nobody"]}, "there is no user nobody"),
        ({"preapproved": 5}, "Expected `array`"),
        ({"certificate": "nonsense"}, "certificate must be an X.509 certificate or a public key in PEM"),
        ({"certificate": "EC"}, "must be RSA with at least 2048 bits"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(
    org: SalesforceOrg, settings: dict[str, Any], text: str
) -> None:
    if settings.get("certificate") == "EC":
        key = ec.generate_private_key(ec.SECP256R1()).public_key()
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        settings = {"certificate": pem}
    before = org.http.get("/_sandbox/apps").json()
    answer = org.http.post("/_sandbox/apps", content=json.dumps(settings).encode())
    assert answer.status_code == 400
    assert text in answer.json()["message"]
    assert org.http.get("/_sandbox/apps").json() == before
