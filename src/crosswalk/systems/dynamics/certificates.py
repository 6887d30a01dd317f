"""How an app proves itself by a certificate: private_key_jwt.

Source: Microsoft identity platform, certificate credentials (RS256 with `x5t`, newer pages PS256 with `x5t#S256`);
RFC 7523.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from ...core.failures import UserError
from ...core.words import keepable as _
from ..signing import base64url, compact, read_key

LIFETIME = 300  # seconds that a statement is good for


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifiedKey:
    """A private key and its certificate."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    def __repr__(self) -> str:
        return "<CertifiedKey>"


def key_of(private_key: str, certificate: str) -> CertifiedKey:
    """Read key and certificate in PEM form. Raises UserError when they are unusable or do not belong together."""
    key = read_key(private_key)
    if not certificate:
        raise UserError(
            _("The Dynamics 365 credentials have a private key and no certificate."),
            cure=_("Give certificate_file too: the very file that was uploaded to the app."),
        )
    try:
        found = x509.load_pem_x509_certificate(certificate.encode())
    except ValueError:
        raise UserError(
            _("The certificate is none in PEM form."),
            cure=_("Give the file that begins with “-----BEGIN CERTIFICATE-----”."),
        ) from None
    if found.public_key() != key.public_key():
        raise UserError(
            _("The certificate does not belong to the private key."),
            cure=_("Give the two files that were made together."),
        )
    return CertifiedKey(key=key, certificate=found)


def signed_statement(
    given: CertifiedKey, *, client_id: str, audience: str, now: datetime, new_id: str
) -> str:
    """Return the statement by which the app `client_id` proves itself at `audience`, good for five minutes.

    `now` is the vendor's time. Both forms of the thumbprint are given: the vendor takes either.
    """
    begins = int(now.timestamp())
    header = {
        "alg": "RS256",
        "typ": "JWT",
        "x5t": _thumbprint(given.certificate, hashes.SHA1()),
        "x5t#S256": _thumbprint(given.certificate, hashes.SHA256()),
    }
    claims = {
        "aud": audience,
        "iss": client_id,
        "sub": client_id,
        "jti": new_id,
        "iat": begins,
        "nbf": begins,
        "exp": begins + LIFETIME,
    }
    return compact(given.key, header, claims)


def _thumbprint(certificate: x509.Certificate, algorithm: hashes.HashAlgorithm) -> str:
    return base64url(certificate.fingerprint(algorithm)).decode()
