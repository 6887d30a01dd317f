"""Signatures of webhooks. Source: Standard Webhooks, specification 1.0 (symmetric signatures, `v1`)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

PREFIX = "whsec_"
_SECRET = 32  # bytes; the specification asks for 24 to 64


def new_secret() -> str:
    """Return a secret nobody has seen, as both ends write it."""
    return PREFIX + base64.b64encode(os.urandom(_SECRET)).decode()


def headers(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of a message; `timestamp` is of this attempt, in whole seconds since 1970."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{digest}",
    }
