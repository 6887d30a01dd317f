"""Looks at a system from outside: its certificate and its clock. Nobody signs in, and no call of a quota is used."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx2
import msgspec
from cryptography import x509

from .addresses import public_url, require_secure
from .answers import http_date
from .http import CONNECT_TIMEOUT, trusted


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """What a host showed."""

    address: str
    encrypted: bool
    clock_difference: float | None = (
        None  # its clock minus ours, seconds, by whole seconds; None: it does not say
    )
    version: str = ""  # of TLS
    issuer: str = ""  # who signed the certificate
    expires_at: datetime | None = None  # the certificate
    trouble: str = ""  # why there was no answer
    untrusted: bool = False  # the trouble is the certificate


def probe(address: str, *, context: ssl.SSLContext | None = None) -> Probe:
    """Ask for the head of a host's first page, at the origin of an address.

    Raises SystemFailure for an address that is not secure. `context` says whom to trust; else it is who syncs trust.
    """
    require_secure(address)
    parts = urlsplit(address)
    origin = public_url(f"{parts.scheme}://{parts.netloc}/")
    transport = httpx2.HTTPTransport(trust_env=False, verify=context or trusted())
    asked_at = datetime.now(UTC)
    try:
        with (
            httpx2.Client(transport=transport, timeout=CONNECT_TIMEOUT, trust_env=False) as client,
            client.stream("HEAD", origin) as response,
        ):
            return _seen(origin, response, asked_at + (datetime.now(UTC) - asked_at) / 2)
    except httpx2.RequestError as error:
        refused = next(
            (each for each in _causes(error) if isinstance(each, ssl.SSLCertVerificationError)), None
        )
        return Probe(
            address=origin,
            encrypted=parts.scheme == "https",
            trouble=refused.verify_message if refused else type(error).__name__,
            untrusted=refused is not None,
        )


def _seen(origin: str, response: httpx2.Response, at: datetime) -> Probe:
    its_time = http_date(response.headers.get("date", ""))
    # It tells whole seconds: on the average it is half a second later than it says.
    difference = None if its_time is None else (its_time - at) / timedelta(seconds=1) + 0.5
    session = response.extensions["network_stream"].get_extra_info("ssl_object")
    if session is None:
        return Probe(address=origin, encrypted=False, clock_difference=difference)
    certificate = x509.load_der_x509_certificate(session.getpeercert(True))
    return Probe(
        address=origin,
        encrypted=True,
        clock_difference=difference,
        version=session.version(),
        issuer=certificate.issuer.rfc4514_string(),
        expires_at=certificate.not_valid_after_utc,
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
