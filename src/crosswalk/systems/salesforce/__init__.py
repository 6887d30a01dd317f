"""Salesforce: leads and contacts of one org, over REST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx2

from ...core.clock import Clock
from ...core.sign_in import OwnTokens, Tokens, TokenStore
from ...core.system import Budget
from .auth import parse_credentials, read_credentials
from .browser import begin_sign_in, needs_browser
from .client import Client
from .session import Session
from .system import Salesforce

__all__ = ["Salesforce", "addresses", "begin_sign_in", "connect", "needs_browser", "page_of"]


def addresses(credentials: Mapping[str, Any], tokens: Tokens) -> list[str]:
    """Return the addresses that are called with these credentials: where to sign in, and the org."""
    given = parse_credentials(credentials)
    return [given.login, tokens.get("instance_url") or given.instance_url or given.login]


def page_of(base: str, object: str, record_id: str) -> str:
    """Return where a person sees a record in Salesforce; `base` is the org's address."""
    del object
    return f"{base.rstrip('/')}/{quote(record_id, safe='')}"


def connect(
    credentials: Mapping[str, Any],
    *,
    budget: Budget,
    clock: Clock,
    tokens: TokenStore | None = None,
    transport: httpx2.BaseTransport | None = None,
) -> Salesforce:
    """Return the org that `credentials` open; nothing is called yet.

    `credentials` hold login_url (best the org's My Domain address) and client_id, with client_secret, or with
    private_key (PEM) and username, or with refresh_token; other keys are ignored. Without `tokens` nobody else has the
    tokens that are given. Raises UserError when they are not complete, SystemFailure for an address that is plain http
    outside loopback.
    """
    store = tokens or OwnTokens()
    session = Session(
        read_credentials(credentials, store.read()), tokens=store, clock=clock, transport=transport
    )
    return Salesforce(Client(session, budget=budget, clock=clock, transport=transport))
