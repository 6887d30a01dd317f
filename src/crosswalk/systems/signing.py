"""Signed statements of who signs in, as all vendors take them.

Source: RFC 7515 (compact serialization), RFC 7518 (RS256).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ..core.failures import UserError
from ..core.words import keepable as _

LEAST_BITS = 2048


def read_key(pem: str) -> rsa.RSAPrivateKey:
    """Read an RSA key in PEM form. Raises UserError, which repeats nothing of it."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except TypeError:
        raise _unusable(_("The private key is protected by a passphrase.")) from None
    except (ValueError, UnsupportedAlgorithm):
        raise _unusable(_("The private key is no key in PEM form.")) from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < LEAST_BITS:
        raise _unusable(_("The private key is no RSA key of at least {bits} bits.").format(bits=LEAST_BITS))
    return key


def compact(key: rsa.RSAPrivateKey, header: Mapping[str, object], claims: Mapping[str, object]) -> str:
    """Return header and claims, signed by RS256, in the compact form."""
    message = b".".join(base64url(msgspec.json.encode(part)) for part in (header, claims))
    signature = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return b".".join((message, base64url(signature))).decode()


def base64url(data: bytes) -> bytes:
    """Encode without padding, fit for an address."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _unusable(message: str) -> UserError:
    return UserError(
        message,
        cure=_(
            "Make one with: openssl req -x509 -newkey rsa:2048 -nodes -days 730 -subj /CN=crosswalk"
            " -keyout key.pem -out cert.pem; give key.pem here and upload cert.pem to the app."
        ),
    )
