"""ActiveCampaign: contacts with their custom fields, by API v3."""

from __future__ import annotations

from collections.abc import Mapping

import httpx2

from ...core.clock import Clock
from ...core.sign_in import Tokens, TokenStore
from ...core.system import Budget
from .auth import read_credentials
from .system import ActiveCampaign

__all__ = ["ActiveCampaign", "addresses", "connect"]


def addresses(credentials: Mapping[str, str], tokens: Tokens) -> list[str]:
    """Return the addresses that are called with these credentials."""
    del tokens
    return [read_credentials(credentials).base_url]


def connect(
    credentials: Mapping[str, str],
    *,
    budget: Budget,
    clock: Clock,
    tokens: TokenStore | None = None,
    transport: httpx2.BaseTransport | None = None,
) -> ActiveCampaign:
    """Return the account that `url` (address) or `account` (name), and `key` open; sends nothing yet.

    A key needs no `tokens`. Raises UserError for incomplete credentials, SystemFailure for an address that is not
    secure.
    """
    del tokens
    return ActiveCampaign(read_credentials(credentials), budget=budget, clock=clock, transport=transport)
