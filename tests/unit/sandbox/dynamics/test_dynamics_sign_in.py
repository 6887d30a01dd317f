"""Entra ID for a Dataverse environment: discovery, client credentials, refusals, and what tokens open."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from tests.helpers.sandbox_environment import DATA, DataverseEnvironment

Signed = tuple[rsa.RSAPrivateKey, str]  # the private key, and its certificate in PEM
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture(scope="module")
def certificate() -> Signed:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sync.example.org")])
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), begins, begins + timedelta(days=365)
    )
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return key, pem.decode()


def asserting(environment: DataverseEnvironment, key: rsa.RSAPrivateKey, **changed: Any) -> dict[str, Any]:
    """The fields of a request that proves the app by a certificate."""
    now = int(environment.clock.now().timestamp())
    client_id, tenant = environment.ready["client_id"], environment.ready["tenant"]
    algorithm = changed.pop("algorithm", "RS256")
    claims = {
        "aud": f"{environment.ready['authority']}/{tenant}/oauth2/v2.0/token",
        "iss": client_id, "sub": client_id, "nbf": now, "exp": now + 600, "jti": "1",
        **changed,
    }  # fmt: skip
    assertion = jwt.encode(claims, key, algorithm=algorithm)
    return {"client_secret": None, "client_assertion_type": ASSERTION, "client_assertion": assertion}


def test_discovery_leads_to_tokens_that_its_keys_prove(environment: DataverseEnvironment) -> None:
    tenant = environment.ready["tenant"]
    found = environment.http.get(f"/{tenant}/v2.0/.well-known/openid-configuration").json()
    assert found["token_endpoint"] == f"{environment.ready['authority']}/{tenant}/oauth2/v2.0/token"
    (key,) = environment.http.get(found["jwks_uri"]).json()["keys"]
    token = environment.token()["access_token"]
    claims = jwt.decode(
        token,
        jwt.PyJWK(key).key,
        algorithms=["RS256"],
        audience=environment.ready["url"],
        issuer=found["issuer"],
        options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
    )
    assert (claims["tid"], claims["appid"]) == (tenant, environment.ready["client_id"])
    assert claims["exp"] - claims["iat"] == 3599


def test_a_token_by_secret_opens_the_environment(environment: DataverseEnvironment) -> None:
    found = environment.token()
    assert {"token_type": "Bearer", "expires_in": 3599}.items() <= found.items()
    assert "refresh_token" not in found
    me = environment.http.get(f"{DATA}/WhoAmI", headers=environment.bearing(found["access_token"]))
    assert me.headers["odata-version"] == "4.0"
    user = next(row for row in environment.controlled.dump()["systemuser"] if row.get("applicationid"))
    assert me.json()["UserId"] == user["systemuserid"]
    assert me.json()["BusinessUnitId"] == user["businessunitid"]
    assert environment.get("/WhoAmI()") == me.json()


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_a_token_by_certificate(
    environment: DataverseEnvironment, certificate: Signed, algorithm: str
) -> None:
    key, pem = certificate
    environment.control("POST", "apps", {"certificate": pem})
    token = environment.token(**asserting(environment, key, algorithm=algorithm))["access_token"]
    assert environment.call("GET", "/WhoAmI", headers=environment.bearing(token)).status_code == 200


@pytest.mark.parametrize(
    ("changed", "number", "error"),
    [
        ({"aud": "https://elsewhere.example"}, 700023, "invalid_client"),
        ({"iss": "somebody"}, 700021, "invalid_client"),
        ({"exp": 1_000_000_000}, 700024, "invalid_client"),
    ],
)
def test_assertions_that_are_refused(
    environment: DataverseEnvironment, certificate: Signed, changed: dict[str, Any], number: int, error: str
) -> None:
    key, pem = certificate
    environment.control("POST", "apps", {"certificate": pem})
    found = environment.token(status=401, **asserting(environment, key, **changed))
    assert (found["error_codes"], found["error"]) == ([number], error)


def test_an_assertion_of_an_unknown_key_is_refused(
    environment: DataverseEnvironment, certificate: Signed
) -> None:
    found = environment.token(status=401, **asserting(environment, certificate[0]))
    assert found["error_codes"] == [700027]


@pytest.mark.parametrize(
    ("changed", "status", "number", "error"),
    [
        ({"client_secret": "wrong"}, 401, 7000215, "invalid_client"),
        ({"client_secret": None}, 401, 7000218, "invalid_client"),
        ({"client_id": "11111111-2222-3333-4444-555555555555"}, 400, 700016, "unauthorized_client"),
        ({"client_id": None}, 400, 900144, "invalid_request"),
        ({"scope": None}, 400, 90014, "invalid_request"),
        ({"scope": "nonsense"}, 400, 70011, "invalid_scope"),
        ({"scope": "https://elsewhere.example/.default"}, 400, 500011, "invalid_resource"),
        ({"scope": "https://dynamics.sandbox.example/user_impersonation"}, 400, 1002012, "invalid_scope"),
        ({"grant_type": "password"}, 400, 70003, "unsupported_grant_type"),
        ({"grant_type": None}, 400, 900144, "invalid_request"),
        ({"tenant": "common"}, 400, 90002, "invalid_request"),
    ],
)
def test_refused_requests_for_tokens(
    environment: DataverseEnvironment, changed: dict[str, Any], status: int, number: int, error: str
) -> None:
    found = environment.token(status=status, **changed)
    assert (found["error"], found["error_codes"]) == (error, [number])
    assert found["error_description"].startswith(f"AADSTS{number}: ")
    for part in (found["trace_id"], found["correlation_id"], found["timestamp"]):
        assert part in found["error_description"]


def test_a_secret_expires(environment: DataverseEnvironment) -> None:
    environment.control("POST", "apps", {"secret_expires": "2026-03-02T12:30:00Z"})
    environment.token()
    environment.clock.advance(1800)
    assert environment.token(status=401)["error_codes"] == [7000222]


def test_the_scope_may_end_in_two_slashes(environment: DataverseEnvironment) -> None:
    environment.token(scope=f"{environment.ready['url']}//.default")


@pytest.mark.parametrize("headers", [{"Authorization": ""}, {"Authorization": "Bearer nonsense"}])
def test_no_token_is_a_401_that_says_where_tokens_are(
    environment: DataverseEnvironment, headers: dict[str, str]
) -> None:
    answer = environment.call("GET", "/WhoAmI", headers=headers)
    assert answer.status_code == 401
    where = answer.headers["www-authenticate"]
    assert where.startswith(
        f"Bearer authorization_uri={environment.ready['authority']}/{environment.ready['tenant']}/"
    )
    assert f"resource_id={environment.ready['url']}/" in where
    assert not answer.content.startswith(b"{")


def test_a_token_expires(environment: DataverseEnvironment) -> None:
    environment.get("/WhoAmI")
    environment.clock.advance(3600)
    assert environment.call("GET", "/WhoAmI").status_code == 401


def test_a_token_of_another_environment_is_foreign(environment: DataverseEnvironment) -> None:
    stranger = rsa.generate_private_key(65537, 2048)
    now = int(time.time())
    forged = jwt.encode(
        {"aud": environment.ready["url"], "nbf": 0, "exp": now * 2}, stranger, algorithm="RS256"
    )
    assert environment.call("GET", "/WhoAmI", headers=environment.bearing(forged)).status_code == 401


def test_an_app_without_application_user_is_no_member(environment: DataverseEnvironment) -> None:
    app = environment.control("POST", "apps", {"name": "Other"})
    token = environment.token(client_id=app["client_id"], client_secret=app["client_secret"])["access_token"]
    refusal = environment.refusal("GET", "/WhoAmI", status=403, headers=environment.bearing(token))
    assert refusal[0] == "0x80072560"


def test_a_disabled_application_user_is_refused(environment: DataverseEnvironment) -> None:
    user = environment.get("/WhoAmI")["UserId"]
    order = {"object": "systemuser", "op": "edit", "id": user, "values": {"isdisabled": True}}
    environment.control("POST", "person", order)
    assert environment.refusal("GET", "/WhoAmI", status=403)[0] == "0x80040225"


def test_what_is_not_there(environment: DataverseEnvironment) -> None:
    code, text = environment.refusal("GET", "/nonsense", status=404)
    assert (code, text) == ("0x8006088a", "Resource not found for the segment 'nonsense'.")
    assert environment.refusal("POST", "/WhoAmI", status=405)[0] == "0x8006088b"


def test_the_service_document_lists_the_entity_sets(environment: DataverseEnvironment) -> None:
    sets = {each["name"]: each["kind"] for each in environment.get("/")["value"]}
    assert {"contacts", "leads", "accounts", "systemusers", "transactioncurrencies"} <= sets.keys()
    assert set(sets.values()) == {"EntitySet"}


def test_token_calls_are_counted_apart(environment: DataverseEnvironment) -> None:
    environment.token()
    environment.get("/WhoAmI")
    counts = environment.control("GET", "counts")
    assert (counts["calls"], counts["token_calls"]) == ({"GET /api/data/v9.2/WhoAmI": 1}, 1)


def test_a_kept_environment_goes_on_with_its_tokens_and_apps(environment: DataverseEnvironment) -> None:
    app = environment.control("POST", "apps", {"name": "Other"})
    before = environment.controlled.dump()
    kept = environment.controlled.saved()
    environment.control("POST", "reset")
    assert [each["name"] for each in environment.control("GET", "apps")] == ["Crosswalk"]
    environment.controlled.restore(kept)
    assert environment.control("GET", "apps")[1] == app
    assert environment.controlled.dump() == before
    environment.get("/WhoAmI")


def test_an_application_signs_in_by_the_first_version_too(environment: DataverseEnvironment) -> None:
    def ask(**changed: str) -> httpx2.Response:
        form = {"grant_type": "client_credentials", "resource": f"{environment.ready['url']}/"}
        named = {name: environment.ready[name] for name in ("client_id", "client_secret")}
        address = f"/{environment.ready['tenant']}/oauth2/token"
        return environment.http.post(
            address, data={**form, **named, **changed}, headers={"Authorization": ""}
        )

    found = ask().json()
    assert (found["expires_in"], found["resource"]) == ("3599", f"{environment.ready['url']}/")
    assert int(found["expires_on"]) - int(found["not_before"]) == 3899
    answer = environment.call("GET", "/WhoAmI", headers=environment.bearing(found["access_token"]))
    assert answer.status_code == 200
    assert ask(resource="https://other.example").json()["error_codes"] == [500011]
    assert ask(resource="").json()["error_codes"] == [900144]
    assert ask(client_secret="wrong").json()["error_codes"] == [7000215]
    assert ask(grant_type="password").json()["error_codes"] == [70003]
