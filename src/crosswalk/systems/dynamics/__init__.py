"""Dynamics 365: leads and contacts of one Dataverse environment, over its Web API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx2

from ...core.clock import Clock
from ...core.sign_in import OwnTokens, Tokens, TokenStore
from ...core.system import Budget
from .auth import parse_credentials, read_credentials
from .browser import begin_sign_in, needs_browser
from .client import Client
from .session import Session
from .system import Dynamics

__all__ = ["Dynamics", "addresses", "begin_sign_in", "connect", "needs_browser", "page_of"]


def addresses(credentials: Mapping[str, Any], tokens: Tokens) -> list[str]:
    """Return the addresses that are called with these credentials: where to sign in, and the environment."""
    del tokens
    given = parse_credentials(credentials)
    return [given.authority, given.environment]


def page_of(base: str, object: str, record_id: str) -> str:
    """Return where a person sees a record in Dynamics 365; `base` is the environment's address."""
    asked = urlencode({"pagetype": "entityrecord", "etn": object, "id": record_id})
    return f"{base.rstrip('/')}/main.aspx?{asked}"


def connect(
    credentials: Mapping[str, Any],
    *,
    budget: Budget,
    clock: Clock,
    tokens: TokenStore | None = None,
    transport: httpx2.BaseTransport | None = None,
) -> Dynamics:
    """Return the environment that `credentials` open; nothing is called yet.

    `credentials` hold url (the environment's address), tenant and client_id, with certificate and private_key (both
    PEM), or with client_secret, or with refresh_token; authority where it is not Microsoft's public one; other keys are
    ignored. Without `tokens` nobody else has the tokens that are given. Raises UserError when they are not complete,
    SystemFailure for an address that is plain http outside loopback.
    """
    store = tokens or OwnTokens()
    session = Session(
        read_credentials(credentials, store.read()), tokens=store, clock=clock, transport=transport
    )
    return Dynamics(Client(session, budget=budget, clock=clock, transport=transport))
