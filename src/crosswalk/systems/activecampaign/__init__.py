"""ActiveCampaign: contacts with their custom fields, by API v3."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

import httpx2

from ...core.clock import Clock
from ...core.sign_in import Tokens, TokenStore
from ...core.system import Budget
from .auth import read_credentials
from .system import ActiveCampaign

__all__ = ["ActiveCampaign", "addresses", "connect", "page_of"]


# where accounts answer programs, and where people see them: account → its own host
_HOST = re.compile(r"([a-z0-9-]+)\.(?:api-us\d+|activehosted)\.com")


def addresses(credentials: Mapping[str, str], tokens: Tokens) -> list[str]:
    """Return the addresses that are called with these credentials."""
    del tokens
    return [read_credentials(credentials).base_url]


def page_of(base: str, object: str, record_id: str) -> str | None:
    """Return where a person sees a contact of the account behind `base`; None for an address of another form."""
    found = _HOST.fullmatch(urlsplit(base).hostname or "")
    return (
        None
        if found is None
        else f"https://{found[1]}.activehosted.com/app/{object}s/{quote(record_id, safe='')}"
    )


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
