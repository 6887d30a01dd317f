"""A signed statement of who signs in: the assertion of the JWT bearer flow.

Source: Salesforce OAuth 2.0, JWT bearer flow; RFC 7519, RFC 7518 (RS256).
"""

from __future__ import annotations

import base64
from datetime import datetime
from gettext import gettext as _
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ...core.failures import UserError

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFETIME = 180  # seconds; Salesforce refuses statements that last longer
LEAST_BITS = 2048
PRODUCTION, SANDBOX = "https://login.salesforce.com", "https://test.salesforce.com"
# ending of the login host → who is spoken to; the first that fits
_AUDIENCES = (
    ("test.salesforce.com", SANDBOX),
    (".sandbox.my.salesforce.com", SANDBOX),
    (".scratch.my.salesforce.com", SANDBOX),
    ("login.salesforce.com", PRODUCTION),
    (".my.salesforce.com", PRODUCTION),
)


def audience_of(login_url: str) -> str:
    """Return whom a statement for this login address must name: production, sandboxes, or else the address itself."""
    parts = urlsplit(login_url)
    host = (parts.hostname or "").lower()
    known = (audience for ending, audience in _AUDIENCES if host.endswith(ending))
    return next(known, f"{parts.scheme}://{parts.netloc}")


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


def signed(key: rsa.RSAPrivateKey, *, client_id: str, username: str, audience: str, now: datetime) -> str:
    """Return the statement that `username` signs in to `audience` by the app `client_id`, good for three minutes.

    `now` is the vendor's time.
    """
    claims = {"iss": client_id, "sub": username, "aud": audience, "exp": int(now.timestamp()) + LIFETIME}
    message = b".".join(_encoded(msgspec.json.encode(part)) for part in ({"alg": "RS256"}, claims))
    signature = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return b".".join((message, _encoded(signature))).decode()


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _unusable(message: str) -> UserError:
    return UserError(
        message,
        cure=_(
            "Make one with: openssl req -x509 -newkey rsa:2048 -nodes -days 730 -subj /CN=crosswalk"
            " -keyout key.pem -out cert.pem; give key.pem here and upload cert.pem to the app."
        ),
    )
