"""Signed statements (JSON Web Tokens): reading those of apps, making those of a system (RS256).

Source: RFC 7515, 7517, 7518, 7519; Salesforce, OAuth 2.0 JWT bearer flow and OpenID Connect.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ALGORITHM = "RS256"
PADDINGS = {
    ALGORITHM: padding.PKCS1v15(),
    "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size),
}  # of RSA with SHA-256
LEAST_BITS = 2048
KEY_ID = "sandbox"
BEGIN_CERTIFICATE = "-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement as it was sent; nothing of it is proved yet."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes

    def is_signed_with(self, pem: str, algorithms: Collection[str] = (ALGORITHM,)) -> bool:
        """Whether the key of that certificate (or that public key) signed it, with one of these."""
        algorithm = str(self.header.get("alg"))
        if algorithm not in algorithms:
            return False
        try:
            public_key(pem).verify(self.signature, self.signed, PADDINGS[algorithm], hashes.SHA256())
        except InvalidSignature:
            return False
        return True


def read(text: str) -> Statement:
    """Take a statement apart. Raises ValueError when it is none."""
    parts = text.split(".")
    if len(parts) != 3:
        raise ValueError("a statement has three parts")
    header, claims, signature = (_decoded(part) for part in parts)
    return Statement(
        header=_object(header),
        claims=_object(claims),
        signed=".".join(parts[:2]).encode("ascii"),
        signature=signature,
    )


def public_key(pem: str) -> rsa.RSAPublicKey:
    """The RSA key of a certificate or public key in PEM. Raises ValueError."""
    try:
        data = pem.strip().encode("ascii")
        if BEGIN_CERTIFICATE in pem:
            key: Any = x509.load_pem_x509_certificate(data).public_key()
        else:
            key = serialization.load_pem_public_key(data)
    except ValueError as error:
        raise ValueError("certificate must be an X.509 certificate or a public key in PEM") from error
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < LEAST_BITS:
        raise ValueError(f"the key of a certificate must be RSA with at least {LEAST_BITS} bits")
    return key


class Signer:
    """A system's own key, which signs tokens."""

    def __init__(self, pem: str | None = None) -> None:
        self._key = _loaded(pem) if pem else rsa.generate_private_key(65537, LEAST_BITS)

    @property
    def public_pem(self) -> str:
        """The public key, which proves what was signed."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()

    @property
    def pem(self) -> str:
        """The private key, to be kept."""
        form = serialization.PrivateFormat.PKCS8
        return self._key.private_bytes(
            serialization.Encoding.PEM, form, serialization.NoEncryption()
        ).decode()

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A signed statement of these claims."""
        header = {"kid": KEY_ID, "typ": "JWT", "alg": ALGORITHM}
        signed = ".".join(_coded(json.dumps(part).encode()) for part in (header, claims))
        return signed + "." + _coded(self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))

    def key_set(self) -> dict[str, Any]:
        """The public key as JSON Web Key Set."""
        numbers = self._key.public_key().public_numbers()
        key = {
            "kty": "RSA", "use": "sig", "alg": ALGORITHM, "kid": KEY_ID,
            "n": _coded_number(numbers.n), "e": _coded_number(numbers.e),
        }  # fmt: skip
        return {"keys": [key]}


def _loaded(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode("ascii"), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the system's own key must be RSA")
    return key


def _object(data: bytes) -> Mapping[str, Any]:
    found = json.loads(data)
    if not isinstance(found, dict):
        raise ValueError("a part of a statement is a JSON object")
    return found


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part.encode("ascii") + b"=" * (-len(part) % 4), b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("a part of a statement is base64url") from error


def _coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _coded_number(number: int) -> str:
    return _coded(number.to_bytes((number.bit_length() + 7) // 8, "big"))
