"""Salesforce: leads and contacts of one org, over REST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2

from ...core.clock import Clock
from ...core.system import Budget
from .auth import Session, read_credentials
from .client import Client
from .system import Salesforce

__all__ = ["Salesforce", "connect"]


def connect(
    credentials: Mapping[str, Any],
    *,
    budget: Budget,
    clock: Clock,
    transport: httpx2.BaseTransport | None = None,
) -> Salesforce:
    """Return the org that `credentials` open; nothing is called yet.

    `credentials` hold login_url (the org's My Domain address), client_id, and client_secret or refresh_token;
    other keys are ignored. Raises UserError when they are not complete, SystemFailure for an address that is
    plain http outside loopback.
    """
    session = Session(read_credentials(credentials), clock=clock, transport=transport)
    return Salesforce(Client(session, budget=budget, clock=clock, transport=transport))
