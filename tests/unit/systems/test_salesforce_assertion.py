from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from tests.helpers.certificates import key_pem, private_key

from crosswalk.core.failures import UserError
from crosswalk.systems.salesforce.assertion import audience_of, signed
from crosswalk.systems.signing import read_key

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_a_statement_says_who_signs_in_and_its_signature_is_the_keys() -> None:
    key = private_key()
    statement = signed(
        key, client_id="key", username="sync@acme.example", audience="https://login.salesforce.com", now=NOON
    )

    header, claims, signature = statement.split(".")
    assert decoded(header) == {"alg": "RS256"}
    assert decoded(claims) == {
        "iss": "key",
        "sub": "sync@acme.example",
        "aud": "https://login.salesforce.com",
        "exp": int(NOON.timestamp()) + 180,
    }
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    key.public_key().verify(raw, f"{header}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize(
    ("login", "audience"),
    [
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
        ("https://acme-dev-ed.develop.my.salesforce.com", "https://login.salesforce.com"),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://acme--uat.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("https://Acme--UAT.sandbox.my.salesforce.com/", "https://test.salesforce.com"),
        ("https://fun-otter.scratch.my.salesforce.com", "https://test.salesforce.com"),
        ("http://127.0.0.1:8102", "http://127.0.0.1:8102"),
        ("https://crm.acme.example/path", "https://crm.acme.example"),
    ],
)
def test_the_audience_follows_the_login_address(login: str, audience: str) -> None:
    assert audience_of(login) == audience


def sealed(key: rsa.RSAPrivateKey) -> str:
    form, cipher = serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"pass")
    return key.private_bytes(serialization.Encoding.PEM, form, cipher).decode()


def curve() -> str:
    key, form = ec.generate_private_key(ec.SECP256R1()), serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


@pytest.mark.parametrize(
    ("pem", "words"),
    [
        ("s3cret", "no key in PEM form"),
        (key_pem(private_key())[:400], "no key in PEM form"),
        (sealed(private_key()), "passphrase"),
        (curve(), "no RSA key"),
        (key_pem(rsa.generate_private_key(65537, 1024)), "no RSA key of at least 2048 bits"),
    ],
)
def test_a_key_that_cannot_sign_is_refused_with_the_command_that_makes_one(pem: str, words: str) -> None:
    with pytest.raises(UserError, match=words) as raised:
        read_key(pem)

    assert "openssl req" in raised.value.cure
    assert "s3cret" not in str(raised.value)
