"""The outside world: one folder a vendor, each behind the interface of `core.system`."""

from __future__ import annotations

from collections.abc import Mapping
from gettext import gettext as _
from importlib import import_module
from typing import Any, Protocol, cast

import httpx2

from ..core.clock import Clock
from ..core.failures import UserError
from ..core.system import Budget, System

# vendor → the folder whose `connect` opens its systems; loaded only when one is opened
VENDORS = {
    "activecampaign": "activecampaign",
    "salesforce": "salesforce",
}


class Connect(Protocol):
    """What every vendor's folder offers as `connect`."""

    def __call__(
        self,
        credentials: Mapping[str, Any],
        *,
        budget: Budget,
        clock: Clock,
        transport: httpx2.BaseTransport | None = None,
    ) -> System:
        """Return the system that `credentials` open, without calling it yet."""


def open_system(
    vendor: str,
    credentials: Mapping[str, Any],
    *,
    budget: Budget,
    clock: Clock,
    transport: httpx2.BaseTransport | None = None,
) -> System:
    """Return a vendor's system by the vendor's name. Raises UserError for a name that is not in VENDORS."""
    if vendor not in VENDORS:
        raise UserError(
            _("There is no system called {vendor}.").format(vendor=vendor),
            cure=_("Use one of: {vendors}.").format(vendors=", ".join(VENDORS)),
        )
    connect = cast(Connect, import_module(f".{VENDORS[vendor]}", __name__).connect)
    return connect(credentials, budget=budget, clock=clock, transport=transport)
